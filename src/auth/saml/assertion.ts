import {
  attributeOf,
  childElements,
  childrenNamed,
  elementsOf,
  type XmlElement,
} from '../../infrastructure/xml.js';
import { bearer, namespaces, nameIdFormats } from './names.js';
import { readXml } from './response-document.js';
import { SamlRefused, type SamlReason } from './saml-refused.js';

/** What an assertion has to be for. */
export interface SamlExpectations {
  /** The provider's entity id. */
  issuer: string;
  /** Ours. */
  entityId: string;
  acs: string;
  now: Date;
}

/** What a provider says of a person, all of it signed by it. */
export interface SamlAssertion {
  id: string;
  nameId: { value: string; format: string | undefined } | null;
  /** Values by the attribute's name. */
  attributes: ReadonlyMap<string, readonly string[]>;
  /** The id of the request it answers; undefined: none. */
  inResponseTo: string | undefined;
  /** From when it is of no use any more. */
  until: Date;
  authnInstant: Date | undefined;
  sessionIndex: string | undefined;
  sessionEndsAt: Date | undefined;
  authnContext: string | undefined;
}

/** How far the clocks of two machines may be apart. */
const skewMs = 60_000;
const maxTextLength = 4096;
const maxValues = 2000;

const fail = (reason: SamlReason, found: string): never => {
  throw new SamlRefused(reason, found);
};

const named = (parent: XmlElement, name: string): XmlElement[] =>
  childrenNamed(parent, namespaces.assertion, name);

function only(parent: XmlElement, name: string, reason: SamlReason): XmlElement {
  const [found, ...more] = named(parent, name);
  return found && more.length === 0 ? found : fail(reason, `not one ${name}`);
}

/** Text alone: an element in between would be read by some and not by others. */
function textOf(element: XmlElement): string | undefined {
  if (childElements(element).length > 0) return undefined;
  return element.textContent.length > maxTextLength ? undefined : element.textContent;
}

/** An instant of XML Schema (`xs:dateTime`), in UTC as SAML demands (SAML core section 1.3.3). */
function instantOf(element: XmlElement, name: string, reason: SamlReason): Date | undefined {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text))
    return fail(reason, `${name} is no instant`);
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? fail(reason, `${name} is no instant`) : at;
}

function requireStarted(element: XmlElement, name: string, now: Date): void {
  const at = instantOf(element, name, 'not_yet_valid');
  if (at && at.getTime() > now.getTime() + skewMs) fail('not_yet_valid', `${name} ${at.toISOString()}`);
}

function requiredEnd(element: XmlElement, now: Date): Date {
  const at = instantOf(element, 'NotOnOrAfter', 'expired');
  if (!at) return fail('conditions', `no NotOnOrAfter on ${element.localName}`);
  if (at.getTime() + skewMs <= now.getTime()) fail('expired', `NotOnOrAfter ${at.toISOString()}`);
  return at;
}

/** SAML profiles section 4.1.4.2: bearer, for this address, in time. */
function confirmed(
  confirmation: XmlElement,
  { acs, now }: SamlExpectations,
): { until: Date; inResponseTo: string | undefined } {
  const [data, ...more] = named(confirmation, 'SubjectConfirmationData');
  if (!data || more.length > 0) return fail('confirmation', 'not one SubjectConfirmationData');
  const recipient = attributeOf(data, 'Recipient');
  if (recipient !== acs) fail('recipient', `Recipient ${recipient ?? 'missing'}`);
  requireStarted(data, 'NotBefore', now);
  return { until: requiredEnd(data, now), inResponseTo: attributeOf(data, 'InResponseTo') };
}

/** The first confirmation that holds; the fault of the first where none does. */
function confirmation(subject: XmlElement, expected: SamlExpectations): ReturnType<typeof confirmed> {
  const bearers = named(subject, 'SubjectConfirmation').filter(
    (one) => attributeOf(one, 'Method') === bearer,
  );
  let first: SamlRefused | undefined;
  for (const one of bearers) {
    try {
      return confirmed(one, expected);
    } catch (error) {
      if (!(error instanceof SamlRefused)) throw error;
      first ??= error;
    }
  }
  throw first ?? new SamlRefused('confirmation', 'no bearer confirmation');
}

const knownConditions = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

/** SAML core section 2.5.1: one that is not understood makes the assertion of no use. */
function conditionsEnd(assertion: XmlElement, { entityId, now }: SamlExpectations): Date {
  const conditions = only(assertion, 'Conditions', 'conditions');
  requireStarted(conditions, 'NotBefore', now);
  const end = requiredEnd(conditions, now);
  for (const { localName, namespaceURI } of childElements(conditions))
    if (namespaceURI !== namespaces.assertion || !knownConditions.has(localName))
      fail('conditions', `the condition ${localName}`);
  const restrictions = named(conditions, 'AudienceRestriction');
  if (restrictions.length === 0) fail('audience', 'no AudienceRestriction');
  for (const restriction of restrictions) {
    const audiences = named(restriction, 'Audience').map(textOf);
    if (!audiences.includes(entityId)) fail('audience', `Audience ${audiences.join(', ').slice(0, 200)}`);
  }
  return end;
}

