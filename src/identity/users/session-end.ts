import { enqueueJob } from '../jobs/queue.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';

/** Kind of the job that releases what hung on an ended browser session. */
export const sessionEndJob = 'session.end';

/**
 * What a session's end leaves to do, in the transaction that removes it: the grants and tokens given under it go (dead they are at once,
 * see `auth/provider/account-access.ts`), and its applications are told. Call `wakeJobs` after the commit.
 */
export function* sessionEnded(
  tx: Transaction,
  session: Pick<SessionDocument, '_id' | 'tenantId' | 'userId'>,
  now: Date,
): Step<void> {
  const payload = { sessionId: session._id, userId: session.userId };
  yield* enqueueJob(tx, session.tenantId, { kind: sessionEndJob, payload }, now);
}

/** What a sign-in is judged under: it changes with every revocation, so that none passes by a sign-in made at the same moment. */
export function accessStampOf({ accessRevokedAt }: Pick<UserDocument, 'accessRevokedAt'>): string {
  return accessRevokedAt === null ? 'never revoked' : accessRevokedAt.toISOString();
}

/** The value a revocation gives `accessRevokedAt`: another one than before, also within one millisecond and by a clock that is behind. */
export function nextRevocation({ accessRevokedAt }: Pick<UserDocument, 'accessRevokedAt'>, now: Date): Date {
  return accessRevokedAt !== null && now <= accessRevokedAt ? new Date(accessRevokedAt.getTime() + 1) : now;
}

/** Whether a user's access was revoked after this session's sign-in was judged. */
export function isRevoked(
  { accessStamp, signedInAt }: Pick<SessionDocument, 'accessStamp' | 'signedInAt'>,
  user: Pick<UserDocument, 'accessRevokedAt'>,
): boolean {
  if (typeof accessStamp === 'string') return accessStamp !== accessStampOf(user);
  return user.accessRevokedAt !== null && signedInAt <= user.accessRevokedAt;
}
