import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Query } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { containing } from '../search-text.js';
import { tenantConfig } from '../tenants/config.js';
import { searchQueries } from '../users/filter.js';
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

export interface MemberFilter {
  /** Of users whatever the search for users finds, of groups their name. */
  q?: string | undefined;
  type?: Member['type'] | undefined;
}

/** Where a page ended; `key` is what the order goes by. */
export interface MemberPosition {
  type: Member['type'];
  id: string;
  key?: string | null;
}

export interface MemberPage {
  /** Users come before groups, each in this order; absent: that of their making. */
  sort?: 'createdAt' | 'displayName';
  descending?: boolean;
  /** Absent: from the start. */
  after?: MemberPosition | undefined;
  limit: number;
}

/** The members that a filter finds, by type; undefined: none of that type is asked for. */
async function queriesOf(
  core: Core,
  tenantId: string,
  groupId: string,
  { q, type }: MemberFilter,
): Promise<{ users?: Query; groups?: Query }> {
  const found = q === undefined ? undefined : searchQueries(q, await tenantConfig(core, tenantId));
  const users = { groupIds: groupId, ...(found && { $or: found }) };
  const groups = { groupIds: groupId, ...(q !== undefined && { displayNameKey: containing(q) }) };
  return { ...(type !== 'Group' && { users }), ...(type !== 'User' && { groups }) };
}

/** A member with the key of its name, by which a list may go on. */
export interface ListedMember extends Member {
  key: string | null;
}

/** What a page of one type is asked for with; undefined: it is past it. */
function optionsOf(type: Member['type'], { after, descending, sort }: MemberPage, room: number) {
  if (room <= 0 || (type === 'User' && after?.type === 'Group')) return undefined;
  const isByName = sort === 'displayName';
  const place = after?.type === type ? after : undefined;
  return {
    sort: { [isByName ? 'displayNameKey' : '_id']: descending ? -1 : 1 } as const,
    limit: room,
    ...(place && { after: { _id: place.id, ...(isByName && { displayNameKey: place.key }) } }),
  };
}

/** Direct members of a group, a page of them: first the users, then the groups. */
export async function membersOf(
  core: Core,
  tenantId: string,
  groupId: string,
  page: MemberPage,
  filter: MemberFilter = {},
): Promise<ListedMember[]> {
  const scope = core.store.tenant(tenantId);
  const query = await queriesOf(core, tenantId, groupId, filter);
  const members: ListedMember[] = [];
  const ofUsers = optionsOf('User', page, page.limit);
  if (query.users && ofUsers) {
    const fields = ['userName', 'attributes', 'displayNameKey'];
    const found = await scope.collection('users').find(query.users, { ...ofUsers, fields });
    members.push(...found.map((user) => ({ ...memberOf(user), key: user.displayNameKey })));
  }
  const ofGroups = optionsOf('Group', page, page.limit - members.length);
  if (query.groups && ofGroups) {
    const fields = ['displayName', 'displayNameKey'];
    const found = await scope.collection('groups').find(query.groups, { ...ofGroups, fields });
    members.push(...found.map((group) => ({ ...groupOf(group), key: group.displayNameKey })));
  }
  return members;
}

/** How many direct members of a group a filter finds. */
export async function countMembers(
  core: Core,
  tenantId: string,
  groupId: string,
  filter: MemberFilter = {},
): Promise<number> {
  const scope = core.store.tenant(tenantId);
  const { groups, users } = await queriesOf(core, tenantId, groupId, filter);
  const [people, nested] = await Promise.all([
    users ? scope.collection('users').count(users) : 0,
    groups ? scope.collection('groups').count(groups) : 0,
  ]);
  return people + nested;
}

const groupOf = ({ _id, displayName }: GroupDocument): Member => ({
  id: _id,
  type: 'Group',
  display: displayName,
});

function memberOf({ _id, userName, attributes }: UserDocument): Member {
  return { id: _id, type: 'User', display: displayNameOf(userName, attributes) };
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
