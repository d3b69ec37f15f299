import {
  beginTwoFactor,
  confirmTwoFactor,
  removeOwnTwoFactor,
  renewBackupCodes,
} from '../../identity/credentials/two-factor.js';
import { noteSecondFactor } from '../../identity/users/sessions.js';
import { liveOf } from '../authenticate.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Me';

/** What shows that it is still the person themself. */
const proofSchema = z
  .strictObject({ password: z.string().min(1).max(1000), code: z.string().min(1).max(64) })
  .partial()
  .optional()
  .openapi('OwnProof');

const begin = route({
  method: 'post',
  path: '/me/2fa',
  id: 'beginMyTwoFactor',
  summary:
    'Make a secret for an authenticator app; it counts once confirmed. In place of one that is on: with the password, or a code',
  tag,
  permission: 'self',
  body: proofSchema,
  output: z.strictObject({ secret: z.string(), otpauthUrl: z.string() }).openapi('TwoFactorSecret'),
  async handler({ core, caller, body }) {
    const { settings, user } = liveOf(caller);
    return { body: await beginTwoFactor(core, user, settings, body) };
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
    const { session, user } = liveOf(caller);
    const backupCodes = await confirmTwoFactor(core, actor, user, body.code);
    await noteSecondFactor(core, session);
    return { body: { backupCodes } };
  },
});

const renew = route({
  method: 'post',
  path: '/me/2fa/backup-codes',
  id: 'renewMyBackupCodes',
  summary: 'New backup codes in place of those there were: with the password, or a code; shown once',
  tag,
  permission: 'self',
  body: proofSchema,
  output: z.strictObject({ backupCodes: z.array(z.string()) }).openapi('NewBackupCodes'),
  async handler({ core, actor, caller, body }) {
    return { body: { backupCodes: await renewBackupCodes(core, actor, liveOf(caller).user, body ?? {}) } };
  },
});

const remove = route({
  method: 'delete',
  path: '/me/2fa',
  id: 'removeMyTwoFactor',
  summary: 'Take one’s own second factor away: with the password, or a code',
  tag,
  permission: 'self',
  body: proofSchema,
  async handler({ core, actor, caller, body }) {
    const { settings, user } = liveOf(caller);
    await removeOwnTwoFactor(core, actor, user, settings, body ?? {});
    return {};
  },
});

export const meTwoFactorRoutes: readonly Route[] = [begin, confirm, renew, remove];
