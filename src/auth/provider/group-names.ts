import type { Core } from '../../identity/core.js';
import { groupClosure, reachable } from '../../identity/grants/group-graph.js';
import type { UserDocument } from '../../persistence/collections/users.js';

/** The names of the groups a user is in, nested ones too, sorted and each once. */
export async function groupNamesOf(
  { store }: Core,
  { tenantId, groupIds }: Pick<UserDocument, 'tenantId' | 'groupIds'>,
): Promise<string[]> {
  if (groupIds.length === 0) return [];
  const groups = reachable(groupIds, await groupClosure(store, tenantId, groupIds));
  return [...new Set(groups.map(({ displayName }) => displayName))].sort();
}
