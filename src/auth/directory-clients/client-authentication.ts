import { timingSafeEqual } from 'node:crypto';
import { bases, isLiveClient, type TokenHolder } from '../../identity/directories/access-tokens.js';
import type { Core } from '../../identity/core.js';
import type { DirectoryDocument, ScimClientDocument } from '../../persistence/collections/directories.js';
import { hashToken } from '../../shared/ids.js';
import { invalidClient } from './token-refusal.js';
import type { ClientProof } from './token-request.js';

/** A client by its id, whoever's it is. */
export function findDirectoryClient(core: Core, clientId: string): Promise<ScimClientDocument | undefined> {
  return core.store.server.collection('scim_clients').findOne({ _id: clientId });
}

/** A client that may get tokens now, with its directory; undefined for any other. */
export async function findLiveClient(
  core: Core,
  clientId: string,
): Promise<{ client: ScimClientDocument; directory: DirectoryDocument } | undefined> {
  const client = await findDirectoryClient(core, clientId);
  if (!client || !isLiveClient(client, core.clock.now())) return undefined;
  const scope = core.store.tenant(client.tenantId);
  const directory = await scope.collection('directories').get(client.directoryId);
  return directory?.enabled ? { client, directory } : undefined;
}

function isSame(storedHash: string, presentedHash: string): boolean {
  const [stored, presented] = [Buffer.from(storedHash), Buffer.from(presentedHash)];
  return stored.length === presented.length && timingSafeEqual(stored, presented);
}

/** The client's secret that this is. */
export function secretOf(client: ScimClientDocument, presented: string) {
  const hash = hashToken(presented);
  return client.secrets.find((secret) => isSame(secret.hash, hash));
}

async function bySecret(core: Core, clientId: string, presented: string): Promise<TokenHolder> {
  const found = await findLiveClient(core, clientId);
  const secret = found && secretOf(found.client, presented);
  if (!secret) throw invalidClient('the client or its secret is not valid');
  return { ...found, basis: bases.secret(secret) };
}

/**
 * Finds out who asks for a token.
 *
 * @throws TokenRefusal `invalid_client`.
 */
export async function authenticateClient(core: Core, proof: ClientProof): Promise<TokenHolder> {
  const { clientId, secret } = proof;
  if (clientId !== undefined && secret !== undefined) return bySecret(core, clientId, secret);
  throw invalidClient('say who you are: by client id and secret');
}
