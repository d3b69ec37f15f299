import type { Adapter, AdapterPayload, Client } from 'oidc-provider';
import { kindOf } from '../../identity/applications/kinds.js';
import { isPublicApplication, requiresPkce } from '../../identity/applications/rules.js';
import { signedResponseAlg } from '../../identity/applications/applications.js';
import type { Core } from '../../identity/core.js';
import { isPrivateUse, withoutLoopbackPort } from '../../identity/web-address.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import { hashToken } from '../../shared/ids.js';
import { isSameSecret } from '../../shared/same-secret.js';

/** Client metadata of our own, beside what OpenID Connect registration defines. */
export const ownClientMetadata = [
  'tenant_id',
  'application_id',
  'application_key',
  'served_tenants',
  'application_claims',
  'allow_scim_me',
  'require_pkce',
  'application_kind',
  'application_resources',
  'refresh_overlap_seconds',
  'is_third_party',
  'previous_secret_hash',
  'previous_secret_until',
] as const;

/** How it gets tokens, and of which kinds. */
function grantsOf(application: ApplicationDocument): Partial<AdapterPayload> {
  const kind = kindOf(application);
  const isMachine = kind === 'machine';
  return {
    grant_types: isMachine ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    response_types: isMachine ? [] : ['code'],
    ...(application.requireDpop && { dpop_bound_access_tokens: true }),
    ...(application.requirePar && { require_pushed_authorization_requests: true }),
    application_kind: kind,
    application_resources: application.resources ?? [],
    refresh_overlap_seconds: application.refreshOverlapSeconds ?? 0,
    is_third_party: application.isThirdParty ?? false,
  };
}

/**
 * An application as oidc-provider wants it. Its back-channel logout address is not in it: we send those ourselves (with retries, through
 * the guarded fetch), the library would send a second one.
 */
function toClientMetadata(application: ApplicationDocument): AdapterPayload {
  const addresses = [...application.redirectUris, ...application.postLogoutRedirectUris];
  return {
    client_id: application.clientId,
    client_name: application.name,
    ...(application.clientSecretHash !== null && { client_secret: application.clientSecretHash }),
    id_token_signed_response_alg: signedResponseAlg(application),
    token_endpoint_auth_method: isPublicApplication(application) ? 'none' : 'client_secret_basic',
    application_type: addresses.some(isPrivateUse) ? 'native' : 'web',
    redirect_uris: application.redirectUris,
    post_logout_redirect_uris: application.postLogoutRedirectUris,
    ...grantsOf(application),
    tenant_id: application.tenantId,
    application_id: application._id,
    application_key: application.key,
    ...(application.servedTenants && { served_tenants: application.servedTenants }),
    application_claims: application.claims ?? [],
    allow_scim_me: application.allowScimMe ?? false,
    require_pkce: requiresPkce(application),
    ...(application.previousSecretHash && {
      previous_secret_hash: application.previousSecretHash,
      previous_secret_until: application.previousSecretUntil?.getTime() ?? 0,
    }),
  };
}

/** An enabled application by its client id; `clientId` is unique over the server, so this is how its owner is found. */
export async function findApplicationByClientId(
  core: Core,
  clientId: string,
): Promise<ApplicationDocument | undefined> {
  const application = await core.store.server.collection('applications').findOne({ clientId });
  return application?.enabled === true ? application : undefined;
}

/** Clients are the enabled applications, read at every request: a change or a disabled one counts at once. */
export function clientAdapter(core: Core): Adapter {
  const refuse = () => Promise.reject(new Error('applications are not written by the OpenID provider'));
  const nothing = () => Promise.resolve(undefined);
  return {
    async find(clientId) {
      const application = await findApplicationByClientId(core, clientId);
      return application && toClientMetadata(application);
    },
    findByUid: nothing,
    findByUserCode: nothing,
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}

/** Compares a presented client secret with a stored SHA-256 in constant time. */
const matches = (storedHash: unknown, presented: string): boolean =>
  isSameSecret(typeof storedHash === 'string' ? storedHash : '', hashToken(presented));

/** Whether a client presents its secret, or the one before it while that is good. */
export function secretMatches(client: Client, presented: string, now: Date): boolean {
  const isOverlap = Number(client['previous_secret_until'] ?? 0) > now.getTime();
  return (
    matches(client.clientSecret, presented) ||
    (isOverlap && matches(client['previous_secret_hash'], presented))
  );
}

/** The same of an application as it is stored. */
export function applicationSecretMatches(
  application: ApplicationDocument,
  presented: string,
  now: Date,
): boolean {
  const isOverlap = (application.previousSecretUntil?.getTime() ?? 0) > now.getTime();
  return (
    matches(application.clientSecretHash, presented) ||
    (isOverlap && matches(application.previousSecretHash, presented))
  );
}

/** Whether a client may have the browser sent here: exactly what is registered, on loopback a native one at any port. */
export function mayRedirectTo(client: Client, uri: string): boolean {
  const registered = client.redirectUris ?? [];
  if (registered.includes(uri)) return true;
  const isNative = client['application_kind'] === 'native';
  const asked = isNative ? withoutLoopbackPort(uri) : undefined;
  return asked !== undefined && registered.some((one) => withoutLoopbackPort(one) === asked);
}
