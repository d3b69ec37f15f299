import type { GroupDocument } from '../persistence/collections/groups.js';
import type { UserDocument } from '../persistence/collections/users.js';
import type { Step } from '../persistence/store.js';
import { AppError } from '../shared/errors.js';
import { recordEvent } from './audit.js';
import type { Actor, Core } from './core.js';
import { groupClosureStep } from './group-graph.js';
import { groupParty, recomputeMembers, requireGroup } from './groups.js';
import { wakeJobs } from './jobs.js';
import { recomputeUserStep } from './recompute.js';
import { displayNameOf } from './user-keys.js';
import { isProtectedFromDirectories } from './user-transitions.js';
import { isVisibleTo } from './user-visibility.js';
import { openWrite, type WriteContext } from './user-write.js';
import { requireVersion, type WriteOptions } from './versions.js';

/** What to do with a group's members, by the ids of users and groups; first `replaceWith`, then `add`, then `remove`. */
export interface MemberChange {
  add?: readonly string[];
  remove?: readonly string[];
  /** Exactly these; absent: the members that stand. */
  replaceWith?: readonly string[];
}

/** More changes than this are written in several transactions, one after the other. */
const mostPerTransaction = 500;

/** How often a replacement starts over because others changed the group meanwhile. */
const mostReplacements = 20;

interface Difference {
  add: readonly string[];
  remove: readonly string[];
}

function unknownMember(id: string): AppError {
  return new AppError('input.invalid', `there is no user or group ${id}`, {
    errors: [{ pointer: '/members', detail: `there is no user or group ${id}` }],
  });
}

/** Everybody named has to be a user or group of this tenant that the actor sees; looked up in bulk, once. */
function* requireMembers(context: WriteContext, ids: readonly string[]): Step<void> {
  const { actor, tx, tenantId } = context;
  const scope = tx.tenant(tenantId);
  const users = yield* scope.collection('users').find({ _id: { $in: ids } }, { fields: ['directoryId'] });
  const known = new Set(users.filter((user) => isVisibleTo(user, actor.directoryId)).map((user) => user._id));
  const rest = ids.filter((id) => !known.has(id));
  if (rest.length === 0) return;
  const groups = yield* scope.collection('groups').find({ _id: { $in: rest } }, { fields: ['directoryId'] });
  groups.filter((group) => isVisibleTo(group, actor.directoryId)).forEach((group) => known.add(group._id));
  const unknown = rest.find((id) => !known.has(id));
  if (unknown !== undefined) throw unknownMember(unknown);
}

function withMembership(groupIds: readonly string[], groupId: string, isMember: boolean): string[] {
  return isMember ? [...groupIds, groupId] : groupIds.filter((id) => id !== groupId);
}

/** A user that a directory puts into a group becomes one it manages, unless somebody else does or it manages the tenant here. */
function adopted(context: WriteContext, user: UserDocument): UserDocument {
  const { actor, config } = context;
  const isFree =
    user.directoryId === null && actor.directoryId !== null && !isProtectedFromDirectories(user, config);
  return isFree ? { ...user, directoryId: actor.directoryId } : user;
}

/** Puts one user in or takes it out: that one document, with the roles that follow from it. */
function* changeUser(
  context: WriteContext,
  user: UserDocument,
  groupId: string,
  isMember: boolean,
): Step<boolean> {
  if (user.groupIds.includes(groupId) === isMember) return false;
  const groupIds = withMembership(user.groupIds, groupId, isMember);
  yield* recomputeUserStep(
    context,
    user,
    groupIds,
    isMember ? adopted(context, user).directoryId : user.directoryId,
  );
  return true;
}

/** Nests a group, or takes it out, and works out the roles of everybody in it. */
function* changeNested(
  context: WriteContext,
  child: GroupDocument,
  groupId: string,
  isMember: boolean,
): Step<boolean> {
  if (child.groupIds.includes(groupId) === isMember) return false;
  const { tx, tenantId } = context;
  if (isMember) {
    const above = yield* groupClosureStep(tx, tenantId, [groupId]);
    if (above.has(child._id)) {
      const detail = `${child.displayName} holds this group already`;
      throw new AppError('input.invalid', 'a group cannot be a member of itself', {
        errors: [{ pointer: '/members', detail }],
      });
    }
  }
  const groupIds = withMembership(child.groupIds, groupId, isMember);
  yield* tx
    .tenant(tenantId)
    .collection('groups')
    .update(child._id, (stored) => ({ ...stored, groupIds }));
  yield* recomputeMembers(context, child._id);
  return true;
}

