import {
  attributeOf,
  childElements,
  childrenNamed,
  escapeXml,
  type XmlElement,
} from '../../infrastructure/xml.js';
import type { ProviderName } from '../../persistence/collections/access.js';
import { namespaces, success } from './names.js';
import { readXml } from './response-document.js';
import { SamlRefused, type SamlReason } from './saml-refused.js';

/** How long a message is good after it was issued, and how far the clocks of two machines may be apart. */
const goodForMs = 600_000;
const skewMs = 60_000;
const maxTextLength = 512;
const maxIndexes = 100;

/** Both sides of a connection, as messages name them. */
export interface LogoutParties {
  /** The provider's entity id. */
  issuer: string;
  /** Ours. */
  entityId: string;
  /** Where it sends its messages. */
  slo: string;
  now: Date;
}

/** A provider's wish that a person's sessions end. */
export interface LogoutRequest {
  id: string;
  nameId: string;
  /** Which of the person's sessions; empty: all. */
  sessionIndexes: string[];
}

const fail = (reason: SamlReason, found: string): never => {
  throw new SamlRefused(reason, found);
};

function textOf(element: XmlElement): string | undefined {
  if (childElements(element).length > 0) return undefined;
  return element.textContent.length > maxTextLength ? undefined : element.textContent;
}

function instantOf(root: XmlElement, name: string): number | undefined {
  const text = attributeOf(root, name);
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : NaN;
  return Number.isNaN(at) ? fail('malformed', `${name} is no instant`) : at;
}

function requireTimely(root: XmlElement, now: number): void {
  const issuedAt = instantOf(root, 'IssueInstant') ?? fail('malformed', 'no IssueInstant');
  if (issuedAt > now + skewMs) fail('not_yet_valid', 'IssueInstant');
  const until = Math.min(issuedAt + goodForMs, instantOf(root, 'NotOnOrAfter') ?? Infinity);
  if (until + skewMs <= now) fail('expired', 'IssueInstant or NotOnOrAfter');
}

/** The root of a message, of the right kind, from the provider, for us, in time. */
function readMessage(xml: string, name: string, { issuer, slo, now }: LogoutParties): XmlElement {
  const root = readXml(xml);
  const isIt = root.localName === name && root.namespaceURI === namespaces.protocol;
  if (!isIt || attributeOf(root, 'Version') !== '2.0') fail('malformed', `not a ${name} of SAML 2.0`);
  const [said, ...more] = childrenNamed(root, namespaces.assertion, 'Issuer').map(textOf);
  if (more.length > 0 || said?.trim() !== issuer) fail('issuer', `Issuer ${String(said).slice(0, 200)}`);
  const destination = attributeOf(root, 'Destination');
  if (destination !== slo) fail('destination', `Destination ${(destination ?? 'missing').slice(0, 200)}`);
  requireTimely(root, now.getTime());
  return root;
}

function idOf(root: XmlElement): string {
  const id = attributeOf(root, 'ID') ?? '';
  return id === '' || id.length > maxTextLength ? fail('malformed', 'no ID') : id;
}

/**
 * Reads a logout request (SAML core section 3.7.1).
 *
 * @param xml - what the provider signed, and nothing else.
 * @throws {@link SamlRefused}.
 */
export function readLogoutRequest(xml: string, parties: LogoutParties): LogoutRequest {
  const root = readMessage(xml, 'LogoutRequest', parties);
  const [name, ...names] = childrenNamed(root, namespaces.assertion, 'NameID').map(textOf);
  if (name === undefined || name === '' || names.length > 0) return fail('name_id', 'not one plain NameID');
  const indexes = childrenNamed(root, namespaces.protocol, 'SessionIndex').map(textOf);
  if (indexes.length > maxIndexes) fail('size', `more than ${maxIndexes} sessions`);
  return {
    id: idOf(root),
    nameId: name,
    sessionIndexes: indexes.map((index) => index ?? fail('malformed', 'a SessionIndex that is no text')),
  };
}

/**
 * Reads the answer to a logout request of ours.
 *
 * @returns which request it answers, and whether the provider ended its session.
 * @throws {@link SamlRefused}.
 */
export function readLogoutResponse(
  xml: string,
  parties: LogoutParties,
): { inResponseTo: string; isDone: boolean } {
  const root = readMessage(xml, 'LogoutResponse', parties);
  const [status] = childrenNamed(root, namespaces.protocol, 'Status');
  const [code] = status ? childrenNamed(status, namespaces.protocol, 'StatusCode') : [];
  const inResponseTo = attributeOf(root, 'InResponseTo') ?? fail('in_response_to', 'no InResponseTo');
  return { inResponseTo, isDone: code !== undefined && attributeOf(code, 'Value') === success };
}

const head = (kind: string, id: string, to: string, { entityId, now }: LogoutParties, more = ''): string =>
  [
    `<samlp:${kind} xmlns:samlp="${namespaces.protocol}" xmlns:saml="${namespaces.assertion}"`,
    ` ID="${escapeXml(id)}" Version="2.0" IssueInstant="${now.toISOString()}" Destination="${escapeXml(to)}"${more}>`,
    `<saml:Issuer>${escapeXml(entityId)}</saml:Issuer>`,
  ].join('');

/** A logout request of ours. @param to - the provider's address. */
export function logoutRequestXml(
  { id, to, name, sessionIndex }: { id: string; to: string; name: ProviderName; sessionIndex: string | null },
  parties: LogoutParties,
): string {
  const format = name.format === null ? '' : ` Format="${escapeXml(name.format)}"`;
  const index =
    sessionIndex === null ? '' : `<samlp:SessionIndex>${escapeXml(sessionIndex)}</samlp:SessionIndex>`;
  const nameId = `<saml:NameID${format}>${escapeXml(name.value)}</saml:NameID>`;
  return `${head('LogoutRequest', id, to, parties)}${nameId}${index}</samlp:LogoutRequest>`;
}

/** Our answer to a provider's request. @param to - the provider's address. */
export function logoutResponseXml(
  { id, to, inResponseTo }: { id: string; to: string; inResponseTo: string },
  parties: LogoutParties,
): string {
  const answers = ` InResponseTo="${escapeXml(inResponseTo)}"`;
  const status = `<samlp:Status><samlp:StatusCode Value="${success}"/></samlp:Status>`;
  return `${head('LogoutResponse', id, to, parties, answers)}${status}</samlp:LogoutResponse>`;
}
