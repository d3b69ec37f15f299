import type { Core } from '../../identity/core.js';
import { isReached } from '../../identity/tenants/server-applications.js';
import { isOpen } from '../../identity/tenants/state.js';
import { findTenant } from '../../identity/tenants/tenants.js';
import type { Reach } from '../../persistence/collections/applications.js';

/** Why a request's organization is refused: one text, so that an application learns of no tenant whether it exists. */
export const wrongOrganization = 'the organization is not one that this application serves';

/** What a request's `organization` means at an application. */
export type Organization = { kind: 'any' } | { kind: 'one'; tenantId: string } | { kind: 'wrong' };

/**
 * The tenant that a request names by its slug or id.
 *
 * @param value - the parameter `organization` as it came; undefined: the request names none.
 */
export async function organizationOf(core: Core, reach: Reach, value: unknown): Promise<Organization> {
  if (value === undefined) return { kind: 'any' };
  const tenant = typeof value === 'string' ? await findTenant(core, value) : undefined;
  const isServed = tenant && isOpen(tenant) && isReached(reach, tenant._id);
  return isServed ? { kind: 'one', tenantId: tenant._id } : { kind: 'wrong' };
}

/** Whether a session of this tenant serves a request with this organization. */
export function isMeant(organization: Organization, tenantId: string): boolean {
  return organization.kind === 'any' || (organization.kind === 'one' && organization.tenantId === tenantId);
}
