import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthority } from './authority.js';
import type { Actor, Core } from '../core.js';
import { systemActor } from '../actors.js';
import { withoutFailures } from './credentials.js';
import { answerInvitation } from './invitation-status.js';
import { wakeJobs, type JobDocument } from '../jobs/queue.js';
import { inputOf, type UserInput } from './input.js';
import { addressKeyOf } from '../user-keys.js';
import { requireWritable } from './transitions.js';
import { openWrite, saveUser, type WriteContext } from './save.js';
import { partyOf } from './change-events.js';
import { updateUser } from './users.js';
import { requireVersion, type WriteOptions } from '../versions.js';

/**
 * Enables or disables; disabling ends sessions and tokens unless `sessions.revokeOnDisable` is off and a person does it.
 *
 * @param options - `hold`: as {@link UserInput.hold}.
 */
export async function setEnabled(
  core: Core,
  actor: Actor,
  id: string,
  enabled: boolean,
  { hold, ...options }: WriteOptions & Pick<UserInput, 'hold'> = {},
): Promise<UserDocument> {
  return decide(core, actor, id, { active: enabled, hold }, options);
}

/** A change that its actor decides, whatever a directory says. */
async function decide(
  core: Core,
  actor: Actor,
  id: string,
  change: Partial<UserInput>,
  options: WriteOptions,
): Promise<UserDocument> {
  const changed = (user: UserDocument): UserInput => ({ ...inputOf(user), ...change });
  return (await updateUser(core, actor, id, changed, { ...options, decides: true })).after;
}

/** @throws AppError as {@link updateUser}. */
export async function setApproved(
  core: Core,
  actor: Actor,
  id: string,
  approved: boolean,
  options: WriteOptions = {},
): Promise<UserDocument> {
  return decide(core, actor, id, { approved }, options);
}

/** Gives by hand exactly these roles; those from rules, invitations and SSO stay. */
export async function setManualRoles(
  core: Core,
  actor: Actor,
  id: string,
  roles: readonly string[],
  options: WriteOptions = {},
): Promise<UserDocument> {
  return decide(core, actor, id, { roles }, options);
}

/** One change of one user as a transaction of its own. */
export async function writeUser(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions,
  work: (context: WriteContext, user: UserDocument) => Step<UserDocument>,
): Promise<UserDocument> {
  const saved = await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const stored = yield* tx.tenant(context.tenantId).collection('users').get(id);
    const user = requireWritable(actor, stored, context.config);
    requireVersion(user, options);
    return yield* work(context, user);
  });
  wakeJobs(core);
  return saved;
}

/** Ends every session, code and token of a user, now and for ever; the user may sign in again at once. */
export function endAccess(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<UserDocument> {
  return writeUser(core, actor, id, options, function* (context, user) {
    const saved = yield* saveUser(context, user, user, 'invalidated');
    yield* recordEvent(
      context.tx,
      actor,
      { action: 'sessions.invalidated', target: partyOf(user) },
      context.now,
    );
    return saved;
  });
}

/** Forgets what failed at an account, from wherever; a lock that is lifted is recorded. */
function* liftLock(context: WriteContext, user: UserDocument): Step<void> {
  const credentials = context.tx.tenant(context.tenantId).collection('credentials');
  const credential = yield* credentials.get(user._id);
  if (!credential) return;
  const { lockedUntil } = credential;
  yield* credentials.update(user._id, (stored) => ({ ...stored, ...withoutFailures }));
  if (lockedUntil === null || lockedUntil <= context.now) return;
  const changes = [{ path: 'lockedUntil', before: lockedUntil.toISOString(), after: null }];
  const target = partyOf(user);
  yield* recordEvent(context.tx, context.actor, { action: 'user.unlocked', target, changes }, context.now);
}

/**
 * Lifts a lock after failed sign-ins. Whoever is not locked stays as they are.
 *
 * @throws AppError `user.unlock_off` where the tenant lets nobody (`lockout.adminUnlock`); the operator of the server may all the
 *   same; `user.above_actor`.
 */
export function unlockUser(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<UserDocument> {
  return writeUser(core, actor, id, options, function* (context, user) {
    requireAuthority(actor, user, context.config, context.now);
    if (!context.config.settings['lockout.adminUnlock'] && actor.party.type !== 'system') {
      throw new AppError(
        'user.unlock_off',
        'administrators may not lift locks in this tenant; a lock ends by itself',
      );
    }
    yield* liftLock(context, user);
    return user;
  });
}

/** A user as they will be once activated; the invitation that brought them is answered. */
export function* activated(context: WriteContext, user: UserDocument): Step<UserDocument> {
  if (user.activatedAt !== null) return user;
  yield* answerInvitation(context.tx, user, context.now);
  return { ...user, activatedAt: context.now };
}

/** The person signed in through their company, or the operator says so: the account is theirs now. */
export function activateUser(core: Core, actor: Actor, id: string): Promise<UserDocument> {
  return writeUser(core, actor, id, {}, function* (context, user) {
    return yield* saveUser(context, user, yield* activated(context, user));
  });
}

/** A company's provider vouches for the address of one of its people, on a domain the tenant has proven. */
export function confirmAddress(
  core: Core,
  actor: Actor,
  id: string,
  addressKey: string,
): Promise<UserDocument> {
  return writeUser(core, actor, id, {}, function* (context, user) {
    if (user.verifiedEmailKey === addressKey || addressKeyOf(user) !== addressKey) return user;
    const event = { action: 'user.email_verified', target: partyOf(user) };
    yield* recordEvent(context.tx, actor, event, context.now);
    return yield* saveUser(context, user, { ...user, verifiedEmailKey: addressKey });
  });
}

/**
 * The job at the end of an access period: sessions and tokens end where `access.endSessionsAtExpiry` says so. A period that was moved or
 * lifted in the meantime has a job of its own, or none.
 */
export async function expireAccess(core: Core, job: JobDocument): Promise<void> {
  const userId = String(job.payload['userId']);
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, systemActor(job.tenantId));
    const user = yield* tx.tenant(job.tenantId).collection('users').get(userId);
    const expiresAt = user?.accessExpiresAt ?? null;
    if (!user || expiresAt === null || expiresAt > context.now) return;
    if (user.accessRevokedAt !== null && user.accessRevokedAt >= expiresAt) return;
    yield* recordEvent(tx, context.actor, { action: 'user.expired', target: partyOf(user) }, context.now);
    if (context.config.settings['access.endSessionsAtExpiry']) {
      yield* saveUser(context, user, user, 'access_expired');
    }
  });
  wakeJobs(core);
}
