import { administers } from '../../identity/grants/group-grants.js';
import { countMembers, isMember, membersOf, type MemberPosition } from '../../identity/groups/member-list.js';
import { changeMembers } from '../../identity/groups/members.js';
import { requireUnprovisioned } from '../../identity/groups/search.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { detailedGroupSchema, memberSchema, presentMember } from '../present/group.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { atItsPlace, groupTag as tag, groupTarget, memberIds, replyGroup } from './group-target.js';

/** A group's administrators see its members, and bring members in and out (B5). */
const openTo = administers;

const memberTypes = { user: 'User', group: 'Group' } as const;

const listMembers = route({
  method: 'get',
  path: '/groups/{id}/members',
  id: 'listGroupMembers',
  summary: 'The direct members of a group: users, then groups',
  tag,
  permission: 'users.read',
  target: groupTarget,
  openTo,
  query: z.strictObject({
    q: searchParameter.describe('found anywhere in name, address, phone or role; of groups in the name'),
    type: z.enum(['user', 'group']).optional(),
    sort: sortParameter(['createdAt', 'displayName'], 'createdAt'),
    ...pageParameters,
  }),
  output: listOf(memberSchema),
  async handler(context) {
    const { core, query } = context;
    const { _id, tenantId } = context.target;
    const filter = { q: query.q, type: query.type && memberTypes[query.type] };
    const order = {
      sort: query.sort.endsWith('displayName') ? ('displayName' as const) : ('createdAt' as const),
      descending: query.sort.startsWith('-'),
    };
    const page = await pageAfter(
      context,
      async (after: MemberPosition | undefined, limit) => ({
        items: await membersOf(core, tenantId, _id, { ...order, ...limit, after }, filter),
        total: await countMembers(core, tenantId, _id, filter),
      }),
      ({ id, key, type: its }): MemberPosition => ({ type: its, id, key }),
    );
    return { body: { ...page, items: page.items.map(presentMember) } };
  },
});

const addMembers = route({
  method: 'post',
  path: '/groups/{id}/members',
  id: 'addGroupMembers',
  summary: 'Add members; those who are in already stay',
  tag,
  permission: 'groups.manage',
  target: groupTarget,
  openTo,
  body: z.strictObject({ members: memberIds.min(1) }).openapi('AddGroupMembers'),
  output: detailedGroupSchema,
  async handler({ core, actor, body, params, target, ifVersion }) {
    await requireUnprovisioned(core, target);
    const changing = changeMembers(core, actor, params.id, { add: body.members }, ifVersion);
    return replyGroup(core, (await atItsPlace(body.members, changing)).after);
  },
});

const removeMember = route({
  method: 'delete',
  path: '/groups/{id}/members/{memberId}',
  id: 'removeGroupMember',
  summary: 'Remove a member',
  tag,
  permission: 'groups.manage',
  target: groupTarget,
  openTo,
  async handler({ core, actor, params, target, ifVersion }) {
    await requireUnprovisioned(core, target);
    if (!(await isMember(core, actor.tenantId, params.id, params.memberId))) {
      throw new AppError('member.not_found', 'this group has no such member');
    }
    await changeMembers(core, actor, params.id, { remove: [params.memberId] }, ifVersion);
    return {};
  },
});

export const groupMemberRoutes: readonly Route[] = [listMembers, addMembers, removeMember];
