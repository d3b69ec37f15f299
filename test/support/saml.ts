import { createRequire } from 'node:module';
import { createSign, generateKeyPairSync, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';
import type { Browser, Page } from './browser.js';
import { typeEmail } from './sign-in.js';

/** A key of a provider with its certificate. */
export interface SamlKey {
  privateKey: KeyObject;
  /** PEM. */
  certificate: string;
}

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};

/** A self-signed certificate, by hand: node makes none. */
function certify(publicKey: KeyObject, privateKey: KeyObject): string {
  const algorithm = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
  const name = der(
    0x30,
    der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('Test IdP')))),
  );
  const validity = der(
    0x30,
    der(0x17, Buffer.from('200101000000Z')),
    der(0x17, Buffer.from('490101000000Z')),
  );
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const content = der(0x30, version, serial, algorithm, name, validity, name, spki);
  const signature = createSign('sha256').update(content).sign(privateKey);
  const whole = der(0x30, content, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return new X509Certificate(whole).toString();
}

function makeSamlKey(): SamlKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, certificate: certify(publicKey, privateKey) };
}

const keys: SamlKey[] = [];
/** One of a few keys, made once: making them takes long. */
export function samlKey(index: number): SamlKey {
  return (keys[index] ??= makeSamlKey());
}

/** What an answer says; each can be changed by a test. */
export interface SamlSaid {
  issuer: string;
  responseIssuer: string | null;
  destination: string | null;
  recipient: string | null;
  audience: string | null;
  inResponseTo: string | null;
  /** In the response alone; undefined: as above. */
  outerInResponseTo?: string | null;
  status: string;
  /** XML inside the assertion's Subject, before the confirmation. */
  nameId: string;
  method: string;
  notBefore: Date | null;
  notOnOrAfter: Date | null;
  /** Of the confirmation; undefined: as above. */
  confirmedUntil?: Date | null;
  authnInstant: Date;
  sessionEnd: Date | null;
  context: string;
  attributes: Record<string, readonly string[]>;
  assertionId: string;
  responseId: string;
  version: string;
  /** More XML in the conditions. */
  conditions: string;
}

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
const attribute = (name: string, value: string | null | undefined): string =>
  value === null || value === undefined ? '' : ` ${name}="${escape(value)}"`;
const iso = (date: Date | null | undefined): string | null => date?.toISOString() ?? null;

export const persistent = (value: string): string =>
  `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${escape(value)}</saml:NameID>`;

/** The assertion, unsigned. */
export function assertionXml(said: SamlSaid): string {
  const { confirmedUntil = said.notOnOrAfter } = said;
  const attributes = Object.entries(said.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${escape(name)}">${values.map((value) => `<saml:AttributeValue>${escape(value)}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  );
  const audience =
    said.audience === null
      ? ''
      : `<saml:AudienceRestriction><saml:Audience>${escape(said.audience)}</saml:Audience></saml:AudienceRestriction>`;
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${said.assertionId}" Version="${said.version}" IssueInstant="${said.authnInstant.toISOString()}">`,
    `<saml:Issuer>${escape(said.issuer)}</saml:Issuer>`,
    `<saml:Subject>${said.nameId}<saml:SubjectConfirmation Method="${said.method}"><saml:SubjectConfirmationData`,
    attribute('Recipient', said.recipient),
    attribute('InResponseTo', said.inResponseTo),
    attribute('NotOnOrAfter', iso(confirmedUntil)),
    '/></saml:SubjectConfirmation></saml:Subject>',
    `<saml:Conditions${attribute('NotBefore', iso(said.notBefore))}${attribute('NotOnOrAfter', iso(said.notOnOrAfter))}>${audience}${said.conditions}</saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${said.authnInstant.toISOString()}" SessionIndex="s-${said.assertionId}"${attribute('SessionNotOnOrAfter', iso(said.sessionEnd))}>`,
    `<saml:AuthnContext><saml:AuthnContextClassRef>${said.context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    attributes.length === 0
      ? ''
      : `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement>`,
    '</saml:Assertion>',
  ].join('');
}

/** A response around an assertion's XML. */
export function responseXml(said: SamlSaid, assertion: string): string {
  const { outerInResponseTo = said.inResponseTo } = said;
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${said.responseId}" Version="2.0" IssueInstant="${said.authnInstant.toISOString()}"`,
    attribute('Destination', said.destination),
    attribute('InResponseTo', outerInResponseTo),
    '>',
    said.responseIssuer === null ? '' : `<saml:Issuer>${escape(said.responseIssuer)}</saml:Issuer>`,
    `<samlp:Status><samlp:StatusCode Value="${said.status}"/></samlp:Status>`,
    assertion,
    '</samlp:Response>',
  ].join('');
}

export interface SigningChoice {
  key: SamlKey;
  signature?: string;
  digest?: string;
  transforms?: string[];
}

