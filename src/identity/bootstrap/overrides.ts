import { isDeepStrictEqual } from 'node:util';
import { hashToken } from '../../shared/ids.js';
import { findOperatorKeyByValue } from '../operator/keys.js';
import { overriddenAccess } from './access.js';
import { compare, differing, sameIf, type Fields, type Look } from './comparison.js';
import { overriddenDirectories } from './directory-overrides.js';
import { operatorKeyPlace } from './operator-keys.js';
import { openLedger, type Ledger } from './ledger.js';
import { positionOf } from './read.js';
import type { BootstrapFile, BootstrapTenant } from './schema.js';
import { tenantPlace } from './bootstrap.js';
import { servedSlugs } from '../applications/reach.js';
import { serverOwner } from '../tenants/server-applications.js';
import type { Core } from '../core.js';
import { loginKey } from '../email.js';
import { tenantConfig } from '../tenants/config.js';
import { shownApplication, shownConnection, shownTenant, shownUser } from './shown.js';

async function overriddenUsers(
  look: Look,
  path: string,
  entries: BootstrapTenant['users'],
): Promise<string[]> {
  const ids = [...look.applied.values()]
    .filter(({ kind }) => kind === 'user')
    .map(({ documentId }) => documentId);
  if (!entries || ids.length === 0) return [];
  const scope = look.core.store.tenant(look.tenantId);
  const config = await tenantConfig(look.core, look.tenantId);
  const users = await scope.collection('users').find({ _id: { $in: ids } });
  const credentials = await scope
    .collection('credentials')
    .find({ _id: { $in: ids } }, { fields: ['passwordChangedAt'] });
  const setAt = new Map(credentials.map(({ _id, passwordChangedAt }) => [_id, passwordChangedAt]));
  return compare(
    look,
    { kind: 'user', path, entries },
    ({ email }) => loginKey(email),
    users,
    (entry, user, record) =>
      shownUser(entry, user, {
        isPasswordKept: isDeepStrictEqual(setAt.get(user._id) ?? null, record.passwordSetAt),
        config,
      }),
  );
}

async function overriddenRoles(
  look: Look,
  tenant: Pick<BootstrapTenant, 'roles' | 'applications'>,
  path: string,
): Promise<string[]> {
  const { roles = [], applications = [] } = tenant;
  const stored = await look.core.store.tenant(look.tenantId).collection('roles').find({});
  const lists = [
    { path: `${path}.roles`, entries: roles, prefix: '' },
    ...applications.map(({ key, roles: entries = [] }, index) => ({
      path: `${path === '' ? '' : `${path}.`}applications[${index}].roles`,
      entries,
      prefix: `${key}:`,
    })),
  ];
  return lists.flatMap(({ path: at, entries, prefix }) =>
    compare(
      look,
      { kind: 'role', path: at, entries },
      ({ key }) => `${prefix}${key}`,
      stored,
      (_entry, document) => ({ ...document }),
    ),
  );
}

async function overriddenAttributes(look: Look, tenant: BootstrapTenant, path: string): Promise<string[]> {
  const stored = await look.core.store.tenant(look.tenantId).collection('user_attributes').find({});
  return compare(
    look,
    { kind: 'attribute', path: `${path}.attributes`, entries: tenant.attributes },
    ({ name }) => name.toLowerCase(),
    stored.filter(({ deletedAt }) => !deletedAt),
    (_entry, document) => ({ ...document }),
  );
}

async function overriddenApplications(look: Look, tenant: BootstrapTenant, path: string): Promise<string[]> {
  const entries = tenant.applications?.map(({ roles: _, ...entry }) => entry);
  const stored = await look.core.store.tenant(look.tenantId).collection('applications').find({});
  return compare(
    look,
    { kind: 'application', path: `${path}.applications`, entries },
    ({ key }) => key,
    stored,
    (entry, document) => shownApplication(entry.clientSecret, document),
  );
}

async function overriddenConnections(look: Look, tenant: BootstrapTenant, path: string): Promise<string[]> {
  const stored = await look.core.store.tenant(look.tenantId).collection('sso_connections').find({});
  return compare(
    look,
    { kind: 'connection', path: `${path}.ssoConnections`, entries: tenant.ssoConnections },
    ({ name }) => name,
    stored,
    (entry, document) => shownConnection(look.core, entry, document),
  );
}

async function overriddenGroups(look: Look, tenant: BootstrapTenant, path: string): Promise<string[]> {
  const stored = await look.core.store.tenant(look.tenantId).collection('groups').find({ directoryId: null });
  return compare(
    look,
    { kind: 'group', path: `${path}.groups`, entries: tenant.groups },
    ({ displayName }) => displayName,
    stored,
    (_entry, { displayName, roleIds = [] }) => ({ displayName, roles: roleIds }),
  );
}

