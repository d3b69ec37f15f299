import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { StoredAccess } from '../../persistence/collections/tenants.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { accessRuleOf, setApplicationAccess, versionIn } from '../applications/access.js';
import { updateApplication } from '../applications/applications.js';
import { getVisibleApplication, listVisibleApplications } from '../applications/find.js';
import type { AccessInput } from '../applications/fields.js';
import type { Core } from '../core.js';
import { tenantConfig } from '../tenants/config.js';
import { isServerApplication } from '../tenants/server-applications.js';
import type { WriteOptions } from '../versions.js';
import { compare, type Look } from './comparison.js';
import { pick } from './entry-places.js';
import { applyEntry, type Run } from './run.js';
import type { BootstrapAccess, BootstrapTenant } from './schema.js';

/** An application as one tenant sees it. */
interface Seen {
  application: ApplicationDocument;
  version: number;
}

async function seen(core: Core, tenantId: string, key: string): Promise<Seen> {
  const application = await getVisibleApplication(core, tenantId, key);
  const { tenant } = await tenantConfig(core, tenantId);
  return { application, version: versionIn(tenant, application) };
}

/** The ids of groups made here, by their names. @throws AppError `input.invalid` naming each that does not exist. */
async function groupIds(core: Core, tenantId: string, names: readonly string[]): Promise<string[]> {
  const groups = core.store.tenant(tenantId).collection('groups');
  const found = await groups.find({ displayName: { $in: [...names] }, directoryId: null });
  const ids = new Map(found.map(({ displayName, _id }) => [displayName, _id]));
  const errors = names.flatMap((name, index): InputFault[] =>
    ids.has(name) ? [] : [{ pointer: `/groups/${index}`, detail: `there is no group ${name}` }],
  );
  if (errors.length > 0) throw new AppError('input.invalid', 'the access rule is not valid', { errors });
  return names.map((name) => ids.get(name) ?? '');
}

async function setAccess(
  { core, actor }: Run,
  { application }: Seen,
  access: AccessInput,
  options: WriteOptions,
): Promise<void> {
  if (isServerApplication(application))
    await setApplicationAccess(core, actor, application._id, access, options);
  else await updateApplication(core, actor, application._id, { access }, options);
}

/** Applies who of a tenant may use an application: the tenant's own, or one of the server. */
export async function applyAccess(run: Run, entry: BootstrapAccess, path: string): Promise<void> {
  const { core, actor } = run;
  const { tenantId } = actor;
  const look = () => seen(core, tenantId, entry.application);
  await applyEntry<Seen>(run, {
    place: { kind: 'access', tenantId, key: entry.application },
    path,
    fields: entry,
    idOf: ({ application }) => application._id,
    find: look,
    get: (id) => seen(core, tenantId, id).catch(() => undefined),
    create: async () => (await look()).application._id,
    update: async (found, names, options) => {
      const { roles, groups } = pick(entry, names);
      const access = {
        by: entry.by,
        ...(roles && { roles }),
        ...(groups && { groups: await groupIds(core, tenantId, groups) }),
      };
      await setAccess(run, found, access, options);
      return seen(core, tenantId, found.application._id);
    },
  });
}

/** A stored access rule in the file's form. */
async function shownRule(
  core: Core,
  tenantId: string,
  { by, roles, groups: ids }: StoredAccess,
): Promise<Omit<BootstrapAccess, 'application'>> {
  const groups = core.store.tenant(tenantId).collection('groups');
  // Groups of directories come with the directories, under other ids.
  const named = await groups.find({ _id: { $in: ids }, directoryId: null }, { fields: ['displayName'] });
  return { by, roles, groups: named.map(({ displayName }) => displayName) };
}

/** A tenant's access rules in the file's form; applications that everyone may use are left out. */
export async function exportAccessRules(core: Core, tenantId: string): Promise<BootstrapAccess[]> {
  const { tenant } = await tenantConfig(core, tenantId);
  const rules: BootstrapAccess[] = [];
  for (const { _id, key } of await listVisibleApplications(core, tenantId)) {
    const rule = accessRuleOf(tenant, _id);
    if (rule.by !== 'everyone') rules.push({ application: key, ...(await shownRule(core, tenantId, rule)) });
  }
  return rules;
}

/** What of a file's access rules is otherwise here, by JSON path. */
export async function overriddenAccess(
  look: Look,
  { applicationAccess = [] }: BootstrapTenant,
  path: string,
): Promise<string[]> {
  const { core, tenantId } = look;
  const { tenant } = await tenantConfig(core, tenantId);
  const applications = await listVisibleApplications(core, tenantId);
  const shown = new Map<string, Omit<BootstrapAccess, 'application'>>();
  for (const { _id } of applications)
    shown.set(_id, await shownRule(core, tenantId, accessRuleOf(tenant, _id)));
  return compare(
    look,
    { kind: 'access', path: `${path}.applicationAccess`, entries: applicationAccess },
    ({ application }) => application,
    applications,
    ({ application }, { _id }) => ({ application, ...shown.get(_id) }),
  );
}
