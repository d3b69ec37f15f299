import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { comparePeople, idOf, type Plan } from '../plans/plan.js';
import { worldStep, type World } from '../plans/world.js';
import { findTenantBySlug } from '../tenants/tenants.js';
import { applyBootstrap, totalEntries, type BootstrapFile, type BootstrapOutcome } from './bootstrap.js';
import { planBootstrap, type Tried } from './rehearsal.js';

/** What applying a bootstrap file would do, and for whom. */
export interface BootstrapPlan {
  /** To be given with the file, which is then refused when it would do anything else by now. */
  id: string;
  file: BootstrapFile;
  outcome: BootstrapOutcome;
  /** The tenants that anything is written of. */
  tenants: (Omit<Plan, 'id'> & { slug: string })[];
}

/** The slugs of the tenants of which anything may change: all of them, where an application of the server does. */
async function slugsOf({ copy, entries }: Tried): Promise<string[]> {
  if ((entries.applications ?? []).length === 0) return entries.tenants.map(({ slug }) => slug);
  return (await copy.store.server.collection('tenants').find({}, { fields: ['slug'] })).map(
    ({ slug }) => slug,
  );
}

/** The copy holds the groups alone that the file is about: those of the others count as they are. */
function withGroups(after: World, before: World | undefined, copied: readonly GroupDocument[]): World {
  const groupRoles = new Map(before?.config.groupRoles);
  for (const { _id, roleIds = [] } of copied)
    if (roleIds.length > 0) groupRoles.set(_id, roleIds);
    else groupRoles.delete(_id);
  return { ...after, config: { ...after.config, groupRoles } };
}

/** The users that the file changed or added, out of the few that were copied. */
async function touchedUsers(core: Core, copy: Core, tenantId: string): Promise<Map<string, UserDocument>> {
  const copied = await copy.store.tenant(tenantId).collection('users').find({});
  const ids = copied.map(({ _id }) => _id);
  const users = core.store.tenant(tenantId).collection('users');
  const known = await users.find({ _id: { $in: ids } }, { fields: [] });
  const versions = new Map(known.map(({ _id, version }) => [_id, version]));
  const touched = copied.filter(({ _id, version }) => versions.get(_id) !== version);
  return new Map(touched.map((user) => [user._id, user]));
}

async function planTenant(core: Core, { copy }: Tried, slug: string) {
  const planned = await findTenantBySlug(copy, slug);
  if (!planned) return undefined;
  const [tenantId, known] = [planned._id, await findTenantBySlug(core, slug)];
  const before = known && (await core.store.read((reader) => worldStep(core, reader, tenantId)));
  const after = await copy.store.read((reader) => worldStep(copy, reader, tenantId));
  const groups = await copy.store.tenant(tenantId).collection('groups').find({});
  const { id, ...plan } = await comparePeople(core, {
    tenantId,
    before,
    after: withGroups(after, before, groups),
    asked: slug,
    touched: await touchedUsers(core, copy, tenantId),
    groups: new Map(groups.map((group) => [group._id, group])),
  });
  return { id, plan: { slug, ...plan } };
}

/**
 * Works out what applying a bootstrap file would do to people, on a copy of what it would meet. Writes nothing.
 *
 * @param json - the parsed JSON.
 * @throws BootstrapError naming everything that is wrong with it.
 */
export async function planFile(core: Core, json: unknown, again = false): Promise<BootstrapPlan> {
  const ids: string[] = [];
  const tenants: BootstrapPlan['tenants'] = [];
  let tried: BootstrapOutcome | undefined;
  const file = await planBootstrap(core, json, again, async (rehearsal) => {
    tried = rehearsal.outcome;
    for (const slug of await slugsOf(rehearsal)) {
      const planned = await planTenant(core, rehearsal, slug);
      if (!planned) continue;
      ids.push(planned.id);
      tenants.push(planned.plan);
    }
  });
  const outcome = tried ?? { created: 0, updated: 0, unchanged: totalEntries(file) };
  return { id: idOf([json, again, outcome, ids]), file, outcome, tenants };
}

/**
 * Applies a file that was planned.
 *
 * @returns undefined when the plan is stale: nothing is applied.
 */
export async function applyPlanned(
  core: Core,
  json: unknown,
  id: string,
  again = false,
): Promise<{ file: BootstrapFile; outcome: BootstrapOutcome } | undefined> {
  const plan = await planFile(core, json, again);
  if (plan.id !== id) return undefined;
  return { file: plan.file, outcome: await applyBootstrap(core, plan.file, { again }) };
}
