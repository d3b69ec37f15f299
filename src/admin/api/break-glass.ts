import {
  armBreakGlass,
  listBreakGlass,
  removeBreakGlass,
  type BreakGlassView,
} from '../../identity/sso/break-glass.js';
import { displayNameOf } from '../../identity/user-keys.js';
import { listOf } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetUser } from './users.js';

const tag = 'SSO connections';
const permission = 'sso.manage';

const breakGlassSchema = z
  .strictObject({
    user: z.strictObject({ id, email: z.string().nullable(), displayName: z.string() }),
    namedAt: instant,
    namedBy: z.string(),
    armedUntil: instantOrNull,
    armed: z.boolean().describe('whether it can be used now'),
    hasSecondFactor: z.boolean().describe('false: it cannot be used until the user has set one up'),
  })
  .openapi('BreakGlass');

function present({ armedUntil, hasSecondFactor, isArmed, namedAt, namedBy, user }: BreakGlassView) {
  return {
    user: { id: user._id, email: user.email, displayName: displayNameOf(user.userName, user.attributes) },
    namedAt: iso(namedAt),
    namedBy,
    armedUntil: isoOrNull(armedUntil),
    armed: isArmed,
    hasSecondFactor,
  };
}

const listAll = route({
  method: 'get',
  path: '/break-glass',
  id: 'listBreakGlass',
  summary: 'Administrators who may sign in past a required company sign-in',
  tag,
  permission,
  output: listOf(breakGlassSchema),
  async handler({ core, actor }) {
    const items = (await listBreakGlass(core, actor.tenantId)).map(present);
    return { body: { items, total: items.length, next: null } };
  },
});

const armOne = route({
  method: 'put',
  path: '/users/{id}/break-glass',
  id: 'armBreakGlass',
  summary: 'Give an administrator emergency access, or say until when it counts',
  tag,
  permission,
  stepUp: true,
  target: targetUser,
  body: z
    .strictObject({
      armedUntil: z.iso
        .datetime({ offset: true })
        .nullable()
        .describe('at most 90 days ahead; null: not to be used now'),
    })
    .openapi('ArmBreakGlass'),
  status: 204,
  async handler({ core, actor, body, params }) {
    await armBreakGlass(core, actor, params.id, body.armedUntil === null ? null : new Date(body.armedUntil));
    return {};
  },
});

const removeOne = route({
  method: 'delete',
  path: '/users/{id}/break-glass',
  id: 'removeBreakGlass',
  summary: 'Take the emergency access of a user away',
  tag,
  permission,
  stepUp: true,
  target: targetUser,
  async handler({ core, actor, target }) {
    await removeBreakGlass(core, actor, target);
    return {};
  },
});

export const breakGlassRoutes: readonly Route[] = [listAll, armOne, removeOne];