async function overriddenApiKeys(look: Look, tenant: BootstrapTenant, path: string): Promise<string[]> {
  const stored = await look.core.store.tenant(look.tenantId).collection('api_keys').find({});
  return compare(
    look,
    { kind: 'apiKey', path: `${path}.apiKeys`, entries: tenant.apiKeys },
    ({ name }) => name,
    stored,
    ({ key }, document) => ({ ...document, key: sameIf(hashToken(key) === document.keyHash, key) }),
  );
}

/** The same of the applications of the server and their roles. */
async function overriddenOfServer(core: Core, ledger: Ledger, file: BootstrapFile): Promise<string[]> {
  const { applications = [] } = file;
  if (applications.length === 0) return [];
  const look: Look = { core, ledger, tenantId: serverOwner, applied: await ledger.ofTenant(serverOwner) };
  const stored = await core.store.tenant(serverOwner).collection('applications').find({});
  const slugs = new Map<string, unknown>();
  for (const application of stored) slugs.set(application._id, await servedSlugs(core, application));
  const entries = applications.map(({ roles: _, ...entry }) => entry);
  const own = compare(
    look,
    { kind: 'application', path: 'applications', entries },
    ({ key }) => key,
    stored,
    (entry, document) => ({
      ...shownApplication(entry.clientSecret, document),
      tenants: slugs.get(document._id),
    }),
  );
  return [...own, ...(await overriddenRoles(look, { applications }, ''))];
}

/** Each list of a tenant's entry, and how what became of it is looked at. */
const looks = {
  roles: overriddenRoles,
  attributes: overriddenAttributes,
  applications: overriddenApplications,
  ssoConnections: overriddenConnections,
  directories: (look: Look, { directories = [] }: BootstrapTenant, path: string) =>
    overriddenDirectories(look, directories, `${path}.directories`),
  groups: overriddenGroups,
  applicationAccess: overriddenAccess,
  users: (look: Look, { users }: BootstrapTenant, path: string) =>
    overriddenUsers(look, `${path}.users`, users),
  apiKeys: overriddenApiKeys,
};

async function overriddenInside(look: Look, tenant: BootstrapTenant, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const [list, lookAt] of Object.entries(looks)) {
    const isNamed = (tenant[list as keyof typeof looks] ?? []).length > 0 || list === 'roles';
    if (isNamed) found.push(...(await lookAt(look, tenant, path)));
  }
  return found;
}

async function overriddenOperatorKeys(
  core: Core,
  ledger: Ledger,
  { operatorKeys = [] }: BootstrapFile,
): Promise<string[]> {
  const lines: string[] = [];
  for (const [index, entry] of operatorKeys.entries()) {
    const record = await ledger.peek(operatorKeyPlace(entry));
    if (record && !(await findOperatorKeyByValue(core, entry.key)))
      lines.push(`operatorKeys[${positionOf(entry) ?? index}]`);
  }
  return lines;
}

/**
 * What a file says and does not hold here any more, because somebody changed or deleted it after it was applied; by JSON path.
 *
 * @param file - one that was applied.
 */
export async function overriddenBy(core: Core, file: BootstrapFile): Promise<string[]> {
  const ledger = await openLedger(core);
  const lines = [
    ...(await overriddenOperatorKeys(core, ledger, file)),
    ...(await overriddenOfServer(core, ledger, file)),
  ];
  for (const [index, entry] of file.tenants.entries()) {
    const path = `tenants[${positionOf(entry) ?? index}]`;
    const record = await ledger.peek(tenantPlace(entry));
    if (!record) continue;
    const id = record.documentId;
    // The note of a tenant that was erased names none.
    const tenant = id === null ? undefined : await core.store.tenant(id).collection('tenants').get(id);
    if (!tenant) {
      lines.push(path);
      continue;
    }
    const { slug, name, preset, settings = {} } = entry;
    const flat = Object.entries(settings).map(([key, value]) => [`settings["${key}"]`, value]);
    const said = { slug, name, preset, ...(Object.fromEntries(flat) as Fields) };
    lines.push(...differing(said, shownTenant(tenant)).map((field) => `${path}.${field}`));
    const records = await core.store.tenant(tenant._id).collection('bootstrap_entries').find({});
    const applied = new Map(records.map((found) => [found._id, found]));
    lines.push(...(await overriddenInside({ core, ledger, tenantId: tenant._id, applied }, entry, path)));
  }
  return lines;
}
