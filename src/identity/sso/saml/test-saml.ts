import type { Core } from '../../core.js';
import type { ConnectionCheck } from '../test-connection.js';
import { showCertificate } from './certificates.js';
import { fetchIdpMetadata, hasProviderKey, metadataReason, type SamlConnection } from './saml-settings.js';

const monthMs = 30 * 86_400_000;

function certificateCheck(pem: string, now: Date): ConnectionCheck {
  const { expiresAt, fingerprint } = showCertificate(pem);
  const left = expiresAt.getTime() - now.getTime();
  const day = expiresAt.toISOString().slice(0, 10);
  const detail = `${fingerprint.slice(0, 23)}... ${left > 0 ? 'is valid until' : 'expired on'} ${day}`;
  return {
    name: 'certificate',
    ok: left > 0,
    detail: left > 0 && left < monthMs ? `${detail}: renew it soon` : detail,
  };
}

async function metadataCheck(core: Core, { issuer, saml }: SamlConnection): Promise<ConnectionCheck[]> {
  const name = 'metadata';
  if (saml.idpMetadataUrl === null) return [];
  try {
    const found = await fetchIdpMetadata(core, saml.idpMetadataUrl);
    if (found.entityId !== issuer)
      return [{ name, ok: false, detail: `the address gives metadata of another entity, ${found.entityId}` }];
    const added = found.certificates.filter((pem) => !saml.idpCertificates.includes(pem)).length;
    const detail =
      added === 0 ? 'the address gives what is known' : `the address gives ${added} new certificate(s)`;
    return [{ name, ok: true, detail }];
  } catch (error) {
    return [{ name, ok: false, detail: metadataReason(error) }];
  }
}

/**
 * What can be known of a SAML provider without a person. Nothing is written.
 *
 * @returns every check that could be made, in order.
 */
export async function testSamlConnection(core: Core, connection: SamlConnection): Promise<ConnectionCheck[]> {
  const name = 'provider';
  if (!hasProviderKey(connection))
    return [
      {
        name,
        ok: false,
        detail: 'not known yet: give its metadata, or its entity id, address and certificate',
      },
    ];
  const now = core.clock.now();
  const { issuer, saml } = connection;
  return [
    { name, ok: true, detail: `the provider calls itself ${issuer}` },
    { name: 'sign-in address', ok: true, detail: String(saml.idpSsoUrl) },
    ...saml.idpCertificates.map((pem) => certificateCheck(pem, now)),
    ...(await metadataCheck(core, connection)),
  ];
}
