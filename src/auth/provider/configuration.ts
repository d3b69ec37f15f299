import type { Client, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { isPrivateUse } from '../../identity/web-address.js';
import { createGuardedFetch } from '../../infrastructure/guarded-fetch.js';
import { findAccountAccess, claimsFor } from './account-access.js';
import { accountFinder, applicationOf, loadGrant } from './accounts.js';
import { asksForGroups, claimsByScope, supportedScopes } from './claims.js';
import { clientAdapter, ownClientMetadata } from './clients.js';
import { groupNamesOf } from './group-names.js';
import { knownLiveSession } from './live-session.js';
import { logoutPage, loggedOutPage, renderError } from './pages.js';
import { payloadAdapter } from './payload-adapter.js';
import { beginInteraction } from './interactions.js';
import { signInPolicy } from './policy.js';
import { requestRules } from './request-rules.js';
import { defaultResource, resourceServerOf, signedTokenClaims, signedTokenSeconds } from './resources.js';
import type { KeySet } from './signing-keys.js';

/** Life spans in seconds. Everything but the code also ends with the browser session, however long it says it lives. */
const lifetimes = {
  accessToken: 600,
  authorizationCode: 60,
  idToken: 3600,
  interaction: 1800,
  refreshToken: 14 * 24 * 3600,
  /** Of what has no end of its own because the tenant sets no absolute session time. */
  unlimited: 365 * 24 * 3600,
} as const;

/** Up to the absolute end of the browser's session: what hangs on it need not live longer. */
function untilSessionEnd(core: Core, ctx: KoaContextWithOIDC): number {
  const end = knownLiveSession(ctx.req)?.session.absoluteExpiresAt;
  if (!end) return lifetimes.unlimited;
  return Math.max(1, Math.ceil((end.getTime() - core.clock.now().getTime()) / 1000));
}

/**
 * Whether a caller may introspect a token: the application it was issued to, while its user's session lives. The answer holds the claims
 * as they are now.
 */
async function introspect(core: Core, client: Client, token: IntrospectedToken): Promise<boolean> {
  if (token.clientId !== client.clientId || !token.accountId || !token.sid) return false;
  const application = applicationOf(client);
  const access = await findAccountAccess(core, application, {
    userId: token.accountId,
    sessionId: token.sid,
    use: 'continue',
  });
  if (!access?.isAllowed) return false;
  const { scope = '' } = token;
  const groups = asksForGroups(scope) ? await groupNamesOf(core, access.user) : undefined;
  const claims = claimsFor(core, application.key, access, groups);
  const scopes = scope.split(' ');
  const names = Object.entries(claimsByScope).flatMap(([name, list]) =>
    scopes.includes(name) ? (list ?? []) : [],
  );
  token.extra = Object.fromEntries(names.map((name) => [name, claims[name]]));
  return true;
}

interface IntrospectedToken {
  clientId?: string | undefined;
  accountId?: string | undefined;
  sid?: string | undefined;
  scope?: string | undefined;
  extra?: Record<string, unknown> | undefined;
}

/** Scripts of an application's own pages may call the endpoints it uses from the browser. */
function isOwnOrigin(ctx: KoaContextWithOIDC, origin: string, client: Client): boolean {
  const isBrowserEndpoint = ctx.oidc.route === 'userinfo' || client.clientAuthMethod === 'none';
  return (
    isBrowserEndpoint &&
    // What has a scheme of its own has the origin "null", as any sandboxed page has.
    (client.redirectUris ?? []).some((uri) => !isPrivateUse(uri) && new URL(uri).origin === origin)
  );
}

type ResourceIndicators = NonNullable<Configuration['features']>['resourceIndicators'];

function features(core: Core): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => introspect(core, client, token),
    },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: defaultResource as NonNullable<ResourceIndicators>['defaultResource'],
      getResourceServerInfo: (_ctx, resource, client) => resourceServerOf(resource, client),
      useGrantedResource: () => false,
    },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx) => logoutPage(core, ctx),
      postLogoutSuccessSource: (ctx) => loggedOutPage(core, ctx),
    },
    userinfo: { enabled: true },
  };
}

function ttl(core: Core): Configuration['ttl'] {
  return {
    AccessToken: (_ctx, token) => (token.resourceServer ? signedTokenSeconds : lifetimes.accessToken),
    ClientCredentials: signedTokenSeconds,
    AuthorizationCode: lifetimes.authorizationCode,
    Grant: (ctx) => untilSessionEnd(core, ctx),
    IdToken: lifetimes.idToken,
    Interaction: lifetimes.interaction,
    RefreshToken: (ctx) =>
      Math.min(lifetimes.refreshToken, ctx.oidc.entities.Grant?.remainingTTL ?? Infinity),
    Session: (ctx) => untilSessionEnd(core, ctx),
  };
}

function cookies(core: Core): Configuration['cookies'] {
  const isSecure = core.config.baseUrl.startsWith('https:');
  const short = { signed: true, httpOnly: true, sameSite: 'lax', secure: isSecure } as const;
  return {
    names: {
      session: `${isSecure ? '__Host-' : ''}gh_op_session`,
      interaction: `${isSecure ? '__Secure-' : ''}gh_op_interaction`,
      resume: `${isSecure ? '__Secure-' : ''}gh_op_resume`,
    },
    keys: core.secretBox.deriveAll('oidc-cookies').map((key) => key.toString('base64url')),
    long: short,
    short,
  };
}

/** The whole configuration of the OpenID provider: the code flow with PKCE, opaque tokens checked live; signed ones for registered APIs. */
export function providerConfiguration(core: Core, keySet: KeySet): Configuration {
  return {
    adapter: (model) => (model === 'Client' ? clientAdapter(core) : payloadAdapter(core, model)),
    jwks: { keys: [...keySet.keys] },
    claims: claimsByScope,
    scopes: [...supportedScopes],
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'RS256',
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    extraClientMetadata: { properties: [...ownClientMetadata] },
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: (_ctx, client) => client['require_pkce'] !== false },
    extraParams: requestRules(core),
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, _client, source) => source.scopes.has('offline_access'),
    // The browser session (the token's `sid`) is what ends tokens, not the library's own session.
    expiresWithSession: () => false,
    extraTokenClaims: (ctx, token) => signedTokenClaims(core, ctx, token),
    findAccount: accountFinder(core),
    loadExistingGrant: (ctx) => loadGrant(core, ctx),
    interactions: { policy: signInPolicy(core), url: beginInteraction },
    clientBasedCORS: isOwnOrigin,
    renderError: (ctx, out) => renderError(core, ctx, out),
    features: features(core),
    ttl: ttl(core),
    cookies: cookies(core),
    fetch: createGuardedFetch({ allowPrivate: core.config.allowPrivateIssuers }) as NonNullable<
      Configuration['fetch']
    >,
    routes: {
      authorization: '/auth',
      end_session: '/session/end',
      introspection: '/token/introspection',
      jwks: '/jwks',
      pushed_authorization_request: '/request',
      revocation: '/token/revocation',
      token: '/token',
      userinfo: '/userinfo',
    },
  };
}
