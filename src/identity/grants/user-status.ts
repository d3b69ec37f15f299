import type { UserDocument } from '../../persistence/collections/users.js';

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

export interface StatusContext {
  now: Date;
  /** The tenant's `approval.required`: off, the flag on the user means nothing. */
  approvalRequired: boolean;
  /** From the user's credentials; null or absent: not locked. */
  lockedUntil?: Date | null;
}

/**
 * The one derived word for a user's state; the first that holds, in the order of {@link userStatuses}. Never stored.
 *
 * @param user - undefined for a user that is gone.
 */
export function deriveStatus(user: StatusFields | undefined, context: StatusContext): UserStatus {
  if (!user) return 'deleted';
  if (!user.enabled) return 'disabled';
  if (user.accessExpiresAt !== null && user.accessExpiresAt <= context.now) return 'expired';
  if (context.lockedUntil && context.lockedUntil > context.now) return 'locked';
  if (user.activatedAt === null) return 'pending_activation';
  if (context.approvalRequired && !user.approved) return 'pending_approval';
  return 'active';
}

/** Whether applications get the user's roles: a lockout stops new sign-ins only, all else takes the roles away (B2). */
export function hasRolesIn(status: UserStatus): boolean {
  return status === 'active' || status === 'locked';
}
