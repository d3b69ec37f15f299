import type { Actor, Core } from '../../identity/core.js';
import {
  approveRequest,
  askForRole,
  cancelRequest,
  denyRequest,
  type RoleRequestDocument,
  type RoleSpan,
} from '../../identity/roles/role-requests.js';
import { getRequest, searchRequests, seesRequest } from '../../identity/roles/role-request-search.js';
import { listRoles, type Role } from '../../identity/roles/roles.js';
import { AppError } from '../../shared/errors.js';
import {
  arrange,
  listOf,
  pageAfter,
  pageOfAll,
  pageParameters,
  searchParameter,
  sortParameter,
} from '../list.js';
import { presentRequest, roleRequestSchema, roleRequestStatuses } from '../present/role-request.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Role requests';

const targetRequest = (core: Core, tenantId: string, { id }: { readonly id: string }) =>
  getRequest(core, tenantId, id);

/** People may ask, and see what they asked for. */
export const isPerson = (_: Core, { party }: Actor): boolean => party.type === 'user';

const isOwn = (_: Core, actor: Actor, request: RoleRequestDocument): boolean =>
  actor.party.type === 'user' && seesRequest(actor, request);

const reply = (core: Core, request: RoleRequestDocument): Reply<z.input<typeof roleRequestSchema>> => ({
  body: presentRequest(request, core.clock.now()),
  version: request.version,
});

const spanInput = {
  until: z.iso.datetime({ offset: true }).optional().describe('when the role is to end'),
  seconds: z
    .number()
    .int()
    .min(300)
    .max(31_536_000)
    .optional()
    .describe('in place of `until`: for so long from the decision on'),
};

/** @throws AppError `input.invalid` when both are given. */
function spanOf({ until, seconds }: { until?: string | undefined; seconds?: number | undefined }) {
  if (until !== undefined && seconds !== undefined) {
    throw new AppError('input.invalid', 'give either until or seconds', {
      errors: [{ pointer: '/seconds', detail: 'give either until or seconds' }],
    });
  }
  if (until !== undefined) return { until: new Date(until) };
  return seconds === undefined ? undefined : { seconds };
}

function requiredSpan(body: Parameters<typeof spanOf>[0]): RoleSpan {
  const span = spanOf(body);
  if (span) return span;
  throw new AppError('input.invalid', 'a role is asked for until a time', {
    errors: [{ pointer: '/until', detail: 'give either until or seconds' }],
  });
}

const text = z.string().trim().max(1000);

const askOne = route({
  method: 'post',
  path: '/role-requests',
  id: 'askForRole',
  summary: 'Ask for a role for a time, for yourself or for a person you look after',
  tag,
  permission: 'users.update',
  openTo: isPerson,
  body: z
    .strictObject({
      user: z.string().min(1).max(200).optional().describe('id of the user; the caller when absent'),
      role: z.string().min(1).max(200).describe('key or id of a role'),
      reason: text.min(1, 'must not be empty'),
      ...spanInput,
    })
    .openapi('AskForRole'),
  status: 201,
  output: roleRequestSchema,
  async handler({ core, actor, config, body }) {
    const [role = body.role] = fullKeysOf(config, [body.role]);
    const userId = body.user ?? actor.party.id;
    const span = requiredSpan(body);
    const request = await askForRole(core, actor, { userId, role, reason: body.reason, span });
    return { ...reply(core, request), headers: { Location: `/api/v1/role-requests/${request._id}` } };
  },
});

export const roleRequestFilters = {
  q: searchParameter.describe('found anywhere in the user, who asked, the role or the reason, any case'),
  status: z.enum(roleRequestStatuses).optional(),
  user: z.string().max(200).optional().describe('id of the user the role is for'),
  role: z.string().max(200).optional().describe('key or id of a role'),
};

