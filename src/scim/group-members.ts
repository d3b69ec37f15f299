import { isVisibleTo } from '../identity/user-visibility.js';
import { displayNameOf } from '../identity/user-keys.js';
import type { GroupDocument } from '../persistence/collections/groups.js';
import type { ScimContext } from './exchange.js';
import type { GroupMember } from './group-resource.js';

/**
 * The members of each of these groups that the directory may see, users first: two queries for all of them together.
 *
 * @returns an entry for every group that has members.
 */
export async function membersOfEach(
  context: ScimContext,
  groups: readonly GroupDocument[],
): Promise<Map<string, GroupMember[]>> {
  const wanted = new Set(groups.map((group) => group._id));
  const scope = context.core.store.tenant(context.tenantId);
  const query = { groupIds: { $in: [...wanted] } };
  const [users, nested] = await Promise.all([
    scope.collection('users').find(query, { fields: ['userName', 'attributes', 'groupIds', 'directoryId'] }),
    scope.collection('groups').find(query, { fields: ['displayName', 'groupIds', 'directoryId'] }),
  ]);
  const members = new Map<string, GroupMember[]>();
  const isVisible = (document: { directoryId: string | null }) => isVisibleTo(document, context.directoryId);
  const add = (member: GroupMember, groupIds: readonly string[]): void => {
    for (const id of groupIds) {
      if (!wanted.has(id)) continue;
      const list = members.get(id);
      if (list) list.push(member);
      else members.set(id, [member]);
    }
  };
  for (const { _id: id, userName, attributes, groupIds } of users.filter(isVisible)) {
    const name = displayNameOf(userName, attributes);
    add({ id, display: name === userName ? undefined : name, type: 'User' }, groupIds);
  }
  for (const { _id: id, displayName, groupIds } of nested.filter(isVisible)) {
    add({ id, display: displayName, type: 'Group' }, groupIds);
  }
  return members;
}
