import type { UserDocument } from '../persistence/collections/users.js';
import type { Query } from '../persistence/store.js';
import { AppError } from '../shared/errors.js';
import type { Actor } from './core.js';
import type { TenantConfig } from './tenants/config.js';
import { isProtectedFromDirectories } from './users/transitions.js';

/**
 * In place of a directory's id on users that a SCIM DELETE hid because the tenant deletes nobody: no directory sees them, their address
 * is free again. Enabling such a user in the console brings it back as one nobody provisions.
 */
export const retired = 'retired';

/** In place of a hidden user's address and userName: a unique index takes an empty list for a value like any other. */
export function retiredKeys(userId: string): string[] {
  return [`${retired}:${userId}`];
}

/** What a directory sees: what it manages and what nobody manages. */
export function visibleTo(directoryId: string): Query {
  return { directoryId: { $in: [directoryId, null] } };
}

/** @param directoryId - null for everybody who is no directory: they see all. */
export function isVisibleTo(document: { directoryId: string | null }, directoryId: string | null): boolean {
  return directoryId === null || document.directoryId === null || document.directoryId === directoryId;
}

/**
 * Whether the actor may write to this user at all.
 *
 * @throws AppError `user.not_found` for what a directory does not see, `user.protected` for local administrators.
 */
export function requireWritable(
  actor: Actor,
  user: UserDocument | undefined,
  config: TenantConfig,
): UserDocument {
  if (!user || !isVisibleTo(user, actor.directoryId))
    throw new AppError('user.not_found', 'there is no such user');
  if (actor.directoryId !== null && isProtectedFromDirectories(user, config)) {
    throw new AppError('user.protected', 'this user manages the tenant and is not changed by a directory');
  }
  return user;
}
