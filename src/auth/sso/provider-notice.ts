import { systemActor } from '../../identity/actors.js';
import { recordEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import { wakeJobs } from '../../identity/jobs/queue.js';
import { sessionEnded } from '../../identity/users/session-end.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Visitor } from '../sessions.js';

/** How long a notice of a provider is good after its `iat`. */
export const noticeSeconds = 600;
/** How far the clocks of two machines may be apart. */
export const noticeToleranceSeconds = 60;

/**
 * Counts a notice of a provider by its `jti`. Every process sees the same count.
 *
 * @param kind - the kind of notice: each has its own ids.
 * @returns whether this is its first use.
 */
export async function isFirstUse(
  core: Core,
  kind: 'logout-token' | 'revocation' | 'saml-logout',
  { issuer, jti }: { issuer: string; jti: string },
): Promise<boolean> {
  const end = new Date(core.clock.now().getTime() + (noticeSeconds + noticeToleranceSeconds) * 1000);
  const { count } = await core.store.increment(
    `${kind}:${core.secretBox.sign(kind, `${issuer} ${jti}`)}`,
    1,
    end,
  );
  return count === 1;
}

/** Ends sessions because the connection's provider asks for it; the applications of each are told. */
export async function endSessions(
  core: Core,
  connection: SsoConnectionDocument,
  sessions: readonly SessionDocument[],
  { requestId, ip }: Visitor,
): Promise<void> {
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const now = core.clock.now();
  for (const session of sessions) {
    await core.store.transaction(function* (tx) {
      const scope = tx.tenant(session.tenantId);
      if (!(yield* scope.collection('sessions').remove(session._id))) return;
      const user = yield* scope.collection('users').get(session.userId);
      const target = { type: 'user', id: session.userId, label: user?.email ?? user?.userName ?? '' };
      yield* sessionEnded(tx, session, now);
      yield* recordEvent(tx, actor, { action: 'logout', target }, now);
    });
  }
  wakeJobs(core);
}
