import {
  attributeOf,
  childElements,
  childrenNamed,
  elementsOf,
  parseXml,
  XmlRefused,
  type XmlElement,
} from '../../infrastructure/xml.js';
import { algorithms, namespaces, success } from './names.js';
import { SamlRefused, type SamlReason } from './saml-refused.js';

/** The largest answer that is read, characters of base64. */
const maxEncoded = 350_000;
const maxPasswordLength = 262_144;

/** A response whose outside has been looked at; nothing of it is believed yet. */
export interface ResponseDocument {
  /** As it came, decoded. */
  xml: string;
  destination: string | undefined;
  issuer: string | undefined;
  inResponseTo: string | undefined;
  isResponseSigned: boolean;
  isAssertionSigned: boolean;
  isEncrypted: boolean;
}

/** Base64 as browsers post it: line breaks are of no account. */
function decoded(text: string): string {
  if (text.length > maxEncoded) throw new SamlRefused('size', `longer than ${maxEncoded} characters`);
  const base64 = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new SamlRefused('malformed', 'not base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    throw new SamlRefused('malformed', 'not UTF-8');
  }
}

/** @throws {@link SamlRefused}. */
export function readXml(xml: string): XmlElement {
  try {
    return parseXml(xml, { maxPasswordLength });
  } catch (error) {
    if (error instanceof XmlRefused) throw new SamlRefused(error.reason, error.message);
    throw error;
  }
}

function requireThat(holds: boolean, reason: SamlReason, found: string): asserts holds {
  if (!holds) throw new SamlRefused(reason, found);
}

const isOf = ({ namespaceURI }: XmlElement, namespace: string): boolean => namespaceURI === namespace;

/** What a document must not hold twice, or elsewhere than where it belongs, whichever namespace it claims. */
const placed: Readonly<Record<string, { namespace: string; parents: readonly string[] }>> = {
  Response: { namespace: namespaces.protocol, parents: [] },
  LogoutRequest: { namespace: namespaces.protocol, parents: [] },
  LogoutResponse: { namespace: namespaces.protocol, parents: [] },
  Assertion: { namespace: namespaces.assertion, parents: ['Response'] },
  EncryptedAssertion: { namespace: namespaces.assertion, parents: ['Response'] },
  Signature: {
    namespace: namespaces.signature,
    parents: ['Response', 'Assertion', 'LogoutRequest', 'LogoutResponse'],
  },
  Reference: { namespace: namespaces.signature, parents: ['SignedInfo'] },
  SignedInfo: { namespace: namespaces.signature, parents: ['Signature'] },
  Subject: { namespace: namespaces.assertion, parents: ['Assertion'] },
  Conditions: { namespace: namespaces.assertion, parents: ['Assertion'] },
};

function requirePlaces(root: XmlElement, elements: readonly XmlElement[], rootName: string): void {
  for (const element of elements) {
    const { localName, parentNode } = element;
    // Wrapped signatures hide what they were made for in here.
    requireThat(localName !== 'Object', 'structure', 'an Object in a signature');
    const place = Object.hasOwn(placed, localName) ? placed[localName] : undefined;
    if (!place) continue;
    requireThat(isOf(element, place.namespace), 'structure', `${localName} in another namespace`);
    const isPlaced =
      element === root ? localName === rootName : place.parents.includes(parentNode?.localName ?? '');
    requireThat(isPlaced, 'structure', `${localName} at another place`);
  }
}

/** Each id once, by whichever attribute: a signature names what it signs by it. */
function requireUniqueIds(elements: readonly XmlElement[]): void {
  const seen = new Set<string>();
  for (const { attributes } of elements) {
    for (const { name, localName, value } of Array.from(attributes)) {
      if (localName.toLowerCase() !== 'id') continue;
      requireThat(!name.includes(':'), 'structure', `the attribute ${name}`);
      requireThat(value !== '' && !seen.has(value), 'structure', 'an id that occurs twice');
      seen.add(value);
    }
  }
}

const algorithmOf = (element: XmlElement): string => attributeOf(element, 'Algorithm') ?? '';

function requireAllowed(
  elements: readonly XmlElement[],
  allowed: ReadonlySet<string>,
  reason: SamlReason,
): void {
  for (const element of elements) {
    const algorithm = algorithmOf(element);
    requireThat(allowed.has(algorithm), reason, `${element.localName} ${algorithm.slice(0, 120)}`);
  }
}

const transformsAllowed = new Set([...algorithms.canonicalization, algorithms.enveloped]);

/** One reference, to the signature's parent, and no algorithm but those of the list. */
function requirePlainSignature(signature: XmlElement): void {
  const named = (parent: XmlElement, name: string) => childrenNamed(parent, namespaces.signature, name);
  const [info, ...moreInfo] = named(signature, 'SignedInfo');
  requireThat(
    info !== undefined && moreInfo.length === 0,
    'structure',
    'a signature with several SignedInfo',
  );
  requireAllowed(named(info, 'CanonicalizationMethod'), algorithms.canonicalization, 'algorithm');
  requireAllowed(named(info, 'SignatureMethod'), algorithms.signature, 'algorithm');
  const [reference, ...moreReferences] = named(info, 'Reference');
  requireThat(reference !== undefined && moreReferences.length === 0, 'structure', 'not one reference');
  requireAllowed(named(reference, 'DigestMethod'), algorithms.digest, 'algorithm');
  const digests = named(reference, 'DigestValue');
  requireThat(digests.length === 1, 'structure', 'not one DigestValue');
  requireThat(childElements(digests[0] ?? reference).length === 0, 'structure', 'elements in a DigestValue');
  const transforms = named(reference, 'Transforms').flatMap((list) => named(list, 'Transform'));
  requireThat(transforms.length <= 2, 'structure', 'more than two transforms');
  requireAllowed(transforms, transformsAllowed, 'algorithm');
  const id = signature.parentNode && attributeOf(signature.parentNode, 'ID');
  requireThat(
    typeof id === 'string' && attributeOf(reference, 'URI') === `#${id}`,
    'structure',
    'a signature of something else',
  );
}

