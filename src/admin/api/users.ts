import { createUserWithMail } from '../../identity/invitations/activation.js';
import { accessPeriodFault } from '../../identity/users/access-period.js';
import { administersMember } from '../../identity/grants/group-grants.js';
import { requirePermission } from '../../identity/permissions.js';
import type { Actor, Core } from '../../identity/core.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import type { Settings } from '../../identity/tenants/settings.js';
import { isLive } from '../../identity/grants/grants.js';
import { servicesOf, withAccess } from '../../identity/grants/services.js';
import { withOwnValues } from '../../identity/users/own-attributes.js';
import { inputOf, withProfile, type ProfileInput, type UserInput } from '../../identity/users/input.js';
import {
  countHidden,
  searchUsers,
  userPosition,
  userSorts,
  type UserPosition,
} from '../../identity/users/search.js';
import { viewUser, viewUsers } from '../../identity/users/view.js';
import { getUser, updateUser, type UserDocument } from '../../identity/users/users.js';
import { deleteUser } from '../../identity/users/removal.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageAfter, pageParameters, presented, sortParameter } from '../list.js';
import { reroot } from '../reroot.js';
import { fullKeysOf } from '../role-names.js';
import { requireKeptFields } from '../../identity/users/kept-fields.js';
import { presentUser, userSchema } from '../present/user.js';
import { userFilterOf, userFilters } from '../present/user-filter.js';
import { changeUserInput, createUserInput, type ChangeUserInput } from '../present/user-input.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

export const userTag = 'Users';

/** Finds the user a path names. */
export const targetUser = (
  core: Core,
  tenantId: string,
  { id }: { readonly id: string },
): Promise<UserDocument> => getUser(core, tenantId, id);

/** One user as the answer. */
export async function replyUser(
  core: Core,
  config: TenantConfig,
  user: UserDocument,
): Promise<Reply<z.input<typeof userSchema>>> {
  return { body: presentUser(await viewUser(core, config, user), core.clock.now()), version: user.version };
}

const userList = z.strictObject({
  ...listOf(userSchema).shape,
  hidden: z
    .strictObject({ disabled: z.number().int(), nonActivated: z.number().int() })
    .describe('users that match and are left out by `showDisabled` and `showNonActivated`'),
});

const listUsers = route({
  method: 'get',
  path: '/users',
  id: 'listUsers',
  summary: 'Search users',
  tag: userTag,
  permission: 'users.read',
  query: z.strictObject({ ...userFilters, sort: sortParameter(userSorts, 'displayName'), ...pageParameters }),
  output: userList,
  async handler(context) {
    const { core, actor, config, query } = context;
    const filter = userFilterOf(config, query);
    const descending = query.sort.startsWith('-');
    const sort = userSorts.find((name) => query.sort.endsWith(name)) ?? 'displayName';
    const positionOf = (user: UserDocument): UserPosition => userPosition(user, sort);
    const page = await pageAfter(
      context,
      (after: UserPosition | undefined, limit) =>
        searchUsers(core, actor.tenantId, filter, { sort, descending, after, ...limit }),
      positionOf,
    );
    const now = core.clock.now();
    const present = async (users: readonly UserDocument[]) =>
      (await viewUsers(core, config, users)).map((view) => presentUser(view, now));
    const hidden = await countHidden(core, actor.tenantId, filter);
    return { body: { ...(await presented(context, page, present, positionOf)), hidden } };
  },
});

const readUser = route({
  method: 'get',
  path: '/users/{id}',
  id: 'getUser',
  summary: 'Read a user',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  openTo: administersMember,
  output: userSchema,
  handler: ({ core, config, target }) => replyUser(core, config, target),
});

/** What a body's fields need beside the permission of the route. */
function requireFieldPermissions(actor: Actor, body: Partial<ChangeUserInput>): void {
  if (body.roles !== undefined || body.services !== undefined) requirePermission(actor, 'roles.assign');
  if (body.enabled !== undefined) requirePermission(actor, 'users.enable');
  if (body.approved !== undefined) requirePermission(actor, 'users.approve');
}

function profileOf(body: ChangeUserInput): ProfileInput {
  const { email, givenName, familyName, displayName, phone, picture, language } = body;
  return {
    ...(email !== undefined && { email }),
    ...(givenName !== undefined && { givenName }),
    ...(familyName !== undefined && { familyName }),
    ...(displayName !== undefined && { displayName }),
    ...(phone !== undefined && { phone }),
    ...(picture !== undefined && { picture }),
    ...(language !== undefined && { language }),
  };
}

/**
 * The end of access a body asks for.
 *
 * @throws AppError `input.invalid` for an end that has passed, or is too far ahead.
 */