const listAll = route({
  method: 'get',
  path: '/role-requests',
  id: 'listRoleRequests',
  summary: 'Role requests, newest first: all for those who may give roles, their own for others',
  tag,
  permission: 'roles.assign',
  openTo: isPerson,
  query: z.strictObject({
    ...roleRequestFilters,
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(roleRequestSchema),
  async handler(context) {
    const { core, actor, config, query } = context;
    const role = query.role === undefined ? undefined : fullKeysOf(config, [query.role])[0];
    const filter = { q: query.q, status: query.status, userId: query.user, role };
    const descending = query.sort.startsWith('-');
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        searchRequests(core, actor, filter, { descending, afterId, ...limit }),
      (request) => request._id,
    );
    const now = core.clock.now();
    return { body: { ...page, items: page.items.map((request) => presentRequest(request, now)) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/role-requests/{id}',
  id: 'getRoleRequest',
  summary: 'Read a role request',
  tag,
  permission: 'roles.assign',
  openTo: isOwn,
  target: targetRequest,
  output: roleRequestSchema,
  handler: ({ core, target }) => Promise.resolve(reply(core, target)),
});

const approveOne = route({
  method: 'post',
  path: '/role-requests/{id}/approve',
  id: 'approveRoleRequest',
  summary: 'Give the role that was asked for; it ends by itself',
  tag,
  permission: 'roles.assign',
  target: targetRequest,
  body: z
    .strictObject({ message: text.default(''), ...spanInput })
    .prefault({})
    .openapi('ApproveRoleRequest'),
  output: roleRequestSchema,
  async handler({ core, actor, params, body, ifVersion }) {
    const approval = { message: body.message, span: spanOf(body) };
    return reply(core, await approveRequest(core, actor, params.id, approval, ifVersion));
  },
});

const denyOne = route({
  method: 'post',
  path: '/role-requests/{id}/deny',
  id: 'denyRoleRequest',
  summary: 'Refuse a role request',
  tag,
  permission: 'roles.assign',
  target: targetRequest,
  body: z
    .strictObject({ message: text.default('') })
    .prefault({})
    .openapi('DenyRoleRequest'),
  output: roleRequestSchema,
  handler: async ({ core, actor, params, body, ifVersion }) =>
    reply(core, await denyRequest(core, actor, params.id, body.message, ifVersion)),
});

const cancelOne = route({
  method: 'post',
  path: '/role-requests/{id}/cancel',
  id: 'cancelRoleRequest',
  summary: 'Take a role request back',
  tag,
  permission: 'roles.assign',
  openTo: isOwn,
  target: targetRequest,
  output: roleRequestSchema,
  handler: async ({ core, actor, params, ifVersion }) =>
    reply(core, await cancelRequest(core, actor, params.id, ifVersion)),
});

const offerSchema = z
  .strictObject({
    role: z.string(),
    name: z.string(),
    description: z.string(),
    application: z.string().nullable(),
  })
  .openapi('RequestableRole');

const listOffered = route({
  method: 'get',
  path: '/requestable-roles',
  id: 'listRequestableRoles',
  summary: 'The roles that can be asked for',
  tag,
  permission: 'roles.read',
  openTo: isPerson,
  query: z.strictObject({
    q: searchParameter,
    sort: sortParameter(['role', 'name'], 'role'),
    ...pageParameters,
  }),
  output: listOf(offerSchema),
  async handler(context) {
    const { core, actor, config, query } = context;
    const all = config.settings['roles.requests'] ? await listRoles(core, actor.tenantId) : [];
    const sorts = { role: (one: Role) => one.fullKey, name: (one: Role) => one.name.toLowerCase() };
    const found = arrange(all, query, sorts, (one) => [one.fullKey, one.name, one.description]);
    const page = await pageOfAll(context, found);
    const items = page.items.map(({ fullKey, name, description, applicationKey }) => ({
      role: fullKey,
      name,
      description,
      application: applicationKey,
    }));
    return { body: { ...page, items } };
  },
});

export const roleRequestRoutes: readonly Route[] = [
  askOne,
  listAll,
  readOne,
  approveOne,
  denyOne,
  cancelOne,
  listOffered,
];
