import { parseEmail } from '../../identity/email.js';
import type { ProviderName } from '../../persistence/collections/access.js';
import type { SamlAttributeMapping } from '../../persistence/collections/sso-connections.js';
import { nameOf, type ProviderClaims, type ProviderWord } from '../sso/provider-claims.js';
import { subjectOf, type SamlAssertion } from './assertion.js';
import { nameIdFormats } from './names.js';

/** What a judged assertion comes to, as plain JSON. */
export interface SamlWord {
  claims: ProviderClaims;
  groups: string[];
  /** Instants in milliseconds since the epoch; null: not said. */
  authTime: number | null;
  sessionEndsAt: number | null;
  acr: string | null;
  sid: string | null;
  /** Absent in an answer that an older version has kept. */
  nameId?: ProviderName | null;
  /** Every attribute, for a test; bounded. */
  said: Record<string, string[]>;
}

/** What Okta, Entra, Google, OneLogin, Keycloak and Shibboleth call them, where a connection does not say. */
const usualNames: Readonly<Record<keyof SamlAttributeMapping, readonly string[]>> = {
  email: [
    'email',
    'mail',
    'emailAddress',
    'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
    'urn:oid:0.9.2342.19200300.100.1.3',
    'urn:oid:1.2.840.113549.1.9.1',
    'User.email',
  ],
  givenName: [
    'givenName',
    'firstName',
    'given_name',
    'first_name',
    'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname',
    'urn:oid:2.5.4.42',
    'User.FirstName',
  ],
  familyName: [
    'familyName',
    'lastName',
    'surname',
    'sn',
    'family_name',
    'last_name',
    'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname',
    'urn:oid:2.5.4.4',
    'User.LastName',
  ],
  groups: [
    'groups',
    'memberOf',
    'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
    'http://schemas.xmlsoap.org/claims/Group',
  ],
};

const displayNames = ['displayName', 'name', 'http://schemas.microsoft.com/identity/claims/displayname'];

/** More than any provider sends in one answer. */
const maxGroups = 500;

function valuesOf(
  { attributes }: SamlAssertion,
  mapping: SamlAttributeMapping,
  field: keyof SamlAttributeMapping,
): readonly string[] {
  const chosen = mapping[field];
  if (chosen !== null) return attributes.get(chosen) ?? [];
  return usualNames[field].map((name) => attributes.get(name)).find((values) => values !== undefined) ?? [];
}

const addressLike = new Set<string | undefined>([nameIdFormats.email, nameIdFormats.unspecified, undefined]);

/** The mapped attribute; where the connection maps none and the provider sends none, a NameID that is an address. */
function emailOf(assertion: SamlAssertion, mapping: SamlAttributeMapping): string | undefined {
  const [email] = valuesOf(assertion, mapping, 'email');
  if (email !== undefined || mapping.email !== null) return email?.trim();
  const { nameId } = assertion;
  const isAddress =
    nameId !== null && addressLike.has(nameId.format) && parseEmail(nameId.value) !== undefined;
  return isAddress ? nameId.value : undefined;
}

const mostSaid = 100;

function saidOf({ attributes }: SamlAssertion): Record<string, string[]> {
  const cut = (text: string): string => text.slice(0, 200);
  return Object.fromEntries(
    [...attributes].slice(0, mostSaid).map(([name, values]) => [cut(name), values.slice(0, 20).map(cut)]),
  );
}

/**
 * What an assertion says of a person, in the form an OpenID provider's word has.
 *
 * @throws `SamlRefused` when it holds no key of a person.
 */
export function readSamlWord(
  assertion: SamlAssertion,
  { issuer, mapping, subjectFrom }: { issuer: string; mapping: SamlAttributeMapping; subjectFrom: string },
): SamlWord {
  const first = (field: keyof SamlAttributeMapping): unknown => valuesOf(assertion, mapping, field)[0];
  const shown = displayNames
    .map((name) => assertion.attributes.get(name)?.[0])
    .find((name) => name !== undefined);
  return {
    claims: {
      issuer,
      subject: subjectOf(assertion, subjectFrom),
      email: emailOf(assertion, mapping),
      emailVerified: undefined,
      givenName: nameOf(first('givenName')),
      familyName: nameOf(first('familyName')),
      displayName: nameOf(shown),
    },
    groups: [...new Set(valuesOf(assertion, mapping, 'groups'))].slice(0, maxGroups),
    authTime: assertion.authnInstant?.getTime() ?? null,
    sessionEndsAt: assertion.sessionEndsAt?.getTime() ?? null,
    acr: assertion.authnContext ?? null,
    sid: assertion.sessionIndex ?? null,
    nameId: assertion.nameId && { value: assertion.nameId.value, format: assertion.nameId.format ?? null },
    said: saidOf(assertion),
  };
}

/** The word as the steps after it take it; there is no userinfo to ask. */
export function toProviderWord({
  claims,
  groups,
  authTime,
  sessionEndsAt,
  acr,
  sid,
  nameId,
  said,
}: SamlWord): ProviderWord {
  const { issuer, subject, email, emailVerified, givenName, familyName, displayName } = claims;
  const all = { issuer, subject, email, emailVerified, givenName, familyName, displayName };
  return {
    claims: all,
    idToken: {},
    said,
    groups,
    authTime: authTime === null ? undefined : new Date(authTime),
    acr,
    amr: [],
    sid,
    ...(nameId && { name: nameId }),
    sessionEndsAt: sessionEndsAt === null ? null : new Date(sessionEndsAt),
    ask: () => Promise.resolve(all),
  };
}
