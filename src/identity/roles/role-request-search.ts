import type { RoleRequestDocument, RoleRequestState } from '../../persistence/collections/role-requests.js';
import type { Query } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import type { Actor, Core } from '../core.js';
import { containingAnyCase } from '../search-text.js';
import { noRequest } from './role-requests.js';

/** The state as people see it: one that was not decided in time is over. */
export const stateOf = ({ state, expiresAt }: RoleRequestDocument, now: Date): RoleRequestState =>
  state === 'pending' && expiresAt <= now ? 'expired' : state;

/** Whether the actor sees this request: it is their own, or they may give roles. */
export const seesRequest = (
  { party, permissions }: Actor,
  { user, requester }: Pick<RoleRequestDocument, 'user' | 'requester'>,
): boolean => permissions.has('roles.assign') || party.id === user.id || party.id === requester.id;

/** @throws AppError `role_request.not_found`. */
export async function getRequest(core: Core, tenantId: string, id: string): Promise<RoleRequestDocument> {
  const request = await core.store.tenant(tenantId).collection('role_requests').get(id);
  if (!request) throw noRequest();
  return request;
}

export interface RoleRequestFilter {
  /** Found anywhere in the user, the requester, the role or the reason. */
  q?: string | undefined;
  status?: RoleRequestState | undefined;
  userId?: string | undefined;
  /** Full key. */
  role?: string | undefined;
}

function statusQuery(status: RoleRequestState, now: Date): Query {
  if (status === 'pending') return { state: 'pending', expiresAt: { $gt: now } };
  if (status !== 'expired') return { state: status };
  return { $or: [{ state: 'expired' }, { state: 'pending', expiresAt: { $lte: now } }] };
}

function searchQuery(q: string): Query {
  const anywhere = containingAnyCase(q);
  const fields = ['user.label', 'requester.label', 'role', 'reason'];
  return { $or: fields.map((field) => ({ [field]: anywhere })) };
}

function queryOf({ party, permissions }: Actor, filter: RoleRequestFilter, now: Date): Query {
  const queries: Query[] = [
    ...(permissions.has('roles.assign')
      ? []
      : [{ $or: [{ 'user.id': party.id }, { 'requester.id': party.id }] }]),
    ...(filter.q === undefined ? [] : [searchQuery(filter.q)]),
    ...(filter.status === undefined ? [] : [statusQuery(filter.status, now)]),
    ...(filter.userId === undefined ? [] : [{ 'user.id': filter.userId }]),
    ...(filter.role === undefined ? [] : [{ role: filter.role }]),
  ];
  return queries.length === 0 ? {} : { $and: queries };
}

/** How many of the requests that the actor sees match. */
export function countRequests(core: Core, actor: Actor, filter: RoleRequestFilter): Promise<number> {
  const requests = core.store.tenant(actor.tenantId).collection('role_requests');
  return requests.count(queryOf(actor, filter, core.clock.now()), listTotal);
}

/** The requests that the actor sees. @returns a page and how many match in all. */
export async function searchRequests(
  core: Core,
  actor: Actor,
  filter: RoleRequestFilter,
  page: {
    descending: boolean;
    afterId?: string | undefined;
    limit: number;
    until?: (read: unknown) => boolean;
  },
): Promise<{ items: RoleRequestDocument[]; total: number }> {
  const requests = core.store.tenant(actor.tenantId).collection('role_requests');
  const query = queryOf(actor, filter, core.clock.now());
  const [items, total] = await Promise.all([
    requests.find(query, {
      sort: { _id: page.descending ? -1 : 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    requests.count(query, listTotal),
  ]);
  return { items, total };
}
