import type { Core } from '../../identity/core.js';
import { getGroup, type GroupDocument } from '../../identity/groups/groups.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';

/** @throws AppError `group.off` where groups are for directories alone (`groups.enabled`). */
export async function requireGroupsOn(core: Core, tenantId: string): Promise<void> {
  const { settings } = await tenantConfig(core, tenantId);
  if (!settings['groups.enabled']) throw new AppError('group.off', 'groups are switched off in this tenant');
}

/** Finds the group a path names, where there are groups. Judged after the permission, before the rest. */
export async function groupTarget(
  core: Core,
  tenantId: string,
  { id }: { readonly id: string },
): Promise<GroupDocument> {
  await requireGroupsOn(core, tenantId);
  return getGroup(core, tenantId, id);
}
