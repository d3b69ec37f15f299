import type { SessionDocument } from '../../persistence/collections/access.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthority } from './authority.js';
import type { Actor, Core } from '../core.js';
import { wakeJobs } from '../jobs/queue.js';
import { isRevoked, sessionEnded } from './session-end.js';
import type { Settings } from '../tenants/settings.js';
import { tenantConfigStep } from '../tenants/config.js';
import { partyOf } from './change-events.js';

export type { SessionDocument } from '../../persistence/collections/access.js';

/** The sessions of a user that count now, the latest used first. */
export async function liveSessions(
  core: Core,
  user: Pick<UserDocument, '_id' | 'tenantId' | 'accessRevokedAt'>,
): Promise<SessionDocument[]> {
  const now = core.clock.now();
  const sessions = await core.store.tenant(user.tenantId).collection('sessions').find({ userId: user._id });
  const isLive = (session: SessionDocument): boolean => session.expiresAt > now && !isRevoked(session, user);
  return sessions.filter(isLive).sort((a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime());
}

/**
 * Ends one session of a user.
 *
 * @throws AppError `session.not_found`, also for a session of another user; `user.above_actor`.
 */
export async function revokeSession(
  core: Core,
  actor: Actor,
  user: UserDocument,
  sessionId: string,
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const sessions = tx.tenant(user.tenantId).collection('sessions');
    const session = yield* sessions.get(sessionId);
    if (session?.userId !== user._id) throw new AppError('session.not_found', 'there is no such session');
    const current = (yield* tx.tenant(user.tenantId).collection('users').get(user._id)) ?? user;
    requireAuthority(actor, current, yield* tenantConfigStep(core, tx, user.tenantId), now);
    yield* sessions.remove(sessionId);
    yield* sessionEnded(tx, session, now);
    const target = partyOf(user);
    yield* recordEvent(tx, actor, { action: 'session.revoked', target }, now);
  });
  wakeJobs(core);
}

/** A person ends all their sessions but the one they are in, as when a device was lost. */
export async function revokeOtherSessions(
  core: Core,
  actor: Actor,
  user: UserDocument,
  current: SessionDocument,
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const sessions = tx.tenant(user.tenantId).collection('sessions');
    const others = (yield* sessions.find({ userId: user._id })).filter(({ _id }) => _id !== current._id);
    for (const session of others) {
      yield* sessions.remove(session._id);
      yield* sessionEnded(tx, session, now);
    }
    if (others.length === 0) return;
    yield* recordEvent(tx, actor, { action: 'sessions.invalidated', target: partyOf(user) }, now);
  });
  wakeJobs(core);
}

/** The methods of a session both factors were shown in (RFC 8176). */
export const bothFactors: readonly string[] = ['pwd', 'otp', 'mfa'];

/** The methods of a password with a passkey in place of a code. */
export const passwordAndPasskey: readonly string[] = ['pwd', 'pop', 'mfa'];

/** The methods of a passkey alone: the device proves that it has the key, and has looked who uses it. */
export const passkeyAlone: readonly string[] = ['pop', 'user', 'mfa'];

/** Whether both factors were shown, or a passkey that is both in one. */
export const hasBothFactors = ({ amr }: Pick<SessionDocument, 'amr'>): boolean => amr.includes('mfa');

/** Somebody has shown a code of their second factor in this session: it counts as one begun with both. */
export async function noteSecondFactor(core: Core, session: SessionDocument): Promise<void> {
  if (session.method !== 'password') return;
  await core.store
    .tenant(session.tenantId)
    .collection('sessions')
    .update(session._id, (stored) => ({ ...stored, amr: [...bothFactors] }));
}

/**
 * Whether the person of a session proved lately enough who they are. Signing in again through the company counts, whatever its own session's
 * age.
 */
export function isProofRecent(
  { authenticatedAt, signedInAt }: Pick<SessionDocument, 'authenticatedAt' | 'signedInAt'>,
  settings: Pick<Settings, 'sessions.stepUpSeconds'>,
  now: Date,
): boolean {
  const seconds = settings['sessions.stepUpSeconds'];
  const provedAt = Math.max(signedInAt.getTime(), authenticatedAt?.getTime() ?? 0);
  return seconds === 0 || now.getTime() - provedAt <= seconds * 1000;
}

/** The person of a session has proved again who they are. */
export async function noteProof(core: Core, session: SessionDocument): Promise<void> {
  const authenticatedAt = core.clock.now();
  await core.store
    .tenant(session.tenantId)
    .collection('sessions')
    .update(session._id, (stored) => ({ ...stored, authenticatedAt }));
}
