import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthority } from '../users/authority.js';
import type { Actor, Core } from '../core.js';
import { requireMayGive } from './authority.js';
import { deepestNesting, groupsAboveStep, nestingStep } from '../grants/group-graph.js';
import { groupParty, recomputeMembers } from './groups.js';
import { recomputeUserStep } from '../users/recompute.js';
import { isProtectedFromDirectories } from '../users/transitions.js';
import { isVisibleTo } from '../visibility.js';
import { forgetGroups, type WriteContext } from '../users/save.js';

/** Members to put in and to take out, by id. */
export interface Difference {
  add: readonly string[];
  remove: readonly string[];
}

/** Somebody named as a member whom there is not. Which of a caller's list it was, the caller knows. */
export class UnknownMember extends AppError {
  readonly memberId: string;

  constructor(id: string, pointer = '/members') {
    const detail = `there is no user or group ${id}`;
    super('input.invalid', detail, { errors: [{ pointer, detail }] });
    this.memberId = id;
  }
}

/** How many ids one query asks for. */
const maxLookedUpAtOnce = 100;

/**
 * Everybody named has to be a user or group of this tenant that the actor sees; looked up a few at a time.
 *
 * @returns those that are groups.
 * @throws AppError `input.invalid`.
 */
export async function requireMembers(core: Core, actor: Actor, ids: readonly string[]): Promise<string[]> {
  const nested: string[] = [];
  const scope = core.store.tenant(actor.tenantId);
  const options = { fields: ['directoryId'] };
  for (let at = 0; at < ids.length; at += maxLookedUpAtOnce) {
    const part = ids.slice(at, at + maxLookedUpAtOnce);
    const users = await scope.collection('users').find({ _id: { $in: part } }, options);
    const rest = part.filter(
      (id) => !users.some((user) => user._id === id && isVisibleTo(user, actor.directoryId)),
    );
    if (rest.length === 0) continue;
    const groups = await scope.collection('groups').find({ _id: { $in: rest } }, options);
    const unknown = rest.find(
      (id) => !groups.some((group) => group._id === id && isVisibleTo(group, actor.directoryId)),
    );
    if (unknown !== undefined) throw new UnknownMember(unknown);
    nested.push(...rest);
  }
  return nested;
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

/** Whom a group's administrators put in they have not the right to read: else they could read anybody. */
function broughtInto(
  { actor }: WriteContext,
  user: UserDocument,
  groupId: string,
  isMember: boolean,
): Pick<UserDocument, 'broughtInto'> {
  const before = user.broughtInto ?? [];
  const isTheirs = isMember && actor.party.type === 'user' && !actor.permissions.has('users.read');
  const others = before.filter((id) => id !== groupId);
  return before.length > 0 || isTheirs ? { broughtInto: [...others, ...(isTheirs ? [groupId] : [])] } : {};
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
  const directoryId = isMember ? adopted(context, user).directoryId : user.directoryId;
  const saved = yield* recomputeUserStep(context, user, {
    ...{ groupIds, directoryId },
    ...broughtInto(context, user, groupId, isMember),
  });
  if (saved.grants !== user.grants) requireAuthority(context.actor, user, context.config, context.now);
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
    const above = yield* groupsAboveStep(tx, tenantId, [groupId]);
    if (above.has(child._id)) {
      const detail = `${child.displayName} holds this group already`;
      throw new AppError('input.invalid', 'a group cannot be a member of itself', {
        errors: [{ pointer: '/members', detail }],
      });
    }
    if ((yield* nestingStep(tx, tenantId, child._id, groupId)) > deepestNesting) {
      const detail = `with ${child.displayName} in it groups would nest more than ${deepestNesting} deep`;
      throw new AppError('input.invalid', 'groups would nest too deep', {
        errors: [{ pointer: '/members', detail }],
      });
    }
  }
  const groupIds = withMembership(child.groupIds, groupId, isMember);
  yield* tx
    .tenant(tenantId)
    .collection('groups')
    .update(child._id, (stored) => ({ ...stored, groupIds, shownAt: context.now }));
  forgetGroups(context);
  yield* recomputeMembers(context, child._id);
  return true;
}

/** What a later part of a change leaves undone rather than fail: its first part was judged and answered for. */
const ignoredLateErrors: ReadonlySet<string> = new Set([
  'user.above_actor',
  'user.last_administrator',
  'user.self_change',
]);

function* changeLate(context: WriteContext, id: string, groupId: string, isMember: boolean): Step<boolean> {
  try {
    return yield* changeOne(context, id, groupId, isMember);
  } catch (error) {
    const isGone = error instanceof AppError && error.code === 'input.invalid';
    if (isGone) return false;
    if (!(error instanceof AppError) || !ignoredLateErrors.has(error.code)) throw error;
    const target = { type: 'user', id, label: id };
    const event = { action: 'group.members_changed', target, result: 'failure' } as const;
    yield* recordEvent(context.tx, context.actor, event, context.now);
    return false;
  }
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
  if (isMember) throw new UnknownMember(id);
  return false;
}

/** A group nobody manages that a directory writes to becomes the directory's. */
function claimed(actor: Actor, group: GroupDocument): GroupDocument {
  const directoryId = group.directoryId ?? actor.directoryId;
  return { ...group, directoryId, owner: directoryId ?? 'local' };
}

/** @returns those whose membership changed. */
function* changeEach(
  context: WriteContext,
  ids: readonly string[],
  { groupId, isMember, isLate }: { groupId: string; isMember: boolean; isLate: boolean },
): Step<string[]> {
  const change = isLate ? changeLate : changeOne;
  const changed: string[] = [];
  for (const id of ids) if (yield* change(context, id, groupId, isMember)) changed.push(id);
  return changed;
}

/**
 * Changes the members of a group within a larger write.
 *
 * @param isLate - the rest of a change that was permitted and begun: who is gone by now is passed over.
 * @returns the group; the same version when nothing changed.
 */
export function* changeMembersStep(
  context: WriteContext,
  group: GroupDocument,
  part: Difference,
  isLate = false,
): Step<GroupDocument> {
  const { actor, now, tenantId, tx } = context;
  if (!isLate && part.add.length + part.remove.length > 0) yield* requireMayGive(context, group);
  const added = yield* changeEach(context, part.add, { groupId: group._id, isMember: true, isLate });
  const removed = yield* changeEach(context, part.remove, { groupId: group._id, isMember: false, isLate });
  if (added.length + removed.length === 0) return group;
  context.effects.members.added.push(...added);
  context.effects.members.removed.push(...removed);
  const changes = [
    ...(added.length > 0 ? [{ path: 'members.added', before: null, after: added }] : []),
    ...(removed.length > 0 ? [{ path: 'members.removed', before: removed, after: null }] : []),
  ];
  const event = { action: 'group.members_changed', target: groupParty(group), changes };
  yield* recordEvent(tx, actor, event, now);
  const groups = tx.tenant(tenantId).collection('groups');
  const saved = (yield* groups.update(group._id, (stored) => claimed(actor, stored))) ?? group;
  if (saved.directoryId !== group.directoryId) {
    // Rules of a directory see its own groups only: from now on this one.
    forgetGroups(context);
    yield* recomputeMembers(context, group._id);
  }
  return saved;
}
