import type { UserDocument } from '../../persistence/collections/users.js';
import type { Settings } from '../tenants/settings.js';

export const userStatuses = [
  'deleted',
  'disabled',
  'expired',
  'locked',
  'pending_activation',
  'pending_approval',
  'active',
] as const;
export type UserStatus = (typeof userStatuses)[number];

export type StatusFields = Pick<UserDocument, 'enabled' | 'accessExpiresAt' | 'activatedAt' | 'approved'>;

/** What of a tenant's settings counts: with `approval.required` off, the flag on the user means nothing. */
type StatusSettings = Pick<Settings, 'approval.required'>;

/**
 * The one derived word for a user's state; the first that holds, in the order of {@link userStatuses}. Never stored.
 *
 * @param user - undefined for a user that is gone.
 * @param lockedUntil - from the user's credentials; null: not locked.
 */
export function statusOf(
  user: StatusFields | undefined,
  settings: StatusSettings,
  now: Date,
  lockedUntil: Date | null,
): UserStatus {
  if (!user) return 'deleted';
  if (!user.enabled) return 'disabled';
  if (user.accessExpiresAt !== null && user.accessExpiresAt <= now) return 'expired';
  if (lockedUntil !== null && lockedUntil > now) return 'locked';
  if (user.activatedAt === null) return 'pending_activation';
  if (settings['approval.required'] && !user.approved) return 'pending_approval';
  return 'active';
}

/** The same for what a lockout does not stop: it refuses new sign-ins only. */
export const statusWithoutLock = (user: StatusFields, settings: StatusSettings, now: Date): UserStatus =>
  statusOf(user, settings, now, null);

/** Whether applications get the user's roles: a lockout stops new sign-ins only, all else takes the roles away (B2). */
export function hasRolesIn(status: UserStatus): boolean {
  return status === 'active' || status === 'locked';
}
