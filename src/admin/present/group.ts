import type { Member } from '../../identity/groups/member-list.js';
import { roleIdsOf } from '../../identity/grants/group-grants.js';
import type { GroupView } from '../../identity/groups/search.js';
import { z } from '../schema.js';
import { id, instant, iso } from './fields.js';

const fields = {
  id,
  displayName: z.string(),
  externalId: z.string().nullable(),
  directory: z
    .strictObject({ id, name: z.string() })
    .nullable()
    .describe('the directory that pushes it; null: made here'),
  memberCount: z.number().int().describe('direct members'),
  roles: z.array(z.string()).describe('the roles it gives its members: `administrator`, `crm:agent`'),
  administrators: z
    .array(z.strictObject({ id, displayName: z.string() }))
    .describe('who looks after its members'),
  createdAt: instant,
  updatedAt: instant,
};

export const groupSchema = z.strictObject(fields).openapi('Group');

export function presentGroup({ group, memberCount, directory, administrators }: GroupView) {
  return {
    id: group._id,
    displayName: group.displayName,
    externalId: group.externalId,
    directory,
    memberCount,
    roles: [...roleIdsOf(group)],
    administrators,
    createdAt: iso(group.createdAt),
    updatedAt: iso(group.updatedAt),
  };
}

export const memberSchema = z
  .strictObject({ id, type: z.enum(['user', 'group']), displayName: z.string() })
  .openapi('GroupMember');

export const detailedGroupSchema = z
  .strictObject({
    ...fields,
    members: z.array(memberSchema).describe('the first hundred; `/groups/{id}/members` lists them all'),
  })
  .openapi('DetailedGroup');

export function presentMember({ id: memberId, type, display }: Member) {
  return {
    id: memberId,
    type: type === 'User' ? ('user' as const) : ('group' as const),
    displayName: display,
  };
}
