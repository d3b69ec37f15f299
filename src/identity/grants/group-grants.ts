import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { mayUseRoles } from './effective-roles.js';
import type { GroupNode } from './group-graph.js';
import { requireGrantable } from '../permissions.js';
import type { MappedGrant } from './role-mapping.js';
import { tenantConfig, touchTenant, type Role, type TenantConfig } from '../tenants/config.js';
import { isVisibleTo } from '../visibility.js';
import type { WriteContext } from '../users/save.js';

type Holder = Pick<GroupDocument, 'roleIds' | 'administratorIds'>;

/** What may be said from outside about what a group gives and who looks after it. Absent: unchanged. */
export interface GroupAccess {
  /** Full keys of the roles its members get, all of them. */
  roleIds?: readonly string[] | undefined;
  /** The ids of the users who look after its members, all of them. */
  administratorIds?: readonly string[] | undefined;
}

/** What an input says of a group's roles and administrators; what it does not speak of, and what is empty, is left out. */
export function accessFields({ roleIds, administratorIds }: GroupAccess, before: Partial<GroupAccess> = {}) {
  const roles = [...new Set(roleIds ?? before.roleIds)];
  const administrators = [...new Set(administratorIds ?? before.administratorIds)];
  return {
    ...(roles.length + (before.roleIds?.length ?? 0) > 0 && { roleIds: roles }),
    ...(administrators.length + (before.administratorIds?.length ?? 0) > 0 && {
      administratorIds: administrators,
    }),
  };
}

/** The full keys of the roles that a group gives its members. */
export const roleIdsOf = ({ roleIds }: Holder): readonly string[] => roleIds ?? [];

/** The ids of the users who look after a group's members. */
export const administratorIdsOf = ({ administratorIds }: Holder): readonly string[] => administratorIds ?? [];

/** The roles that these groups give, nested ones included among them. */
export function groupGrants(groups: readonly GroupNode[], config: TenantConfig): MappedGrant[] {
  return groups.flatMap(({ _id, displayName }) =>
    (config.groupRoles.get(_id) ?? [])
      .filter((role) => config.roles.has(role))
      .map((role) => ({ role, rule: 'group', because: `group "${displayName}"` })),
  );
}

const knownRoles = (config: TenantConfig, keys: readonly string[]): Role[] =>
  keys.flatMap((key) => config.roles.get(key) ?? []);

/** Those of the second list that are not in the first. */
const added = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((entry) => !before.includes(entry));

function requireRoles({ actor, config }: WriteContext, before: readonly string[], after: readonly string[]) {
  const isTolerant = actor.directoryId !== null && config.settings['scim.unknownRole'] === 'ignore';
  const unknown = isTolerant ? [] : added(before, after).filter((role) => !config.roles.has(role));
  if (unknown.length > 0) {
    const errors = unknown.map((role) => ({
      pointer: `/roles/${after.indexOf(role)}`,
      detail: `there is no role ${role}`,
    }));
    throw new AppError('input.invalid', 'the group names roles that do not exist', { errors });
  }
  requireGrantable(actor, knownRoles(config, [...added(before, after), ...added(after, before)]));
}

function* requireAdministrators(
  context: WriteContext,
  ids: readonly string[],
  all: readonly string[],
): Step<void> {
  const users = context.tx.tenant(context.tenantId).collection('users');
  const errors: InputFault[] = [];
  for (const id of ids) {
    const user = yield* users.get(id);
    if (user && isVisibleTo(user, context.actor.directoryId)) continue;
    errors.push({ pointer: `/administrators/${all.indexOf(id)}`, detail: `there is no user ${id}` });
  }
  if (errors.length > 0)
    throw new AppError('input.invalid', 'the group names users that do not exist', { errors });
}

/** Makes a group's roles count from here on in this transaction, and for everybody after it. */
export function* putGroupRoles(
  context: WriteContext,
  groupId: string,
  roleIds: readonly string[],
): Step<void> {
  yield* touchTenant(context.tx, context.tenantId);
  const groupRoles = new Map(context.config.groupRoles).set(groupId, roleIds);
  context.config = { ...context.config, groupRoles };
}

/**
 * Checks the roles and administrators that a write puts on a group, and puts the roles.
 *
 * @param before - undefined: the group is new.
 * @returns whether the group's roles changed: its members' are to be worked out again.
 * @throws AppError `input.invalid`, `role.not_grantable`.
 */
export function* putGroupAccess(
  context: WriteContext,
  before: Holder | undefined,
  after: GroupDocument,
): Step<boolean> {
  const [old, now] = [roleIdsOf(before ?? {}), roleIdsOf(after)];
  const administrators = added(administratorIdsOf(before ?? {}), administratorIdsOf(after));
  yield* requireAdministrators(context, administrators, administratorIdsOf(after));
  if (added(old, now).length + added(now, old).length === 0) return false;
  requireRoles(context, old, now);
  yield* putGroupRoles(context, after._id, now);
  return true;
}

/** Whether the actor is a person whose status lets them look after groups now. */
async function mayAdminister(core: Core, { party, tenantId }: Actor): Promise<boolean> {
  if (party.type !== 'user') return false;
  const [user, config] = await Promise.all([
    core.store.tenant(tenantId).collection('users').get(party.id),
    tenantConfig(core, tenantId),
  ]);
  return user !== undefined && mayUseRoles(user, config, core.clock.now());
}

/** Whether the actor looks after the members of this group. */
export async function administers(core: Core, actor: Actor, group: GroupDocument): Promise<boolean> {
  return administratorIdsOf(group).includes(actor.party.id) && mayAdminister(core, actor);
}

/** Whether the actor looks after a group this user is in by somebody else's decision than that group's administrators'. */
export async function administersMember(core: Core, actor: Actor, user: UserDocument): Promise<boolean> {
  const groupIds = user.groupIds.filter((id) => !user.broughtInto?.includes(id));
  if (groupIds.length === 0 || !(await mayAdminister(core, actor))) return false;
  const groups = core.store.tenant(user.tenantId).collection('groups');
  const own = await groups.find({ administratorIds: actor.party.id }, { fields: [] });
  return own.some(({ _id }) => groupIds.includes(_id));
}

/** Takes a user who is going out of the administrators of every group. */
export function* releaseAdministered(context: WriteContext, userId: string): Step<void> {
  const groups = context.tx.tenant(context.tenantId).collection('groups');
  for (const { _id } of yield* groups.find({ administratorIds: userId }, { fields: [] })) {
    yield* groups.update(_id, (group) => ({
      ...group,
      administratorIds: administratorIdsOf(group).filter((id) => id !== userId),
    }));
  }
}
