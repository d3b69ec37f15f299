import type { Core } from '../identity/core.js';
import { findTenantBySlug, listCustomers, type TenantDocument } from '../identity/tenants/tenants.js';
import {
  CommandError,
  exitCodes,
  textOf,
  UsageError,
  type OptionDefinition,
  type OptionValues,
} from './command.js';

export const tenantOption: OptionDefinition = {
  type: 'string',
  value: 'SLUG',
  describe: 'the tenant; may be left out where there is one',
};

/**
 * The tenant a command is about.
 *
 * @throws UsageError when there are several and none is named; CommandError when there is no such one.
 */
export async function tenantOf(core: Core, values: OptionValues): Promise<TenantDocument> {
  const slug = textOf(values, 'tenant');
  if (slug !== undefined) {
    const tenant = await findTenantBySlug(core, slug);
    if (!tenant) throw new CommandError(exitCodes.failed, `there is no tenant ${slug}`);
    return tenant;
  }
  const [only, ...others] = await listCustomers(core);
  if (!only) throw new CommandError(exitCodes.failed, 'there is no tenant yet');
  if (others.length > 0) throw new UsageError('--tenant is missing: there are several tenants');
  return only;
}
