import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import * as client from 'openid-client';
import type { Core } from '../../src/identity/core.js';
import { settingsOf } from '../../src/identity/tenants/settings.js';
import { giveSession, openSession } from '../../src/auth/sessions.js';
import type { ApplicationDocument } from '../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../src/persistence/collections/users.js';
import type { SessionDocument } from '../../src/persistence/collections/access.js';
import { hashToken, newId } from '../../src/shared/ids.js';
import { givenUser, unique } from './people.js';
import { openUserAgent, type UserAgent } from './user-agent.js';

/** Where the made-up applications live; nothing listens there. */
export const callbackUri = 'http://app.example.test/callback';
export const loggedOutUri = 'http://app.example.test/goodbye';

/** Straight into the store: its addresses may be ones that no administrator could save. */
export async function makeApplication(
  core: Core,
  tenant: TenantDocument,
  over: Partial<ApplicationDocument> = {},
): Promise<ApplicationDocument & { secret: string }> {
  const secret = `secret-${newId()}`;
  const key = unique('app');
  const stored = await core.store
    .tenant(tenant._id)
    .collection('applications')
    .insert({
      _id: newId(),
      tenantId: tenant._id,
      key,
      name: `Application ${key}`,
      clientId: key,
      clientSecretHash: hashToken(secret),
      redirectUris: [callbackUri],
      postLogoutRedirectUris: [loggedOutUri],
      backchannelLogoutUri: null,
      enabled: true,
      ...over,
    });
  return { ...stored, secret };
}

export async function makeRole(
  core: Core,
  tenant: TenantDocument,
  application: ApplicationDocument | null,
  key: string,
  permissions: string[],
): Promise<string> {
  const fullKey = application ? `${application.key}:${key}` : key;
  await core.store
    .tenant(tenant._id)
    .collection('roles')
    .insert({
      _id: newId(),
      tenantId: tenant._id,
      fullKey,
      key,
      applicationKey: application?.key ?? null,
      name: key,
      description: '',
      permissions,
    });
  await core.store
    .tenant(tenant._id)
    .collection('tenants')
    .update(tenant._id, (stored) => ({ ...stored }));
  return fullKey;
}

/** An active user without a password, with these fields put on it as they would stand in the store. */
export async function makeUser(
  core: Core,
  tenant: TenantDocument,
  over: Partial<UserDocument> = {},
): Promise<UserDocument> {
  const person = { ...(over.email && { email: over.email }), password: null };
  const user = await givenUser(core, tenant._id, person);
  if (Object.keys(over).length === 0) return user;
  const users = core.store.tenant(tenant._id).collection('users');
  return (await users.update(user._id, (stored) => ({ ...stored, ...over }))) ?? user;
}

/** A manual grant of a role, as it stands in a user. */
export const grantOf = (role: string): UserDocument['grants'][number] => ({
  role,
  type: 'manual',
  detail: 'test',
  sourceId: null,
  since: new Date(0),
  until: null,
});

/** Puts a session of this user into a browser, without the pages. */
export async function signIn(
  core: Core,
  browser: UserAgent,
  user: UserDocument,
  amr: string[] = ['pwd'],
): Promise<SessionDocument> {
  const tenant = await core.store.tenant(user.tenantId).collection('tenants').get(user.tenantId);
  const req = new IncomingMessage(new Socket());
  const cookie = await browser.jar.getCookieString(core.config.baseUrl);
  if (cookie !== '') req.headers.cookie = cookie;
  const res = new ServerResponse(req);
  const judged = await core.store.tenant(user.tenantId).collection('users').get(user._id);
  const { session, token } = await openSession(core, req, {
    user: judged ?? user,
    settings: settingsOf(tenant!),
    proof: { method: 'password', amr, connectionId: null, providerSid: null },
  });
  giveSession(core, res, token);
  for (const one of [res.getHeader('set-cookie') ?? []].flat()) {
    await browser.jar.setCookie(String(one), core.config.baseUrl);
  }
  return session;
}

/** A browser in which this user is signed in. */
export async function browserOf(core: Core, user: UserDocument): Promise<UserAgent> {
  const browser = openUserAgent();
  await signIn(core, browser, user);
  return browser;
}

/** An application as relying party, over openid-client with every check on. */
export interface RelyingParty {
  readonly config: client.Configuration;
  /** An authorization request, with what is needed to finish it. */
  request(parameters?: Record<string, string>): Promise<AuthorizationRequest>;
  /** A whole sign-in of a browser with a session; the tokens. */
  signIn(browser: UserAgent, parameters?: Record<string, string>): Promise<Tokens>;
  /** The token request alone. */
  exchange(callback: URL, request: AuthorizationRequest): Promise<Tokens>;
}

type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;

export interface AuthorizationRequest {
  url: string;
  verifier: string;
  state: string;
  nonce: string;
  maxAge: number | undefined;
}

export const allScopes = 'openid email profile roles offline_access';

export async function relyingParty(
  core: Core,
  application: ApplicationDocument & { secret: string },
): Promise<RelyingParty> {
  const config = await client.discovery(
    new URL(`${core.config.baseUrl}/oidc`),
    application.clientId,
    {
      ...(application.clientSecretHash !== null && { client_secret: application.secret }),
      id_token_signed_response_alg: application.idTokenSignedResponseAlg ?? 'RS256',
    },
    application.clientSecretHash === null ? client.None() : client.ClientSecretBasic(application.secret),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- named so to stand out; the test server speaks plain http.
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
  const request: RelyingParty['request'] = async (parameters = {}) => {
    const [verifier, state, nonce] = [
      client.randomPKCECodeVerifier(),
      client.randomState(),
      client.randomNonce(),
    ];
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callbackUri,
      scope: allScopes,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...parameters,
    });
    const maxAge = parameters['max_age'] === undefined ? undefined : Number(parameters['max_age']);
    return { url: url.href, verifier, state, nonce, maxAge };
  };
  const exchange: RelyingParty['exchange'] = (callback, { verifier, state, nonce, maxAge }) =>
    client.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
      ...(maxAge !== undefined && { maxAge }),
    });
  return {
    config,
    request,
    exchange,
    async signIn(browser, parameters) {
      const begun = await request(parameters);
      const { url, response } = await browser.follow(begun.url, callbackUri);
      if (response) throw new Error(`no redirect to the application but ${response.status} at ${url.href}`);
      return exchange(url, begun);
    },
  };
}

/** A post to one of the provider's endpoints with the application's own secret, without a library in between. */
export function postAs(
  core: Core,
  application: ApplicationDocument & { secret: string },
  path: string,
  form: Record<string, string>,
): Promise<Response> {
  const credentials = Buffer.from(`${application.clientId}:${application.secret}`).toString('base64');
  const isPublic = application.clientSecretHash === null;
  return fetch(`${core.config.baseUrl}/oidc${path}`, {
    method: 'POST',
    headers: isPublic ? {} : { authorization: `Basic ${credentials}` },
    body: new URLSearchParams(isPublic ? { client_id: application.clientId, ...form } : form),
  });
}

/** A refresh; status and body. */
export async function refresh(
  core: Core,
  application: ApplicationDocument & { secret: string },
  refreshToken: string | undefined,
): Promise<{ status: number; body: Record<string, string> }> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' };
  const response = await postAs(core, application, '/token', form);
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** What introspection says of a token. */
export async function introspect(
  core: Core,
  application: ApplicationDocument & { secret: string },
  token: string,
): Promise<Record<string, unknown>> {
  const response = await postAs(core, application, '/token/introspection', { token });
  return (await response.json()) as Record<string, unknown>;
}
