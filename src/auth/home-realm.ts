import type { Core } from '../identity/core.js';
import type { EmailAddress } from '../identity/email.js';
import { findConnectionByDomain } from '../identity/sso/by-domain.js';
import { realmOf } from '../identity/sso/home-realm.js';
import type { SsoConnectionDocument } from '../persistence/collections/sso-connections.js';
import { isInScope, type SignInScope } from './sign-in-scope.js';

/** Where an address signs in. */
export type HomeRealm =
  /** At the company's own provider and nowhere else (mode `required`). */
  | { kind: 'forwarded'; connection: SsoConnectionDocument }
  /** With a password here; `connection` may be offered beside it (mode `optional`). */
  | { kind: 'local'; connection: SsoConnectionDocument | null };

/**
 * Home realm discovery (M0-4 to M0-6): decided by the address's domain alone, before anybody looks whether there is such a user, so that
 * known and unknown people are treated alike. Only verified domains count.
 *
 * @param scope - the tenants that the sign-in is for; another one's connection does not answer for it.
 */
export async function resolveHomeRealm(
  core: Core,
  email: EmailAddress,
  scope: SignInScope,
): Promise<HomeRealm> {
  const connection = await findConnectionByDomain(core, email.domain);
  const realm = connection && isInScope(scope, connection.tenantId) ? realmOf(connection) : 'local';
  if (!connection || realm === 'local') return { kind: 'local', connection: null };
  return realm === 'forwarded' ? { kind: 'forwarded', connection } : { kind: 'local', connection };
}
