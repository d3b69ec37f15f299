import { createToken, listTokens, revokeToken, rotateToken } from '../../identity/directories/tokens.js';
import { listOf, namedListQueryBy, pageOfNamed } from '../list.js';
import { newTokenSchema, presentToken, tokenSchema } from '../present/directory.js';
import { line } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, targetDirectory } from './directories.js';

const listAllTokens = route({
  method: 'get',
  path: '/directories/{id}/tokens',
  id: 'listDirectoryTokens',
  summary: 'A directory’s tokens, the oldest first',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  query: namedListQueryBy('createdAt'),
  output: listOf(tokenSchema),
  async handler(context) {
    const { core, actor, params } = context;
    const page = await pageOfNamed(
      context,
      await listTokens(core, actor.tenantId, params.id),
      ({ name, prefix }) => [name, prefix],
    );
    return { body: { ...page, items: page.items.map(presentToken) } };
  },
});

const createOneToken = route({
  method: 'post',
  path: '/directories/{id}/tokens',
  id: 'createDirectoryToken',
  summary: 'Create a token; two may live at once. It is in this answer and nowhere else',
  tag: directoryTag,
  permission: 'scim.manage',
  stepUp: true,
  target: targetDirectory,
  body: z
    .strictObject({
      name: line(200).default('token'),
      expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
    })
    .prefault({})
    .openapi('CreateDirectoryToken'),
  status: 201,
  output: newTokenSchema,
  async handler({ core, actor, body, params }) {
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt);
    const { document, token } = await createToken(core, actor, params.id, { name: body.name, expiresAt });
    return { body: { ...presentToken(document), token } };
  },
});

const rotateOneToken = route({
  method: 'post',
  path: '/directories/{id}/tokens/{tokenId}/rotate',
  id: 'rotateDirectoryToken',
  summary: 'Replace a token: the new one works at once, the old one until the overlap is over',
  tag: directoryTag,
  permission: 'scim.manage',
  stepUp: true,
  target: targetDirectory,
  body: z
    .strictObject({ overlapSeconds: z.number().int().min(0).max(2_592_000).default(86_400) })
    .prefault({})
    .openapi('RotateDirectoryToken'),
  status: 201,
  output: newTokenSchema,
  async handler({ core, actor, body, params }) {
    const { document, token } = await rotateToken(
      core,
      actor,
      params.id,
      params.tokenId,
      body.overlapSeconds,
    );
    return { body: { ...presentToken(document), token } };
  },
});

const revokeOneToken = route({
  method: 'delete',
  path: '/directories/{id}/tokens/{tokenId}',
  id: 'revokeDirectoryToken',
  summary: 'Revoke a token at once',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  async handler({ core, actor, params }) {
    await revokeToken(core, actor, params.id, params.tokenId);
    return {};
  },
});

export const directoryTokenRoutes: readonly Route[] = [
  listAllTokens,
  createOneToken,
  rotateOneToken,
  revokeOneToken,
];
