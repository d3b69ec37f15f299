import type { Actor, Core } from '../../identity/core.js';
import { changeMembers, createGroupWithMembers } from '../../identity/groups/members.js';
import { administers, type GroupAccess } from '../../identity/grants/group-grants.js';
import {
  requireUnprovisioned,
  searchGroups,
  viewGroups,
  type GroupFilter,
  type GroupPosition,
} from '../../identity/groups/search.js';
import { deleteGroup, updateGroup, type GroupDocument } from '../../identity/groups/groups.js';
import { inputLimits } from '../../identity/users/input-limits.js';
import { requirePermission } from '../../identity/permissions.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { line, roleNames } from '../present/fields.js';
import { detailedGroupSchema, groupSchema, presentGroup } from '../present/group.js';
import { fullKeysOf } from '../role-names.js';
import { atItsPlace, groupTag, groupTarget, memberIds, replyGroup, requireGroupsOn } from './group-target.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

export const groupFilters = {
  q: searchParameter,
  directory: z
    .string()
    .max(200)
    .optional()
    .describe('id of the directory that pushes them; `none`: made here'),
};

/** The filters as the search takes them. */
export const groupFilterOf = ({ q, directory }: z.output<z.ZodObject<typeof groupFilters>>): GroupFilter => ({
  q,
  directoryId: directory === 'none' ? null : directory,
});

const listAll = route({
  method: 'get',
  path: '/groups',
  id: 'listGroups',
  summary: 'Search groups',
  tag: groupTag,
  permission: 'users.read',
  query: z.strictObject({
    ...groupFilters,
    sort: sortParameter(['displayName', 'createdAt'], 'displayName'),
    ...pageParameters,
  }),
  output: listOf(groupSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const filter = groupFilterOf(query);
    const order = {
      sort: query.sort.endsWith('createdAt') ? ('createdAt' as const) : ('displayName' as const),
      descending: query.sort.startsWith('-'),
    };
    const page = await pageAfter(
      context,
      (after: GroupPosition | undefined, limit) =>
        searchGroups(core, actor.tenantId, filter, { ...order, after, ...limit }),
      (group) => ({ key: group.displayNameKey, id: group._id }),
    );
    const views = await viewGroups(core, actor.tenantId, page.items);
    return { body: { ...page, items: views.map(presentGroup) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/groups/{id}',
  id: 'getGroup',
  summary: 'Read a group',
  tag: groupTag,
  permission: 'users.read',
  target: groupTarget,
  openTo: administers,
  output: detailedGroupSchema,
  handler: ({ core, target }) => replyGroup(core, target),
});

const access = {
  roles: roleNames
    .optional()
    .describe('the roles it gives its members, all of them. Give the least that is needed'),
  administrators: z
    .array(z.string().min(1).max(200))
    .max(100)
    .optional()
    .describe('ids of the users who look after its members, all of them'),
};

type AccessInput = z.output<z.ZodObject<typeof access>>;

/** What a body says of roles and administrators, as the domain takes it. */
async function accessOf(
  core: Core,
  actor: Actor,
  { roles, administrators }: AccessInput,
): Promise<GroupAccess> {
  if (roles) requirePermission(actor, 'roles.assign');
  const config = await tenantConfig(core, actor.tenantId);
  return {
    ...(roles && { roleIds: fullKeysOf(config, roles) }),
    ...(administrators && { administratorIds: administrators }),
  };
}

const createOne = route({
  method: 'post',
  path: '/groups',
  id: 'createGroup',
  summary: 'Create a group',
  tag: groupTag,
  permission: 'groups.manage',
  body: z
    .strictObject({
      displayName: line(inputLimits.groupName),
      externalId: z.string().max(inputLimits.externalId).nullable().default(null),
      members: memberIds.default([]),
      ...access,
    })
    .openapi('CreateGroup'),
  status: 201,
  output: detailedGroupSchema,
  async handler({ core, actor, body }) {
    const { displayName, externalId, members } = body;
    const input = { displayName, externalId, attributes: {}, ...(await accessOf(core, actor, body)) };
    const creating = createGroupWithMembers(core, actor, input, members);
    const { after: group } = await atItsPlace(members, creating);
    return { ...(await replyGroup(core, group)), headers: { Location: `/api/v1/groups/${group._id}` } };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/groups/{id}',
  id: 'changeGroup',
  summary: 'Change a group; `members` replaces all of them',
  tag: groupTag,
  permission: 'groups.manage',
  target: groupTarget,
  body: z
    .strictObject({
      displayName: line(inputLimits.groupName).optional(),
      externalId: z.string().max(inputLimits.externalId).nullable().optional(),
      members: memberIds.optional(),
      ...access,
    })
    .openapi('ChangeGroup'),
  output: detailedGroupSchema,
  async handler({ core, actor, body, params, target, ifVersion }) {
    const { displayName, externalId, members } = body;
    // What a group gives and who looks after it is decided here, whoever pushes the group.
    const isOwned = displayName !== undefined || externalId !== undefined || members !== undefined;
    if (isOwned) await requireUnprovisioned(core, target);
    const decided = await accessOf(core, actor, body);
    const change = (stored: GroupDocument) => ({
      displayName: body.displayName ?? stored.displayName,
      externalId: body.externalId === undefined ? stored.externalId : body.externalId,
      attributes: stored.attributes,
      ...decided,
    });
    if (!members)
      return replyGroup(core, (await updateGroup(core, actor, params.id, change, ifVersion)).after);
    const options = { ...ifVersion, edit: change };
    const changing = changeMembers(core, actor, params.id, { replaceWith: members }, options);
    return replyGroup(core, (await atItsPlace(members, changing)).after);
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/groups/{id}',
  id: 'deleteGroup',
  summary: 'Delete a group; its members stay and lose what it gave them',
  tag: groupTag,
  permission: 'groups.manage',
  target: groupTarget,
  async handler({ core, actor, params, target, ifVersion }) {
    await requireUnprovisioned(core, target);
    await deleteGroup(core, actor, params.id, ifVersion);
    return {};
  },
});

const all: readonly Route[] = [listAll, readOne, createOne, changeOne, deleteOne];

export const groupRoutes: readonly Route[] = all.map((one) => ({
  ...one,
  async target(core, tenantId, params, caller) {
    await requireGroupsOn(core, tenantId);
    return one.target(core, tenantId, params, caller);
  },
}));
