import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';
import { z } from 'zod';

/** How the sample application is registered with Gatehouse. */
export interface SampleRegistration {
  /** Gatehouse's issuer, e.g. `http://localhost:3000/oidc`. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Where the application itself answers. */
  url: string;
}

/** What the ID token says about the person, as far as the application shows it. */
export interface SampleClaims {
  sub: string;
  sid: string | null;
  name: string;
  email: string;
  /** The short name of the customer. */
  tenant: string;
  tenantName: string;
  roles: string[];
  permissions: string[];
}

export interface SampleTokens {
  claims: SampleClaims;
  idToken: string;
  refreshToken: string | undefined;
}

/** What must be remembered between leaving for the provider and coming back. */
export interface PendingSignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** What a sign-in may ask for beyond the person. */
export interface SignInWish {
  /** The customer it must be for, by slug or id; absent: the address or the person decides. */
  organization?: string | undefined;
  /** `select_account` offers another account, and with it another customer. */
  prompt?: string | undefined;
}

/** The application's side of OpenID Connect: code flow with PKCE, and nothing else. */
export interface SampleClient {
  begin(wish?: SignInWish): Promise<{ redirectTo: string; pending: PendingSignIn }>;
  finish(callbackUrl: URL, pending: PendingSignIn): Promise<SampleTokens>;
  refresh(tokens: SampleTokens): Promise<SampleTokens>;
  signOutUrl(tokens: SampleTokens): Promise<string>;
  logoutKeys(): Promise<JWTVerifyGetKey>;
}

const scope = 'openid email profile roles offline_access';

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

const tenantSchema = z.object({ slug: z.string(), name: z.string() }).catch({ slug: '', name: '' });

function readClaims(claims: oidc.IDToken): SampleClaims {
  const tenant = tenantSchema.parse(claims['tenant']);
  return {
    sub: claims.sub,
    sid: typeof claims['sid'] === 'string' ? claims['sid'] : null,
    name: text(claims['name']),
    email: text(claims['email']),
    tenant: tenant.slug,
    tenantName: tenant.name,
    roles: texts(claims['roles']),
    permissions: texts(claims['permissions']),
  };
}

function readTokens(
  answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  before?: SampleTokens,
): SampleTokens {
  const claims = answer.claims();
  if (claims === undefined || answer.id_token === undefined) throw new Error('the answer has no ID token');
  return {
    claims: readClaims(claims),
    idToken: answer.id_token,
    refreshToken: answer.refresh_token ?? before?.refreshToken,
  };
}

function discover(registration: SampleRegistration): Promise<oidc.Configuration> {
  const issuer = new URL(registration.issuer);
  const checks = [oidc.enableNonRepudiationChecks];
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated only to stand out; a demo on loopback has no TLS
  const plain = oidc.allowInsecureRequests;
  return oidc.discovery(
    issuer,
    registration.clientId,
    { client_secret: registration.clientSecret },
    oidc.ClientSecretBasic(registration.clientSecret),
    { execute: issuer.protocol === 'http:' ? [...checks, plain] : checks, timeout: 10 },
  );
}

/** Looks the provider up at the first use, and again after a failure: the application may start before it. */
function lazily(registration: SampleRegistration): () => Promise<oidc.Configuration> {
  let known: Promise<oidc.Configuration> | undefined;
  return async () => {
    known ??= discover(registration);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
}

async function beginSignIn(
  configuration: oidc.Configuration,
  redirectUri: string,
  { organization, prompt }: SignInWish,
): Promise<{ redirectTo: string; pending: PendingSignIn }> {
  const pending = {
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
    codeVerifier: oidc.randomPKCECodeVerifier(),
  };
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
    ...(organization !== undefined && { organization }),
    ...(prompt !== undefined && { prompt }),
  });
  return { redirectTo: url.href, pending };
}

/** The application's side of OpenID Connect. */
export function sampleClient(registration: SampleRegistration): SampleClient {
  const configuration = lazily(registration);
  return {
    begin: async (wish = {}) => beginSignIn(await configuration(), `${registration.url}/cb`, wish),
    async finish(callbackUrl, pending) {
      const answer = await oidc.authorizationCodeGrant(await configuration(), callbackUrl, {
        pkceCodeVerifier: pending.codeVerifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      return readTokens(answer);
    },
    async refresh(tokens) {
      if (tokens.refreshToken === undefined) throw new Error('the provider gave no refresh token');
      return readTokens(await oidc.refreshTokenGrant(await configuration(), tokens.refreshToken), tokens);
    },
    async signOutUrl(tokens) {
      return oidc.buildEndSessionUrl(await configuration(), {
        id_token_hint: tokens.idToken,
        post_logout_redirect_uri: `${registration.url}/`,
      }).href;
    },
    async logoutKeys() {
      const uri = (await configuration()).serverMetadata().jwks_uri;
      if (uri === undefined) throw new Error('the provider publishes no keys');
      return createRemoteJWKSet(new URL(uri));
    },
  };
}
