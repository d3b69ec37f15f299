import type { InvitationDocument } from '../../persistence/collections/invitations.js';
import type { LoginType } from '../../persistence/collections/users.js';
import type { Query } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import type { InvitationStatus } from '../users/invitation-status.js';
import { containing } from '../search-text.js';

const statusQueries: Readonly<Record<InvitationStatus, (now: Date) => Query>> = {
  revoked: () => ({ revokedAt: { $ne: null } }),
  completed: () => ({ revokedAt: null, respondedAt: { $ne: null } }),
  expired: (now) => ({ revokedAt: null, respondedAt: null, expiresAt: { $lte: now } }),
  waiting: (now) => ({ revokedAt: null, respondedAt: null, expiresAt: { $gt: now } }),
};

/** @throws AppError `invitation.not_found`. */
export async function getInvitation(core: Core, tenantId: string, id: string): Promise<InvitationDocument> {
  const invitation = await core.store.tenant(tenantId).collection('invitations').get(id);
  if (!invitation) throw new AppError('invitation.not_found', 'there is no such invitation');
  return invitation;
}

interface InvitationFilter {
  /** Found in address or sender (M2-6). */
  q?: string | undefined;
  status?: InvitationStatus | undefined;
  loginType?: LoginType | undefined;
}

function queryOf(filter: InvitationFilter, now: Date): Query {
  const anywhere = filter.q === undefined ? undefined : containing(filter.q);
  return {
    ...(anywhere && { $or: [{ emailKey: anywhere }, { senderKey: anywhere }] }),
    ...(filter.loginType && { loginType: filter.loginType }),
    ...(filter.status && statusQueries[filter.status](now)),
  };
}

/** Every invitation that matches, in the order of their making. */
export function iterateInvitations(
  core: Core,
  tenantId: string,
  filter: InvitationFilter,
): AsyncIterable<InvitationDocument> {
  return core.store.tenant(tenantId).collection('invitations').iterate(queryOf(filter, core.clock.now()));
}

/** How many invitations match. */
export function countInvitations(core: Core, tenantId: string, filter: InvitationFilter): Promise<number> {
  const invitations = core.store.tenant(tenantId).collection('invitations');
  return invitations.count(queryOf(filter, core.clock.now()), listTotal);
}

/** A page of invitations in the order of their making, and how many match in all. */
export async function searchInvitations(
  core: Core,
  tenantId: string,
  filter: InvitationFilter,
  page: {
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    afterId?: string | undefined;
  },
): Promise<{ items: InvitationDocument[]; total: number }> {
  const query = queryOf(filter, core.clock.now());
  const invitations = core.store.tenant(tenantId).collection('invitations');
  const [items, total] = await Promise.all([
    invitations.find(query, {
      sort: { _id: page.descending ? -1 : 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    invitations.count(query, listTotal),
  ]);
  return { items, total };
}
