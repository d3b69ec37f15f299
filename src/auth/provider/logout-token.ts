import { importJWK, SignJWT } from 'jose';
import type { LogoutSubject } from '../../identity/applications/logout-notices.js';
import type { Core } from '../../identity/core.js';
import type { SigningAlgorithm } from '../../persistence/collections/applications.js';
import { newId } from '../../shared/ids.js';
import { keySetOf } from './provider.js';

const eventName = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4): signed like the application's ID tokens, good for two minutes, with both `sub`
 * and `sid` and, as the specification demands, without `nonce`.
 */
export async function signLogoutToken(
  core: Core,
  subject: LogoutSubject,
  algorithm: SigningAlgorithm,
): Promise<string> {
  const { keys } = await keySetOf(core);
  const key = keys.find(({ alg }) => alg === algorithm);
  if (!key) throw new Error(`there is no ${algorithm} signing key`);
  const now = Math.floor(core.clock.now().getTime() / 1000);
  return new SignJWT({ sid: subject.sessionId, events: { [eventName]: {} } })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'logout+jwt' })
    .setIssuer(`${core.config.baseUrl}/oidc`)
    .setAudience(subject.clientId)
    .setSubject(subject.userId)
    .setJti(newId())
    .setIssuedAt(now)
    .setExpirationTime(now + 120)
    .sign(await importJWK(key, key.alg));
}