export function expiryOf(
  body: Pick<ChangeUserInput, 'accessExpiresAt'>,
  settings: Settings,
  now: Date,
): { accessExpiresAt?: Date | null } {
  if (body.accessExpiresAt === undefined) return {};
  const accessExpiresAt = body.accessExpiresAt === null ? null : new Date(body.accessExpiresAt);
  const detail = accessPeriodFault(accessExpiresAt, now, settings['access.temporaryMaxSeconds']);
  if (detail === undefined) return { accessExpiresAt };
  throw new AppError('input.invalid', 'access cannot end then', {
    errors: [{ pointer: '/accessExpiresAt', detail }],
  });
}

/** What a body says of a user beside its attributes. */
function decisionsOf(
  { actor, config }: { actor: Actor; config: TenantConfig },
  body: ChangeUserInput,
  now: Date,
): Partial<UserInput> {
  requireFieldPermissions(actor, body);
  requireKeptFields(config.settings, body);
  return {
    ...(body.enabled !== undefined && { active: body.enabled }),
    ...(body.approved !== undefined && { approved: body.approved }),
    ...(body.loginType !== undefined && { loginType: body.loginType }),
    ...(body.roles !== undefined && { roles: fullKeysOf(config, body.roles) }),
    ...expiryOf(body, config.settings, now),
  };
}

/** Where a taken userName is pointed at: at the address, when the userName only follows it. */
function loginPointer(body: ChangeUserInput): [from: string, to: string] {
  return ['/userName', body.userName === undefined ? '/email' : '/userName'];
}

const createOne = route({
  method: 'post',
  path: '/users',
  id: 'createUser',
  summary: 'Create a user; who has to activate the account is mailed the way in',
  tag: userTag,
  permission: 'users.create',
  body: createUserInput,
  status: 201,
  output: userSchema,
  async handler({ core, actor, config, body }) {
    const profile = withProfile({}, profileOf(body));
    const input = {
      userName: body.userName ?? body.email,
      externalId: null,
      attributes: withAccess(withOwnValues(core, config, profile, body.attributes), body),
      active: true,
      ...decisionsOf({ actor, config }, body, core.clock.now()),
    };
    const user = await reroot(...loginPointer(body), () => createUserWithMail(core, actor, input));
    return { ...(await replyUser(core, config, user)), headers: { Location: `/api/v1/users/${user._id}` } };
  },
});

/** Who is removed from a service loses the roles there (M1-28). */
function rolesLeft(
  stored: UserDocument,
  { services }: ChangeUserInput,
  roles: UserInput['roles'],
  now: Date,
): Pick<UserInput, 'roles'> {
  if (!services) return {};
  const removed = servicesOf(stored).flatMap(({ application }) =>
    services.includes(application) ? [] : [`${application}:`],
  );
  const manual = stored.grants
    .filter((grant) => grant.type === 'manual' && isLive(grant, now))
    .map(({ role }) => role);
  return { roles: (roles ?? manual).filter((role) => !removed.some((prefix) => role.startsWith(prefix))) };
}

/** Whoever signs in by address goes on doing so when the address changes (userName = email). */
function userNameOf(stored: UserDocument, body: ChangeUserInput): string {
  if (body.userName !== undefined) return body.userName;
  return body.email !== undefined && stored.userNameKey === stored.emailKey ? body.email : stored.userName;
}

/** What of a body nobody may say of a user who may do more than they themselves. */
const decided = [
  'email',
  'userName',
  'loginType',
  'enabled',
  'approved',
  'roles',
  'services',
  'limitedProducts',
  'userProfileAccess',
  'accessExpiresAt',
] as const satisfies readonly (keyof ChangeUserInput)[];

const changeOne = route({
  method: 'patch',
  path: '/users/{id}',
  id: 'changeUser',
  summary: 'Change a user; what is absent stays',
  tag: userTag,
  permission: 'users.update',
  target: targetUser,
  body: changeUserInput,
  output: userSchema,
  async handler({ core, actor, config, body, params, ifVersion }) {
    const now = core.clock.now();
    const decisions = decisionsOf({ actor, config }, body, now);
    const change = (stored: UserDocument): UserInput => {
      const profile = withProfile(stored.attributes, profileOf(body));
      return {
        ...inputOf(stored),
        userName: userNameOf(stored, body),
        attributes: withAccess(withOwnValues(core, config, profile, body.attributes), body),
        ...decisions,
        ...rolesLeft(stored, body, decisions.roles, now),
      };
    };
    const decides = decided.some((field) => body[field] !== undefined);
    const update = () => updateUser(core, actor, params.id, change, { ...ifVersion, decides });
    return replyUser(core, config, (await reroot(...loginPointer(body), update)).after);
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/users/{id}',
  id: 'deleteUser',
  summary: 'Delete a user for good',
  tag: userTag,
  permission: 'users.delete',
  stepUp: true,
  target: targetUser,
  async handler({ core, actor, params, ifVersion }) {
    await deleteUser(core, actor, params.id, ifVersion);
    return {};
  },
});

export const userRoutes: readonly Route[] = [listUsers, readUser, createOne, changeOne, deleteOne];
