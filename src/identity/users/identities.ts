import type { SessionDocument } from '../../persistence/collections/access.js';
import type { IdentityDocument } from '../../persistence/collections/identities.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthority } from './authority.js';
import type { Actor, Core } from '../core.js';
import { wakeJobs } from '../jobs/queue.js';
import { sessionEnded } from './session-end.js';
import { tenantConfigStep } from '../tenants/config.js';
import { partyOf } from './change-events.js';

export type { IdentityDocument } from '../../persistence/collections/identities.js';

/** Who a user is at companies' providers, the oldest first. */
export function listIdentities(
  core: Core,
  user: Pick<UserDocument, '_id' | 'tenantId'>,
): Promise<IdentityDocument[]> {
  return core.store
    .tenant(user.tenantId)
    .collection('identities')
    .find({ userId: user._id }, { sort: { _id: 1 } });
}

/** The sessions that an identity opened end with it. */
export function* endSessionsOf(tx: Transaction, identity: IdentityDocument, now: Date): Step<void> {
  const sessions = tx.tenant(identity.tenantId).collection('sessions');
  const all: SessionDocument[] = yield* sessions.find({ userId: identity.userId });
  for (const session of all.filter(({ connectionId }) => connectionId === identity.connectionId)) {
    yield* sessions.remove(session._id);
    yield* sessionEnded(tx, session, now);
  }
}

/**
 * Takes an identity away from a user. Whoever has the address at the provider is connected at their next sign-in, as at the first.
 *
 * @throws AppError `identity.not_found`, also for an identity of somebody else; `user.above_actor`.
 */
export async function unlinkIdentity(
  core: Core,
  actor: Actor,
  user: UserDocument,
  identityId: string,
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(user.tenantId);
    const identity = yield* scope.collection('identities').get(identityId);
    if (identity?.userId !== user._id)
      throw new AppError('identity.not_found', 'the user has no such identity');
    const current = (yield* scope.collection('users').get(user._id)) ?? user;
    requireAuthority(actor, current, yield* tenantConfigStep(core, tx, user.tenantId), now);
    yield* scope.collection('identities').remove(identityId);
    yield* endSessionsOf(tx, identity, now);
    const changes = [{ path: 'identity', before: `${identity.issuer} ${identity.subject}`, after: null }];
    yield* recordEvent(tx, actor, { action: 'sso.identity_unlinked', target: partyOf(user), changes }, now);
  });
  wakeJobs(core);
}
