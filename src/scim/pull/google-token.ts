import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ServiceAccount } from '../../identity/directories/google-source.js';
import type { Clock } from '../../shared/clock.js';

/** All that a pull reads. */
const scopes = ['user', 'group', 'group.member'].map(
  (what) => `https://www.googleapis.com/auth/admin.directory.${what}.readonly`,
);

const assertionSeconds = 3600;

/**
 * The body of a request for an access token (RFC 7523 section 2.1): the service account speaks in the name of an administrator.
 *
 * @param audience - the token endpoint.
 */
export async function tokenRequest(
  { clientEmail, keyId, privateKey }: ServiceAccount,
  { administrator, audience, clock }: { administrator: string; audience: string; clock: Clock },
): Promise<URLSearchParams> {
  const issuedAt = Math.floor(clock.now().getTime() / 1000);
  const assertion = await new SignJWT({ scope: scopes.join(' ') })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(keyId !== null && { kid: keyId }) })
    .setIssuer(clientEmail)
    .setSubject(administrator)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + assertionSeconds)
    .sign(createPrivateKey(privateKey));
  return new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
}
