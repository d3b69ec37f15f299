import { serverHealth } from '../../identity/operator/health.js';
import {
  createOperatorKey,
  getOperatorKey,
  listOperatorKeys,
  revokeOperatorKey,
  type OperatorKeyDocument,
} from '../../identity/operator/keys.js';
import type { Core } from '../../identity/core.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull, line } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Operator';
const permission = 'tenants.manage';
const scope = 'server';

const keyFields = {
  id,
  name: z.string(),
  prefix: z.string().describe('its first characters, to tell keys apart'),
  lastUsedAt: instantOrNull,
  expiresAt: instantOrNull,
  createdAt: instant,
};
const keySchema = z.strictObject(keyFields).openapi('OperatorKey');

const present = (key: OperatorKeyDocument): z.input<typeof keySchema> => ({
  id: key._id,
  name: key.name,
  prefix: key.prefix,
  lastUsedAt: isoOrNull(key.lastUsedAt),
  expiresAt: isoOrNull(key.expiresAt),
  createdAt: iso(key.createdAt),
});

const targetKey = (
  core: Core,
  _tenantId: string,
  params: { readonly id: string },
): Promise<OperatorKeyDocument> => getOperatorKey(core, params.id);

const listKeys = route({
  method: 'get',
  path: '/operator-keys',
  id: 'listOperatorKeys',
  summary: 'Keys of the operator, by name; never their values',
  tag,
  permission,
  scope,
  query: namedListQuery,
  output: listOf(keySchema),
  async handler(context) {
    const page = await pageOfNamed(context, await listOperatorKeys(context.core), ({ name, prefix }) => [
      name,
      prefix,
    ]);
    return { body: { ...page, items: page.items.map(present) } };
  },
});

const createKey = route({
  method: 'post',
  path: '/operator-keys',
  id: 'createOperatorKey',
  summary: 'Make a key of the operator. It is in this answer and nowhere else',
  tag,
  permission,
  scope,
  stepUp: true,
  body: z
    .strictObject({
      name: line(100),
      expiresAt: z.iso.datetime({ offset: true }).nullable().default(null).describe('null: never'),
    })
    .openapi('CreateOperatorKey'),
  status: 201,
  output: z
    .strictObject({ ...keyFields, key: z.string().describe('`gh_op_...`, shown this once') })
    .openapi('NewOperatorKey'),
  async handler({ core, actor, body }) {
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt);
    const { document, key } = await createOperatorKey(core, actor, { name: body.name, expiresAt });
    return { body: { ...present(document), key } };
  },
});

const revokeKey = route({
  method: 'delete',
  path: '/operator-keys/{id}',
  id: 'revokeOperatorKey',
  summary: 'Revoke a key of the operator at once',
  tag,
  permission,
  scope,
  target: targetKey,
  async handler({ core, actor, params }) {
    await revokeOperatorKey(core, actor, params.id);
    return {};
  },
});

const healthSchema = z
  .strictObject({
    tenants: z.strictObject({ active: z.number().int(), suspended: z.number().int() }),
    jobs: z.strictObject({
      waiting: z.number().int(),
      failed: z.number().int().describe('given up, until they are run again or removed'),
      lateSeconds: z.number().int().describe('for how long the oldest that is due has waited'),
    }),
    givenUp: z
      .array(
        z.strictObject({
          id,
          kind: z.string(),
          tenant: z.strictObject({ id, slug: z.string() }).nullable().describe('null: it is gone'),
          failedAt: instantOrNull,
          error: z.string().nullable(),
        }),
      )
      .describe('the newest 50 jobs that were given up'),
    streams: z
      .array(
        z.strictObject({
          name: z.string(),
          behind: z.number().int().describe('events that are not sent yet'),
          failingSince: instantOrNull,
          error: z.string().nullable(),
        }),
      )
      .describe('streams of events to a SIEM'),
  })
  .openapi('ServerHealth');

const readHealth = route({
  method: 'get',
  path: '/server-health',
  id: 'getServerHealth',
  summary: 'How the server does over all tenants: jobs, those that were given up, streams of events',
  tag,
  permission,
  scope,
  output: healthSchema,
  async handler({ core }) {
    const { givenUp, streams, ...counts } = await serverHealth(core);
    return {
      body: {
        ...counts,
        givenUp: givenUp.map(({ job, tenant }) => ({
          ...{ id: job._id, kind: job.kind, tenant },
          failedAt: isoOrNull(job.failedAt ?? null),
          error: job.error ?? null,
        })),
        streams: streams.map((stream) => ({ ...stream, failingSince: isoOrNull(stream.failingSince) })),
      },
    };
  },
});

export const operatorRoutes: readonly Route[] = [listKeys, createKey, revokeKey, readHealth];
