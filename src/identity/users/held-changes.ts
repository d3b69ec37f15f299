import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { isLive, withGrants } from '../grants/grants.js';
import { wakeJobs, type JobDocument } from '../jobs/queue.js';
import { requirePermission } from '../permissions.js';
import { deriveUserKeys } from '../user-keys.js';
import { leavingFrom, managerOf } from '../visibility.js';
import { requireGivable } from './build.js';
import { enqueueRelease, isHeldGrant } from './change-guard.js';
import { partyOf } from './change-events.js';
import type { UserInput } from './input.js';
import { leaveStep, touchGroups } from './removal.js';
import { openWrite, regrantStep, saveUser, type WriteContext } from './save.js';

/** What becomes of a held change: it is done, or it never was. */
export const heldDecisions = ['release', 'drop'] as const;
export type HeldDecision = (typeof heldDecisions)[number];

const heldBy = (directoryId: string) => ({ 'heldChange.directoryId': directoryId });

/** The roles that a user keeps by the change guard alone. */
export const heldRoles = ({ grants }: Pick<UserDocument, 'grants'>): string[] => [
  ...new Set(grants.filter(isHeldGrant).map(({ role }) => role)),
];

/** Those of whom a directory's changes are held back, by id; and how many there are. */
export async function listHeld(
  core: Core,
  tenantId: string,
  directoryId: string,
  { afterId, limit }: { afterId: string | undefined; limit: number },
): Promise<{ items: UserDocument[]; total: number }> {
  const users = core.store.tenant(tenantId).collection('users');
  const query = heldBy(directoryId);
  const [items, total] = await Promise.all([
    users.find(query, { sort: { _id: 1 }, limit, ...(afterId !== undefined && { after: { _id: afterId } }) }),
    users.count(query),
  ]);
  return { items, total };
}

/** The ids of all of them. */
export async function* heldIds(core: Core, tenantId: string, directoryId: string): AsyncGenerator<string> {
  const users = core.store.tenant(tenantId).collection('users');
  for await (const { _id } of users.iterate(heldBy(directoryId), { fields: [] })) yield _id;
}

/** Since when anything of a directory is held back; null: nothing is. */
export async function heldSince(core: Core, tenantId: string, directoryId: string): Promise<Date | null> {
  const guard = await core.store.tenant(tenantId).collection('directory_guards').get(directoryId);
  return guard?.heldSince ?? null;
}

/** Done as the directory's request would have been. */
function* releaseStep(context: WriteContext, user: UserDocument): Step<void> {
  const { deletes = false, disables = false } = user.heldChange ?? {};
  if (deletes) {
    yield* leaveStep(context, user);
    return;
  }
  const base: UserDocument = {
    ...user,
    heldChange: null,
    enabled: user.enabled && !disables,
    grants: user.grants.filter((grant) => !isHeldGrant(grant)),
  };
  const after = { ...base, grants: yield* regrantStep(context, base) };
  yield* saveUser(context, user, after, disables && user.enabled ? 'disabled' : undefined);
}

/** Roles that the directory gives no more are given by hand, by the one who decides so. */
function keptByHand(context: WriteContext, user: UserDocument, grants: readonly Grant[]): Grant[] {
  const { actor, config, now } = context;
  const given = new Set(grants.map(({ role }) => role));
  const kept = heldRoles(user).filter((role) => !given.has(role) && config.roles.has(role));
  if (kept.length === 0) return [...grants];
  requirePermission(actor, 'roles.assign');
  const manual = grants
    .filter((grant) => grant.type === 'manual' && isLive(grant, now))
    .map(({ role }) => role);
  requireGivable(context, [...manual, ...kept], manual);
  const detail = `given by ${actor.party.label}`;
  const added = kept.map((role) => ({
    ...{ role, type: 'manual' as const, detail, sourceId: null, since: now, until: null },
  }));
  return withGrants(grants, added);
}

/** The person keeps what they have. */
function* dropStep(context: WriteContext, user: UserDocument): Step<void> {
  const isBack = managerOf(user.directoryId) !== user.directoryId;
  const base: UserDocument = {
    ...user,
    heldChange: null,
    directoryId: managerOf(user.directoryId),
    grants: user.grants.filter((grant) => !isHeldGrant(grant)),
  };
  const grants = keptByHand(context, user, yield* regrantStep(context, base));
  const event = { action: 'user.change_dropped', target: partyOf(user) };
  yield* recordEvent(context.tx, context.actor, event, context.now);
  yield* saveUser(context, user, { ...base, grants });
  if (isBack) yield* touchGroups(context, user.groupIds);
}

