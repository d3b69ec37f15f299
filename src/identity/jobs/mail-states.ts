import type { MailDocument, MailState } from '../../persistence/collections/mails.js';
import type { Query } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { containingAnyCase } from '../search-text.js';

export { mailStates, type MailDocument } from '../../persistence/collections/mails.js';

export interface MailFilter {
  /** Found anywhere in the address, the kind of mail, or why it failed. */
  q?: string | undefined;
  state?: MailState | undefined;
}

/** What became of the mails to a user: a page in the order of their making, and how many match in all. */
export async function mailsOfUser(
  core: Core,
  { _id: userId, tenantId }: { _id: string; tenantId: string },
  { q, state }: MailFilter,
  page: {
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    afterId?: string | undefined;
  },
): Promise<{ items: MailDocument[]; total: number }> {
  const mails = core.store.tenant(tenantId).collection('mails');
  const fields = ['to', 'template', 'reason'];
  const query: Query = {
    userId,
    ...(state && { state }),
    ...(q !== undefined && { $or: fields.map((field) => ({ [field]: containingAnyCase(q) })) }),
  };
  const [items, total] = await Promise.all([
    mails.find(query, {
      sort: { _id: page.descending ? -1 : 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    mails.count(query),
  ]);
  return { items, total };
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
