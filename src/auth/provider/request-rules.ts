import { decodeJwt } from 'jose';
import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { reachOf } from '../../identity/tenants/server-applications.js';
import { errors } from '../../infrastructure/oidc-provider-library.js';
import { applicationOf } from './accounts.js';
import { organizationOf, wrongOrganization } from './organization.js';
import { isObject } from '../../shared/unknown-value.js';

type Parameters = Record<string, unknown>;
type Context = KoaContextWithOIDC['oidc'] & { params?: Parameters | undefined };

/**
 * The members of `claims` that are understood: the library refuses a request that has none of them, where OpenID Connect Core section 5.5 has
 * unknown ones ignored. What is no JSON object stays, to be refused.
 */
function readClaims(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isObject(claims)) return text;
  const known = Object.entries(claims).filter(([name]) => name === 'userinfo' || name === 'id_token');
  return known.length === 0 ? undefined : JSON.stringify(Object.fromEntries(known));
}

const scopesOf = (text: unknown): string[] =>
  typeof text === 'string' ? text.split(' ').filter((scope) => scope !== '') : [];

/** The scopes a request asked for, by the library's context of it. */
const asked = new WeakMap<object, Set<string>>();

/** Requests whose parameters are read again: where people are sent, and where an application pushes what it will send them with. */
const routes: ReadonlySet<string> = new Set(['authorization', 'pushed_authorization_request']);

/**
 * Reads each authorization request before the library does, at the moment it takes the parameters in: `claims` without unknown
 * members, and which scopes were asked for.
 */
export function readRequests(provider: Provider): void {
  // The library's types leave out the class of its contexts, and what a context says of its route.
  const Base = Reflect.get(provider, 'OIDCContext') as new (ctx: unknown) => object;
  class ReadingContext extends Base {
    #params: Parameters | undefined;

    get params(): Parameters | undefined {
      return this.#params;
    }

    set params(params: Parameters | undefined) {
      this.#params = params;
      if (!params || !routes.has(Reflect.get(this, 'route') as string)) return;
      if ('claims' in params) params['claims'] = readClaims(params['claims']);
      if ('scope' in params) asked.set(this, new Set(scopesOf(params['scope'])));
    }
  }
  Object.defineProperty(provider, 'OIDCContext', { value: ReadingContext });
}

/** Whether a request asked for this scope, itself or in what was pushed before it. */
function hasAsked(oidc: Context, scope: string): boolean {
  if (asked.get(oidc)?.has(scope)) return true;
  const { request } = (oidc.entities.PushedAuthorizationRequest ?? {}) as { request?: unknown };
  return typeof request === 'string' && scopesOf(decodeJwt(request)['scope']).includes(scope);
}

/**
 * What a request is granted of the scopes it asks for. The consent of registered applications is given, so `offline_access` is
 * granted (OpenID Connect Core section 11), while the library takes it out of every request without `prompt=consent`. `scim:me` is only for the
 * applications that may have it; the answer to the token request says what was granted (RFC 6749 section 3.3).
 *
 * @throws InvalidScope when nothing is left.
 */
function grantScopes({ oidc }: KoaContextWithOIDC, client: Client): void {
  const params = oidc.params as Parameters;
  const left = new Set(scopesOf(params['scope']));
  if (hasAsked(oidc, 'offline_access') && params['response_type'] === 'code') left.add('offline_access');
  if (client['allow_scim_me'] !== true && left.delete('scim:me') && left.size === 0) {
    throw new errors.InvalidScope('the application may not have this scope', 'scim:me');
  }
  params['scope'] = left.size === 0 ? undefined : [...left].join(' ');
}

/**
 * An organization that is unknown, or that the application does not serve, is refused before anybody is asked to sign in.
 *
 * @throws InvalidRequest with one text for all of them.
 */
async function requireOrganization(core: Core, value: string | undefined, client: Client): Promise<void> {
  const { kind } = await organizationOf(core, reachOf(applicationOf(client)), value);
  if (kind === 'wrong') throw new errors.InvalidRequest(wrongOrganization);
}

type RequestRule = (
  ctx: KoaContextWithOIDC,
  value: string | undefined,
  client: Client,
) => void | Promise<void>;

/**
 * Rules of ours by the parameter they belong to, run by the library after its own checks of a request. `gatehouse_rules` is a made-up
 * parameter for rules about a request as a whole: its rule runs for every request.
 */
export function requestRules(core: Core): Record<'organization' | 'gatehouse_rules', RequestRule> {
  return {
    organization: (_ctx, value, client) => requireOrganization(core, value, client),
    gatehouse_rules: (ctx, _value, client) => grantScopes(ctx, client),
  };
}
