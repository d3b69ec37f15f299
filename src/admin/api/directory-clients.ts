import {
  addClientSecret,
  createClient,
  deleteClient,
  deleteClientSecret,
  getClient,
  listClients,
  updateClient,
  type ScimClientDocument,
} from '../../identity/directories/clients.js';
import { getDirectory } from '../../identity/directories/directories.js';
import type { Core } from '../../identity/core.js';
import { listOf, namedListQueryBy, pageOfNamed } from '../list.js';
import {
  clientSchema,
  jwksSchema,
  jwksUri,
  newClientSchema,
  newSecretSchema,
  presentClient,
} from '../present/directory.js';
import { line } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, targetDirectory } from './directories.js';

const permission = 'scim.manage';

/** Finds the client a path names. */
async function targetClient(
  core: Core,
  tenantId: string,
  { id, clientId }: { readonly id: string; readonly clientId: string },
): Promise<ScimClientDocument> {
  await getDirectory(core, tenantId, id);
  return getClient(core, tenantId, id, clientId);
}

const dateOf = (text: string | null | undefined): Date | null | undefined =>
  typeof text === 'string' ? new Date(text) : text;

const fields = {
  jwks: jwksSchema.nullable().optional(),
  jwksUri: jwksUri.nullable().optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
};

const listAll = route({
  method: 'get',
  path: '/directories/{id}/clients',
  id: 'listDirectoryClients',
  summary: 'A directory’s OAuth clients, the oldest first',
  tag: directoryTag,
  permission,
  target: targetDirectory,
  query: namedListQueryBy('createdAt'),
  output: listOf(clientSchema),
  async handler(context) {
    const { core, actor, params } = context;
    const page = await pageOfNamed(
      context,
      await listClients(core, actor.tenantId, params.id),
      ({ _id, name }) => [name, _id],
    );
    return { body: { ...page, items: page.items.map(presentClient) } };
  },
});

const createOne = route({
  method: 'post',
  path: '/directories/{id}/clients',
  id: 'createDirectoryClient',
  summary: 'Create an OAuth client. Its secret is in this answer and nowhere else',
  tag: directoryTag,
  permission,
  stepUp: true,
  target: targetDirectory,
  body: z
    .strictObject({ name: line(200).default('client'), ...fields })
    .prefault({})
    .openapi('CreateDirectoryClient'),
  status: 201,
  output: newClientSchema,
  async handler({ core, actor, body, params }) {
    const input = { ...body, expiresAt: dateOf(body.expiresAt) };
    const { client, clientSecret } = await createClient(core, actor, params.id, input);
    const headers = { Location: `/api/v1/directories/${params.id}/clients/${client._id}` };
    return { body: { ...presentClient(client), clientSecret }, version: client.version, headers };
  },
});

const readOne = route({
  method: 'get',
  path: '/directories/{id}/clients/{clientId}',
  id: 'getDirectoryClient',
  summary: 'Read an OAuth client',
  tag: directoryTag,
  permission,
  target: targetClient,
  output: clientSchema,
  handler: ({ target }) => Promise.resolve({ body: presentClient(target), version: target.version }),
});

const changeOne = route({
  method: 'patch',
  path: '/directories/{id}/clients/{clientId}',
  id: 'changeDirectoryClient',
  summary: 'Change an OAuth client; null takes its keys or its end away',
  tag: directoryTag,
  permission,
  target: targetClient,
  body: z.strictObject({ name: line(200).optional(), ...fields }).openapi('ChangeDirectoryClient'),
  output: clientSchema,
  async handler({ core, actor, body, params, ifVersion }) {
    const change = { ...body, expiresAt: dateOf(body.expiresAt) };
    const client = await updateClient(core, actor, params.id, params.clientId, change, ifVersion);
    return { body: presentClient(client), version: client.version };
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/directories/{id}/clients/{clientId}',
  id: 'deleteDirectoryClient',
  summary: 'Delete an OAuth client; its access tokens are dead at once',
  tag: directoryTag,
  permission,
  target: targetClient,
  async handler({ core, actor, params, ifVersion }) {
    await deleteClient(core, actor, params.id, params.clientId, ifVersion);
    return {};
  },
});

const createSecret = route({
  method: 'post',
  path: '/directories/{id}/clients/{clientId}/secrets',
  id: 'createClientSecret',
  summary: 'Add a secret; two may live at once. It is in this answer and nowhere else',
  tag: directoryTag,
  permission,
  stepUp: true,
  target: targetClient,
  status: 201,
  output: newSecretSchema,
  async handler({ core, actor, params }) {
    return { body: await addClientSecret(core, actor, params.id, params.clientId) };
  },
});

const deleteSecret = route({
  method: 'delete',
  path: '/directories/{id}/clients/{clientId}/secrets/{secretId}',
  id: 'deleteClientSecret',
  summary: 'Delete a secret; the access tokens it was shown for are dead at once',
  tag: directoryTag,
  permission,
  target: targetClient,
  async handler({ core, actor, params }) {
    await deleteClientSecret(core, actor, params.id, params.clientId, params.secretId);
    return {};
  },
});

export const directoryClientRoutes: readonly Route[] = [
  listAll,
  createOne,
  readOne,
  changeOne,
  deleteOne,
  createSecret,
  deleteSecret,
];
