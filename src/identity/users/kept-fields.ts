import { profileFields, type ProfileField, type Settings } from '../tenants/settings.js';
import { AppError } from '../../shared/errors.js';

/**
 * Refuses facts about people that the tenant does not keep (`profile.fields`, C-12); taking one away is always allowed.
 *
 * @throws AppError `input.invalid`.
 */
export function requireKeptFields(
  settings: Settings,
  body: Readonly<Partial<Record<ProfileField, string | null | undefined>>>,
): void {
  const kept = new Set<string>(settings['profile.fields']);
  const errors = profileFields
    .filter((field) => body[field] && !kept.has(field))
    .map((field) => ({ pointer: `/${field}`, detail: 'is not kept of people in this organization' }));
  if (errors.length > 0) throw new AppError('input.invalid', 'the profile has faults', { errors });
}
