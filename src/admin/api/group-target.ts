import type { Core } from '../../identity/core.js';
import { getGroup, type GroupDocument } from '../../identity/groups/groups.js';
import { membersOf } from '../../identity/groups/member-list.js';
import { UnknownMember } from '../../identity/groups/member-steps.js';
import { viewGroups } from '../../identity/groups/search.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';
import { presentGroup, presentMember, type detailedGroupSchema } from '../present/group.js';
import type { Reply } from '../route.js';
import { z } from '../schema.js';

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

export const groupTag = 'Groups';
const shownMembers = 100;

/** A group with the first of its members. */
export async function replyGroup(
  core: Core,
  group: GroupDocument,
): Promise<Reply<z.input<typeof detailedGroupSchema>>> {
  const [[view], members] = await Promise.all([
    viewGroups(core, group.tenantId, [group]),
    membersOf(core, group.tenantId, group._id, { limit: shownMembers }),
  ]);
  if (!view) throw new Error('a group has exactly one view');
  return { body: { ...presentGroup(view), members: members.map(presentMember) }, version: group.version };
}

export const memberIds = z.array(z.string().min(1).max(200)).max(10_000).describe('ids of users and groups');

/** Says of an unknown member where it stands in the list that was sent. */
export function atItsPlace<R>(members: readonly string[], work: Promise<R>): Promise<R> {
  return work.catch((error: unknown) => {
    if (!(error instanceof UnknownMember)) throw error;
    throw new UnknownMember(error.memberId, `/members/${members.indexOf(error.memberId)}`);
  });
}
