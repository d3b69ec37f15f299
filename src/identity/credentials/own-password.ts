import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { requireOwnPassword } from './own-proof.js';
import { passwordFault, passwordRule } from '../passwords/policy.js';
import { tenantConfig } from '../tenants/config.js';
import { inputOf } from '../users/input.js';
import { updateUser, type UserDocument } from '../users/users.js';

const fault = (pointer: string, detail: string): AppError =>
  new AppError('input.invalid', 'Enter a valid password', { errors: [{ pointer, detail }] });

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
  await requireOwnPassword(core, user, currentPassword, '/currentPassword');
  const rule = passwordRule(await tenantConfig(core, user.tenantId));
  const weak = passwordFault(newPassword, rule, user);
  if (weak !== undefined) throw fault('/newPassword', weak);
  if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) {
    throw fault('/newPassword', 'must be another than the current one');
  }
  await updateUser(core, actor, user._id, (stored) => ({ ...inputOf(stored), password: newPassword }));
}