/** Signs the element of this name, as providers do: the signature stands behind its issuer. */
export function signXml(
  xml: string,
  element: 'Assertion' | 'Response' | 'LogoutRequest' | 'LogoutResponse',
  choice: SigningChoice,
): string {
  const signer = new SignedXml({
    privateKey: choice.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicCert: choice.key.certificate,
    signatureAlgorithm: choice.signature ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  });
  const xpath = `//*[local-name(.)='${element}']`;
  signer.addReference({
    xpath,
    digestAlgorithm: choice.digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: choice.transforms ?? [
      'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
      'http://www.w3.org/2001/10/xml-exc-c14n#',
    ],
  });
  signer.computeSignature(xml, {
    location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signer.getSignedXml();
}

/** Encrypts the assertion of a response for a service's certificate. */
export function encryptAssertion(
  xml: string,
  certificate: string,
  algorithms: { data?: string; key?: string } = {},
): Promise<string> {
  const { encrypt } = createRequire(import.meta.url)('xml-encryption') as {
    encrypt: (text: string, options: object, done: (error: Error | null, result: string) => void) => void;
  };
  const [assertion = ''] = /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml) ?? [];
  const options = {
    rsa_pub: new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
    pem: certificate,
    encryptionAlgorithm: algorithms.data ?? 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    keyEncryptionAlgorithm: algorithms.key ?? 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
    warnInsecureAlgorithm: false,
  };
  return new Promise((resolve, reject) => {
    encrypt(assertion, options, (error, result) => {
      if (error) reject(error);
      else
        resolve(
          xml.replace(
            assertion,
            () =>
              `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${result}</saml:EncryptedAssertion>`,
          ),
        );
    });
  });
}

/** An AuthnRequest as it came to the provider. */
export interface SamlRequest {
  id: string;
  acs: string;
  issuer: string;
  relayState: string;
  xml: string;
  url: URL;
}

export function readSamlRequest(address: string): SamlRequest {
  const url = new URL(address);
  const xml = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
  const find = (pattern: RegExp): string => pattern.exec(xml)?.[1] ?? '';
  return {
    id: find(/ ID="([^"]*)"/),
    acs: find(/AssertionConsumerServiceURL="([^"]*)"/),
    issuer: find(/<saml:Issuer[^>]*>([^<]*)</),
    relayState: url.searchParams.get('RelayState') ?? '',
    xml,
    url,
  };
}

let count = 0;

/** What an honest provider says to a request. */
export function honestAnswer(
  request: Pick<SamlRequest, 'id' | 'acs' | 'issuer'>,
  { issuer, subject, email, now }: { issuer: string; subject: string; email?: string; now: Date },
): SamlSaid {
  count += 1;
  return {
    issuer,
    responseIssuer: issuer,
    destination: request.acs,
    recipient: request.acs,
    audience: request.issuer,
    inResponseTo: request.id,
    status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
    nameId: persistent(subject),
    method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
    notBefore: new Date(now.getTime() - 60_000),
    notOnOrAfter: new Date(now.getTime() + 300_000),
    authnInstant: now,
    sessionEnd: null,
    context: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    attributes: email === undefined ? {} : { email: [email] },
    assertionId: `_a${count}${randomBytes(8).toString('hex')}`,
    responseId: `_r${count}${randomBytes(8).toString('hex')}`,
    version: '2.0',
    conditions: '',
  };
}

/** An answer whose assertion is signed, as Entra's is. */
export const signedAnswer = (said: SamlSaid, key: SamlKey): string =>
  responseXml(said, signXml(assertionXml(said), 'Assertion', { key }));

/** From the typed address to the provider. */
export async function leaveForSaml(browser: Browser, email: string, query = ''): Promise<SamlRequest> {
  const leaving = await typeEmail(browser, email, query);
  if (leaving.location === undefined)
    throw new Error(`not forwarded: ${leaving.status} ${leaving.alert ?? ''}`);
  return readSamlRequest(leaving.location);
}

/** Posts an answer as the provider's page does: from another site, so without our cookies. */
export async function postAnswer(
  acs: string,
  xml: string,
  relayState?: string,
): Promise<{ status: number; location: string | undefined; text: string }> {
  const body = new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString('base64') });
  if (relayState !== undefined) body.set('RelayState', relayState);
  const answer = await fetch(acs, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { origin: 'https://idp.test' },
  });
  const location = answer.headers.get('location');
  return {
    status: answer.status,
    location: location === null ? undefined : new URL(location, acs).href,
    text: await answer.text(),
  };
}

/** Posts an answer, and brings the browser back where it leads. */
export async function answerAt(browser: Browser, request: SamlRequest, xml: string): Promise<Page> {
  const posted = await postAnswer(request.acs, xml, request.relayState);
  if (posted.location === undefined) {
    const alert = /role="alert"[^>]*>(.*?)<\//s.exec(posted.text)?.[1];
    return {
      status: posted.status,
      text: posted.text,
      alert,
      headers: new Headers(),
      url: request.acs,
      location: undefined,
      fields: {},
    };
  }
  return browser.get(posted.location);
}

/** A message of single logout, as a provider makes it. */
export interface SamlLogoutSaid {
  kind: 'LogoutRequest' | 'LogoutResponse';
  id: string;
  issuer: string;
  destination: string | null;
  issuedAt: Date;
  /** Other attributes of the root, such as ` InResponseTo="..."`. */
  attributes: string;
  /** What stands inside, behind the issuer. */
  inside: string;
}

export const logoutXml = ({ kind, id, issuer, destination, issuedAt, attributes, inside }: SamlLogoutSaid) =>
  [
    `<samlp:${kind} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`,
    ` ID="${id}" Version="2.0" IssueInstant="${issuedAt.toISOString()}"${attribute('Destination', destination)}${attributes}>`,
    `<saml:Issuer>${escape(issuer)}</saml:Issuer>${inside}</samlp:${kind}>`,
  ].join('');

/** The query a provider sends a message with (HTTP-Redirect), signed. */
export function redirectQuery(
  field: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  {
    key,
    relayState,
    algorithm = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  }: { key: SamlKey; relayState?: string; algorithm?: string },
): string {
  const query = new URLSearchParams({
    [field]: deflateRawSync(xml).toString('base64'),
    ...(relayState !== undefined && { RelayState: relayState }),
    SigAlg: algorithm,
  }).toString();
  const hash = algorithm.endsWith('sha1') ? 'sha1' : 'sha256';
  const signature = createSign(hash).update(query).sign(key.privateKey, 'base64');
  return `${query}&Signature=${encodeURIComponent(signature)}`;
}
