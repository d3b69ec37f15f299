import {
  iterateAuditEvents,
  listAuditEvents,
  writeEvent,
  type AuditEventDocument,
  type AuditFilter,
} from '../../identity/audit/audit.js';
import type { Actor, Core } from '../../identity/core.js';
import { sendCsv } from '../csv.js';
import { listOf, pageAfter, pageParameters, sortParameter } from '../list.js';
import { auditEventSchema, presentAuditEvent } from '../present/audit-event.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Audit';

const filters = {
  action: z.string().max(100).optional().describe('this action, or all of a noun: `user.*`'),
  actor: z.string().max(200).optional().describe('id of who did it'),
  target: z.string().max(200).optional().describe('id of what it was done to'),
  ip: z.string().max(100).optional().describe('the address it was done from'),
  requestId: z.string().max(200).optional(),
  result: z.enum(['success', 'failure']).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('not before'),
  to: z.iso.datetime({ offset: true }).optional().describe('before'),
};

const filterQuery = z.strictObject(filters);

function filterOf(query: z.output<typeof filterQuery>): AuditFilter {
  return {
    ...(query.action !== undefined && { action: query.action }),
    ...(query.actor !== undefined && { actorId: query.actor }),
    ...(query.target !== undefined && { targetId: query.target }),
    ...(query.ip !== undefined && { ip: query.ip }),
    ...(query.requestId !== undefined && { requestId: query.requestId }),
    ...(query.result !== undefined && { result: query.result }),
    ...(query.from !== undefined && { from: new Date(query.from) }),
    ...(query.to !== undefined && { to: new Date(query.to) }),
  };
}

/** A look at the trail is recorded once an hour for each person: looking must not fill it. */
async function noteView(core: Core, actor: Actor): Promise<void> {
  const until = new Date(core.clock.now().getTime() + 3_600_000);
  const { count } = await core.store.increment(`audit.viewed:${actor.tenantId}:${actor.party.id}`, 1, until);
  if (count === 1) await writeEvent(core, actor, { action: 'audit.viewed' });
}

const listEvents = route({
  method: 'get',
  path: '/audit-events',
  id: 'listAuditEvents',
  summary: 'What happened, newest first',
  tag,
  permission: 'audit.read',
  query: z.strictObject({ ...filters, sort: sortParameter(['at'], '-at'), ...pageParameters }),
  output: listOf(auditEventSchema),
  async handler(context) {
    const { core, actor, caller, query } = context;
    if (caller.kind === 'session' && query.cursor === undefined) await noteView(core, actor);
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listAuditEvents(core, actor.tenantId, filterOf(query), {
          ...limit,
          order: query.sort === 'at' ? 'asc' : 'desc',
          ...(afterId !== undefined && { afterId }),
        }),
      (event) => event._id,
    );
    return { body: { ...page, items: page.items.map(presentAuditEvent) } };
  },
});

const columns = ['When', 'Actor', 'Action', 'Target', 'Target id', 'Changes', 'IP', 'Request', 'Result'];

function rowOf(event: AuditEventDocument): string[] {
  return [
    event.at.toISOString(),
    event.actor.label,
    event.action,
    event.target?.label ?? '',
    event.target?.id ?? '',
    event.changes.map((change) => change.path).join(' '),
    event.ip ?? '',
    event.requestId ?? '',
    event.result,
  ];
}

async function* rowsOf(events: AsyncIterable<AuditEventDocument>): AsyncGenerator<string[]> {
  for await (const event of events) yield rowOf(event);
}

const exportEvents = route({
  method: 'get',
  path: '/audit-events/export.csv',
  id: 'exportAuditEvents',
  summary: 'The same as CSV, oldest first',
  tag,
  permission: 'audit.read',
  query: filterQuery,
  produces: 'text/csv',
  async handler({ core, actor, query, ...reader }) {
    await writeEvent(core, actor, { action: 'audit.exported' });
    const events = iterateAuditEvents(core, actor.tenantId, filterOf(query));
    await sendCsv(reader, 'audit-events', core.clock.now(), columns, rowsOf(events));
    return undefined;
  },
});

export const auditEventRoutes: readonly Route[] = [listEvents, exportEvents];