function* changeOne(context: WriteContext, id: string, groupId: string, isMember: boolean): Step<boolean> {
  const scope = context.tx.tenant(context.tenantId);
  const user = yield* scope.collection('users').get(id);
  if (user && isVisibleTo(user, context.actor.directoryId))
    return yield* changeUser(context, user, groupId, isMember);
  const child = user ? undefined : yield* scope.collection('groups').get(id);
  if (child && isVisibleTo(child, context.actor.directoryId)) {
    return yield* changeNested(context, child, groupId, isMember);
  }
  // Who is gone is no member any more.
  if (isMember) throw unknownMember(id);
  return false;
}

/** A group nobody manages that a directory writes to becomes the directory's. */
function claimed(actor: Actor, group: GroupDocument): GroupDocument {
  const directoryId = group.directoryId ?? actor.directoryId;
  return { ...group, directoryId, owner: directoryId ?? 'local' };
}

interface BatchOptions extends WriteOptions {
  /** Look up everybody first: the later batches of this change may not fail for a member that never was. */
  validate?: readonly string[];
}

/** One transaction's share of a change. @returns the group afterwards; the same version when nothing changed. */
function writeBatch(
  core: Core,
  actor: Actor,
  groupId: string,
  part: Difference,
  options: BatchOptions,
): Promise<GroupDocument> {
  return core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const groups = tx.tenant(context.tenantId).collection('groups');
    const group = requireGroup(yield* groups.get(groupId), actor.directoryId);
    requireVersion(group, options.ifVersion);
    if (options.validate) yield* requireMembers(context, options.validate);
    const added: string[] = [];
    const removed: string[] = [];
    for (const id of part.add) if (yield* changeOne(context, id, groupId, true)) added.push(id);
    for (const id of part.remove) if (yield* changeOne(context, id, groupId, false)) removed.push(id);
    if (added.length + removed.length === 0) return group;
    const changes = [
      ...(added.length > 0 ? [{ path: 'members.added', before: null, after: added }] : []),
      ...(removed.length > 0 ? [{ path: 'members.removed', before: removed, after: null }] : []),
    ];
    yield* recordEvent(
      tx,
      actor,
      { action: 'group.members_changed', target: groupParty(group), changes },
      context.now,
    );
    return (yield* groups.update(groupId, (stored) => claimed(actor, stored))) ?? group;
  });
}

function batchesOf({ add, remove }: Difference): Difference[] {
  const all = [
    ...remove.map((id) => ({ id, isMember: false })),
    ...add.map((id) => ({ id, isMember: true })),
  ];
  const batches: Difference[] = [];
  for (let at = 0; at === 0 || at < all.length; at += mostPerTransaction) {
    const part = all.slice(at, at + mostPerTransaction);
    batches.push({
      add: part.filter(({ isMember }) => isMember).map(({ id }) => id),
      remove: part.filter(({ isMember }) => !isMember).map(({ id }) => id),
    });
  }
  return batches;
}

/**
 * Writes a difference, in one transaction when it is small.
 *
 * @param isExact - the difference holds for this version of the group only: every batch checks that nobody else came in between.
 */
async function writeDifference(
  core: Core,
  actor: Actor,
  groupId: string,
  difference: Difference,
  isExact: boolean,
  options: WriteOptions,
): Promise<GroupDocument> {
  const [first = { add: [], remove: [] }, ...others] = batchesOf(difference);
  let group = await writeBatch(core, actor, groupId, first, {
    ...options,
    ...(others.length > 0 && { validate: difference.add }),
  });
  for (const part of others) {
    group = await writeBatch(core, actor, groupId, part, isExact ? { ifVersion: group.version } : {});
  }
  return group;
}

