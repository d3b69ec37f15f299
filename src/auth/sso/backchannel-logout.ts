import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify, type JWTPayload } from 'jose';
import type { Configuration } from 'openid-client';
import { systemActor } from '../../identity/actors.js';
import { recordEvent } from '../../identity/audit.js';
import type { Core } from '../../identity/core.js';
import { wakeJobs } from '../../identity/jobs.js';
import { sessionEnded } from '../../identity/session-end.js';
import type { SsoConnectionDocument } from '../../persistence/collections/tenants.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import type { Visitor } from '../sessions.js';
import { providerFetch, providerOf } from './relying-party.js';

/** The event that makes a token a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const maxAgeSeconds = 600;
const toleranceSeconds = 60;

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

type KeySet = ReturnType<typeof createRemoteJWKSet>;
/** A provider's keys as long as what it says about itself: tokens from anybody do not make us ask it each time. */
const keySets = new WeakMap<Configuration, KeySet>();

function keysOf(core: Core, config: Configuration): KeySet {
  const known = keySets.get(config);
  if (known) return known;
  const { jwks_uri: uri } = config.serverMetadata();
  if (uri === undefined) throw new Error('the provider publishes no keys');
  const fetch = providerFetch(core);
  const keys = createRemoteJWKSet(new URL(uri), { [customFetch]: (url, options) => fetch(url, options) });
  keySets.set(config, keys);
  return keys;
}

async function verify(
  core: Core,
  connection: SsoConnectionDocument,
  token: string,
): Promise<LogoutClaims | undefined> {
  const config = await providerOf(core, connection);
  const metadata = config.serverMetadata();
  const { payload } = await jwtVerify(token, keysOf(core, config), {
    issuer: metadata.issuer,
    audience: connection.clientId,
    algorithms: metadata.id_token_signing_alg_values_supported ?? ['RS256'],
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'jti'],
    maxTokenAge: maxAgeSeconds,
    clockTolerance: toleranceSeconds,
  });
  return logoutClaims(payload);
}

async function isFirstUse(core: Core, { issuer, jti }: LogoutClaims): Promise<boolean> {
  const end = new Date(core.clock.now().getTime() + (maxAgeSeconds + toleranceSeconds) * 1000);
  const { count } = await core.store.increment(
    `logout-token:${core.secretBox.sign('logout-token', `${issuer} ${jti}`)}`,
    1,
    end,
  );
  return count === 1;
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

async function endSessions(
  core: Core,
  connection: SsoConnectionDocument,
  sessions: readonly SessionDocument[],
  { requestId, ip }: Visitor,
): Promise<void> {
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const now = core.clock.now();
  for (const session of sessions) {
    await core.store.transaction(function* (tx) {
      const scope = tx.tenant(session.tenantId);
      if (!(yield* scope.collection('sessions').remove(session._id))) return;
      const user = yield* scope.collection('users').get(session.userId);
      const target = { type: 'user', id: session.userId, label: user?.email ?? user?.userName ?? '' };
      yield* sessionEnded(tx, session, now);
      yield* recordEvent(tx, actor, { action: 'logout', target }, now);
    });
  }
  wakeJobs(core);
}

/** Connections the token may be for; it is believed only after one of them has verified it. */
async function candidates(core: Core, token: string): Promise<SsoConnectionDocument[]> {
  const { iss, aud } = decodeJwt(token);
  const audiences = [aud].flat().filter((value) => typeof value === 'string');
  if (typeof iss !== 'string' || audiences.length === 0) return [];
  const found = await core.store.server
    .collection('sso_connections')
    .find(
      { issuer: { $in: [iss, iss.replace(/\/$/, ''), `${iss}/`] }, clientId: { $in: audiences } },
      { limit: 20 },
    );
  return found.filter(({ mode }) => mode !== 'off');
}

/**
 * A company's provider says that a person signed out there (OpenID Connect Back-Channel Logout 1.0): the sessions that came through it end.
 *
 * @param token - the form's `logout_token`, whatever was sent.
 * @returns whether it was a valid logout token; also true when it ended nothing.
 */
export async function acceptLogoutToken(core: Core, token: unknown, visitor: Visitor): Promise<boolean> {
  if (typeof token !== 'string' || token.length > 32_768) return false;
  try {
    let claims: LogoutClaims | undefined;
    const verified: SsoConnectionDocument[] = [];
    for (const connection of await candidates(core, token)) {
      claims = await verify(core, connection, token);
      if (claims) verified.push(connection);
    }
    if (!claims || !(await isFirstUse(core, claims))) return false;
    for (const connection of verified) {
      await endSessions(core, connection, await sessionsOf(core, connection, claims), visitor);
    }
    return true;
  } catch (error) {
    core.log.warn({ err: error, requestId: visitor.requestId }, 'a logout token was refused');
    return false;
  }
}
