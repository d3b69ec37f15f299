import type { UserDocument } from '../../persistence/collections/users.js';
import { nowhere, type Origin } from '../actors.js';
import type { Actor } from '../core.js';
import { userPermissions } from '../grants/effective-roles.js';
import type { TenantConfig } from '../tenants/config.js';

/** A signed-in person with what their roles allow now. */
export function userActor(
  user: UserDocument,
  config: TenantConfig,
  now: Date,
  origin: Origin = nowhere,
): Actor {
  return {
    party: { type: 'user', id: user._id, label: user.email ?? user.userName },
    tenantId: user.tenantId,
    permissions: userPermissions(user, config, now),
    directoryId: null,
    requestId: origin.requestId,
    ip: origin.ip,
  };
}
