import { acsUrl, connectionAddress, samlEntityId, sloUrl } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import type { SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { escapeXml } from '../../infrastructure/xml.js';
import { nameIdFormats, namespaces, postBinding, redirectBinding } from './names.js';

const md = 'urn:oasis:names:tc:SAML:2.0:metadata';
const cipher = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
const keyTransport = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';

const base64Of = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s+/g, '');

function keyDescriptor(use: string, certificate: string, methods: readonly string[] = []): string {
  const key = `<ds:X509Data><ds:X509Certificate>${base64Of(certificate)}</ds:X509Certificate></ds:X509Data>`;
  const offered = methods.map((method) => `<md:EncryptionMethod Algorithm="${method}"/>`).join('');
  return `<md:KeyDescriptor use="${use}"><ds:KeyInfo>${key}</ds:KeyInfo>${offered}</md:KeyDescriptor>`;
}

/** A connection's own metadata (SAML metadata 2.0 section 2.4.4), for its provider: they say nothing that is not public. */
export function ownMetadata(core: Core, connection: SamlConnection): string {
  const { signing, encryption, subjectFrom } = connection.saml;
  const address = connectionAddress(connection);
  const { baseUrl } = core.config;
  const format = subjectFrom === 'nameId' ? nameIdFormats.persistent : nameIdFormats.unspecified;
  const entityId = escapeXml(samlEntityId(baseUrl, address));
  const slo = escapeXml(sloUrl(baseUrl, address));
  const acs = escapeXml(acsUrl(baseUrl, address));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<md:EntityDescriptor xmlns:md="${md}" xmlns:ds="${namespaces.signature}" entityID="${entityId}">`,
    '<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true"',
    ` protocolSupportEnumeration="${namespaces.protocol}">`,
    keyDescriptor('signing', signing.certificate),
    keyDescriptor('encryption', encryption.certificate, [cipher, keyTransport]),
    ...[redirectBinding, postBinding].map(
      (binding) => `<md:SingleLogoutService Binding="${binding}" Location="${slo}"/>`,
    ),
    `<md:NameIDFormat>${format}</md:NameIDFormat>`,
    `<md:AssertionConsumerService Binding="${postBinding}" Location="${acs}" index="0" isDefault="true"/>`,
    '</md:SPSSODescriptor></md:EntityDescriptor>\n',
  ].join('');
}
