import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { recordEvent } from '../audit/audit.js';
import { releaseAdministered } from '../grants/group-grants.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { deriveUserKeys } from '../user-keys.js';
import { lastAccess } from '../users/change-events.js';
import { requireAuthority } from '../users/authority.js';
import { uniqueKeysField } from '../users/own-attributes.js';
import { enqueueAccessEnd, guardLastAdministrator, openWrite, type WriteContext } from '../users/save.js';
import { nextRevocation } from '../users/session-end.js';
import { guardSelf } from '../users/transitions.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { retired, retiredKeys } from '../visibility.js';
import { pseudonymOf, type Marks } from './marks.js';
import { findPerson, marksOfPerson, type Person } from './person.js';

/** Kind of the job that takes a person's traces away. */
export const personEraseJob = 'person.erase';
/** Kind of the job that looks once more for what a request under way may have written since. */
export const personSweepJob = 'person.sweep';

/** A user without anything of the person, for a tenant where `users.deletion` is off. */
function pseudonymous(user: UserDocument, now: Date): UserDocument {
  const userName = pseudonymOf(user._id);
  const { terms: _terms, hold: _hold, heldChange: _held, movedAddress: _moved, ...others } = user;
  const { signature: _signature, ...rest } = others;
  return {
    ...rest,
    ...deriveUserKeys(userName, {}),
    userName,
    verifiedEmailKey: null,
    loginKeys: retiredKeys(user._id),
    ...uniqueKeysField([], user),
    externalId: null,
    directoryId: retired,
    attributes: {},
    groupIds: [],
    grants: [],
    enabled: false,
    accessRevokedAt: nextRevocation(user, now),
  };
}

function* touchGroups({ tx, tenantId }: WriteContext, groupIds: readonly string[]): Step<void> {
  for (const id of groupIds)
    yield* tx
      .tenant(tenantId)
      .collection('groups')
      .update(id, (group) => ({ ...group }));
}

/** The user and what hangs on it. Where `users.deletion` is off, a disabled user without any data of the person stays. */
function* eraseUser(context: WriteContext, user: UserDocument): Step<void> {
  const { tx, tenantId, actor, config, now } = context;
  requireAuthority(actor, user, config, now);
  guardSelf(actor, user, undefined, config, now);
  yield* guardLastAdministrator(context, user, undefined);
  const scope = tx.tenant(tenantId);
  if (config.settings['users.deletion']) {
    yield* scope.collection('users').remove(user._id, { ifVersion: user.version });
  } else {
    const change = (stored: UserDocument): UserDocument => pseudonymous(stored, now);
    yield* scope.collection('users').update(user._id, change, { ifVersion: user.version });
  }
  yield* scope.collection('credentials').remove(user._id);
  yield* scope.collection('identities').removeMany({ userId: user._id });
  yield* scope.collection('account_clashes').removeMany({ userId: user._id });
  yield* scope.collection('consents').removeMany({ userId: user._id });
  yield* scope.collection('access_ends').removeMany({ userId: user._id });
  yield* scope.collection('invitations').removeMany({ userId: user._id });
  yield* scope.collection('one_time_tokens').removeMany({ userId: user._id });
  yield* touchGroups(context, user.groupIds);
  yield* releaseAdministered(context, user._id);
  yield* enqueueAccessEnd(context, user._id, 'erased');
}

/** The user now. */
function* currentUser(
  context: WriteContext,
  person: Person,
  options: WriteOptions,
): Step<UserDocument | undefined> {
  if (!person.user) return undefined;
  const user = yield* context.tx.tenant(context.tenantId).collection('users').get(person.userId);
  if (!user) throw new AppError('user.not_found', 'there is no such user');
  requireVersion(user, options);
  return user;
}

/**
 * Erases one person: their user, credentials, identities and invitations at once, every other trace by the job that this leaves
 * (requirement M3-24). What has to stay, as the audit trail, names a pseudonym then.
 *
 * @param named - user id, address or userName; a deleted user's too.
 * @returns the job.
 * @throws AppError `user.not_found`, `user.above_actor`, `user.self_change`, `user.last_administrator`, `resource.version_mismatch`.
 */
export async function erasePerson(
  core: Core,
  actor: Actor,
  named: string,
  options: WriteOptions = {},
): Promise<JobDocument> {
  const { tenantId } = actor;
  const person = await findPerson(core, tenantId, named);
  const marks = await marksOfPerson(core, tenantId, person);
  const job = await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* currentUser(context, person, options);
    if (user) yield* eraseUser(context, user);
    const target = { type: 'user', id: person.userId, label: pseudonymOf(person.userId) };
    const changes = user ? lastAccess(user) : [];
    yield* recordEvent(tx, actor, { action: 'user.erased', target, changes }, context.now);
    const id = yield* enqueueJob(tx, tenantId, sealedJob(core, personEraseJob, marks), context.now);
    return yield* tx.tenant(tenantId).collection('jobs').get(id);
  });
  if (!job) throw new Error('a job that was left is there');
  wakeJobs(core);
  return job;
}

/** A job that knows whom to look for, sealed: the names are what has to go. */
export function sealedJob(core: Core, kind: string, marks: Marks) {
  return { kind, payload: { sealed: core.secretBox.seal(kind, JSON.stringify(marks)) } };
}

export const marksOfJob = (core: Core, { kind, payload }: JobDocument): Marks =>
  JSON.parse(core.secretBox.open(kind, String(payload['sealed']))) as Marks;
