import { writeEvent } from '../../identity/audit/audit.js';
import type { Actor, Core } from '../../identity/core.js';
import { endAccess, setApproved, setEnabled, unlockUser } from '../../identity/users/actions.js';
import { countPendingApprovals, iterateUsers } from '../../identity/users/search.js';
import { liveSessions, revokeSession } from '../../identity/users/sessions.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import { viewUsers, type UserView } from '../../identity/users/view.js';
import { displayNameOf } from '../../identity/user-keys.js';
import type { UserDocument } from '../../identity/users/users.js';
import type { WriteOptions } from '../../identity/versions.js';
import { largestPage, sizeLimit } from '../../shared/size.js';
import { sendCsv } from '../csv.js';
import { listOf } from '../list.js';
import { presentSession, sessionSchema } from '../present/session.js';
import { presentUser, userSchema } from '../present/user.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { userFilterOf, userFilters } from '../present/user-filter.js';
import { replyUser, targetUser, userTag } from './users.js';

type Action = (core: Core, actor: Actor, id: string, options: WriteOptions) => Promise<UserDocument>;

/** `POST /users/{id}/<name>`: one step of a user's life, answered with the user as it is then. */
function action(name: string, id: string, summary: string, permission: string, act: Action): Route {
  return route({
    method: 'post',
    path: `/users/{id}/${name}`,
    id,
    summary,
    tag: userTag,
    permission,
    target: targetUser,
    output: userSchema,
    handler: async ({ core, actor, config, params, ifVersion }) =>
      replyUser(core, config, await act(core, actor, params.id, ifVersion)),
  });
}

const actions = [
  action('approve', 'approveUser', 'Approve a user', 'users.approve', (core, actor, id, options) =>
    setApproved(core, actor, id, true, options),
  ),
  action('enable', 'enableUser', 'Enable a user', 'users.enable', (core, actor, id, options) =>
    setEnabled(core, actor, id, true, options),
  ),
  action('unlock', 'unlockUser', 'Lift a lock after failed sign-ins', 'users.enable', unlockUser),
  action(
    'end-sessions',
    'endUserSessions',
    'End every session and token of a user',
    'sessions.invalidate',
    endAccess,
  ),
];

const disable = route({
  method: 'post',
  path: '/users/{id}/disable',
  id: 'disableUser',
  summary: 'Disable a user; `hold`: until an administrator enables it, even if the directory says active',
  tag: userTag,
  permission: 'users.enable',
  target: targetUser,
  body: z
    .strictObject({
      hold: z.boolean().optional().describe('true for people a directory manages when absent'),
    })
    .prefault({})
    .openapi('DisableUser'),
  output: userSchema,
  handler: async ({ core, actor, config, params, body, ifVersion }) =>
    replyUser(
      core,
      config,
      await setEnabled(core, actor, params.id, false, { ...ifVersion, hold: body.hold }),
    ),
});

const countApprovals = route({
  method: 'get',
  path: '/users/pending-approvals',
  id: 'countPendingApprovals',
  summary: 'How many users wait for approval; 0 where the tenant asks for none',
  tag: userTag,
  permission: 'users.read',
  output: z.strictObject({ pending: z.number().int() }).openapi('PendingApprovals'),
  handler: async ({ core, config }) => ({ body: { pending: await countPendingApprovals(core, config) } }),
});

const listSessions = route({
  method: 'get',
  path: '/users/{id}/sessions',
  id: 'listUserSessions',
  summary: 'The live sessions of a user, the latest used first',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  output: listOf(sessionSchema),
  async handler({ core, caller, target }) {
    const sessions = await liveSessions(core, target);
    const currentId = caller.kind === 'session' ? caller.live.session._id : null;
    const items = sessions.map((session) => presentSession(session, currentId));
    return { body: { items, total: items.length, next: null } };
  },
});