const signaturesIn = (parent: XmlElement): XmlElement[] =>
  childrenNamed(parent, namespaces.signature, 'Signature');

function isSigned(parent: XmlElement): boolean {
  const found = signaturesIn(parent);
  requireThat(found.length <= 1, 'structure', 'several signatures of one element');
  found.forEach(requirePlainSignature);
  return found.length === 1;
}

/** What the provider says it did; a refusal is taken at its word, signed or not. */
function requireSuccess(root: XmlElement): void {
  const [status, ...more] = childrenNamed(root, namespaces.protocol, 'Status');
  requireThat(status !== undefined && more.length === 0, 'status', 'not one status');
  const [code, ...others] = childrenNamed(status, namespaces.protocol, 'StatusCode');
  requireThat(code !== undefined && others.length === 0, 'status', 'not one status code');
  const value = attributeOf(code, 'Value') ?? '';
  if (value === success) return;
  const [inner] = childrenNamed(code, namespaces.protocol, 'StatusCode');
  const [message] = childrenNamed(status, namespaces.protocol, 'StatusMessage');
  const said = [value, inner && attributeOf(inner, 'Value'), message?.textContent];
  throw new SamlRefused('status', said.filter(Boolean).join(' ').slice(0, 300));
}

function requireEncryption(root: XmlElement): void {
  const methods = elementsOf(root).filter(
    (element) => element.localName === 'EncryptionMethod' && isOf(element, namespaces.encryption),
  );
  const ofKey = methods.filter(({ parentNode }) => parentNode?.localName === 'EncryptedKey');
  const ofData = methods.filter((method) => !ofKey.includes(method));
  requireThat(ofKey.length === 1 && ofData.length === 1, 'encryption', 'not one key and one cipher');
  requireAllowed(ofKey, algorithms.keyTransport, 'encryption');
  requireAllowed(ofData, algorithms.encryption, 'encryption');
}

function issuerOf(root: XmlElement): string | undefined {
  const [issuer, ...more] = childrenNamed(root, namespaces.assertion, 'Issuer');
  requireThat(more.length === 0, 'structure', 'several issuers');
  return issuer?.textContent;
}

/** The one assertion of the response, where it may be and nowhere else. */
function onlyAssertion(root: XmlElement): XmlElement {
  const found = childElements(root).filter(({ localName }) => /^(?:Encrypted)?Assertion$/.test(localName));
  const [assertion] = found;
  requireThat(assertion !== undefined && found.length === 1, 'structure', `${found.length} assertions`);
  return assertion;
}

/**
 * Reads the outside of a posted `SAMLResponse`: its form, and that there is one of everything at its one place. What it says is not believed:
 * only what a pinned key signed is read later on, from the signed bytes.
 *
 * @throws {@link SamlRefused}.
 */
export function readResponse(encoded: string): ResponseDocument {
  const xml = decoded(encoded);
  const root = readXml(xml);
  requireThat(
    root.localName === 'Response' &&
      isOf(root, namespaces.protocol) &&
      attributeOf(root, 'Version') === '2.0',
    'malformed',
    'not a SAML 2.0 response',
  );
  const elements = elementsOf(root);
  requirePlaces(root, elements, 'Response');
  requireUniqueIds(elements);
  requireSuccess(root);
  const assertion = onlyAssertion(root);
  const isEncrypted = assertion.localName === 'EncryptedAssertion';
  if (isEncrypted) requireEncryption(assertion);
  return {
    xml,
    destination: attributeOf(root, 'Destination'),
    issuer: issuerOf(root),
    inResponseTo: attributeOf(root, 'InResponseTo'),
    isResponseSigned: isSigned(root),
    isAssertionSigned: isSigned(assertion),
    isEncrypted,
  };
}

/**
 * Looks at what was inside an encrypted assertion as {@link readResponse} looks at one in clear.
 *
 * @returns whether it is signed.
 * @throws {@link SamlRefused}.
 */
export function readInnerAssertion(xml: string): boolean {
  const root = readXml(xml);
  requireThat(
    root.localName === 'Assertion' && isOf(root, namespaces.assertion),
    'structure',
    'no assertion inside',
  );
  const elements = elementsOf(root);
  requirePlaces(root, elements, 'Assertion');
  requireUniqueIds(elements);
  return isSigned(root);
}

/**
 * Reads the outside of a posted message of single logout, as {@link readResponse} does of an answer.
 *
 * @param names - what its root may be called.
 * @throws {@link SamlRefused}, also where it is not signed.
 */
export function readPostedMessage(
  encoded: string,
  names: readonly string[],
): { xml: string; root: XmlElement } {
  const xml = decoded(encoded);
  const root = readXml(xml);
  const isOne = names.includes(root.localName) && isOf(root, namespaces.protocol);
  requireThat(isOne, 'malformed', `not a ${names.join(' or ')}`);
  const elements = elementsOf(root);
  requirePlaces(root, elements, root.localName);
  requireUniqueIds(elements);
  requireThat(isSigned(root), 'unsigned', 'the message is not signed');
  return { xml, root };
}
