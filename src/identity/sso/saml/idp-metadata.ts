import {
  attributeOf,
  childrenNamed,
  elementsOf,
  parseXml,
  XmlRefused,
  type XmlElement,
} from '../../../infrastructure/xml.js';
import { certificateFault, normalCertificate } from './certificates.js';

const md = 'urn:oasis:names:tc:SAML:2.0:metadata';
const ds = 'http://www.w3.org/2000/09/xmldsig#';
const saml2 = 'urn:oasis:names:tc:SAML:2.0:protocol';
const redirectBinding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/** What a SAML provider says of itself. */
export interface IdpMetadata {
  entityId: string;
  ssoUrl: string;
  /** Where it takes logout requests by redirect; null: it offers none. */
  sloUrl: string | null;
  /** PEM, those it signs with. */
  certificates: string[];
}

/** Metadata that cannot be used; the message says why. */
export class UnusableMetadata extends Error {}

/** A federation's file is large; one provider's is not. */
const maxPasswordLength = 200_000;

function providersIn(root: XmlElement): { entity: XmlElement; provider: XmlElement }[] {
  return elementsOf(root)
    .filter(({ localName, namespaceURI }) => localName === 'EntityDescriptor' && namespaceURI === md)
    .flatMap((entity) =>
      childrenNamed(entity, md, 'IDPSSODescriptor')
        .filter((one) => (attributeOf(one, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(saml2))
        .map((provider) => ({ entity, provider })),
    );
}

const locationOf = (provider: XmlElement, name: string): string | undefined =>
  childrenNamed(provider, md, name)
    .filter((service) => attributeOf(service, 'Binding') === redirectBinding)
    .map((service) => attributeOf(service, 'Location')?.trim())
    .find((location) => location !== undefined && location !== '');

function signingCertificates(provider: XmlElement): string[] {
  const texts = childrenNamed(provider, md, 'KeyDescriptor')
    .filter((key) => (attributeOf(key, 'use') ?? 'signing') === 'signing')
    .flatMap((key) => childrenNamed(key, ds, 'KeyInfo'))
    .flatMap((info) => childrenNamed(info, ds, 'X509Data'))
    .flatMap((data) => childrenNamed(data, ds, 'X509Certificate'))
    .map(({ textContent }) => textContent);
  const usable = texts.filter((text) => certificateFault(text) === undefined).map(normalCertificate);
  const fault = texts.map(certificateFault).find((one) => one !== undefined);
  if (usable.length === 0)
    throw new UnusableMetadata(
      fault === undefined ? 'names no signing certificate' : `the certificate ${fault}`,
    );
  return [...new Set(usable)];
}

function parsed(text: string): XmlElement {
  try {
    return parseXml(text, { maxPasswordLength, allowsComments: true });
  } catch (error) {
    if (error instanceof XmlRefused) throw new UnusableMetadata(`cannot be read: ${error.message}`);
    throw error;
  }
}

/**
 * Reads the metadata of a SAML provider (SAML metadata 2.0 section 2). A signature in it is not looked at: what vouches for them is who gave
 * them, or the address they came from.
 *
 * @throws {@link UnusableMetadata}.
 */
export function readIdpMetadata(text: string): IdpMetadata {
  const [found, ...more] = providersIn(parsed(text.trim()));
  if (!found) throw new UnusableMetadata('holds no SAML 2.0 identity provider (IDPSSODescriptor)');
  if (more.length > 0) throw new UnusableMetadata('holds several identity providers: give the one of yours');
  const entityId = attributeOf(found.entity, 'entityID')?.trim() ?? '';
  if (entityId === '') throw new UnusableMetadata('has no entityID');
  const ssoUrl = locationOf(found.provider, 'SingleSignOnService');
  if (ssoUrl === undefined)
    throw new UnusableMetadata('names no SingleSignOnService with the binding HTTP-Redirect');
  return {
    entityId,
    ssoUrl,
    sloUrl: locationOf(found.provider, 'SingleLogoutService') ?? null,
    certificates: signingCertificates(found.provider),
  };
}
