import type {
  AccessToken,
  Client,
  ClientCredentials,
  KoaContextWithOIDC,
  ResourceServer,
} from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { serverOwner } from '../../identity/tenants/server-applications.js';
import { isOpen } from '../../identity/tenants/state.js';
import { errors } from '../../infrastructure/oidc-provider-library.js';
import type { ApplicationResource } from '../../persistence/collections/applications.js';
import { claimsFor, type AccountAccess } from './account-access.js';

/** Signed tokens cannot be revoked, so they end soon; in seconds. */
export const signedTokenSeconds = 300;

const resourcesOf = (client: Client): ApplicationResource[] =>
  (client['application_resources'] ?? []) as ApplicationResource[];

/**
 * What a token for an API is (RFC 8707, RFC 9068): signed like the application's ID tokens, with the API as its audience.
 *
 * @throws InvalidTarget for an API the application is not registered for.
 */
export function resourceServerOf(resource: string, client: Client) {
  const found = resourcesOf(client).find((one) => one.resource === resource);
  if (!found) throw new errors.InvalidTarget('the application is not registered for this resource');
  return {
    scope: found.scopes.join(' '),
    audience: resource,
    accessTokenFormat: 'jwt' as const,
    accessTokenTTL: signedTokenSeconds,
    jwt: { sign: { alg: client.idTokenSignedResponseAlg as 'RS256' | 'ES256' } },
  };
}

/** The API a request means that names none: a machine's first one; a person's tokens are for userinfo then. */
export function defaultResource(
  _ctx: unknown,
  client: Client,
  oneOf?: string[] | string,
): string | string[] | undefined {
  if (oneOf) return oneOf;
  return client['application_kind'] === 'machine' ? resourcesOf(client)[0]?.resource : undefined;
}

/**
 * Of whom a machine's token speaks: the tenant that owns the application.
 *
 * @throws UnauthorizedClient while the tenant is suspended.
 */
async function machineClaims(core: Core, client: Client): Promise<Record<string, unknown>> {
  const owner = String(client['tenant_id']);
  if (owner === serverOwner) return {};
  const tenant = await core.store.tenant(owner).collection('tenants').get(owner);
  if (!tenant || !isOpen(tenant)) throw new errors.UnauthorizedClient('the tenant is suspended');
  return { tenant: { id: tenant._id, slug: tenant.slug, name: tenant.name } };
}

/** An application of a third party learns a person's roles by the consent to the scope `roles` alone. */
function tellsRoles({ oidc }: KoaContextWithOIDC, client: Client): boolean {
  if (client['is_third_party'] !== true) return true;
  return oidc.entities.Grant?.getOIDCScope().split(' ').includes('roles') ?? false;
}

/** Claims of a signed token beside those of RFC 9068 section 2.2: the tenant, and what the person may do in this application. */
export async function signedTokenClaims(
  core: Core,
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
): Promise<Record<string, unknown> | undefined> {
  const { client } = ctx.oidc;
  if (!client) return undefined;
  if (token.kind === 'ClientCredentials') return machineClaims(core, client);
  const { resourceServer } = token as { resourceServer?: ResourceServer };
  const access = ctx.oidc.account?.['access'] as AccountAccess | undefined;
  if (!resourceServer || !access) return undefined;
  const { tenant, roles, permissions, amr, sid } = claimsFor(core, String(client['application_key']), access);
  return { tenant, amr, sid, ...(tellsRoles(ctx, client) && { roles, permissions }) };
}

/** The scopes that a request asks for, by the API they belong to. */
export function resourceScopesOf({ oidc }: KoaContextWithOIDC): Map<string, string[]> {
  const asked = [...oidc.requestParamScopes];
  return new Map(
    Object.entries(oidc.resourceServers ?? {}).map(([resource, { scopes }]) => [
      resource,
      asked.filter((scope) => scopes.has(scope)),
    ]),
  );
}
