import type { InvitationDocument } from '../../persistence/collections/invitations.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthority } from '../users/authority.js';
import type { Actor, Core } from '../core.js';
import { enqueueInvitationEnd } from './expiry.js';
import { mailEntry, prepareEntry, type Entry } from './mail.js';
import { invitationStatus } from '../users/invitation-status.js';
import { wakeJobs } from '../jobs/queue.js';
import { tenantConfig } from '../tenants/config.js';
import { openWrite, type WriteContext } from '../users/save.js';
import { partyOf } from '../users/change-events.js';
import { removeUser } from '../users/removal.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { getInvitation } from './search.js';

export type { InvitationDocument } from '../../persistence/collections/invitations.js';

/** When what is mailed now stops being good. */
export const endOfEntry = ({ config, now }: WriteContext): Date =>
  new Date(now.getTime() + config.settings['invites.ttlSeconds'] * 1000);

export function* recordInvitation(context: WriteContext, user: UserDocument, action: string): Step<void> {
  yield* recordEvent(context.tx, context.actor, { action, target: partyOf(user) }, context.now);
}

/** The user of an invitation that is neither answered nor revoked. */
function* openInvitation(context: WriteContext, id: string, options: WriteOptions): Step<UserDocument> {
  const scope = context.tx.tenant(context.tenantId);
  const invitation = yield* scope.collection('invitations').get(id);
  if (!invitation) throw new AppError('invitation.not_found', 'there is no such invitation');
  requireVersion(invitation, options);
  const status = invitationStatus(invitation, context.now);
  const user = yield* scope.collection('users').get(invitation.userId);
  if (!user || status === 'completed' || status === 'revoked') {
    throw new AppError('invitation.closed', `the invitation is ${user ? status : 'without its user'}`);
  }
  requireAuthority(context.actor, user, context.config, context.now);
  return user;
}

/** Mails the way in again to a person who is not activated yet: what an older mail held dies, and their invitation lives again (F-6). */
export function* sendAgain(context: WriteContext, user: UserDocument, entry: Entry): Step<void> {
  const { tx, tenantId } = context;
  const expiresAt = endOfEntry(context);
  const invitations = tx.tenant(tenantId).collection('invitations');
  const invitation = yield* invitations.findOne({ userId: user._id });
  const { _id: invitationId, message } = invitation ?? {};
  yield* mailEntry(context, user, entry, { invitationId, message: message ?? '' });
  if (invitation) {
    const renew = (stored: InvitationDocument): InvitationDocument => ({
      ...stored,
      expiresAt,
      resentCount: stored.resentCount + 1,
      mailFailure: null,
    });
    yield* invitations.update(invitation._id, renew);
    yield* enqueueInvitationEnd(context, invitation._id, expiresAt);
  }
  yield* recordInvitation(context, user, invitation ? 'invitation.resent' : 'invitation.sent');
}

/** @throws AppError `invitation.not_found`, `invitation.closed`, `resource.version_mismatch`. */
export async function resendInvitation(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<InvitationDocument> {
  const { loginType } = await getInvitation(core, actor.tenantId, id);
  const { settings } = await tenantConfig(core, actor.tenantId);
  const entry = await prepareEntry(core, settings, loginType);
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* openInvitation(context, id, options);
    yield* sendAgain(context, user, entry);
  });
  wakeJobs(core);
  return getInvitation(core, actor.tenantId, id);
}

/** An invitation may wait so long for its answer. */
const maxWaitMs = 366 * 86_400_000;

/**
 * Moves the end of a waiting invitation, and of the way in that was mailed.
 *
 * @throws AppError `invitation.not_found`, `invitation.closed` (an expired one is sent again instead), `input.invalid`,
 *   `resource.version_mismatch`, `user.above_actor`.
 */
export async function changeInvitation(
  core: Core,
  actor: Actor,
  id: string,
  { expiresAt }: { expiresAt: Date },
  options: WriteOptions = {},
): Promise<InvitationDocument> {
  return core.store.transaction(function* (tx): Step<InvitationDocument> {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* openInvitation(context, id, options);
    const scope = tx.tenant(context.tenantId);
    const before = yield* scope.collection('invitations').get(id);
    if (!before || invitationStatus(before, context.now) !== 'waiting')
      throw new AppError('invitation.closed', 'the invitation has expired: send it again');
    const ms = expiresAt.getTime() - context.now.getTime();
    if (ms <= 0 || ms > maxWaitMs) {
      const detail = ms <= 0 ? 'must lie in the future' : 'must lie within a year';
      throw new AppError('input.invalid', 'an invitation cannot expire then', {
        errors: [{ pointer: '/expiresAt', detail }],
      });
    }
    const links = yield* scope.collection('one_time_tokens').find({ userId: user._id, kind: 'activation' });
    for (const { _id } of links)
      yield* scope.collection('one_time_tokens').update(_id, (stored) => ({ ...stored, expiresAt }));
    const after = yield* scope.collection('invitations').update(id, (stored) => ({ ...stored, expiresAt }));
    yield* enqueueInvitationEnd(context, id, expiresAt);
    const [was, is] = [before.expiresAt.toISOString(), expiresAt.toISOString()];
    const changes = [{ path: 'expiresAt', before: was, after: is }];
    const event = { action: 'invitation.changed', target: partyOf(user), changes };
    yield* recordEvent(tx, actor, event, context.now);
    return after ?? before;
  });
}

/**
 * Takes an invitation back: the user it made is removed and its link dies; the invitation stays in the list as revoked.
 *
 * @throws AppError `invitation.not_found`, `invitation.closed`, `resource.version_mismatch`.
 */
export async function revokeInvitation(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<InvitationDocument> {
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* openInvitation(context, id, options);
    yield* removeUser(context, user);
    yield* recordInvitation(context, user, 'invitation.revoked');
  });
  return getInvitation(core, actor.tenantId, id);
}
