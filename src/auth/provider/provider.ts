import type { RequestHandler, Router } from 'express';
import { Router as createRouter, urlencoded } from 'express';
import type { Provider as ProviderClass } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { Provider } from '../../infrastructure/oidc-provider-library.js';
import { requireStartsLeft } from '../start-limit.js';
import { directoryTokenEndpoint } from '../directory-clients/token-endpoint.js';
import { encodePlainCredentials } from './basic-credentials.js';
import { noteArrival } from './consumption.js';
import { mayRedirectTo, secretMatches } from './clients.js';
import { providerConfiguration } from './configuration.js';
import { pinHost } from './host-pinning.js';
import { interactionRoutes, keepOwnFields } from './interactions.js';
import { subordinateSessions } from './live-session.js';
import { askForMetadata, followUp, passUnknown } from './follow-up.js';
import { tellConfiguredClaims } from './own-claims.js';
import { readRequests } from './request-rules.js';
import { loadKeySet, type KeySet } from './signing-keys.js';
import { service } from '../../shared/services.js';

/** How long another process's rotation of the keys may go unnoticed. */
const keysCheckedForMs = 5_000;

/** The OpenID provider as `app.ts` mounts it, before all body parsers. */
export interface OpenIdProvider {
  /** At the root: `/oidc`, the interactions below it, and the addresses of the metadata (RFC 8414 section 3.1). */
  readonly routes: Router;
  /** Loads or makes the signing keys; without it that happens at the first request. */
  prepare(): Promise<void>;
}

interface Current {
  provider: ProviderClass;
  callback: ReturnType<ProviderClass['callback']>;
  keySet: KeySet;
  checkedAt: number;
}

function createProvider(core: Core, keySet: KeySet): ProviderClass {
  const provider = new Provider(`${core.config.baseUrl}/oidc`, providerConfiguration(core, keySet));
  // Safe behind pinHost: the headers it trusts have been replaced.
  provider.proxy = true;
  provider.Client.prototype.compareClientSecret = function compareClientSecret(presented: string) {
    return secretMatches(this, presented, core.clock.now());
  };
  provider.Client.prototype.redirectUriAllowed = function redirectUriAllowed(uri: string) {
    return mayRedirectTo(this, uri);
  };
  // Every token names its browser session, so that a session's end is the end of the token.
  provider.Client.prototype.includeSid = () => true;
  keepOwnFields(provider);
  readRequests(provider);
  subordinateSessions(core, provider);
  tellConfiguredClaims(provider);
  followUp(core, provider);
  return provider;
}

/** The provider of a server, once it is asked for. */
const currentInstance = service((): { pending?: Promise<Current> } => ({}));

/** Builds another provider when the key set has changed; requests under way finish on the one they began with. */
async function refresh(core: Core, current: Current | undefined): Promise<Current> {
  const checkedAt = core.clock.now().getTime();
  const keySet = await loadKeySet(core);
  if (current?.keySet.fingerprint === keySet.fingerprint) return { ...current, checkedAt };
  const provider = createProvider(core, keySet);
  return { provider, callback: provider.callback(), keySet, checkedAt };
}

async function currentProvider(core: Core): Promise<Current> {
  const instance = currentInstance(core);
  const { pending } = instance;
  const current = await pending;
  const age = core.clock.now().getTime() - (current?.checkedAt ?? 0);
  if (current && age < keysCheckedForMs) return current;
  if (instance.pending !== pending) return currentProvider(core);
  const next = refresh(core, current);
  instance.pending = next;
  next.catch(() => {
    if (instance.pending === next) delete instance.pending;
  });
  return next;
}

/** The key set that signs now. */
export async function keySetOf(core: Core): Promise<KeySet> {
  return (await currentProvider(core)).keySet;
}

/**
 * What browsers may do with the provider's pages. The library adds the hash of its own inline script (a form that sends itself) to
 * `script-src` where it needs one. `form-action` is left open: Chromium applies it to the redirects after a post, and those lead to the
 * applications.
 */
function providerHeaders(): RequestHandler {
  return (_req, res, next) => {
    res.setHeader(
      'Content-Security-Policy',
      "default-src 'none';script-src 'none';style-src 'self';img-src data:;base-uri 'none';frame-ancestors 'none'",
    );
    res.setHeader('Referrer-Policy', 'no-referrer');
    res.setHeader('X-Content-Type-Options', 'nosniff');
    next();
  };
}

/**
 * A posted authorization request (OpenID Connect Core section 3.1.2.1) or sign-out (RP-Initiated Logout 1.0 section 2) becomes a `GET` with
 * the same parameters: a post from another site brings no `SameSite=Lax` cookies, the redirect after it does.
 */
function postedAs(path: string): RequestHandler[] {
  return [
    urlencoded({ extended: false, limit: '16kb' }),
    (req, res) => {
      const body = req.body as Record<string, string | string[]> | undefined;
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(body ?? {})) {
        for (const one of [value].flat()) query.append(name, one);
      }
      res.setHeader('Cache-Control', 'no-store');
      res.redirect(303, `${path}?${query.toString()}`);
    },
  ];
}

/** The OpenID provider for the tenants' applications, with issuer `BASE_URL/oidc`. */
export function openIdProvider(core: Core): OpenIdProvider {
  const pin = [pinHost(core.config.baseUrl), providerHeaders()];
  const answer: RequestHandler = async (req, res, next) => {
    noteArrival(req, core.clock.now());
    if (req.path === '/auth') await requireStartsLeft(core, req, 'application');
    if (req.path === '/request' && req.headers.authorization === undefined)
      await requireStartsLeft(core, req, 'pushed');
    await encodePlainCredentials(core, req.headers);
    const { callback } = await currentProvider(core);
    passUnknown(req, next);
    await callback(req, res);
  };
  const router = createRouter();
  const encode: RequestHandler = async (req, _res, next) => {
    await encodePlainCredentials(core, req.headers);
    next();
  };
  router.post('/token', encode, directoryTokenEndpoint(core));
  router.post('/auth', ...postedAs('/oidc/auth'));
  router.post('/session/end', ...postedAs('/oidc/session/end'));
  router.use(...pin, answer);
  const discovery: RequestHandler = (req, res, next) => {
    askForMetadata(req);
    // As if it had come to /oidc: the library finds its own path from these.
    req.baseUrl = '/oidc';
    req.url = '/.well-known/openid-configuration';
    router(req, res, next);
  };
  const routes = createRouter();
  routes.get(
    ['/.well-known/oauth-authorization-server/oidc', '/.well-known/oauth-authorization-server'],
    discovery,
  );
  routes.use('/oidc/interaction', ...pin);
  routes.use(interactionRoutes(core, async () => (await currentProvider(core)).provider));
  routes.use('/oidc', router);
  return {
    routes,
    prepare: async () => {
      await currentProvider(core);
    },
  };
}
