import {
  deliveryStatuses,
  listDeliveries,
  replayDelivery,
  replaySince,
  type WebhookDeliveryDocument,
} from '../../identity/events/deliveries.js';
import { sendTest } from '../../identity/events/delivery.js';
import { typePattern } from '../../identity/events/types.js';
import {
  changeWebhook,
  createWebhook,
  getWebhook,
  listWebhooks,
  removeWebhook,
  rotateSecret,
  type WebhookDocument,
} from '../../identity/events/webhooks.js';
import type { Core } from '../../identity/core.js';
import {
  arrange,
  listOf,
  pageAfter,
  pageOfAll,
  pageParameters,
  searchParameter,
  sortParameter,
} from '../list.js';
import {
  attemptSchema,
  deliverySchema,
  presentDelivery,
  presentWebhook,
  webhookSchema,
} from '../present/webhook.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Webhooks';
const permission = 'account.settings';

const target = (core: Core, tenantId: string, { id }: { readonly id: string }): Promise<WebhookDocument> =>
  getWebhook(core, tenantId, id);

const fields = {
  url: z
    .string()
    .min(1)
    .max(2000)
    .describe('https; private addresses are refused unless the operator opens them'),
  description: z.string().max(500),
  types: z
    .array(
      z
        .string()
        .max(100)
        .regex(typePattern, 'must be a type of events, or all of a noun: user.created, user.*'),
    )
    .max(100)
    .describe('types of events, `user.created` or `user.*`; none: all (docs/events.md)'),
  enabled: z.boolean(),
};

const shown = (core: Core, webhook: WebhookDocument) => presentWebhook(core, webhook);

const list = route({
  method: 'get',
  path: '/webhooks',
  id: 'listWebhooks',
  summary: 'All webhooks of the tenant',
  tag,
  permission,
  query: z.strictObject({
    q: searchParameter.describe('found anywhere in address, description or types'),
    sort: sortParameter(['createdAt', 'url'], 'createdAt'),
    ...pageParameters,
  }),
  output: listOf(webhookSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const found = arrange(
      await listWebhooks(core, actor.tenantId),
      query,
      { createdAt: ({ _id }) => _id, url: ({ url }) => url },
      ({ description, types, url }) => [url, description, ...types],
    );
    const page = await pageOfAll(context, found);
    return { body: { ...page, items: await Promise.all(page.items.map((webhook) => shown(core, webhook))) } };
  },
});

// Not `extend`: in the document it would be both schemas at once, and each takes no fields of the other.
const withSecret = z
  .strictObject({
    ...webhookSchema.shape,
    secret: z.string().describe('`whsec_...`: checks the signatures; shown this once'),
  })
  .openapi('WebhookWithSecret');

const create = route({
  method: 'post',
  path: '/webhooks',
  id: 'createWebhook',
  summary: 'Have events sent to an address from now on, signed by Standard Webhooks',
  tag,
  permission,
  stepUp: true,
  body: z
    .strictObject({
      url: fields.url,
      description: fields.description.default(''),
      types: fields.types.default([]),
      enabled: fields.enabled.default(true),
    })
    .openapi('CreateWebhook'),
  status: 201,
  output: withSecret,
  async handler({ core, actor, body }) {
    const { webhook, secret } = await createWebhook(core, actor, body);
    return { body: { ...(await shown(core, webhook)), secret }, version: webhook.version };
  },
});

const read = route({
  method: 'get',
  path: '/webhooks/{id}',
  id: 'getWebhook',
  summary: 'One webhook, and since when its endpoint takes nothing',
  tag,
  permission,
  target,
  output: webhookSchema,
  handler: async ({ core, target: webhook }) => ({
    body: await shown(core, webhook),
    version: webhook.version,
  }),
});

const change = route({
  method: 'patch',
  path: '/webhooks/{id}',
  id: 'changeWebhook',
  summary: 'Change a webhook, or switch it on or off',
  tag,
  permission,
  stepUp: true,
  target,
  body: z.strictObject(fields).partial().openapi('ChangeWebhook'),
  output: webhookSchema,
  async handler({ core, actor, params, body, ifVersion }) {
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const webhook = await changeWebhook(core, actor, params.id, given, ifVersion);
    return { body: await shown(core, webhook), version: webhook.version };
  },
});

