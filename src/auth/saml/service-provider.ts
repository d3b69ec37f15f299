import { SAML, ValidateInResponseTo, type SamlConfig } from '@node-saml/node-saml';
import { decrypt } from 'xml-encryption';
import { acsUrl, connectionAddress, samlEntityId } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { openPrivateKey } from '../../identity/sso/saml/key-pair.js';
import type { SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import type { SignInDemand } from '../sign-in-flow.js';
import { nameIdFormats } from './names.js';
import { readInnerAssertion, type ResponseDocument } from './response-document.js';
import { SamlRefused } from './saml-refused.js';

/** node-saml as far as it is good: it finds the signed bytes. What they say is judged by us (`assertion.ts`). */
class SignedBytes extends SAML {
  protected override processValidlySignedAssertionAsync(
    xml: string,
    samlResponseXml: string,
  ): ReturnType<SAML['processValidlySignedAssertionAsync']> {
    const profile = {
      issuer: '',
      nameID: '',
      nameIDFormat: '',
      getAssertionXml: () => xml,
      getAssertion: () => ({}),
      getSamlResponseXml: () => samlResponseXml,
    };
    return Promise.resolve({ profile, loggedOut: false });
  }
}

function optionsOf(core: Core, connection: SamlConnection): SamlConfig {
  const address = connectionAddress(connection);
  const { baseUrl } = core.config;
  return {
    callbackUrl: acsUrl(baseUrl, address),
    issuer: samlEntityId(baseUrl, address),
    entryPoint: connection.saml.idpSsoUrl ?? '',
    idpCert: connection.saml.idpCertificates,
    validateInResponseTo: ValidateInResponseTo.never,
    acceptedClockSkewMs: -1,
    audience: false,
  };
}

/** Authentication context classes are URIs; what an application names otherwise means nothing to a SAML provider. */
const contextsOf = (demand: SignInDemand | undefined): string[] =>
  (demand?.acrValues ?? '').split(/\s+/).filter((value) => /^[a-z][a-z0-9+.-]*:\S+$/i.test(value));

/**
 * Where an AuthnRequest takes the browser (HTTP-Redirect, signed by RSA-SHA256).
 *
 * @param request - `id`: its id; `relayState`: what the provider gives back with its answer.
 */
export function requestUrl(
  core: Core,
  connection: SamlConnection,
  { id, relayState, demand }: { id: string; relayState: string; demand: SignInDemand | undefined },
): Promise<string> {
  const contexts = contextsOf(demand);
  const { subjectFrom, signing } = connection.saml;
  const saml = new SAML({
    ...optionsOf(core, connection),
    identifierFormat: subjectFrom === 'nameId' ? nameIdFormats.persistent : nameIdFormats.unspecified,
    generateUniqueId: () => id,
    forceAuthn: demand !== undefined && (demand.login || demand.maxAge !== null),
    disableRequestedAuthnContext: contexts.length === 0,
    authnContext: contexts,
    privateKey: openPrivateKey(core, signing),
    signatureAlgorithm: 'sha256',
  });
  return saml.getAuthorizeUrlAsync(relayState, undefined, {});
}

function decrypted(core: Core, { saml }: SamlConnection, xml: string): Promise<string> {
  const key = openPrivateKey(core, saml.encryption);
  const options = { key, disallowDecryptionWithInsecureAlgorithm: true, warnInsecureAlgorithm: false };
  return new Promise((resolve, reject) => {
    decrypt(xml, options, (error, text) => {
      if (error) reject(error);
      else resolve(text);
    });
  });
}

async function requireReadableInside(
  core: Core,
  connection: SamlConnection,
  document: ResponseDocument,
): Promise<void> {
  const inner = await decrypted(core, connection, document.xml).catch(() => {
    throw new SamlRefused('encryption', 'the assertion was not decrypted');
  });
  const isSigned = readInnerAssertion(inner);
  if (!isSigned && !document.isResponseSigned)
    throw new SamlRefused('unsigned', 'neither the response nor the assertion inside is signed');
}

/**
 * The assertion of a response as the provider signed it: every signature there is has to be of one of its pinned keys, and there has to be
 * one.
 *
 * @returns XML, made of the signed bytes alone.
 * @throws {@link SamlRefused}.
 */
export async function signedAssertion(
  core: Core,
  connection: SamlConnection,
  document: ResponseDocument,
): Promise<string> {
  const { isAssertionSigned, isEncrypted, isResponseSigned } = document;
  if (isEncrypted) await requireReadableInside(core, connection, document);
  else if (!isAssertionSigned && !isResponseSigned)
    throw new SamlRefused('unsigned', 'neither the response nor the assertion is signed');
  const saml = new SignedBytes({
    ...optionsOf(core, connection),
    wantAuthnResponseSigned: isResponseSigned,
    wantAssertionsSigned: isAssertionSigned,
    ...(isEncrypted && { decryptionPvk: openPrivateKey(core, connection.saml.encryption) }),
  });
  try {
    const SAMLResponse = Buffer.from(document.xml).toString('base64');
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
    const xml = profile?.getAssertionXml?.();
    if (xml !== undefined) return xml;
  } catch (error) {
    throw new SamlRefused('signature', error instanceof Error ? error.message.slice(0, 200) : 'not verified');
  }
  throw new SamlRefused('signature', 'no assertion was signed');
}
