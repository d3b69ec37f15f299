import { isVisibleTo } from '../../identity/visibility.js';
import { displayNameOf } from '../../identity/user-keys.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Collection, Query, StoredDocument } from '../../persistence/store.js';
import type { ScimContext } from '../exchange/request.js';
import type { GroupMember } from './resource.js';

/** Members of several groups that are held at one time. */
const maxTogether = 20_000;

const userFields = ['userName', 'attributes', 'groupIds', 'directoryId'] as const;
const groupFields = ['displayName', 'groupIds', 'directoryId'] as const;

/** What is kept of a member: its document may be large. */
interface Membership {
  readonly member: GroupMember;
  readonly groupIds: readonly string[];
  readonly directoryId: string | null;
}

function ofUser({ _id: id, userName, attributes, groupIds, directoryId }: UserDocument): Membership {
  const name = displayNameOf(userName, attributes);
  return {
    member: { id, display: name === userName ? undefined : name, type: 'User' },
    groupIds,
    directoryId,
  };
}

function ofGroup({ _id: id, displayName, groupIds, directoryId }: GroupDocument): Membership {
  return { member: { id, display: displayName, type: 'Group' }, groupIds, directoryId };
}

async function readMemberships<D extends StoredDocument>(
  collection: Collection<D>,
  query: Query,
  fields: readonly (keyof D & string)[],
  toMembership: (document: D) => Membership,
  most: number,
): Promise<Membership[]> {
  const memberships: Membership[] = [];
  if (most <= 0) return memberships;
  for await (const document of collection.iterate(query, { fields })) {
    if (memberships.push(toMembership(document)) >= most) break;
  }
  return memberships;
}

/** @param most - no more memberships than so many are read. */
async function membershipsOf(context: ScimContext, query: Query, most: number): Promise<Membership[]> {
  const scope = context.core.store.tenant(context.tenantId);
  const users = await readMemberships(scope.collection('users'), query, userFields, ofUser, most);
  const left = most - users.length;
  const nested = await readMemberships(scope.collection('groups'), query, groupFields, ofGroup, left);
  return [...users, ...nested];
}

/**
 * The members of each of these groups that the directory may see, users first: two queries for all of them together. Of several groups
 * with very many members only the first ones are looked at, at least one.
 *
 * @returns an entry for every group that was looked at.
 */
export async function membersOfEach(
  context: ScimContext,
  groups: readonly GroupDocument[],
): Promise<Map<string, GroupMember[]>> {
  const members = new Map<string, GroupMember[]>(groups.map(({ _id }) => [_id, []]));
  const query = { groupIds: { $in: [...members.keys()] } };
  const most = groups.length > 1 ? maxTogether : Infinity;
  const found = await membershipsOf(context, query, most);
  if (found.length >= most) return membersOfEach(context, groups.slice(0, groups.length >> 1));
  for (const { member, groupIds, directoryId } of found) {
    if (!isVisibleTo({ directoryId }, context.directoryId)) continue;
    for (const id of groupIds) members.get(id)?.push(member);
  }
  return members;
}
