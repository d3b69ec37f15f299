import type { AuditParty } from '../../persistence/collections/events.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { findGroupClash } from '../users/clashes.js';
import { refuseDuplicates } from '../duplicates.js';
import { fold } from '../../shared/fold.js';
import { requireMayGive } from './authority.js';
import { descendantGroupsStep } from '../grants/group-graph.js';
import {
  accessFields,
  administratorIdsOf,
  putGroupAccess,
  putGroupRoles,
  roleIdsOf,
  type GroupAccess,
} from '../grants/group-grants.js';
import { requireGroupLimits } from '../users/input-limits.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { guardedBy } from '../users/change-guard.js';
import { enqueueRecompute, maxInTransaction, recomputeJob, recomputeUserStep } from '../users/recompute.js';
import { isVisibleTo } from '../visibility.js';
import type { Effects, Outcome } from '../users/effects.js';
import { forgetGroups, openWrite, type WriteContext } from '../users/save.js';
import { requireVersion, type WriteOptions } from '../versions.js';

export type { GroupDocument } from '../../persistence/collections/groups.js';

/** What may be said about a group from outside; members are changed by `changeMembers`. */
export interface GroupInput extends GroupAccess {
  displayName: string;
  externalId: string | null;
  /** Further SCIM attributes, extensions under their alias. */
  attributes: Record<string, unknown>;
}

export const groupDuplicates = {
  groups_name: {
    code: 'group.name_taken',
    message: 'the displayName is taken by another group',
    pointer: '/displayName',
  },
} as const;

export const groupParty = (group: Pick<GroupDocument, '_id' | 'displayName'>): AuditParty => ({
  type: 'group',
  id: group._id,
  label: group.displayName,
});

/**
 * @param directoryId - who asks, when it is a directory: what it may not see is not found either.
 * @throws AppError `group.not_found`.
 */
export async function getGroup(
  core: Core,
  tenantId: string,
  id: string,
  directoryId: string | null = null,
): Promise<GroupDocument> {
  const group = await core.store.tenant(tenantId).collection('groups').get(id);
  return requireGroup(group, directoryId);
}

/** @throws AppError `group.not_found`, also for a group that the directory may not see. */
export function requireGroup(group: GroupDocument | undefined, directoryId: string | null): GroupDocument {
  if (!group || !isVisibleTo(group, directoryId))
    throw new AppError('group.not_found', 'there is no such group');
  return group;
}

/** @throws AppError `group.name_taken`, `input.invalid`, `role.not_grantable`. */
export async function createGroup(core: Core, actor: Actor, input: GroupInput): Promise<GroupDocument> {
  return refuseDuplicates(
    groupDuplicates,
    () =>
      core.store.transaction(function* (tx) {
        return yield* insertGroupStep(yield* openWrite(tx, core, actor), input);
      }),
    () => findGroupClash(core, actor, input.displayName),
  );
}

/** Adds a group within a larger write. */
export function* insertGroupStep(context: WriteContext, input: GroupInput): Step<GroupDocument> {
  const { actor, now, tx } = context;
  requireGroupLimits(input);
  const group = yield* tx
    .tenant(actor.tenantId)
    .collection('groups')
    .insert({
      _id: newId(),
      tenantId: actor.tenantId,
      displayName: input.displayName,
      displayNameKey: fold(input.displayName),
      externalId: input.externalId,
      directoryId: actor.directoryId,
      owner: actor.directoryId ?? 'local',
      attributes: input.attributes,
      groupIds: [],
      ...accessFields(input),
    });
  yield* putGroupAccess(context, undefined, group);
  yield* requireMayGive(context, group);
  yield* recordEvent(tx, actor, { action: 'group.created', target: groupParty(group) }, now);
  return group;
}

function auditable(group: GroupDocument): Record<string, unknown> {
  const { displayName, externalId, directoryId, attributes } = group;
  const access = { roles: roleIdsOf(group), administrators: administratorIdsOf(group) };
  return { ...attributes, displayName, externalId, directoryId, ...access };
}

/**
 * The users whose roles may depend on a group: its members at any depth.
 *
 * @returns undefined when they are too many for one transaction.
 */
function* affectedUsers(
  context: WriteContext,
  groupIds: readonly string[],
): Step<UserDocument[] | undefined> {
  const users = yield* context.tx
    .tenant(context.tenantId)
    .collection('users')
    .find({ groupIds: { $in: groupIds } }, { limit: maxInTransaction + 1 });
  return users.length > maxInTransaction ? undefined : users;
}

/** Computes the roles of a group's members again: here and now when they are few, else by a job. */
export function* recomputeMembers(context: WriteContext, groupId: string): Step<void> {
  const groupIds = [groupId, ...(yield* descendantGroupsStep(context.tx, context.tenantId, groupId))];
  const users = yield* affectedUsers(context, groupIds);
  if (users) {
    for (const user of users) yield* recomputeUserStep(context, user);
  }
  // Who joins a nested group at this moment moves the version of that group, not of this one.
  if (!users || groupIds.length > 1) {
    yield* enqueueRecompute(context.tx, context.tenantId, { groupIds, ...guardedBy(context) }, context.now);
  }
}

