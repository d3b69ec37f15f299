import { timingSafeEqual } from 'node:crypto';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { signedResponseAlg } from '../../identity/applications.js';
import type { Core } from '../../identity/core.js';
import type { ApplicationDocument } from '../../persistence/collections/tenants.js';
import { hashToken } from '../../shared/ids.js';

/** Client metadata of our own, beside what OpenID Connect registration defines. */
export const ownClientMetadata = ['tenant_id', 'application_key'] as const;

/**
 * An application as oidc-provider wants it. Its back-channel logout address is not in it: we send those ourselves (with retries, through
 * the guarded fetch), the library would send a second one.
 */
function toClientMetadata(application: ApplicationDocument): AdapterPayload {
  const isPublic = application.clientSecretHash === null;
  return {
    client_id: application.clientId,
    client_name: application.name,
    ...(application.clientSecretHash !== null && { client_secret: application.clientSecretHash }),
    id_token_signed_response_alg: signedResponseAlg(application),
    token_endpoint_auth_method: isPublic ? 'none' : 'client_secret_basic',
    redirect_uris: application.redirectUris,
    post_logout_redirect_uris: application.postLogoutRedirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    tenant_id: application.tenantId,
    application_key: application.key,
  };
}

/** An enabled application by its client id; `clientId` is unique over the server, so this is how its tenant is found. */
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

/** Compares a presented client secret with the stored SHA-256 in constant time. */
export function secretMatches(storedHash: string | undefined, presented: string): boolean {
  const [stored, given] = [Buffer.from(storedHash ?? ''), Buffer.from(hashToken(presented))];
  return stored.length === given.length && timingSafeEqual(stored, given);
}
