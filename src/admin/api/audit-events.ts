import {
  iterateAuditEvents,
  listAuditEvents,
  writeEvent,
  type AuditEventDocument,
  type AuditFilter,
} from '../../identity/audit/audit.js';
import { verifyAuditTrail } from '../../identity/audit/verify.js';
import type { Actor, Core } from '../../identity/core.js';
import { findUserByLogin } from '../../identity/users/users.js';
import { AppError } from '../../shared/errors.js';
import { sendCsv } from '../csv.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { auditEventSchema, presentAuditEvent } from '../present/audit-event.js';
import { endOf, instantOrDay } from '../present/user-filter.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Audit';

export const auditFilters = {
  q: searchParameter.describe(
    'found anywhere in the names of who did it and of what it was done to, or in the action',
  ),
  action: z.string().max(100).optional().describe('this action, or all of a noun: `user.*`'),
  actor: z.string().max(200).optional().describe('id of who did it, or a user’s address'),
  target: z.string().max(200).optional().describe('id of what it was done to, or a user’s address'),
  ip: z.string().max(100).optional().describe('the address it was done from'),
  requestId: z.string().max(200).optional(),
  result: z.enum(['success', 'failure']).optional(),
  from: instantOrDay.optional().describe('not before'),
  to: instantOrDay.optional().describe('before; a day counts whole'),
};

const filterQuery = z.strictObject(auditFilters);

/** The id that is meant: an address is a user's. */
async function idOf(core: Core, tenantId: string, text: string): Promise<string> {
  if (!text.includes('@')) return text;
  return (await findUserByLogin(core, tenantId, text))?._id ?? text;
}

/** The filters as the trail takes them. */
export async function auditFilterOf(
  core: Core,
  { tenantId }: Actor,
  query: z.output<typeof filterQuery>,
): Promise<AuditFilter> {
  return {
    ...(query.q !== undefined && { q: query.q }),
    ...(query.action !== undefined && { action: query.action }),
    ...(query.actor !== undefined && { actorId: await idOf(core, tenantId, query.actor) }),
    ...(query.target !== undefined && { targetId: await idOf(core, tenantId, query.target) }),
    ...(query.ip !== undefined && { ip: query.ip }),
    ...(query.requestId !== undefined && { requestId: query.requestId }),
    ...(query.result !== undefined && { result: query.result }),
    ...(query.from !== undefined && { from: new Date(query.from) }),
    ...(query.to !== undefined && { to: endOf(query.to) }),
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
  query: z.strictObject({ ...auditFilters, sort: sortParameter(['at'], '-at'), ...pageParameters }),
  output: listOf(auditEventSchema),
  async handler(context) {
    const { core, actor, caller, query } = context;
    if (caller.kind === 'session' && query.cursor === undefined) await noteView(core, actor);
    const filter = await auditFilterOf(core, actor, query);
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listAuditEvents(core, actor.tenantId, filter, {
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
    const events = iterateAuditEvents(core, actor.tenantId, await auditFilterOf(core, actor, query));
    await sendCsv(reader, 'audit-events', core.clock.now(), columns, rowsOf(events));
    return undefined;
  },
});

/** Each reads the whole trail. */
const verificationsPerHour = 20;

/** @throws AppError `rate.limited`. */
async function countVerification(core: Core, tenantId: string): Promise<void> {
  const now = core.clock.now().getTime();
  const end = new Date(now + 3_600_000);
  const { count, expiresAt } = await core.store.increment(`audit.verify:${tenantId}`, 1, end);
  if (count <= verificationsPerHour) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000));
  throw new AppError('rate.limited', 'too many verifications in an hour', { retryAfterSeconds });
}

const verification = route({
  method: 'get',
  path: '/audit-events/verification',
  id: 'verifyAuditEvents',
  summary: 'Whether the seals of the trail hold: that no event was changed, removed or slipped in',
  tag,
  permission: 'audit.read',
  query: z.strictObject({
    head: z.string().max(200).optional().describe('a `head` of an earlier answer: it must still be there'),
  }),
  output: z
    .strictObject({
      ok: z.boolean(),
      broken: z
        .strictObject({ sequence: z.number().int(), reason: z.string() })
        .nullable()
        .describe('the first seal that does not hold, and why'),
      seals: z.number().int(),
      sealed: z.number().int().describe('events under a seal'),
      late: z.number().int().describe('events that came below a seal that stood already'),
      unsealed: z.number().int().describe('the newest ones: sealed within a minute or so'),
      head: z
        .string()
        .nullable()
        .describe('note it elsewhere: a later check shows that nothing was cut off since'),
    })
    .openapi('AuditVerification'),
  async handler({ core, actor, query }) {
    await countVerification(core, actor.tenantId);
    const verdict = await verifyAuditTrail(core, actor.tenantId, query.head);
    return { body: { ok: verdict.broken === null, ...verdict } };
  },
});

export const auditEventRoutes: readonly Route[] = [listEvents, exportEvents, verification];
