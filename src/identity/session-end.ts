import { enqueueJob } from './jobs.js';
import type { SessionDocument } from '../persistence/collections/access.js';
import type { Step, Transaction } from '../persistence/store.js';

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
