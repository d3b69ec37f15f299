import { scimScopes } from '../../identity/directories/access-tokens.js';
import { assertionAlgorithms } from '../../identity/directories/client-keys.js';
import { grantType } from './token-endpoint.js';

type Metadata = Readonly<Record<string, unknown>>;

const listIn = (metadata: Metadata, name: string): unknown[] => {
  const value = metadata[name];
  return Array.isArray(value) ? value : [];
};

/**
 * The metadata of the authorization server (RFC 8414): what the OpenID provider says of itself, and what clients of directories may do.
 *
 * @param openId - the discovery document of the OpenID provider.
 */
export function authorizationServerMetadata(openId: Metadata): Metadata {
  return {
    ...openId,
    grant_types_supported: [...new Set([...listIn(openId, 'grant_types_supported'), grantType])],
    scopes_supported: [...listIn(openId, 'scopes_supported'), ...scimScopes],
    token_endpoint_auth_methods_supported: [
      ...listIn(openId, 'token_endpoint_auth_methods_supported'),
      'private_key_jwt',
    ],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
  };
}
