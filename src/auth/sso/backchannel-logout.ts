import { decodeJwt, decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import type { Core } from '../../identity/core.js';
import { providerOf } from '../../identity/sso/relying-party.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import type { Visitor } from '../sessions.js';
import { endSessions, isFirstUse, noticeSeconds, noticeToleranceSeconds } from './provider-notice.js';

/** The event that makes a token a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

interface LogoutClaims {
  issuer: string;
  jti: string;
  subject: string | undefined;
  sid: string | undefined;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 512 ? value : undefined;

/** Section 2.6, after the signature: an ID token has no `events`, and a `nonce` is forbidden so that none passes for a logout token. */
function logoutClaims(payload: JWTPayload): LogoutClaims | undefined {
  const events = payload['events'];
  const isLogout =
    typeof events === 'object' &&
    events !== null &&
    logoutEvent in events &&
    typeof (events as Record<string, unknown>)[logoutEvent] === 'object';
  const [jti, subject, sid] = [text(payload.jti), text(payload.sub), text(payload['sid'])];
  if (!isLogout || payload['nonce'] !== undefined || jti === undefined || payload.iss === undefined)
    return undefined;
  if (subject === undefined && sid === undefined) return undefined;
  return { issuer: payload.iss, jti, subject, sid };
}

/** The type is recommended, and not demanded: many providers send none, or say what every token is (sections 2.4 and 4.1). */
const acceptedTypes = new Set([undefined, 'jwt', 'logout+jwt', 'application/logout+jwt']);

async function verify(
  core: Core,
  connection: SsoConnectionDocument,
  token: string,
): Promise<LogoutClaims | undefined> {
  if (!acceptedTypes.has(decodeProtectedHeader(token).typ?.toLowerCase())) return undefined;
  const { metadata, keySet } = await providerOf(core, connection);
  const { payload } = await jwtVerify(token, keySet, {
    issuer: metadata.issuer,
    audience: connection.clientId,
    algorithms: metadata.id_token_signing_alg_values_supported ?? ['RS256'],
    requiredClaims: ['iat', 'jti'],
    maxTokenAge: noticeSeconds,
    clockTolerance: noticeToleranceSeconds,
  });
  return logoutClaims(payload);
}

async function sessionsOf(
  core: Core,
  connection: SsoConnectionDocument,
  { issuer, sid, subject }: LogoutClaims,
): Promise<SessionDocument[]> {
  const scope = core.store.tenant(connection.tenantId);
  const sessions = scope.collection('sessions');
  if (subject === undefined) {
    const found = await sessions.find({ providerSid: sid });
    return found.filter(({ connectionId }) => connectionId === connection._id);
  }
  const identity = await scope
    .collection('identities')
    .findOne({ connectionId: connection._id, issuer, subject });
  if (!identity) return [];
  const found = await sessions.find({ userId: identity.userId });
  return found.filter(
    ({ connectionId, providerSid }) =>
      connectionId === connection._id && (sid === undefined || providerSid === null || providerSid === sid),
  );
}

interface Addressed {
  issuers: string[];
  audiences: string[];
}

/** Whom the token says it is from and for, in the spellings a connection may name them by; not believed yet. */
function addressOf(token: string): Addressed | undefined {
  const { iss, aud } = decodeJwt(token);
  const audiences = [aud]
    .flat()
    .filter((value) => typeof value === 'string')
    .filter((value) => value !== '')
    .slice(0, maxAudiences);
  if (typeof iss !== 'string' || audiences.length === 0) return undefined;
  return { issuers: [...new Set([iss, iss.replace(/\/$/, ''), `${iss}/`])], audiences };
}

const maxAudiences = 5;

const liveModes = { $in: ['optional', 'required'] };

/**
 * Verifies the token by one connection of each spelling: what verifies it, issuer and client id, is the same for all of them, so that
 * it takes as long however many connections there are. One that cannot verify it is passed over: a tenant cannot silence another's provider.
 *
 * @returns the claims, and the spellings of the issuer by which they were verified.
 */
async function verifiedBy(
  core: Core,
  token: string,
  { issuers, audiences }: Addressed,
  visitor: Visitor,
): Promise<{ claims: LogoutClaims; pairs: { issuer: string; clientId: string }[] } | undefined> {
  const connections = core.store.server.collection('sso_connections');
  const pairs: { issuer: string; clientId: string }[] = [];
  let claims: LogoutClaims | undefined;
  for (const issuer of issuers) {
    for (const clientId of audiences) {
      const connection = await connections.findOne({ issuer, clientId, mode: liveModes });
      if (!connection) continue;
      try {
        const verified = await verify(core, connection, token);
        if (verified) pairs.push({ issuer, clientId });
        claims ??= verified;
      } catch (error) {
        core.log.warn({ err: error, requestId: visitor.requestId }, 'a logout token was not verified');
      }
    }
  }
  return claims && { claims, pairs };
}

/**
 * A company's provider says that a person signed out there (OpenID Connect Back-Channel Logout 1.0): the sessions that came through it end.
 *
 * @param token - the form's `logout_token`, whatever was sent.
 * @returns whether it was a valid logout token; also true when it ended nothing.
 */
export async function acceptLogoutToken(core: Core, token: unknown, visitor: Visitor): Promise<boolean> {
  if (typeof token !== 'string' || token.length > 32_768) return false;
  let addressed: Addressed | undefined;
  try {
    addressed = addressOf(token);
  } catch {
    return false;
  }
  const verified = addressed && (await verifiedBy(core, token, addressed, visitor));
  if (!verified || !(await isFirstUse(core, 'logout-token', verified.claims))) return false;
  for (const pair of verified.pairs) {
    const told = core.store.server.collection('sso_connections').iterate({ ...pair, mode: liveModes });
    for await (const connection of told) {
      await endSessions(core, connection, await sessionsOf(core, connection, verified.claims), visitor);
    }
  }
  return true;
}
