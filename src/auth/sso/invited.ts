import type { Core } from '../../identity/core.js';
import { parseEmail, type EmailAddress } from '../../identity/email.js';
import { findConnectionByDomain } from '../../identity/sso/by-domain.js';
import { jitNow } from '../../identity/sso/jit.js';
import { tenantConfig, type TenantConfig } from '../../identity/tenants/config.js';
import { heldPermissions } from '../../identity/users/authority.js';
import { invitationStatus } from '../../identity/users/invitation-status.js';
import { isProtectedFromDirectories } from '../../identity/users/transitions.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { ProviderClaims } from './provider-claims.js';

async function isLetIn(core: Core, user: UserDocument, config: TenantConfig): Promise<boolean> {
  const now = core.clock.now();
  if (isProtectedFromDirectories(user, config) || heldPermissions(user, config, now).size > 0) return false;
  const query = { userId: user._id, respondedAt: null, revokedAt: null };
  const invitation = await core.store.tenant(user.tenantId).collection('invitations').findOne(query);
  return invitation !== undefined && invitationStatus(invitation, now) === 'waiting';
}

/**
 * The address of an invited person that is on none of the connection's domains. The provider has to say that it verified the address;
 * no other company may have the domain; and the roles may manage nothing.
 *
 * @returns undefined: there is no such person.
 */
export async function invitedAddress(
  core: Core,
  connection: SsoConnectionDocument,
  { email: said, emailVerified }: ProviderClaims,
): Promise<EmailAddress | undefined> {
  const config = await tenantConfig(core, connection.tenantId);
  if (jitNow(connection, config) !== 'invited' || emailVerified !== true) return undefined;
  const email = parseEmail(said ?? '');
  if (!email || (await findConnectionByDomain(core, email.domain))) return undefined;
  const scope = core.store.tenant(connection.tenantId);
  const query = { loginKeys: email.key, source: 'invite', activatedAt: null };
  const user = await scope.collection('users').findOne(query);
  return user && (await isLetIn(core, user, config)) ? email : undefined;
}
