import { answersFor } from '../../identity/sso/by-domain.js';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { systemActor } from '../../identity/actors.js';
import { writeEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import { parseEmail } from '../../identity/email.js';
import {
  connectionAddress,
  findConnectionByAddress,
  revokeUrl,
} from '../../identity/sso/connection-address.js';
import { isSaml } from '../../identity/sso/saml/saml-settings.js';
import { providerOf, type Provider } from '../../identity/sso/relying-party.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Visitor } from '../sessions.js';
import { endSessions, isFirstUse, noticeSeconds, noticeToleranceSeconds } from './provider-notice.js';

/** How a request of a provider to end somebody's sessions ended. */
export type RevocationResult =
  | { kind: 'done' }
  | { kind: 'connection_unknown' }
  | { kind: 'token_missing' }
  | { kind: 'token_refused'; detail: string }
  | { kind: 'body_invalid'; detail: string }
  | { kind: 'subject_unknown' }
  | { kind: 'provider_away' };

/** What was sent; not believed yet. */
export interface RevocationRequest {
  /** What stands for the connection in the address. */
  address: string;
  authorization: string | undefined;
  body: unknown;
}

/** Global Token Revocation section 3: the type keeps an ID token from passing for a revocation. */
const acceptedTypes = new Set(['global-token-revocation+jwt', 'application/global-token-revocation+jwt']);
const maxTokenCharacters = 32_768;
const maxLifeSeconds = 3600;
const maxTextCharacters = 512;

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= maxTextCharacters;

/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1). */
function bearerOf(header: string | undefined): string | undefined {
  const [, token] = /^Bearer +([\w.~+/=-]+) *$/i.exec(header ?? '') ?? [];
  return token !== undefined && token.length <= maxTokenCharacters ? token : undefined;
}

type Verified = { jti: string; issuer: string } | { refused: string };

async function verify(
  core: Core,
  connection: SsoConnectionDocument,
  { metadata, keySet }: Provider,
  token: string,
): Promise<Verified> {
  const { baseUrl } = core.config;
  const { payload } = await jwtVerify(token, keySet, {
    issuer: metadata.issuer,
    audience: [revokeUrl(baseUrl, connectionAddress(connection)), revokeUrl(baseUrl, connection._id)],
    algorithms: metadata.id_token_signing_alg_values_supported ?? ['RS256'],
    requiredClaims: ['iat', 'exp', 'jti'],
    maxTokenAge: noticeSeconds,
    clockTolerance: noticeToleranceSeconds,
  });
  const { exp = 0, iat = 0, jti } = payload;
  if (exp - iat > maxLifeSeconds)
    return { refused: `exp must be at most ${maxLifeSeconds} seconds after iat` };
  if (!isText(jti)) return { refused: `jti must be a text of 1 to ${maxTextCharacters} characters` };
  return { jti, issuer: metadata.issuer };
}

/** Faults of the token itself; the rest is the provider's keys, which could not be read. */
function isTokenFault(error: unknown): error is Error {
  if (!(error instanceof errors.JOSEError)) return false;
  const ofKeys: string[] = ['ERR_JOSE_GENERIC', errors.JWKSInvalid.code, errors.JWKSTimeout.code];
  return !ofKeys.includes(error.code);
}

type Subject = { issuer: string; subject: string } | { email: string };

/** RFC 9493 sections 3.2.1 and 3.2.4. @returns the fault in words where it is no subject. */
function readSubject(body: unknown): Subject | { fault: string } {
  const given: unknown =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['sub_id'] : undefined;
  if (typeof given !== 'object' || given === null)
    return { fault: 'the body must be a JSON object with sub_id' };
  const { format, iss, sub, email } = given as Record<string, unknown>;
  if (format === 'iss_sub')
    return isText(iss) && isText(sub) ? { issuer: iss, subject: sub } : { fault: 'sub_id needs iss and sub' };
  if (format === 'email') return isText(email) ? { email } : { fault: 'sub_id needs email' };
  return { fault: 'the format of sub_id must be iss_sub or email' };
}

