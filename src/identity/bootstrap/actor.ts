import { systemActor } from '../actors.js';
import type { Actor } from '../core.js';
import { serverOwner } from '../tenants/server-applications.js';

/** Who applies a bootstrap file in a tenant. */
export const fileActor = (tenantId: string): Actor => systemActor(tenantId, 'bootstrap file');

/** Who applies what belongs to the server. */
export const serverActor = (): Actor => fileActor(serverOwner);
