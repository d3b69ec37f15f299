import { AppError } from '../shared/errors.js';
import type { Actor, Core } from './core.js';
import { passwordFault } from './password-policy.js';
import { tenantSettings } from './tenant-settings.js';
import { inputOf } from './user-input.js';
import { updateUser, type UserDocument } from './users.js';

/** Wrong current passwords a session may try in a quarter of an hour: whoever finds a browser open learns no password by trying. */
const mostGuesses = 5;
const guessSpanMs = 900_000;

const fault = (pointer: string, detail: string): AppError =>
  new AppError('input.invalid', 'Enter a valid password', { errors: [{ pointer, detail }] });

async function requireCurrent(core: Core, user: UserDocument, password: string): Promise<void> {
  const now = core.clock.now().getTime();
  const key = `own-password:${user._id}`;
  const { count, expiresAt } = await core.store.increment(key, 1, new Date(now + guessSpanMs));
  if (count > mostGuesses) {
    throw new AppError('rate.limited', 'too many wrong passwords', {
      retryAfterSeconds: Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000)),
    });
  }
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  if (!(await core.passwords.verify(credential?.passwordHash ?? null, password))) {
    throw fault('/currentPassword', 'is not your password');
  }
  await core.store.resetCounter(key);
}

/**
 * People change their own password: every session ends, this one too (M0-34).
 *
 * @throws AppError `input.invalid` for a wrong current or a weak new password, `rate.limited`, `auth.forbidden` for people who sign in
 *   through their company.
 */
export async function changeOwnPassword(
  core: Core,
  actor: Actor,
  user: UserDocument,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  if (user.loginType === 'sso') {
    throw new AppError('auth.forbidden', 'your company’s login has your password');
  }
  await requireCurrent(core, user, currentPassword);
  const settings = await tenantSettings(core, user.tenantId);
  const weak = passwordFault(newPassword, settings['password.minLength'], [user.email, user.userName]);
  if (weak !== undefined) throw fault('/newPassword', weak);
  if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) {
    throw fault('/newPassword', 'must be another than the current one');
  }
  await updateUser(core, actor, user._id, (stored) => ({ ...inputOf(stored), password: newPassword }));
}
