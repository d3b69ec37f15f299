import type { AccessEndDocument } from '../../persistence/collections/leavers.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { accessEndId } from '../users/save.js';
import { isRevoked } from '../users/session-end.js';

/** What a job that ends a person's access is about. */
export interface EndingAccess {
  tenantId: string;
  userId: string;
  calledAt: Date;
  reason: string;
}

/** More are counted, and not named. */
const maxNamed = 200;

/** Notes which sessions end, before any of them is removed. A second run of the job finds the first one's note. */
export async function noteEnding(
  core: Core,
  { tenantId, userId, calledAt, reason }: EndingAccess,
): Promise<void> {
  const scope = core.store.tenant(tenantId);
  const _id = accessEndId(userId, calledAt);
  const noted = await scope.collection('access_ends').get(_id);
  if (!noted || noted.sessionCount > 0 || noted.endedAt !== null) return;
  const user = await scope.collection('users').get(userId);
  const sessions: AccessEndDocument['sessions'] = [];
  let sessionCount = 0;
  for await (const session of scope.collection('sessions').iterate({ userId })) {
    if (user && !isRevoked(session, user)) continue;
    sessionCount += 1;
    const { _id: sessionId, method, ip, signedInAt } = session;
    // Of a person who was erased, only how many stays.
    if (reason !== 'erased' && sessions.length < maxNamed)
      sessions.push({ sessionId, method, ip, signedInAt });
  }
  const change = (stored: AccessEndDocument): AccessEndDocument => ({ ...stored, sessions, sessionCount });
  await scope.collection('access_ends').update(_id, change);
}

/** Notes that everything has been removed, in the transaction that removes the last of it. */
export function* noteEnded(
  tx: Transaction,
  { tenantId, userId, calledAt }: EndingAccess,
  tokenCount: number,
  now: Date,
): Step<void> {
  yield* tx
    .tenant(tenantId)
    .collection('access_ends')
    .update(accessEndId(userId, calledAt), (stored) => ({
      ...stored,
      tokenCount: stored.tokenCount + tokenCount,
      endedAt: stored.endedAt ?? now,
    }));
}
