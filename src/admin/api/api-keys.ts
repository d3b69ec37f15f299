import {
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  updateApiKey,
  type ApiKeyDocument,
} from '../../identity/applications/api-keys.js';
import type { Actor, Core } from '../../identity/core.js';
import { allPermissions } from '../../identity/permissions.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull, line } from '../present/fields.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'API keys';
const permission = 'account.settings';

const fields = {
  id,
  name: z.string(),
  prefix: z.string().describe('how it begins, to recognise it by'),
  role: z.string().describe('what it may do: what this role of the tenant allows at that moment'),
  createdBy: z
    .string()
    .nullable()
    .describe('id of the user who made it; the key may not do to them what they may not do to themselves'),
  createdAt: instant,
  lastUsedAt: instantOrNull,
  expiresAt: instantOrNull,
  scopes: z
    .array(z.string())
    .nullable()
    .describe('the permissions of the role it is cut down to; null: all of them'),
  addresses: z
    .array(z.string())
    .describe('from where it may be used: IP addresses and ranges; none: everywhere'),
  ownerId: z
    .string()
    .nullable()
    .describe(
      'the user it belongs to: it ends with them, and may do no more than they may; null: the tenant',
    ),
  previousValidUntil: instantOrNull.describe('how long the value before the last rotation is good'),
};

const apiKeySchema = z.strictObject(fields).openapi('ApiKey');
const newKeySchema = z
  .strictObject({ ...fields, key: z.string().describe('shown this once') })
  .openapi('NewApiKey');

function present(key: ApiKeyDocument) {
  return {
    id: key._id,
    name: key.name,
    prefix: key.prefix,
    role: key.role,
    createdBy: key.makerId ?? null,
    createdAt: iso(key.createdAt),
    lastUsedAt: isoOrNull(key.lastUsedAt),
    expiresAt: isoOrNull(key.expiresAt),
    scopes: key.scopes ?? null,
    addresses: key.addresses ?? [],
    ownerId: key.userId ?? null,
    previousValidUntil: isoOrNull(key.previousUntil ?? null),
  };
}

const targetKey = (core: Core, tenantId: string, { id }: { readonly id: string }): Promise<ApiKeyDocument> =>
  getApiKey(core, tenantId, id);

const limits = {
  scopes: z
    .array(z.string().refine((key) => allPermissions.has(key), 'is no permission'))
    .max(100)
    .nullable()
    .optional()
    .describe('permissions of the role that it is cut down to'),
  addresses: z
    .array(z.string().trim().min(1).max(50))
    .max(50)
    .optional()
    .describe('IP addresses and ranges (`10.0.0.0/8`) from where it may be used'),
};

/** The owner of a new key: the person who makes it, or the one whose key makes it. */
async function ownerOf(core: Core, actor: Actor, isOwned: boolean): Promise<string | null> {
  if (actor.party.type === 'api_key')
    return (await getApiKey(core, actor.tenantId, actor.party.id)).userId ?? null;
  return isOwned && actor.party.type === 'user' ? actor.party.id : null;
}

const listAll = route({
  method: 'get',
  path: '/api-keys',
  id: 'listApiKeys',
  summary: 'API keys of the tenant; never their values',
  tag,
  permission,
  query: namedListQuery,
  output: listOf(apiKeySchema),
  async handler(context) {
    const { core, actor } = context;
    const all = await listApiKeys(core, actor.tenantId);
    const page = await pageOfNamed(context, all, (key) => [key.name, key.role]);
    return { body: { ...page, items: page.items.map(present) } };
  },
});

const createOne = route({
  method: 'post',
  path: '/api-keys',
  id: 'createApiKey',
  summary: 'Create a key; it is in this answer and nowhere else',
  tag,
  permission,
  stepUp: true,
  body: z
    .strictObject({
      name: line(200),
      role: z
        .string()
        .min(1)
        .max(200)
        .describe('key or id of a role of the tenant that holds no more than you do'),
      expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
      ...limits,
      owned: z.boolean().default(true).describe('by a session: the key is yours; false: it is the tenant’s'),
    })
    .openapi('CreateApiKey'),
  status: 201,
  output: newKeySchema,
  async handler({ core, actor, body }) {
    const [role = body.role] = fullKeysOf(await tenantConfig(core, actor.tenantId), [body.role]);
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt);
    const { addresses, name, scopes } = body;
    const userId = await ownerOf(core, actor, body.owned);
    const input = { name, role, expiresAt, scopes, addresses, userId };
    const { document, key } = await createApiKey(core, actor, input);
    return { body: { ...present(document), key }, version: document.version };
  },
});

const readOne = route({
  method: 'get',
  path: '/api-keys/{id}',
  id: 'getApiKey',
  summary: 'Read a key; never its value',
  tag,
  permission,
  target: targetKey,
  output: apiKeySchema,
  handler: ({ target }) => Promise.resolve({ body: present(target), version: target.version }),
});

const changeOne = route({
  method: 'patch',
  path: '/api-keys/{id}',
  id: 'changeApiKey',
  summary: 'Change what a key may do, from where and until when',
  tag,
  permission,
  stepUp: true,
  target: targetKey,
  body: z
    .strictObject({
      name: line(200).optional(),
      role: z.string().min(1).max(200).optional(),
      expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
      ...limits,
    })
    .openapi('ChangeApiKey'),
  output: apiKeySchema,
  async handler({ core, actor, body, config, ifVersion, params }) {
    const { addresses, expiresAt, name, scopes } = body;
    const change = {
      ...{ addresses, scopes },
      ...(name !== undefined && { name }),
      ...(body.role !== undefined && { role: fullKeysOf(config, [body.role])[0] ?? body.role }),
      expiresAt: typeof expiresAt === 'string' ? new Date(expiresAt) : expiresAt,
    };
    const key = await updateApiKey(core, actor, params.id, change, ifVersion);
    return { body: present(key), version: key.version };
  },
});

const rotateOne = route({
  method: 'post',
  path: '/api-keys/{id}/rotate',
  id: 'rotateApiKey',
  summary: 'Give a key another value; the one it had may be good for a while longer',
  tag,
  permission,
  stepUp: true,
  target: targetKey,
  body: z
    .strictObject({ overlapSeconds: z.number().int().min(0).max(604_800).default(0) })
    .prefault({})
    .openapi('RotateApiKey'),
  output: newKeySchema,
  async handler({ core, actor, body, ifVersion, params }) {
    const { document, key } = await rotateApiKey(core, actor, params.id, body.overlapSeconds, ifVersion);
    return { body: { ...present(document), key }, version: document.version };
  },
});

const revokeOne = route({
  method: 'delete',
  path: '/api-keys/{id}',
  id: 'revokeApiKey',
  summary: 'Revoke a key at once',
  tag,
  permission,
  target: targetKey,
  async handler({ core, actor, ifVersion, params }) {
    await revokeApiKey(core, actor, params.id, ifVersion);
    return {};
  },
});

export const apiKeyRoutes: readonly Route[] = [listAll, createOne, readOne, changeOne, rotateOne, revokeOne];