/** The issuer may be written with or without its last slash, as in the connection. */
const sameIssuer = (one: string, other: string): boolean =>
  one.replace(/\/$/, '') === other.replace(/\/$/, '');

/**
 * The person a provider names. An address counts for people this connection signs in: those with an identity of it, and those on its
 * verified domains. A provider learns nothing about anybody else.
 */
async function findSubject(
  core: Core,
  connection: SsoConnectionDocument,
  { issuer, named }: { issuer: string; named: Subject },
): Promise<UserDocument | undefined> {
  const scope = core.store.tenant(connection.tenantId);
  const [users, identities] = [scope.collection('users'), scope.collection('identities')];
  if ('subject' in named) {
    if (!sameIssuer(named.issuer, issuer)) return undefined;
    const identity = await identities.findOne({
      connectionId: connection._id,
      issuer,
      subject: named.subject,
    });
    return identity && users.get(identity.userId);
  }
  const email = parseEmail(named.email);
  const user = email && (await users.findOne({ loginKeys: email.key }));
  if (!user || (await answersFor(core, connection, email.domain))) return user;
  return (await identities.findOne({ connectionId: connection._id, userId: user._id })) ? user : undefined;
}

async function endAll(
  core: Core,
  connection: SsoConnectionDocument,
  user: UserDocument,
  visitor: Visitor,
): Promise<void> {
  const found = await core.store
    .tenant(connection.tenantId)
    .collection('sessions')
    .find({ userId: user._id });
  const ended = found.filter(({ connectionId }) => connectionId === connection._id);
  await endSessions(core, connection, ended, visitor);
  const { requestId, ip } = visitor;
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const target = { type: 'user', id: user._id, label: user.email ?? user.userName };
  const changes = [{ path: 'sessions', before: ended.length, after: 0 }];
  await writeEvent(core, actor, { action: 'sso.sessions_revoked', target, changes });
}

/** What the header alone says against a token; undefined: nothing. */
function headerFault(token: string): string | undefined {
  try {
    const typ: unknown = decodeProtectedHeader(token).typ;
    const isRight = typ === undefined || (typeof typ === 'string' && acceptedTypes.has(typ.toLowerCase()));
    return isRight ? undefined : 'the typ must be global-token-revocation+jwt, or absent';
  } catch {
    return 'the bearer token is not a JWT';
  }
}

/** Reads the token; the keys are the connection's provider's alone. */
async function judgeToken(
  core: Core,
  connection: SsoConnectionDocument,
  token: string,
  visitor: Visitor,
): Promise<Verified | 'provider_away'> {
  const refused = headerFault(token);
  if (refused !== undefined) return { refused };
  try {
    return await verify(core, connection, await providerOf(core, connection), token);
  } catch (error) {
    core.log.warn({ err: error, requestId: visitor.requestId }, 'a revocation token was not verified');
    return isTokenFault(error) ? { refused: error.message } : 'provider_away';
  }
}

/**
 * A company's provider ends a person's sessions here (Global Token Revocation): those that came through its connection, with the tokens given
 * under them. The provider proves itself by a JWT of its own for this very address.
 */
export async function acceptRevocation(
  core: Core,
  { address, authorization, body }: RevocationRequest,
  visitor: Visitor,
): Promise<RevocationResult> {
  const connection = await findConnectionByAddress(core, address);
  if (!connection || connection.mode === 'off' || isSaml(connection)) return { kind: 'connection_unknown' };
  const token = bearerOf(authorization);
  if (token === undefined) return { kind: 'token_missing' };
  const verified = await judgeToken(core, connection, token, visitor);
  if (verified === 'provider_away') return { kind: 'provider_away' };
  if ('refused' in verified) return { kind: 'token_refused', detail: verified.refused };
  const named = readSubject(body);
  if ('fault' in named) return { kind: 'body_invalid', detail: named.fault };
  if (!(await isFirstUse(core, 'revocation', verified)))
    return { kind: 'token_refused', detail: 'this jti was used before: sign a new token for each request' };
  const user = await findSubject(core, connection, { issuer: verified.issuer, named });
  if (!user) return { kind: 'subject_unknown' };
  await endAll(core, connection, user, visitor);
  return { kind: 'done' };
}
