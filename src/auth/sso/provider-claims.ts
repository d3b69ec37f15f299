import * as client from 'openid-client';
import type { ProviderName } from '../../persistence/collections/access.js';
import { inputLimits } from '../../identity/users/input-limits.js';
import { saysNothing } from '../../identity/sso/provider-fetch.js';
import { ImplausibleClaims, StaleSignIn } from './provider-errors.js';
import { inStage } from './provider-fault.js';

/** What a provider says about a person, after its ID token was verified. */
export interface ProviderClaims {
  issuer: string;
  subject: string;
  email: string | undefined;
  /** undefined: it does not say. */
  emailVerified: boolean | undefined;
  givenName: string | undefined;
  familyName: string | undefined;
  displayName: string | undefined;
}

/** A verified sign-in at a provider. */
export interface ProviderWord {
  /** From the ID token alone. */
  claims: ProviderClaims;
  /** Every claim of the ID token, for rules about single ones. */
  idToken: Readonly<Record<string, unknown>>;
  /** All that it said, for a test. */
  said: Readonly<Record<string, unknown>>;
  /** Names of groups it says they are in. */
  groups: readonly string[];
  /** When the person proved who they are there; undefined: it does not say. */
  authTime: Date | undefined;
  /** The authentication context it claims; null: none. */
  acr: string | null;
  /** How the person proved who they are there (RFC 8176); empty: it does not say. */
  amr: readonly string[];
  /** Its session, for its back-channel logout. */
  sid: string | null;
  /** How it names the person in its session, for single logout; absent: it has none. */
  name?: ProviderName;
  /** When its session ends, and with it what hangs on it here; null: it does not say. */
  sessionEndsAt: Date | null;
  /**
   * The claims with what userinfo adds: many providers put address and names there alone.
   *
   * @throws `ProviderFault` when userinfo is wrong, away, or speaks of somebody else.
   */
  ask(): Promise<ProviderClaims>;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 2 * inputLimits.name) : undefined;

/** Cut and cleaned, since nobody could mend it at the sign-in; not in the middle of a character. */
export function nameOf(value: unknown): string | undefined {
  const cleaned = text(text(value)?.replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, ' '));
  return cleaned
    ?.slice(0, inputLimits.name)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
}

/** Only what says no is a no: providers write `true` in many ways. */
function verifiedFlag(value: unknown): boolean | undefined {
  if (saysNothing(value) || value === '') return undefined;
  const isNo = ['false', '0', 'no'].includes(String(value).trim().toLowerCase());
  return !isNo;
}

const maxGroups = 500;

/** The claim `groups` as Okta, Entra, Keycloak and others fill it: a list of names, or one. */
function groupsOf(value: unknown): string[] {
  return [value]
    .flat()
    .filter((name) => typeof name === 'string')
    .slice(0, maxGroups);
}

const maxMethods = 10;

/** The claim `amr`: short words of its own or of RFC 8176, each once. */
function methodsOf(value: unknown): string[] {
  const words = [value].flat().filter((one): one is string => typeof one === 'string');
  return [...new Set(words.filter((word) => /^[\w.:/-]{1,60}$/.test(word)))].slice(0, maxMethods);
}

const toleranceSeconds = 60;

/** The library checks `exp` and `nbf` and lets an `iat` of the future pass; by the machine's clock, as the others are. */
function refuseFromTheFuture(iat: unknown): void {
  if (typeof iat !== 'number' || iat > Date.now() / 1000 + toleranceSeconds) {
    throw new ImplausibleClaims('the ID token was issued in the future');
  }
}

/** OpenID Connect Core section 2: at most 255 characters; an empty one would be everybody's. */
const maxSubjectLength = 255;

function requireSubject(subject: unknown): string {
  if (typeof subject === 'string' && subject.trim() !== '' && subject.length <= maxSubjectLength)
    return subject;
  throw new ImplausibleClaims('the subject of the ID token is empty or too long');
}

function claimsOf(issuer: string, subject: string, all: Record<string, unknown>): ProviderClaims {
  return {
    issuer,
    subject,
    email: text(all['email']),
    emailVerified: verifiedFlag(all['email_verified']),
    givenName: nameOf(all['given_name']),
    familyName: nameOf(all['family_name']),
    displayName: nameOf(all['name']),
  };
}

/** The last second of the year 9999: what is later is no limit. */
const latestSeconds = 253_402_300_799;

/** The claim `session_expiry` (OpenID Connect Enterprise Extensions), a NumericDate. A limit that cannot be read is no sign-in. */
function sessionEndOf(value: unknown): Date | null {
  if (saysNothing(value)) return null;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new ImplausibleClaims('the claim session_expiry of the ID token is not a number of seconds');
  return value > latestSeconds ? null : new Date(Math.max(0, value) * 1000);
}

const isTold = ([, value]: [string, unknown]): boolean => !saysNothing(value) && value !== '';
const told = (claims: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claims).filter(isTold));

/**
 * What a verified ID token says.
 *
 * @throws {@link ImplausibleClaims}.
 */
export function readProviderWord(
  config: client.Configuration,
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): ProviderWord {
  const idToken = tokens.claims();
  if (!idToken) throw new ImplausibleClaims('the provider sent no ID token');
  refuseFromTheFuture(idToken.iat);
  const subject = requireSubject(idToken.sub);
  const own = told(idToken);
  const { auth_time: authTime } = idToken;
  let asked: Promise<ProviderClaims> | undefined;
  const askUserinfo = async (): Promise<ProviderClaims> => {
    if (config.serverMetadata().userinfo_endpoint === undefined) return claimsOf(idToken.iss, subject, own);
    const more = await inStage('userinfo', () => client.fetchUserInfo(config, tokens.access_token, subject));
    return claimsOf(idToken.iss, subject, { ...told(more), ...own });
  };
  return {
    claims: claimsOf(idToken.iss, subject, own),
    idToken: own,
    said: own,
    groups: groupsOf(own['groups']),
    authTime: typeof authTime === 'number' ? new Date(authTime * 1000) : undefined,
    acr: text(idToken['acr']) ?? null,
    amr: methodsOf(idToken['amr']),
    sid: text(idToken['sid']) ?? null,
    sessionEndsAt: sessionEndOf(idToken['session_expiry']),
    ask: () => (asked ??= askUserinfo()),
  };
}

/** How far the clocks of two machines may be apart. */
const freshToleranceMs = 30_000;

/**
 * What an application asks of the freshness holds for the company's sign-in as well.
 *
 * @param demand - `freshFrom`: the earliest moment that does, null: any; `isTimed`: the provider was asked to say when it was.
 * @throws {@link StaleSignIn}.
 */
export function requireFresh(
  { authTime }: ProviderWord,
  { freshFrom, isTimed }: { freshFrom: number | null; isTimed: boolean },
): void {
  if (freshFrom === null) return;
  if (authTime === undefined ? isTimed : authTime.getTime() < freshFrom - freshToleranceMs) {
    throw new StaleSignIn('the provider did not sign the person in again');
  }
}