const endOneSession = route({
  method: 'delete',
  path: '/users/{id}/sessions/{sessionId}',
  id: 'endUserSession',
  summary: 'End one session of a user',
  tag: userTag,
  permission: 'sessions.invalidate',
  target: targetUser,
  async handler({ core, actor, target, params }) {
    await revokeSession(core, actor, target, params.sessionId);
    return {};
  },
});

const columns = [
  'Name',
  'Surname',
  'Email',
  'Phone',
  'Status',
  'Roles',
  'Access Level',
  'Groups',
  'Products',
  'Login',
  'Enabled',
  'Approved',
  'Access Until',
  '2FA',
  'Created',
  'Last Login',
];

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

/** What stands in a cell: many values with commas. */
const cellOf = (value: unknown): string => [value ?? []].flat().map(String).join(', ');

/** M4-8: the levels overlap, as an administrator may be in a group. */
function levelsOf({ groups, roles }: UserView, administratorRoles: readonly string[]): string[] {
  const levels = [
    ...(roles.some(({ role }) => administratorRoles.includes(role)) ? ['Account'] : []),
    groups.length > 0 ? 'Group' : 'Unassigned',
  ];
  return levels;
}

/** @param own - the names of the tenant's own attributes: a column each, after the others. */
function rowOf(
  view: UserView,
  now: Date,
  { administratorRoles }: Pick<TenantConfig, 'administratorRoles'>,
  own: readonly string[],
): string[] {
  const user = presentUser(view, now);
  const isNamed = user.givenName !== null || user.familyName !== null;
  return [
    (isNamed ? user.givenName : displayNameOf(user.userName, view.user.attributes)) ?? '',
    user.familyName ?? '',
    user.email ?? '',
    user.phone ?? '',
    user.status,
    user.roles.map((role) => role.role).join(' '),
    levelsOf(view, administratorRoles).join(', '),
    user.groups.map((group) => group.displayName).join(', '),
    user.limitedProducts.join(', '),
    user.loginType,
    yesOrNo(user.enabled),
    yesOrNo(user.approved),
    user.accessExpiresAt ?? '',
    yesOrNo(user.twoFactor),
    user.createdAt,
    user.lastLoginAt ?? '',
    ...own.map((name) => cellOf(view.attributes[name])),
  ];
}

/** Users are completed by the hundred: what belongs to them takes a few queries for all. */
async function* rowsOf(
  core: Core,
  config: TenantConfig,
  users: AsyncIterable<UserDocument>,
  own: readonly string[],
): AsyncGenerator<string[]> {
  const now = core.clock.now();
  let batch: UserDocument[] = [];
  let size = sizeLimit(largestPage);
  for await (const user of users) {
    batch.push(user);
    if (!size.until(user) && batch.length < 100) continue;
    for (const view of await viewUsers(core, config, batch)) yield rowOf(view, now, config, own);
    batch = [];
    size = sizeLimit(largestPage);
  }
  for (const view of await viewUsers(core, config, batch)) yield rowOf(view, now, config, own);
}

const exportUsers = route({
  method: 'get',
  path: '/users/export.csv',
  id: 'exportUsers',
  summary: 'Users as CSV: those who have access, unless filters say otherwise',
  tag: userTag,
  permission: 'users.export',
  query: z.strictObject(userFilters),
  produces: 'text/csv',
  async handler({ core, actor, config, query, ...reader }) {
    const isFiltered = Object.values(query).some((value) => value !== undefined);
    const filter = userFilterOf(config, {
      ...query,
      ...(!isFiltered && { status: ['locked', 'pending_activation', 'pending_approval', 'active'] as const }),
    });
    await writeEvent(core, actor, { action: 'users.exported' });
    const own = config.attributes.map(({ name }) => name);
    const rows = rowsOf(core, config, iterateUsers(core, actor.tenantId, filter), own);
    await sendCsv(reader, 'users', core.clock.now(), [...columns, ...own], rows);
    return undefined;
  },
});

export const userActionRoutes: readonly Route[] = [
  ...actions,
  disable,
  countApprovals,
  listSessions,
  endOneSession,
  exportUsers,
];
