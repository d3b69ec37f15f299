import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';
import supertest, { type Response, type Test } from 'supertest';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';
import { unique } from './people.js';

export interface GivenClient {
  directoryId: string;
  clientId: string;
  clientSecret: string;
}

export interface TokenAnswer {
  access_token: string;
  token_type: string;
  expires_in: number;
  scope: string;
  error: string;
  error_description: string;
}

export const tokenOf = (res: Response): TokenAnswer => res.body as TokenAnswer;

/** A directory with an OAuth client. */
export async function givenClient(
  tenant: ApiTenant,
  client: object = {},
  directory: object = {},
): Promise<GivenClient> {
  const made = await tenant.call('post', '/directories').send({ name: unique('Okta'), ...directory });
  if (made.status !== 201) throw new Error(made.text);
  const { id: directoryId } = made.body as { id: string };
  const res = await tenant
    .call('post', `/directories/${directoryId}/clients`)
    .send({ name: 'Okta production', ...client });
  if (res.status !== 201) throw new Error(res.text);
  return { directoryId, ...(res.body as { clientId: string; clientSecret: string }) };
}

/** A token request with these parameters. */
export function askToken(app: TestApp, parameters: Record<string, string>): Test {
  return supertest(app.url)
    .post('/oidc/token')
    .type('form')
    .send({ grant_type: 'client_credentials', ...parameters });
}

/** The same with id and secret in the body. */
export function askBySecret(
  app: TestApp,
  { clientId, clientSecret }: Pick<GivenClient, 'clientId' | 'clientSecret'>,
  parameters: Record<string, string> = {},
): Test {
  return askToken(app, { client_id: clientId, client_secret: clientSecret, ...parameters });
}

/** A live access token. */
export async function givenToken(
  app: TestApp,
  client: GivenClient,
  parameters: Record<string, string> = {},
): Promise<string> {
  const res = await askBySecret(app, client, parameters);
  if (res.status !== 200) throw new Error(res.text);
  return tokenOf(res).access_token;
}

/** One SCIM request with a bearer token. */
export function scimWith(
  app: TestApp,
  token: string,
  method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head',
  path: string,
  body?: object,
): Test {
  const test = supertest(app.url)[method](`/scim/v2${path}`).set('Authorization', `Bearer ${token}`);
  return body ? test.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : test;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A token request with an assertion. */
export function askByAssertion(
  app: TestApp,
  assertion: string,
  parameters: Record<string, string> = {},
): Test {
  return askToken(app, {
    client_assertion_type: assertionType,
    client_assertion: assertion,
    ...parameters,
  });
}

export interface Signer {
  /** The public part. */
  readonly jwk: JWK;
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
}

/** A key pair that signs. */
export async function givenSigner(
  alg: 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA' = 'ES256',
  kid = unique('key'),
): Promise<Signer & { privateJwk: JWK }> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const named = { alg, kid };
  return {
    jwk: { ...(await exportJWK(publicKey)), ...named, use: 'sig' },
    privateJwk: { ...(await exportJWK(privateKey)), ...named },
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ ...named, ...header }).sign(privateKey),
  };
}

/** Publishes keys on loopback, as a key set and as an OpenID issuer. */
export async function startKeyServer(): Promise<{
  url: string;
  keys: JWK[];
  isDown: boolean;
  hits: number;
  stop(): Promise<void>;
}> {
  const state = { url: '', keys: [] as JWK[], isDown: false, hits: 0 };
  const server = createServer((req, res) => {
    state.hits += 1;
    const isDiscovery = req.url === '/.well-known/openid-configuration';
    const body = isDiscovery ? { issuer: state.url, jwks_uri: `${state.url}/keys` } : { keys: state.keys };
    res.writeHead(state.isDown ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
