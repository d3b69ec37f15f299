import type { InvitationDocument } from '../../persistence/collections/invitations.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';

export const invitationStatuses = ['waiting', 'completed', 'expired', 'revoked'] as const;
export type InvitationStatus = (typeof invitationStatuses)[number];

/** Derived, never stored (M2-5, M2-10). */
export function invitationStatus(
  invitation: Pick<InvitationDocument, 'revokedAt' | 'respondedAt' | 'expiresAt'>,
  now: Date,
): InvitationStatus {
  if (invitation.revokedAt !== null) return 'revoked';
  if (invitation.respondedAt !== null) return 'completed';
  return invitation.expiresAt <= now ? 'expired' : 'waiting';
}

/** Changes the unanswered invitation that brought a user, where one did. */
function* changeOpen(tx: Transaction, user: UserDocument, change: Partial<InvitationDocument>): Step<void> {
  if (user.source !== 'invite') return;
  const invitations = tx.tenant(user.tenantId).collection('invitations');
  const invitation = yield* invitations.findOne({ userId: user._id, respondedAt: null, revokedAt: null });
  if (invitation) yield* invitations.update(invitation._id, (stored) => ({ ...stored, ...change }));
}

/** The person an invitation brought is activated now. */
export const answerInvitation = (tx: Transaction, user: UserDocument, now: Date): Step<void> =>
  changeOpen(tx, user, { respondedAt: now });

/** The person an invitation brought is gone before they answered. */
export const withdrawInvitation = (tx: Transaction, user: UserDocument, now: Date): Step<void> =>
  changeOpen(tx, user, { revokedAt: now });
