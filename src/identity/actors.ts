import type { DirectoryDocument } from '../persistence/collections/directories.js';
import type { ScimTokenDocument } from '../persistence/collections/scim-credentials.js';
import type { UserDocument } from '../persistence/collections/users.js';
import type { Actor } from './core.js';
import { allPermissions } from './permissions.js';

/** Where a request came from. */
export interface Origin {
  requestId: string | null;
  ip: string | null;
}

/** Of work that no request asked for. */
export const nowhere: Origin = { requestId: null, ip: null };
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

/**
 * The operator of the server, by a key or as a person of the staff, in one tenant: holds every permission there.
 *
 * @param who - the key or the person.
 */
export function operatorActor(
  who: { id: string; label: string },
  tenantId: string,
  origin: Origin = nowhere,
): Actor {
  return {
    party: { type: 'operator', id: who.id, label: who.label },
    tenantId,
    permissions: allPermissions,
    directoryId: null,
    requestId: origin.requestId,
    ip: origin.ip,
  };
}

/** A person about themself. Grants nothing: what is one's own needs no permission. */
export function personActor(
  user: Pick<UserDocument, '_id' | 'tenantId' | 'email' | 'userName'>,
  origin: Origin,
): Actor {
  return {
    party: { type: 'user', id: user._id, label: user.email ?? user.userName },
    tenantId: user.tenantId,
    permissions: none,
    directoryId: null,
    requestId: origin.requestId,
    ip: origin.ip,
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
