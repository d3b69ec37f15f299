import type { ScimContext } from '../exchange/request.js';

/** A group and all groups nested in it, however deep; cycles are harmless. Empty when there is no such group in the tenant. */
export async function descendantGroups(context: ScimContext, groupId: string): Promise<string[]> {
  const groups = context.core.store.tenant(context.tenantId).collection('groups');
  if (!(await groups.get(groupId))) return [];
  const seen = new Set([groupId]);
  let level = [groupId];
  while (level.length > 0) {
    const nested = await groups.find({ groupIds: { $in: level } }, { fields: ['_id'] });
    level = nested.map((group) => group._id).filter((id) => !seen.has(id));
    for (const id of level) seen.add(id);
  }
  return [...seen];
}

/** The groups a user or group is a direct member of; none for an unknown id. */
export async function groupIdsOf(context: ScimContext, memberId: string): Promise<string[]> {
  const scope = context.core.store.tenant(context.tenantId);
  const user = await scope.collection('users').get(memberId);
  const member = user ?? (await scope.collection('groups').get(memberId));
  return member?.groupIds ?? [];
}