function nameIdOf(subject: XmlElement): SamlAssertion['nameId'] {
  if (named(subject, 'EncryptedID').length > 0) return fail('name_id', 'an encrypted NameID');
  const [nameId, ...more] = named(subject, 'NameID');
  if (more.length > 0) return fail('name_id', 'several NameIDs');
  if (!nameId) return null;
  const value = textOf(nameId);
  if (value === undefined) return fail('name_id', 'a NameID that is no plain text');
  return { value, format: attributeOf(nameId, 'Format') };
}

function attributesOf(assertion: XmlElement): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, string[]>();
  let count = 0;
  for (const attribute of named(assertion, 'AttributeStatement').flatMap((one) => named(one, 'Attribute'))) {
    const name = attributeOf(attribute, 'Name') ?? '';
    const values = named(attribute, 'AttributeValue').flatMap((value) => textOf(value) ?? []);
    count += values.length;
    if (count > maxValues) return fail('size', `more than ${maxValues} values of attributes`);
    attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
  }
  return attributes;
}

function statementOf(assertion: XmlElement) {
  const [statement] = named(assertion, 'AuthnStatement');
  if (!statement)
    return {
      authnInstant: undefined,
      sessionIndex: undefined,
      sessionEndsAt: undefined,
      authnContext: undefined,
    };
  const contexts = elementsOf(statement).filter(
    ({ localName, namespaceURI }) =>
      localName === 'AuthnContextClassRef' && namespaceURI === namespaces.assertion,
  );
  return {
    authnInstant: instantOf(statement, 'AuthnInstant', 'malformed'),
    sessionIndex: attributeOf(statement, 'SessionIndex')?.slice(0, 512),
    sessionEndsAt: instantOf(statement, 'SessionNotOnOrAfter', 'malformed'),
    authnContext: contexts[0] && textOf(contexts[0])?.trim().slice(0, 512),
  };
}

function requireIssuer(assertion: XmlElement, issuer: string): void {
  const said = textOf(only(assertion, 'Issuer', 'issuer'));
  if (said?.trim() !== issuer) fail('issuer', `Issuer ${String(said).slice(0, 200)}`);
}

/**
 * Judges an assertion by itself: who issued it, for whom, and for when.
 *
 * @param xml - the bytes that the provider signed; nothing else of its answer is read.
 * @throws {@link SamlRefused}.
 */
export function judgeAssertion(xml: string, expected: SamlExpectations): SamlAssertion {
  const assertion = readXml(xml);
  if (assertion.localName !== 'Assertion' || assertion.namespaceURI !== namespaces.assertion)
    fail('structure', 'not an assertion');
  const id = attributeOf(assertion, 'ID') ?? '';
  if (id === '' || attributeOf(assertion, 'Version') !== '2.0')
    fail('structure', 'no id, or another version');
  requireIssuer(assertion, expected.issuer);
  requireStarted(assertion, 'IssueInstant', expected.now);
  const subject = only(assertion, 'Subject', 'name_id');
  const { inResponseTo, until } = confirmation(subject, expected);
  const end = conditionsEnd(assertion, expected);
  return {
    id,
    nameId: nameIdOf(subject),
    attributes: attributesOf(assertion),
    inResponseTo,
    until: new Date(Math.min(until.getTime(), end.getTime()) + skewMs),
    ...statementOf(assertion),
  };
}

const maxSubjectLength = 256;

/** A key is compared exactly, so it has no characters that cannot be seen. */
function isKey(text: string): boolean {
  return (
    text !== '' &&
    text.length <= maxSubjectLength &&
    text.trim() === text &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)
  );
}

/**
 * The key of a person at the connection.
 *
 * @param subjectFrom - `nameId`, or an attribute's name.
 * @throws {@link SamlRefused}.
 */
export function subjectOf({ attributes, nameId }: SamlAssertion, subjectFrom: string): string {
  if (subjectFrom === 'nameId') {
    if (nameId?.format === nameIdFormats.transient) return fail('name_id', 'a transient NameID');
    const value = nameId?.value ?? '';
    return isKey(value) ? value : fail('name_id', 'empty, too long, or with odd characters');
  }
  const values = attributes.get(subjectFrom) ?? [];
  const [value = ''] = values;
  if (values.length !== 1 || !isKey(value))
    return fail('subject', `${values.length} values of ${subjectFrom}`);
  return value;
}