function* closeIfEmpty({ tx, tenantId }: WriteContext, directoryId: string): Step<void> {
  const scope = tx.tenant(tenantId);
  if (yield* scope.collection('users').findOne(heldBy(directoryId), { fields: [] })) return;
  yield* scope.collection('directory_guards').update(directoryId, (guard) => ({ ...guard, heldSince: null }));
}

/**
 * Decides on what is held back of one user.
 *
 * @returns `unchanged` when nothing is any more.
 * @throws AppError `user.above_actor`, `user.self_change`, `user.last_administrator`, `role.not_grantable`, `auth.forbidden`.
 */
export async function decideHeld(
  core: Core,
  actor: Actor,
  { directoryId, userId, decision }: { directoryId: string; userId: string; decision: HeldDecision },
): Promise<'done' | 'unchanged'> {
  const isOpen = (user: UserDocument | undefined): user is UserDocument =>
    user?.heldChange?.directoryId === directoryId;
  const { tenantId } = actor;
  if (!isOpen(await core.store.tenant(tenantId).collection('users').get(userId))) return 'unchanged';
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* tx.tenant(tenantId).collection('users').get(userId);
    if (!isOpen(user)) return;
    yield* decision === 'release' ? releaseStep(context, user) : dropStep(context, user);
    yield* closeIfEmpty(context, directoryId);
  });
  wakeJobs(core);
  return 'done';
}

const clashes: ReadonlySet<string> = new Set(['user.name_taken', 'user.value_taken']);

/**
 * A directory that creates a user again whose deletion by it is held back gets this user, as they are.
 *
 * @param error - why the user could not be made.
 * @returns the user's id; undefined: another user is in the way, or the directory says it is another person.
 */
export async function cancelDeletion(
  core: Core,
  actor: Actor,
  wanted: UserInput,
  error: unknown,
): Promise<string | undefined> {
  const { directoryId, tenantId } = actor;
  if (directoryId === null || !(error instanceof AppError) || !clashes.has(error.code)) return undefined;
  const { loginKeys } = deriveUserKeys(wanted.userName, wanted.attributes);
  const query = { loginKeys: { $in: loginKeys }, directoryId: leavingFrom(directoryId) };
  return core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* tx.tenant(tenantId).collection('users').findOne(query);
    if (!user?.heldChange) return undefined;
    const isSomebodyElse =
      user.externalId !== null && wanted.externalId !== null && user.externalId !== wanted.externalId;
    if (isSomebodyElse) return undefined;
    const base = { ...user, directoryId, heldChange: { ...user.heldChange, deletes: false } };
    yield* saveUser(context, user, { ...base, grants: yield* regrantStep(context, base) });
    yield* touchGroups(context, user.groupIds);
    yield* closeIfEmpty(context, directoryId);
    return user._id;
  });
}

/** The handler of the job that releases what is undecided for too long. */
export async function releaseOverdue(core: Core, { payload, tenantId }: JobDocument): Promise<void> {
  const directoryId = String(payload['directoryId']);
  const scope = core.store.tenant(tenantId);
  const directory = await scope.collection('directories').get(directoryId);
  const hours = directory?.changeGuard?.releaseAfterHours ?? null;
  if (!directory || hours === null) return;
  const due = new Date(core.clock.now().getTime() - hours * 3_600_000);
  const actor = systemActor(tenantId, directory.name);
  let next: Date | undefined;
  for await (const { _id, heldChange } of scope
    .collection('users')
    .iterate(heldBy(directoryId), { fields: ['heldChange'] })) {
    if (!heldChange) continue;
    if (heldChange.at <= due)
      await decideHeld(core, actor, { directoryId, userId: _id, decision: 'release' }).catch(passOver);
    else if (!next || heldChange.at < next) next = heldChange.at;
  }
  const since = next;
  if (!since) return;
  await core.store.transaction(function* (tx) {
    yield* enqueueRelease(yield* openWrite(tx, core, actor), directory, since);
  });
}

/** A last administrator, say, stays held: a person decides. */
function passOver(error: unknown): void {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
}
