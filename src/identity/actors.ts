import type { DirectoryDocument, ScimTokenDocument } from '../persistence/collections/directories.js';
import type { UserDocument } from '../persistence/collections/users.js';
import type { Actor } from './core.js';
import { userPermissions } from './grants/effective-roles.js';
import { allPermissions } from './permissions.js';
import type { TenantConfig } from './tenants/config.js';

/** Where a request came from. */
export interface Origin {
  requestId: string | null;
  ip: string | null;
}

const nowhere: Origin = { requestId: null, ip: null };
const none: ReadonlySet<string> = new Set();

/** Gatehouse itself: bootstrap, jobs, the clock. Holds every permission. */
export function systemActor(tenantId: string, label = 'Gatehouse'): Actor {
  return {
    party: { type: 'system', id: 'system', label },
    tenantId,
    permissions: allPermissions,
    directoryId: null,
    ...nowhere,
  };
}

/** A directory speaking through one of its tokens. */
export function directoryActor(
  directory: DirectoryDocument,
  token: Pick<ScimTokenDocument, 'name'>,
  origin: Origin = nowhere,
): Actor {
  return {
    party: { type: 'scim', id: directory._id, label: `${directory.name} (${token.name})` },
    tenantId: directory.tenantId,
    permissions: none,
    directoryId: directory._id,
    requestId: origin.requestId,
    ip: origin.ip,
  };
}

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
