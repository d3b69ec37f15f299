import { listDeliveries, logoutDeliveryStatuses } from '../../identity/applications/logout-notices.js';
import type { AuditEventDocument, AuditPage } from '../../identity/audit/audit.js';
import {
  leaverReceipt,
  leaverTimes,
  leavingActions,
  listLeavers,
} from '../../identity/privacy/leaver-receipts.js';
import { receiptKeys, signReceipt } from '../../identity/privacy/receipt-signature.js';
import type { Core } from '../../identity/core.js';
import type { LogoutDeliveryDocument } from '../../persistence/collections/leavers.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetApplication } from './application-target.js';

const tag = 'Audit';
const permission = 'audit.read';
const status = z.enum(logoutDeliveryStatuses);

const party = z.strictObject({ type: z.string(), id: z.string(), label: z.string() });

const leaverSchema = z
  .strictObject({
    id: id.describe('of the event; the receipt has the same'),
    user: z.strictObject({ id: z.string(), label: z.string() }),
    by: party,
    action: z.enum(leavingActions),
    calledAt: instant,
  })
  .openapi('Leaver');

const noticeSchema = z.strictObject({
  applicationId: id,
  application: z.string(),
  sessionId: id,
  status: status.describe('`failed`: tried, and tried again later'),
  attempts: z.number().int(),
  answer: z.string().nullable(),
  sentAt: instant,
  confirmedAt: instantOrNull,
});

const receiptSchema = z
  .strictObject({
    id,
    tenant: z.strictObject({ id, slug: z.string(), name: z.string() }),
    user: z.strictObject({ id: z.string(), label: z.string() }),
    by: party,
    action: z.string(),
    calledAt: instant.describe('when the call came: nothing of the person’s counted from then on'),
    endedAt: instantOrNull.describe('when all of it had been removed'),
    sessions: z
      .array(z.strictObject({ sessionId: id, method: z.string(), ip: z.string(), signedInAt: instant }))
      .describe('the first 200'),
    sessionCount: z.number().int(),
    openSessions: z.number().int().describe('that run out, where `sessions.revokeOnDisable` is off'),
    tokenCount: z.number().int().describe('grants and tokens of applications'),
    notices: z.array(noticeSchema).describe('the logout tokens that applications got, and their answers'),
    refusedAt: instantOrNull.describe('the next try to sign in, which was refused'),
    isComplete: z.boolean(),
    secondsToZero: z.number().nullable().describe('from the call to the last end or confirmation'),
    jws: z.string().describe('the same, signed: `gatehouse receipt verify` checks it'),
  })
  .openapi('LeaverReceipt');

const listAll = route({
  method: 'get',
  path: '/leaver-receipts',
  id: 'listLeavers',
  summary: 'People whose access ended',
  tag,
  permission,
  query: z.strictObject({
    q: searchParameter.describe('found anywhere in the names of who left and of who ended it'),
    sort: sortParameter(['calledAt'], '-calledAt'),
    ...pageParameters,
  }),
  output: listOf(leaverSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const order = query.sort === 'calledAt' ? ('asc' as const) : ('desc' as const);
    const load = (afterId: string | undefined, limit: Omit<AuditPage, 'afterId' | 'order'>) =>
      listLeavers(core, actor.tenantId, query.q, {
        ...limit,
        order,
        ...(afterId !== undefined && { afterId }),
      });
    const page = await pageAfter(context, load, ({ _id }: AuditEventDocument) => _id);
    const items = page.items.map(({ _id, actor: by, action, target, at }) => ({
      id: _id,
      user: { id: target?.id ?? '', label: target?.label ?? '' },
      by: { type: by.type, id: by.id, label: by.label },
      action: action as (typeof leavingActions)[number],
      calledAt: iso(at),
    }));
    return { body: { ...page, items } };
  },
});

const times = route({
  method: 'get',
  path: '/leaver-receipts/times',
  id: 'getLeaverTimes',
  summary: 'How fast access ended in the last 30 days: from the call to the last confirmation',
  tag,
  permission,
  output: z
    .strictObject({
      leavers: z.number().int().describe('people who had something to end, at most 1,000'),
      open: z.number().int().describe('not yet ended, or not confirmed by every application'),
      p50Seconds: z.number().nullable(),
      p99Seconds: z.number().nullable(),
    })
    .openapi('LeaverTimes'),
  handler: async ({ core, actor }) => ({ body: await leaverTimes(core, actor.tenantId) }),
});

const keys = route({
  method: 'get',
  path: '/leaver-receipts/keys',
  id: 'getReceiptKeys',
  summary: 'The public keys of receipts, for `gatehouse receipt verify --keys`',
  tag,
  permission,
  output: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) }).openapi('ReceiptKeys'),
  async handler({ core }) {
    const set = await receiptKeys(core);
    return { body: { keys: set.keys.map((key) => ({ ...key })) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/leaver-receipts/{id}',
  id: 'getLeaverReceipt',
  summary: 'How one person’s access ended, as facts and signed',
  tag,
  permission,
  output: receiptSchema,
  async handler({ core, actor, params }) {
    const receipt = await leaverReceipt(core, actor.tenantId, params.id);
    return { body: { ...receipt, jws: await signReceipt(core, receipt) } };
  },
});

const deliverySchema = z
  .strictObject({
    id,
    userId: id,
    user: z.string().nullable().describe('the address of the person, or their userName; null: deleted'),
    sessionId: id,
    status,
    attempts: z.number().int(),
    answer: z.string().nullable(),
    createdAt: instant,
    settledAt: instantOrNull.describe('when it was confirmed or given up'),
  })
  .openapi('LogoutDelivery');

const presentDelivery = (
  one: LogoutDeliveryDocument,
  names: ReadonlyMap<string, string>,
): z.input<typeof deliverySchema> => ({
  ...{ id: one._id, userId: one.userId, sessionId: one.sessionId },
  user: names.get(one.userId) ?? null,
  ...{ status: one.status, attempts: one.attempts, answer: one.answer },
  createdAt: iso(one.createdAt),
  settledAt: isoOrNull(one.settledAt),
});

/** Addresses, or login names, of people by their ids; who was deleted is left out. */
async function userNames(core: Core, tenantId: string, ids: readonly string[]): Promise<Map<string, string>> {
  const users = core.store.tenant(tenantId).collection('users');
  const query = { _id: { $in: [...new Set(ids)] } };
  const found = ids.length === 0 ? [] : await users.find(query, { fields: ['email', 'userName'] });
  return new Map(found.map(({ _id, email, userName }) => [_id, email ?? userName]));
}

const ofApplication = route({
  method: 'get',
  path: '/applications/{id}/logout-deliveries',
  id: 'listLogoutDeliveries',
  summary: 'The logout tokens an application was sent in the last 400 days, with its answers',
  tag: 'Applications',
  permission: 'applications.manage',
  target: targetApplication,
  query: z.strictObject({
    status: status.optional(),
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(deliverySchema),
  async handler(context) {
    const { core, actor, query, target } = context;
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listDeliveries(core, actor.tenantId, target.application._id, {
          status: query.status,
          descending: query.sort.startsWith('-'),
          afterId,
          ...limit,
        }),
      ({ _id }: LogoutDeliveryDocument) => _id,
    );
    const names = await userNames(
      core,
      actor.tenantId,
      page.items.map(({ userId }) => userId),
    );
    return { body: { ...page, items: page.items.map((one) => presentDelivery(one, names)) } };
  },
});

export const leaverRoutes: readonly Route[] = [listAll, times, keys, readOne, ofApplication];
