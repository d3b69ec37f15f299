import { jwtVerify, type JWTVerifyGetKey } from 'jose';

/** What a back-channel logout ends: one session, or everything of one user. */
export type LogoutTarget = { sid: string } | { sub: string };

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Checks a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).
 *
 * @param seen - the token ids met before; the new one is added.
 * @throws Error when the token is not a fresh logout token of this issuer for this client.
 */
export async function verifyLogoutToken(
  token: string,
  keys: JWTVerifyGetKey,
  expected: { issuer: string; clientId: string },
  seen: Set<string>,
): Promise<LogoutTarget> {
  const { payload } = await jwtVerify(token, keys, {
    issuer: expected.issuer,
    audience: expected.clientId,
    typ: 'logout+jwt',
    algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
    requiredClaims: ['iat', 'jti', 'events'],
    maxTokenAge: '5 minutes',
    clockTolerance: 30,
  });
  const { events, jti = '', sid, sub } = payload;
  if (typeof events !== 'object' || events === null || !(logoutEvent in events)) {
    throw new Error('the token names no logout event');
  }
  if ('nonce' in payload) throw new Error('a logout token must have no nonce');
  if (seen.has(jti)) throw new Error('the token was used before');
  seen.add(jti);
  if (typeof sid === 'string') return { sid };
  if (typeof sub === 'string') return { sub };
  throw new Error('the token names neither a session nor a user');
}
