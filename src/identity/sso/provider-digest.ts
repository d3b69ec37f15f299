import { createHash } from 'node:crypto';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';

/**
 * What a sign-in at a connection's provider depends on, as one text: a test that passed says nothing of another one. Keys of ours, names
 * and rules are no part of it.
 */
export function providerDigest(connection: SsoConnectionDocument): string {
  const { issuer, clientId, clientSecret, clientAuthMethod, tenantClaim, scopes, saml } = connection;
  const facts = [
    ...[issuer, clientId, clientSecret, clientAuthMethod ?? null, tenantClaim ?? null, scopes],
    ...[
      saml?.idpSsoUrl,
      [...(saml?.idpCertificates ?? [])].sort(),
      saml?.subjectFrom,
      saml?.attributeMapping,
    ],
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url');
}
