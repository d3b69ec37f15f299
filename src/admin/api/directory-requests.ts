import {
  deviationCounts,
  getRequest,
  listRequests,
  namesIn,
  replayRequest,
  subscribeRequests,
  type LoggedRequest,
  type RequestFilter,
  type ScimRequestDocument,
} from '../../scim/log/preview.js';
import { eventMessage, streamEvents } from '../event-stream.js';
import { listOf, pageAfter, pageParameters, searchParameter } from '../list.js';
import {
  oneScimRequestSchema,
  presentReplay,
  presentScimRequest,
  replaySchema,
  scimRequestSchema,
} from '../present/scim-request.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, targetDirectory } from './directories.js';
import { targetUser, userTag } from './users.js';

export const logMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const filters = {
  method: z.enum(logMethods).optional(),
  result: z.enum(['success', 'failure']).optional().describe('failure: answered with 400 or more'),
  deviation: z.string().max(100).optional().describe('name of a tolerated deviation'),
  status: z.coerce.number().int().min(100).max(599).optional().describe('exactly this HTTP status'),
  ip: z.string().max(100).optional().describe('the address it came from'),
  q: searchParameter.describe('found anywhere in the path or in the name of what it was about'),
  from: z.iso.datetime({ offset: true }).optional().describe('not before'),
  to: z.iso.datetime({ offset: true }).optional().describe('before'),
};

export const logFilters = {
  ...filters,
  target: z
    .string()
    .max(200)
    .optional()
    .describe('id of a user or group: requests about it, or that moved its roles or memberships'),
};

interface FilterQuery {
  readonly method?: string | undefined;
  readonly result?: 'success' | 'failure' | undefined;
  readonly deviation?: string | undefined;
  readonly status?: number | undefined;
  readonly ip?: string | undefined;
  readonly q?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly target?: string | undefined;
}

/** The filters as the log takes them. */
export function logFilterOf(query: FilterQuery): RequestFilter {
  const { method, result, deviation, target, status, ip, q, from, to } = query;
  return {
    ...(status !== undefined && { status }),
    ...(ip !== undefined && { ip }),
    ...(q !== undefined && { q }),
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
    ...(method !== undefined && { method }),
    ...(result !== undefined && { result }),
    ...(deviation !== undefined && { deviation }),
    ...(target !== undefined && { targetId: target }),
  };
}

const listAll = route({
  method: 'get',
  path: '/directories/{id}/requests',
  id: 'listScimRequests',
  summary: 'What a directory sent and how it was answered, newest first',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  query: z.strictObject({ ...logFilters, ...pageParameters }),
  output: listOf(scimRequestSchema),
  async handler(context) {
    const { core, actor, params, query } = context;
    const page = await pageAfter(
      context,
      (beforeId: string | undefined, limit) =>
        listRequests(core, actor.tenantId, params.id, logFilterOf(query), {
          ...limit,
          ...(beforeId !== undefined && { beforeId }),
        }),
      (request) => request._id,
    );
    return { body: { ...page, items: page.items.map(presentScimRequest) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/directories/{id}/requests/{requestId}',
  id: 'getScimRequest',
  summary: 'One request of the log',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  output: oneScimRequestSchema,
  async handler({ core, actor, params }) {
    const request = presentScimRequest(await getRequest(core, actor.tenantId, params.id, params.requestId));
    const names = await namesIn(core, actor.tenantId, [request, ...request.operations]);
    return { body: { ...request, names } };
  },
});

const replayOne = route({
  method: 'post',
  path: '/directories/{id}/requests/{requestId}/replay',
  id: 'replayScimRequest',
  summary: 'What a recorded request would do now; nothing is written',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  output: replaySchema,
  async handler({ core, actor, params }) {
    const replay = await replayRequest(core, actor.tenantId, params.id, params.requestId);
    const names = await namesIn(core, actor.tenantId, [replay, ...replay.operations]);
    return { body: presentReplay(replay, names) };
  },
});

/** By request in memory: all who follow a directory are given the same object. */
const messages = new WeakMap<LoggedRequest, Buffer>();

/** A request as its followers are told of it: made once, however many they are. */
function messageOf(request: LoggedRequest): Buffer {
  const message = messages.get(request) ?? eventMessage('request', request._id, presentScimRequest(request));
  messages.set(request, message);
  return message;
}

const follow = route({
  method: 'get',
  path: '/directories/{id}/requests/stream',
  id: 'followScimRequests',
  summary: 'Requests as they are answered (Server-Sent Events named `request`)',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  produces: 'text/event-stream',
  async handler(context) {
    const { core, actor, params } = context;
    await streamEvents(context, (stream) =>
      subscribeRequests(core, actor.tenantId, params.id, (request) => stream.send(messageOf(request))),
    );
    return undefined;
  },
});

const countDeviations = route({
  method: 'get',
  path: '/directories/{id}/deviations',
  id: 'countDirectoryDeviations',
  summary: 'How often each tolerated deviation was met',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  output: z.strictObject({ counts: z.record(z.string(), z.number().int()) }).openapi('DeviationCounts'),
  handler: async ({ core, actor, params }) => ({
    body: { counts: await deviationCounts(core, actor.tenantId, params.id) },
  }),
});

const provisioning = route({
  method: 'get',
  path: '/users/{id}/provisioning',
  id: 'listUserProvisioning',
  summary: 'What the user’s directory sent about them, newest first, with what it changed',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  query: z.strictObject({ ...filters, ...pageParameters }),
  output: listOf(scimRequestSchema),
  async handler(context) {
    const { core, actor, params, query, target } = context;
    const { directoryId } = target;
    const page = await pageAfter(
      context,
      async (
        beforeId: string | undefined,
        limit,
      ): Promise<{ items: ScimRequestDocument[]; total: number }> => {
        if (directoryId === null) return { items: [], total: 0 };
        const filter = logFilterOf({ ...query, target: params.id });
        const before = beforeId === undefined ? {} : { beforeId };
        return listRequests(core, actor.tenantId, directoryId, filter, { ...limit, ...before });
      },
      (request) => request._id,
    );
    return { body: { ...page, items: page.items.map(presentScimRequest) } };
  },
});

export const directoryRequestRoutes: readonly Route[] = [
  listAll,
  readOne,
  replayOne,
  follow,
  countDeviations,
  provisioning,
];
