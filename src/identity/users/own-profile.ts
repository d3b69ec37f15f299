import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { nameFaults } from '../grants/name-rule.js';
import type { Settings } from '../tenants/settings.js';
import { inputOf, withProfile, type ProfileInput } from './input.js';
import { requireKeptFields } from './kept-fields.js';
import { updateUser, type UserDocument } from './users.js';

/** What people say of themselves. Absent: unchanged; null: taken away. */
export interface OwnProfile extends Omit<ProfileInput, 'email'> {
  signature?: string | null | undefined;
}

/**
 * Changes one's own profile.
 *
 * @throws AppError `input.invalid` with a pointer to each fault.
 */
export async function changeOwnProfile(
  core: Core,
  actor: Actor,
  { user, settings }: { user: UserDocument; settings: Settings },
  { signature, ...facts }: OwnProfile,
): Promise<UserDocument> {
  const profile = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  requireKeptFields(settings, { ...profile, signature });
  const errors = nameFaults(settings['profile.nameRule'], profile);
  if (errors.length > 0) throw new AppError('input.invalid', 'the profile has faults', { errors });
  const { after } = await updateUser(core, actor, user._id, (stored) => ({
    ...inputOf(stored),
    attributes: withProfile(stored.attributes, profile),
    signature,
  }));
  return after;
}
