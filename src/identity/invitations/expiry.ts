import type { JobDocument } from '../../persistence/collections/events.js';
import type { Step } from '../../persistence/store.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { enqueueJob } from '../jobs/queue.js';
import type { WriteContext } from '../users/save.js';

/** Kind of the job at the end of an invitation. */
export const invitationExpireJob = 'invitation.expire';

/** Leaves the job that records the end of an invitation, should it get no answer. */
export function* enqueueInvitationEnd(
  context: WriteContext,
  invitationId: string,
  expiresAt: Date,
): Step<void> {
  const payload = { invitationId, expiresAt: expiresAt.toISOString() };
  const job = { kind: invitationExpireJob, payload, runAt: expiresAt };
  yield* enqueueJob(context.tx, context.tenantId, job, context.now);
}

/** `invitation.expire`: one that was answered, taken back or given another end since is no matter of this job. */
export async function expireInvitation(core: Core, { payload, tenantId }: JobDocument): Promise<void> {
  const { invitationId, expiresAt } = payload as { invitationId: string; expiresAt: string };
  await core.store.transaction(function* (tx) {
    const invitation = yield* tx.tenant(tenantId).collection('invitations').get(invitationId);
    if (invitation?.respondedAt !== null || invitation.revokedAt !== null) return;
    if (invitation.expiresAt.toISOString() !== expiresAt) return;
    const target = { type: 'user', id: invitation.userId, label: invitation.email };
    const event = { action: 'invitation.expired', target };
    yield* recordEvent(tx, systemActor(tenantId), event, core.clock.now());
  });
}
