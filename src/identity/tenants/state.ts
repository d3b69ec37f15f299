import type { TenantDocument } from '../../persistence/collections/tenants.js';
import { AppError } from '../../shared/errors.js';

/** Kind of the job that ends the sessions and tokens of a whole tenant. */
export const tenantAccessEndJob = 'tenant.access_end';

/** Whether a tenant lets people and programs in: it is neither suspended nor being erased. */
export function isOpen({ status }: Pick<TenantDocument, 'status'>): boolean {
  return status === undefined;
}

/** @throws AppError `tenant.suspended`. */
export function requireOpen(tenant: Pick<TenantDocument, 'status'>): void {
  if (isOpen(tenant)) return;
  throw new AppError('tenant.suspended', 'the operator has suspended this tenant');
}

/** Whether everything that began at this moment is over: the tenant is closed, or was suspended or resumed since, or ended it all. */
export function isAccessRevoked(
  tenant: Pick<TenantDocument, 'status' | 'accessRevokedAt'>,
  beganAt: Date,
): boolean {
  const revokedAt = tenant.accessRevokedAt ?? null;
  return !isOpen(tenant) || (revokedAt !== null && beganAt <= revokedAt);
}