async function memberIds(core: Core, tenantId: string, groupId: string): Promise<Set<string>> {
  const scope = core.store.tenant(tenantId);
  const ids = new Set<string>();
  for await (const { _id } of scope.collection('users').iterate({ groupIds: groupId }, { fields: [] }))
    ids.add(_id);
  for await (const { _id } of scope.collection('groups').iterate({ groupIds: groupId }, { fields: [] }))
    ids.add(_id);
  return ids;
}

/** Makes the members exactly these: the difference is worked out against one version and written against the same. */
async function replaceMembers(
  core: Core,
  actor: Actor,
  groupId: string,
  target: ReadonlySet<string>,
  options: WriteOptions,
): Promise<GroupDocument> {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await core.store.tenant(actor.tenantId).collection('groups').get(groupId);
    const group = requireGroup(stored, actor.directoryId);
    if (attempt === 1) requireVersion(group, options.ifVersion);
    const current = await memberIds(core, actor.tenantId, groupId);
    const difference = {
      add: [...target].filter((id) => !current.has(id)),
      remove: [...current].filter((id) => !target.has(id)),
    };
    try {
      return await writeDifference(core, actor, groupId, difference, true, { ifVersion: group.version });
    } catch (error) {
      const isStale = error instanceof AppError && error.code === 'resource.version_mismatch';
      if (!isStale || options.ifVersion !== undefined || attempt === mostReplacements) throw error;
    }
  }
}

/**
 * Changes who is in a group. Costs what changes, whatever the group's size; up to 500 changes are one transaction, more are written in
 * steps of 500 after all of them were checked.
 *
 * @returns the group; the very same version when nothing changed.
 * @throws AppError `group.not_found`, `input.invalid` for unknown members and rings, `user.last_administrator`,
 *   `resource.version_mismatch`.
 */
export async function changeMembers(
  core: Core,
  actor: Actor,
  groupId: string,
  change: MemberChange,
  options: WriteOptions = {},
): Promise<GroupDocument> {
  const remove = new Set(change.remove);
  const add = [...new Set(change.add)].filter((id) => !remove.has(id));
  const { replaceWith } = change;
  const group = replaceWith
    ? await replaceMembers(
        core,
        actor,
        groupId,
        new Set([...replaceWith, ...add].filter((id) => !remove.has(id))),
        options,
      )
    : await writeDifference(core, actor, groupId, { add, remove: [...remove] }, false, options);
  wakeJobs(core);
  return group;
}

export interface Member {
  id: string;
  type: 'User' | 'Group';
  display: string;
}

export interface MemberPage {
  /** Members after this id in the order users before groups, each by id; absent: from the start. */
  after?: { type: Member['type']; id: string };
  limit: number;
}

/** Direct members of a group, a page of them: first the users, then the groups, each in the order of their ids. */
export async function membersOf(
  core: Core,
  tenantId: string,
  groupId: string,
  page: MemberPage,
): Promise<Member[]> {
  const scope = core.store.tenant(tenantId);
  const { after, limit } = page;
  const members: Member[] = [];
  if (after?.type !== 'Group') {
    const users = await scope.collection('users').find(
      { groupIds: groupId },
      {
        sort: { _id: 1 },
        limit,
        fields: ['userName', 'attributes'],
        ...(after && { after: { _id: after.id } }),
      },
    );
    members.push(
      ...users.map(({ _id, userName, attributes }) => ({
        id: _id,
        type: 'User' as const,
        display: displayNameOf(userName, attributes),
      })),
    );
  }
  if (members.length >= limit) return members;
  const groups = await scope.collection('groups').find(
    { groupIds: groupId },
    {
      sort: { _id: 1 },
      limit: limit - members.length,
      fields: ['displayName'],
      ...(after?.type === 'Group' && { after: { _id: after.id } }),
    },
  );
  return [
    ...members,
    ...groups.map(({ _id, displayName }) => ({ id: _id, type: 'Group' as const, display: displayName })),
  ];
}

/** How many direct members a group has. */
export async function countMembers(core: Core, tenantId: string, groupId: string): Promise<number> {
  const scope = core.store.tenant(tenantId);
  const [users, groups] = await Promise.all([
    scope.collection('users').count({ groupIds: groupId }),
    scope.collection('groups').count({ groupIds: groupId }),
  ]);
  return users + groups;
}
