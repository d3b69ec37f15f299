import type { ApplicationDocument, Reach } from '../../persistence/collections/applications.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { operatorTenant } from './operator-tenant.js';

/** In place of a tenant's id: what the operator of the server owns. */
export const serverOwner = 'server';

/** The record, among those of the keys of applications, whose version moves with every change of an application of the server. */
export const serverStamp = 'applications of the server';

/** Makes what every process remembers of the server's applications and their roles void, from this commit on. */
export function* touchServerApplications(tx: Transaction): Step<void> {
  const stamps = tx.tenant(serverOwner).collection('application_keys');
  const known = yield* stamps.update(serverStamp, (stored) => ({ ...stored }));
  if (!known) yield* stamps.insert({ _id: serverStamp, tenantId: serverOwner });
}

/** Whether the operator owns this application, and no tenant. */
export function isServerApplication({ tenantId }: Pick<ApplicationDocument, 'tenantId'>): boolean {
  return tenantId === serverOwner;
}

/** The tenants an application serves: its owner, or those that the operator names. */
export function reachOf(application: Pick<ApplicationDocument, 'tenantId' | 'servedTenants'>): Reach {
  return isServerApplication(application) ? (application.servedTenants ?? []) : [application.tenantId];
}

/** Whether a tenant is among those that an application serves. The operator's own tenant is no customer: `all` does not mean it. */
export function isReached(reach: Reach, tenantId: string): boolean {
  return reach === 'all' ? tenantId !== operatorTenant.id : reach.includes(tenantId);
}
