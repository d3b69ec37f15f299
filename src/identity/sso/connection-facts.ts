import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { wildcardOf } from '../domain-match.js';
import { jitOf } from './jit.js';
import { showCertificate } from './saml/certificates.js';

function auditableSaml({ protocol = 'oidc', saml }: SsoConnectionDocument): Record<string, unknown> {
  if (!saml) return { protocol };
  const { idpSsoUrl, idpSloUrl, idpMetadataUrl, idpCertificates, attributeMapping, subjectFrom } = saml;
  return {
    ...{ protocol, idpSsoUrl, idpSloUrl, idpMetadataUrl, attributeMapping, subjectFrom },
    metadataFault: saml.metadataFault,
    singleLogout: saml.singleLogout ?? false,
    idpCertificates: idpCertificates.map((certificate) => showCertificate(certificate).fingerprint),
  };
}

/** What the audit trail shows of a connection. */
export function connectionFacts(connection: SsoConnectionDocument): Record<string, unknown> {
  const { name, issuer, clientId, scopes, mode, jitProvisioning, domains, verifiedDomains } = connection;
  const { key = null, clientAuthMethod = null, tenantClaim = null, relinkVersion = 0 } = connection;
  return {
    ...{ name, key, issuer, clientId, clientAuthMethod, tenantClaim, scopes, mode, jitProvisioning },
    ...{
      verifiedDomains,
      relinkVersion,
      jit: jitOf(connection),
      directoryId: connection.directoryId ?? null,
    },
    fallbackMinutes: connection.fallbackMinutes ?? null,
    clientSecretExpiresAt: connection.clientSecretExpiresAt?.toISOString() ?? null,
    ...(connection.clientKeys && { clientKey: connection.clientKeys.current.kid }),
    roleRules: connection.roleRules?.map(({ when, grant }) => ({ when, grant })) ?? [],
    ...auditableSaml(connection),
    domains: domains.flatMap(({ domain, subdomains }) =>
      subdomains ? [domain, wildcardOf(domain)] : [domain],
    ),
  };
}

/** Whether two states of a connection differ in what the audit trail does not show. */
export function differsUnseen(before: SsoConnectionDocument, wanted: SsoConnectionDocument): boolean {
  return (
    wanted.clientSecret !== before.clientSecret ||
    wanted.previousSecret?.secret !== before.previousSecret?.secret
  );
}
