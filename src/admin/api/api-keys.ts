import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  type ApiKeyDocument,
} from '../../identity/applications/api-keys.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { arrange, listOf, pageOfAll, pageParameters, searchParameter, sortParameter } from '../list.js';
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
};

const apiKeySchema = z.strictObject(fields).openapi('ApiKey');

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
  };
}

const listAll = route({
  method: 'get',
  path: '/api-keys',
  id: 'listApiKeys',
  summary: 'API keys of the tenant; never their values',
  tag,
  permission,
  query: z.strictObject({
    q: searchParameter,
    sort: sortParameter(['name', 'createdAt'], 'name'),
    ...pageParameters,
  }),
  output: listOf(apiKeySchema),
  async handler(context) {
    const { core, actor, query } = context;
    const sorts = {
      name: (key: ApiKeyDocument) => key.name.toLowerCase(),
      createdAt: (key: ApiKeyDocument) => key._id,
    };
    const all = await listApiKeys(core, actor.tenantId);
    const page = await pageOfAll(
      context,
      arrange(all, query, sorts, (key) => [key.name, key.role]),
    );
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
    })
    .openapi('CreateApiKey'),
  status: 201,
  output: z.strictObject({ ...fields, key: z.string().describe('shown this once') }).openapi('NewApiKey'),
  async handler({ core, actor, body }) {
    const [role = body.role] = fullKeysOf(await tenantConfig(core, actor.tenantId), [body.role]);
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt);
    const { document, key } = await createApiKey(core, actor, { name: body.name, role, expiresAt });
    return { body: { ...present(document), key } };
  },
});

const revokeOne = route({
  method: 'delete',
  path: '/api-keys/{id}',
  id: 'revokeApiKey',
  summary: 'Revoke a key at once',
  tag,
  permission,
  async handler({ core, actor, params }) {
    await revokeApiKey(core, actor, params.id);
    return {};
  },
});

export const apiKeyRoutes: readonly Route[] = [listAll, createOne, revokeOne];
