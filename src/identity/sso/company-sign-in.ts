import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { parseEmail } from '../email.js';
import { realmOf } from './home-realm.js';

/**
 * The connection whose provider alone signs this person in: any name they could sign in with is on a domain that their tenant requires it
 * for. No password of theirs counts then, whichever name it comes with, at no step: sign-in, second factor, reset, activation.
 *
 * @returns undefined: a password counts.
 */
export async function requiredConnectionOf(
  core: Core,
  user: Pick<UserDocument, 'tenantId' | 'loginKeys'>,
): Promise<SsoConnectionDocument | undefined> {
  const connections = core.store.tenant(user.tenantId).collection('sso_connections');
  for (const key of user.loginKeys) {
    const domain = parseEmail(key)?.domain;
    const connection =
      domain === undefined ? undefined : await connections.findOne({ verifiedDomains: domain });
    if (connection && realmOf(connection) === 'forwarded') return connection;
  }
  return undefined;
}
