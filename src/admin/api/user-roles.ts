import { checkAccess } from '../../identity/applications/access-check.js';
import type { Core } from '../../identity/core.js';
import { getRole } from '../../identity/roles/roles.js';
import { grantRole, withdrawRole } from '../../identity/users/role-grants.js';
import type { UserDocument } from '../../identity/users/users.js';
import { accessAnswerSchema, presentAnswer } from '../present/role-explanation.js';
import { userSchema } from '../present/user.js';
import { route, type Route } from '../route.js';
import { fullKeysOf } from '../role-names.js';
import { z } from '../schema.js';
import { replyUser, targetUser, userTag } from './users.js';

/** Both the user and the role have to exist. */
async function targetGrant(
  core: Core,
  tenantId: string,
  { id, role }: { readonly id: string; readonly role: string },
): Promise<UserDocument> {
  const user = await targetUser(core, tenantId, { id });
  await getRole(core, tenantId, role);
  return user;
}

const giveOne = route({
  method: 'put',
  path: '/users/{id}/roles/{role}',
  id: 'giveUserRole',
  summary: 'Give one role by hand, for a time or without an end; other roles stay',
  tag: userTag,
  permission: 'roles.assign',
  target: targetGrant,
  body: z
    .strictObject({
      until: z.iso
        .datetime({ offset: true })
        .nullable()
        .default(null)
        .describe('when the role ends by itself; null: never'),
    })
    .prefault({})
    .openapi('GiveUserRole'),
  output: userSchema,
  async handler({ core, actor, config, params, body, ifVersion }) {
    const [role = params.role] = fullKeysOf(config, [params.role]);
    const until = body.until === null ? null : new Date(body.until);
    return replyUser(core, config, await grantRole(core, actor, params.id, { role, until }, ifVersion));
  },
});

const takeOne = route({
  method: 'delete',
  path: '/users/{id}/roles/{role}',
  id: 'takeUserRole',
  summary: 'Take a role that was given by hand or by an invitation',
  tag: userTag,
  permission: 'roles.assign',
  target: targetUser,
  output: userSchema,
  async handler({ core, actor, config, params, ifVersion }) {
    const [role = params.role] = fullKeysOf(config, [params.role]);
    return replyUser(core, config, await withdrawRole(core, actor, params.id, role, ifVersion));
  },
});

const check = route({
  method: 'get',
  path: '/users/{id}/access-check',
  id: 'checkUserAccess',
  summary: 'Whether a user may do something, and by which path',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  query: z.strictObject({
    application: z.string().max(100).optional().describe('key of an application; absent: Gatehouse itself'),
    permission: z
      .string()
      .min(1)
      .max(200)
      .describe('as the application names it, or a management permission'),
  }),
  output: accessAnswerSchema,
  async handler({ core, actor, params, query }) {
    const question = { application: query.application ?? null, permission: query.permission };
    return { body: presentAnswer(await checkAccess(core, actor.tenantId, params.id, question)) };
  },
});

export const userRoleRoutes: readonly Route[] = [giveOne, takeOne, check];
