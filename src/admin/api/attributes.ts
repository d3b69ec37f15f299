import {
  attributeTypes,
  createAttribute,
  deleteAttribute,
  getAttribute,
  listAttributes,
  updateAttribute,
  type UserAttributeDocument,
} from '../../identity/attributes/attributes.js';
import type { Core } from '../../identity/core.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id, instant, iso } from '../present/fields.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Attributes';

const attributeSchema = z
  .strictObject({
    id,
    name: z.string(),
    type: z.enum(attributeTypes),
    multiValued: z.boolean(),
    required: z.boolean().describe('a new user needs a value, and a value is not taken away'),
    unique: z.boolean().describe('no two users have the same value'),
    description: z.string(),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Attribute');

type AttributeBody = z.input<typeof attributeSchema>;

function present(document: UserAttributeDocument): AttributeBody {
  const { _id, name, type, multiValued, required, unique, description, createdAt, updatedAt } = document;
  return {
    id: _id,
    ...{ name, type, multiValued, required, unique, description },
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

const reply = (attribute: UserAttributeDocument): Reply<AttributeBody> => ({
  body: present(attribute),
  version: attribute.version,
});

const targetAttribute = (
  core: Core,
  tenantId: string,
  { id: idOrName }: { readonly id: string },
): Promise<UserAttributeDocument> => getAttribute(core, tenantId, idOrName);

const listAll = route({
  method: 'get',
  path: '/attributes',
  id: 'listAttributes',
  summary: 'The tenant’s own user attributes',
  tag,
  permission: 'users.read',
  query: namedListQuery,
  output: listOf(attributeSchema),
  async handler(context) {
    const { core, actor } = context;
    const all = await listAttributes(core, actor.tenantId);
    const page = await pageOfNamed(context, all, ({ name, description }) => [name, description]);
    return { body: { ...page, items: page.items.map(present) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/attributes/{id}',
  id: 'getAttribute',
  summary: 'Read an attribute, by id or name',
  tag,
  permission: 'users.read',
  target: targetAttribute,
  output: attributeSchema,
  handler: ({ target }) => Promise.resolve(reply(target)),
});

const fields = {
  name: z.string().min(1).max(64),
  type: z.enum(attributeTypes),
  multiValued: z.boolean(),
  required: z.boolean(),
  unique: z.boolean(),
  description: z.string().max(1000),
};

const createOne = route({
  method: 'post',
  path: '/attributes',
  id: 'createAttribute',
  summary: 'Define an attribute: at once in SCIM schemas, users, filters, rules and exports',
  tag,
  permission: 'account.settings',
  body: z.strictObject(fields).partial().required({ name: true, type: true }).openapi('CreateAttribute'),
  status: 201,
  output: attributeSchema,
  async handler({ core, actor, body }) {
    const attribute = await createAttribute(core, actor, body);
    return { ...reply(attribute), headers: { Location: `/api/v1/attributes/${attribute._id}` } };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/attributes/{id}',
  id: 'changeAttribute',
  summary: 'Change whether an attribute is required, and its description; the rest is fixed',
  tag,
  permission: 'account.settings',
  target: targetAttribute,
  body: z.strictObject(fields).partial().openapi('ChangeAttribute'),
  output: attributeSchema,
  handler: async ({ core, actor, body, target, ifVersion }) =>
    reply(await updateAttribute(core, actor, target._id, body, ifVersion)),
});

const deleteOne = route({
  method: 'delete',
  path: '/attributes/{id}',
  id: 'deleteAttribute',
  summary: 'Delete an attribute with its values; 409 while a role rule or a claim names it',
  tag,
  permission: 'account.settings',
  target: targetAttribute,
  async handler({ core, actor, target, ifVersion }) {
    await deleteAttribute(core, actor, target._id, ifVersion);
    return {};
  },
});

export const attributeRoutes: readonly Route[] = [listAll, readOne, createOne, changeOne, deleteOne];
