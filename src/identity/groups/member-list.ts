import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { displayNameOf } from '../user-keys.js';

/** Whether a user or a group of this id is a direct member of a group. */
export async function isMember(
  core: Core,
  tenantId: string,
  groupId: string,
  memberId: string,
): Promise<boolean> {
  const scope = core.store.tenant(tenantId);
  const member =
    (await scope.collection('users').get(memberId)) ?? (await scope.collection('groups').get(memberId));
  return member?.groupIds.includes(groupId) === true;
}

export interface Member {
  id: string;
  type: 'User' | 'Group';
  display: string;
}

export interface MemberPage {
  /** Members after this id in the order users before groups, each by id; absent: from the start. */
  after?: { type: Member['type']; id: string };
  limit: number;
}

/** Direct members of a group, a page of them: first the users, then the groups, each in the order of their ids. */
export async function membersOf(
  core: Core,
  tenantId: string,
  groupId: string,
  page: MemberPage,
): Promise<Member[]> {
  const scope = core.store.tenant(tenantId);
  const { after, limit } = page;
  const members: Member[] = [];
  if (after?.type !== 'Group') {
    const options = {
      sort: { _id: 1 as const },
      limit,
      fields: ['userName', 'attributes'],
      ...(after && { after: { _id: after.id } }),
    };
    members.push(...(await scope.collection('users').find({ groupIds: groupId }, options)).map(memberOf));
  }
  if (members.length >= limit) return members;
  const groups = await scope.collection('groups').find(
    { groupIds: groupId },
    {
      sort: { _id: 1 },
      limit: limit - members.length,
      fields: ['displayName'],
      ...(after?.type === 'Group' && { after: { _id: after.id } }),
    },
  );
  return [
    ...members,
    ...groups.map(({ _id, displayName }) => ({ id: _id, type: 'Group' as const, display: displayName })),
  ];
}

function memberOf({ _id, userName, attributes }: UserDocument): Member {
  return { id: _id, type: 'User', display: displayNameOf(userName, attributes) };
}

/** How many direct members a group has. */
export async function countMembers(core: Core, tenantId: string, groupId: string): Promise<number> {
  const [count = 0] = await countMembersOfEach(core, tenantId, [groupId]);
  return count;
}

/** How many direct members groups have, in their order. */
export async function countMembersOfEach(
  core: Core,
  tenantId: string,
  groupIds: readonly string[],
): Promise<number[]> {
  const scope = core.store.tenant(tenantId);
  const queries = groupIds.map((id) => ({ groupIds: id }));
  const [users, groups] = await Promise.all([
    scope.collection('users').countEach(queries),
    scope.collection('groups').countEach(queries),
  ]);
  return queries.map((_query, index) => (users[index] ?? 0) + (groups[index] ?? 0));
}
