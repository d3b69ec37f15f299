import { beginTwoFactor, confirmTwoFactor, removeTwoFactor } from '../../identity/two-factor.js';
import { AppError } from '../../shared/errors.js';
import type { Caller } from '../authenticate.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Me';

/** These routes are `self`: nobody but a person with a session gets here. */
function liveOf(caller: Caller) {
  if (caller.kind === 'session') return caller.live;
  throw new AppError('auth.forbidden', 'this is for signed-in people: an API key is nobody');
}

const begin = route({
  method: 'post',
  path: '/me/2fa',
  id: 'beginMyTwoFactor',
  summary: 'Make a secret for an authenticator app; it counts once confirmed',
  tag,
  permission: 'self',
  output: z.strictObject({ secret: z.string(), otpauthUrl: z.string() }).openapi('TwoFactorSecret'),
  async handler({ core, caller }) {
    const { settings, user } = liveOf(caller);
    return { body: await beginTwoFactor(core, user, settings) };
  },
});

const confirm = route({
  method: 'post',
  path: '/me/2fa/confirm',
  id: 'confirmMyTwoFactor',
  summary: 'Switch the second factor on by a first code; the backup codes are in this answer only',
  tag,
  permission: 'self',
  body: z.strictObject({ code: z.string().min(1).max(64) }).openapi('ConfirmTwoFactor'),
  output: z.strictObject({ backupCodes: z.array(z.string()) }).openapi('BackupCodes'),
  async handler({ core, actor, caller, body }) {
    return { body: { backupCodes: await confirmTwoFactor(core, actor, liveOf(caller).user, body.code) } };
  },
});

const remove = route({
  method: 'delete',
  path: '/me/2fa',
  id: 'removeMyTwoFactor',
  summary: 'Take one’s own second factor away',
  tag,
  permission: 'self',
  async handler({ core, actor, caller }) {
    await removeTwoFactor(core, actor, liveOf(caller).user);
    return {};
  },
});

export const meTwoFactorRoutes: readonly Route[] = [begin, confirm, remove];
