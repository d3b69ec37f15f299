import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Actor, Core } from '../core.js';
import { descendantGroupsStep, knownGroupsStep, reachable, type GroupNode } from '../grants/group-graph.js';
import { holdsEverything, requireGrantable } from '../permissions.js';
import { compileRules, mapCompiledRules } from '../grants/role-mapping.js';
import type { Role, TenantConfig } from '../tenants/config.js';
import { type WriteContext } from '../users/save.js';
import { aliasesFor } from '../grants/rule-paths.js';

type Named = Pick<GroupDocument, '_id' | 'displayName' | 'externalId'>;

const knownRoles = (config: TenantConfig, keys: readonly string[]): Role[] =>
  keys.flatMap((key) => config.roles.get(key) ?? []);

/** The roles that a directory's rules give to whoever is in a group of these names. */
function rolesByName(core: Core, directory: DirectoryDocument, group: Named): string[] {
  const { rules } = compileRules(directory.roleRules, aliasesFor(core));
  const byGroup = { rules: rules.filter((rule) => rule.needsGroups), needsGroups: true };
  const view = { user: {}, groups: [{ ...group, id: group._id }] };
  return mapCompiledRules(view, byGroup).map(({ role }) => role);
}

/** A directory that takes over a group made here gives by its name what its rules say, so every directory's rules count for such a group. */
function rolesByRule({ core, config }: WriteContext, groups: readonly GroupNode[]): string[] {
  const directories = [...config.directories.values()];
  return groups.flatMap((group) =>
    directories
      .filter(({ _id }) => group.directoryId === null || group.directoryId === _id)
      .flatMap((directory) => rolesByName(core, directory, group)),
  );
}

/**
 * Whoever names a group, or changes who is in it, gives and takes what the group and those above it give, by roles of their own or by
 * some directory's rules: the management permissions among it must be the actor's own. A directory does as it likes in the groups it
 * manages: what they give was decided by somebody who may.
 *
 * @param group - with the names it has, or is to have.
 * @throws AppError `role.not_grantable`.
 */
export function* requireMayGive(context: WriteContext, group: GroupDocument): Step<void> {
  const { actor, config, groups, tenantId, tx } = context;
  const isScim = actor.directoryId !== null;
  if (holdsEverything(actor) || (isScim && actor.directoryId === group.directoryId)) return;
  yield* knownGroupsStep(tx, tenantId, group.groupIds, groups);
  const given = [group, ...reachable(group.groupIds, groups)];
  const byGroup = given.flatMap(({ _id }) => config.groupRoles.get(_id) ?? []);
  const byRule = isScim ? [] : rolesByRule(context, given);
  requireGrantable(actor, knownRoles(config, [...byGroup, ...byRule]));
}

/** Whether a directory puts people into this group, itself or by a group of its own that is nested in it. */
function* isFilledBy(tx: Transaction, tenantId: string, groupId: string, directoryId: string): Step<boolean> {
  const below = yield* descendantGroupsStep(tx, tenantId, groupId);
  const groups = tx.tenant(tenantId).collection('groups');
  const own = yield* groups.findOne({ _id: { $in: [groupId, ...below] }, directoryId });
  return own !== undefined;
}

/**
 * Whoever opens a directory, by a token or by its rules, can have it give all that it gives: every management permission among it must be
 * the actor's own.
 *
 * @throws AppError `role.not_grantable`.
 */
export function* requireDirectoryAuthority(
  tx: Transaction,
  actor: Actor,
  config: TenantConfig,
  directory: Pick<DirectoryDocument, '_id' | 'roleRules'>,
): Step<void> {
  if (holdsEverything(actor)) return;
  requireGrantable(
    actor,
    knownRoles(
      config,
      directory.roleRules.flatMap(({ grant }) => grant),
    ),
  );
  for (const [groupId, keys] of config.groupRoles) {
    const roles = knownRoles(config, keys).filter(({ management }) => management.length > 0);
    if (roles.length === 0) continue;
    if (yield* isFilledBy(tx, actor.tenantId, groupId, directory._id)) requireGrantable(actor, roles);
  }
}