const remove = route({
  method: 'delete',
  path: '/webhooks/{id}',
  id: 'deleteWebhook',
  summary: 'Remove a webhook with its deliveries',
  tag,
  permission,
  target,
  async handler({ core, actor, params, ifVersion }) {
    await removeWebhook(core, actor, params.id, ifVersion);
    return {};
  },
});

const rotate = route({
  method: 'post',
  path: '/webhooks/{id}/rotate-secret',
  id: 'rotateWebhookSecret',
  summary: 'Give a webhook a new secret; the old one signs too until the overlap ends',
  tag,
  permission,
  stepUp: true,
  target,
  body: z
    .strictObject({
      overlapSeconds: z
        .number()
        .int()
        .min(0)
        .max(604_800)
        .default(86_400)
        .describe('0: the old one ends now'),
    })
    .prefault({})
    .openapi('RotateWebhookSecret'),
  output: withSecret,
  async handler({ core, actor, params, body, ifVersion }) {
    const { webhook, secret } = await rotateSecret(core, actor, params.id, body.overlapSeconds, ifVersion);
    return { body: { ...(await shown(core, webhook)), secret }, version: webhook.version };
  },
});

const test = route({
  method: 'post',
  path: '/webhooks/{id}/test',
  id: 'testWebhook',
  summary: 'Send a message of the type `webhook.test` now, and show the answer',
  tag,
  permission,
  target,
  output: z.strictObject({ delivered: z.boolean(), ...attemptSchema.shape }).openapi('WebhookTestResult'),
  async handler({ core, actor, target: webhook }) {
    const { isTaken, at, status, milliseconds, answer } = await sendTest(core, actor, webhook);
    return { body: { delivered: isTaken, at: at.toISOString(), status, milliseconds, answer } };
  },
});

const deliveries = route({
  method: 'get',
  path: '/webhooks/{id}/deliveries',
  id: 'listWebhookDeliveries',
  summary: 'What was sent in the last 30 days, with the answers',
  tag,
  permission,
  target,
  query: z.strictObject({
    q: searchParameter.describe('found anywhere in the type or the id of the event'),
    status: z.enum(deliveryStatuses).optional(),
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(deliverySchema),
  async handler(context) {
    const { core, actor, query, target: webhook } = context;
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listDeliveries(core, actor, webhook, query, {
          ...limit,
          descending: query.sort.startsWith('-'),
          afterId,
        }),
      (delivery: WebhookDeliveryDocument) => delivery._id,
    );
    return { body: { ...page, items: page.items.map(presentDelivery) } };
  },
});

const replayOne = route({
  method: 'post',
  path: '/webhooks/{id}/deliveries/{deliveryId}/replay',
  id: 'replayWebhookDelivery',
  summary: 'Deliver one event again, with the same id',
  tag,
  permission,
  target,
  status: 202,
  output: deliverySchema,
  handler: async ({ core, actor, params, target: webhook }) => ({
    body: presentDelivery(await replayDelivery(core, actor, webhook, params.deliveryId)),
  }),
});

const replay = route({
  method: 'post',
  path: '/webhooks/{id}/replay',
  id: 'replayWebhook',
  summary: 'Deliver every event since an instant again, with the same ids, as far as they are kept',
  tag,
  permission,
  target,
  body: z.strictObject({ since: z.iso.datetime({ offset: true }) }).openapi('ReplayWebhook'),
  status: 202,
  output: webhookSchema,
  async handler({ core, actor, params, body }) {
    await replaySince(core, actor, params.id, new Date(body.since));
    return { body: await shown(core, await getWebhook(core, actor.tenantId, params.id)) };
  },
});

export const webhookRoutes: readonly Route[] = [
  list,
  create,
  read,
  change,
  remove,
  rotate,
  test,
  deliveries,
  replayOne,
  replay,
];