/** A pure function of the stored group, which may run several times; undefined for nothing to do. */
export type GroupEdit = (stored: GroupDocument) => GroupInput | undefined;

/**
 * Changes a group. A new displayName or externalId changes the roles of its members where rules ask for it.
 *
 * @param change - a pure function of the stored group, which may run several times; undefined for nothing to do.
 * @throws AppError `group.not_found`, `group.name_taken`, `input.invalid`, `role.not_grantable`, `user.last_administrator`,
 *   `resource.version_mismatch`.
 */
export async function updateGroup(
  core: Core,
  actor: Actor,
  id: string,
  change: GroupEdit,
  options: WriteOptions = {},
): Promise<Outcome<GroupDocument>> {
  const outcome = await refuseDuplicates(groupDuplicates, () =>
    core.store.transaction(function* (tx) {
      const context = yield* openWrite(tx, core, actor);
      const groups = tx.tenant(context.tenantId).collection('groups');
      const before = requireGroup(yield* groups.get(id), actor.directoryId);
      requireVersion(before, options);
      const after = yield* editGroupStep(context, before, change);
      return { before, after, effects: context.effects };
    }),
  );
  wakeJobs(core);
  return outcome;
}

function edited({ actor, now }: WriteContext, before: GroupDocument, input: GroupInput): GroupDocument {
  const directoryId = before.directoryId ?? actor.directoryId;
  return {
    ...before,
    displayName: input.displayName,
    externalId: input.externalId,
    attributes: input.attributes,
    displayNameKey: fold(input.displayName),
    directoryId,
    owner: directoryId ?? 'local',
    ...accessFields(input, before),
    ...(input.displayName !== before.displayName && { shownAt: now }),
  };
}

/** Changes a group's attributes within a larger write; see {@link updateGroup}. */
export function* editGroupStep(
  context: WriteContext,
  before: GroupDocument,
  change: GroupEdit,
): Step<GroupDocument> {
  const { actor, now, tenantId, tx } = context;
  const input = change(before);
  if (!input) return before;
  requireGroupLimits(input, before);
  const wanted = edited(context, before, input);
  const changes = changesBetween(auditable(before), auditable(wanted));
  if (changes.length === 0) return before;
  // For a directory any change of a group made here is to take it over, with all that it gives.
  const isNamed = changes.some(({ path }) => path === 'displayName' || path === 'externalId');
  if (isNamed || actor.directoryId !== null) yield* requireMayGive(context, before);
  const hasNewRoles = yield* putGroupAccess(context, before, wanted);
  if (isNamed) yield* requireMayGive(context, wanted);
  const after = yield* tx
    .tenant(tenantId)
    .collection('groups')
    .update(before._id, () => wanted);
  yield* recordEvent(tx, actor, { action: 'group.updated', target: groupParty(wanted), changes }, now);
  forgetGroups(context);
  // Rules of a directory see its own groups only.
  const isTaken = before.directoryId !== wanted.directoryId;
  if (isNamed || isTaken || hasNewRoles) yield* recomputeMembers(context, before._id);
  return after ?? before;
}

/** Takes a group that is gone out of its members, here and now when they are few, else by a job. */
function* releaseMembers(context: WriteContext, groupId: string): Step<void> {
  const { tx, tenantId, now } = context;
  const scope = tx.tenant(tenantId);
  const below = yield* descendantGroupsStep(tx, tenantId, groupId);
  for (const child of yield* scope.collection('groups').find({ groupIds: groupId })) {
    const groupIds = child.groupIds.filter((id) => id !== groupId);
    yield* scope.collection('groups').update(child._id, (group) => ({ ...group, groupIds, shownAt: now }));
  }
  const users = yield* affectedUsers(context, [groupId, ...below]);
  if (users) {
    for (const user of users) {
      const groupIds = user.groupIds.filter((id) => id !== groupId);
      yield* recomputeUserStep(context, user, { groupIds });
    }
    return;
  }
  const payload = { groupIds: [groupId, ...below], removed: [groupId], ...guardedBy(context) };
  yield* enqueueJob(tx, tenantId, { kind: recomputeJob, payload }, now);
}

/** A group as it was before its deletion, and what changed with it. */
export interface DeletedGroup {
  group: GroupDocument;
  effects: Effects;
}

/**
 * Deletes a group; its members stay and lose what it gave them.
 *
 * @throws AppError `group.not_found`, `user.last_administrator`, `role.not_grantable`, `resource.version_mismatch`.
 */
export async function deleteGroup(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<DeletedGroup> {
  const deleted = await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const groups = tx.tenant(context.tenantId).collection('groups');
    const group = requireGroup(yield* groups.get(id), actor.directoryId);
    requireVersion(group, options);
    yield* requireMayGive(context, group);
    yield* groups.remove(id);
    if (roleIdsOf(group).length > 0) yield* putGroupRoles(context, id, []);
    forgetGroups(context);
    yield* releaseMembers(context, id);
    for (const parent of group.groupIds) yield* groups.update(parent, (stored) => ({ ...stored }));
    yield* recordEvent(tx, actor, { action: 'group.deleted', target: groupParty(group) }, context.now);
    return { group, effects: context.effects };
  });
  wakeJobs(core);
  return deleted;
}
