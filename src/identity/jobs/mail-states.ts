import type { MailDocument } from '../../persistence/collections/mails.js';
import type { Core } from '../core.js';

export type { MailDocument } from '../../persistence/collections/mails.js';

/** As many mails to one person are listed. */
const maxMails = 50;

/** What became of the mails to a user, the newest first. */
export function mailsOfUser(core: Core, tenantId: string, userId: string): Promise<MailDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('mails')
    .find({ userId }, { sort: { _id: -1 }, limit: maxMails });
}

/** The newest mail of each invitation, by its id. */
export async function newestMails(
  core: Core,
  invitations: readonly { _id: string; tenantId: string }[],
): Promise<Map<string, MailDocument>> {
  const [first] = invitations;
  if (!first) return new Map();
  const ids = invitations.map(({ _id }) => _id);
  const mails = await core.store
    .tenant(first.tenantId)
    .collection('mails')
    .find({ invitationId: { $in: ids } });
  const byAge = [...mails].sort((a, b) => (a._id < b._id ? -1 : 1));
  return new Map(byAge.map((mail) => [mail.invitationId ?? '', mail]));
}
