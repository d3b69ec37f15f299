import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT, type JWK } from 'jose';
import { z } from 'zod';
import { ServerAway } from './scim-client.js';

/** The ways in which identity providers get access tokens. */
export const oauthWays = ['basic', 'post', 'assertion', 'federation'] as const;

/** What an administrator gives an identity provider to get access tokens with. */
export type OauthCredentials =
  | { way: 'basic'; clientId: string; clientSecret: string }
  | { way: 'post'; clientId: string; clientSecret: string }
  /** `key` is the client's private key. */
  | { way: 'assertion'; clientId: string; key: JWK }
  /** `assertion` is a token that the workload got from its own issuer. */
  | { way: 'federation'; assertion: string };

/** The server gave no access token. */
export class TokenRefused extends Error {}

const metadataSchema = z.object({ issuer: z.string(), token_endpoint: z.url() });
const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number() });
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    throw new ServerAway(url, error);
  }
  const text = await answer.text();
  if (!answer.ok) throw new TokenRefused(`${url} answered ${answer.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

/** A JWT that a client makes of itself (RFC 7523 section 3). */
async function signAssertion(clientId: string, key: JWK, audience: string): Promise<string> {
  const alg = key.alg ?? 'ES256';
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg, ...(key.kid !== undefined && { kid: key.kid }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(await importJWK(key, alg));
}

interface Proof {
  headers?: Record<string, string>;
  form: Record<string, string>;
}

async function proofOf(credentials: OauthCredentials, audience: string): Promise<Proof> {
  if (credentials.way === 'basic') {
    const pair = [credentials.clientId, credentials.clientSecret].map(encodeURIComponent).join(':');
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: {} };
  }
  if (credentials.way === 'post') {
    const { clientId, clientSecret } = credentials;
    return { form: { client_id: clientId, client_secret: clientSecret } };
  }
  const assertion =
    credentials.way === 'assertion'
      ? await signAssertion(credentials.clientId, credentials.key, audience)
      : credentials.assertion;
  return { form: { client_assertion_type: assertionType, client_assertion: assertion } };
}

async function askForToken(
  server: string,
  credentials: OauthCredentials,
): Promise<z.output<typeof tokenSchema>> {
  const described = await ask(`${server}/.well-known/oauth-authorization-server`);
  const { issuer, token_endpoint: endpoint } = metadataSchema.parse(described);
  const { headers = {}, form } = await proofOf(credentials, issuer);
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'scim', ...form });
  return tokenSchema.parse(await ask(endpoint, { method: 'POST', headers, body }));
}

/**
 * Gets an access token of a server, the way an identity provider does: metadata first (RFC 8414), then the token.
 *
 * @param server - its base address.
 * @throws TokenRefused, ServerAway.
 */
export async function fetchAccessToken(server: string, credentials: OauthCredentials): Promise<string> {
  return (await askForToken(server, credentials)).access_token;
}

const renewBeforeMs = 60_000;

/** The same for a provider that stays: one token for many requests, and a new one a minute before its end. */
export function accessTokens(
  server: string,
  credentials: OauthCredentials,
): (isRefused?: boolean) => Promise<string> {
  let held: { token: string; until: number } | undefined;
  return async (isRefused = false) => {
    if (isRefused || held === undefined || performance.now() > held.until) {
      const { access_token: token, expires_in: seconds } = await askForToken(server, credentials);
      held = { token, until: performance.now() + seconds * 1000 - renewBeforeMs };
    }
    return held.token;
  };
}
