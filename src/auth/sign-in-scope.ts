import type { Core } from '../identity/core.js';
import { operatorTenant } from '../identity/tenants/operator-tenant.js';
import { isReached, reachOf } from '../identity/tenants/server-applications.js';
import type { Reach } from '../persistence/collections/applications.js';
import type { Query, Scope } from '../persistence/store.js';
import { findApplicationByClientId } from './provider/clients.js';
import type { SignInContext } from './sign-in-flow.js';

/** The tenants whose accounts and connections count in a sign-in; `server`: every one, the operator's own among them. */
export type SignInScope = Reach | 'server';

/**
 * Whose accounts and connections count: those of the tenant that the sign-in is for, of the tenants that the waiting application serves at
 * this moment, or all of them at a bare `/signin`.
 */
export async function scopeOf(core: Core, { tenantId, clientId }: SignInContext): Promise<SignInScope> {
  if (tenantId !== null) return [tenantId];
  if (clientId === undefined) return 'server';
  const application = await findApplicationByClientId(core, clientId);
  return application ? reachOf(application) : [];
}

/** Whether a tenant's accounts and connections count. */
export function isInScope(scope: SignInScope, tenantId: string): boolean {
  return scope === 'server' || isReached(scope, tenantId);
}

/** The one tenant that is meant; null for several. */
export function onlyTenantOf(scope: SignInScope): string | null {
  return typeof scope !== 'string' && scope.length === 1 ? (scope[0] ?? null) : null;
}

/** The documents to look in: one tenant's, or the whole server's where several tenants are meant. */
export function documentsOf(core: Core, scope: SignInScope): Scope {
  const only = onlyTenantOf(scope);
  return only === null ? core.store.server : core.store.tenant(only);
}

/** Matches documents of the tenants that are meant by the field that holds the tenant's id. */
export function ofTenants(scope: SignInScope, field: 'tenantId' | '_id' = 'tenantId'): Query {
  if (scope === 'server') return {};
  return { [field]: scope === 'all' ? { $ne: operatorTenant.id } : { $in: [...scope] } };
}
