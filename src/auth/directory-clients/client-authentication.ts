import { bases, type TokenHolder } from '../../identity/directories/access-tokens.js';
import type { Core } from '../../identity/core.js';
import type { ScimClientDocument } from '../../persistence/collections/scim-credentials.js';
import { hashToken } from '../../shared/ids.js';
import { isSameSecret } from '../../shared/same-secret.js';
import { authenticateAssertion } from './assertions.js';
import { findLiveClient } from './live-client.js';
import { invalidClient } from './token-refusal.js';
import type { ClientProof } from './token-request.js';

/** The client's secret that this is. */
export function secretOf(client: ScimClientDocument, presented: string) {
  const hash = hashToken(presented);
  return client.secrets.find((secret) => isSameSecret(secret.hash, hash));
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
  const { clientId, secret, assertion } = proof;
  if (assertion !== undefined) return authenticateAssertion(core, clientId, assertion);
  if (clientId !== undefined && secret !== undefined) return bySecret(core, clientId, secret);
  throw invalidClient('say who you are: by client id and secret, or by client_assertion');
}
