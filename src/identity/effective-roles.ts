import type { Grant, UserDocument } from '../persistence/collections/users.js';
import type { TenantConfig } from './tenant-config.js';
import { deriveStatus, hasRolesIn } from './user-status.js';

type RoleHolder = Pick<UserDocument, 'grants' | 'enabled' | 'accessExpiresAt' | 'activatedAt' | 'approved'>;

/** The grants that hold now, of roles that exist. Says nothing about the user's status. */
export function liveGrants(user: Pick<UserDocument, 'grants'>, config: TenantConfig, now: Date): Grant[] {
  return user.grants.filter(
    (grant) => config.roles.has(grant.role) && (grant.until === null || grant.until > now),
  );
}

/**
 * The full keys of the roles in force: granted, existing, and the user's status lets them work (pending approval, disabled, expired and
 * not activated users have none).
 *
 * @returns sorted, without duplicates.
 */
export function effectiveRoles(user: RoleHolder, config: TenantConfig, now: Date): string[] {
  const status = deriveStatus(user, { now, approvalRequired: config.settings['approval.required'] });
  if (!hasRolesIn(status)) return [];
  return [...new Set(liveGrants(user, config, now).map((grant) => grant.role))].sort();
}

/** The management permissions in force: what the user may do in Gatehouse itself. */
export function userPermissions(user: RoleHolder, config: TenantConfig, now: Date): ReadonlySet<string> {
  return new Set(effectiveRoles(user, config, now).flatMap((key) => config.roles.get(key)?.management ?? []));
}

export interface ApplicationAccess {
  /** Role keys without the application's prefix, sorted. */
  roles: string[];
  /** Permissions as the application names them, sorted. */
  permissions: string[];
}

/**
 * What one application gets to know: its own roles and permissions and nothing else (M1-18, M1-21).
 *
 * A tenant role may hold permissions of an application, written `applicationKey:permission`; they appear here without the prefix.
 */
export function applicationAccess(
  user: RoleHolder,
  applicationKey: string,
  config: TenantConfig,
  now: Date,
): ApplicationAccess {
  const prefix = `${applicationKey}:`;
  const roles: string[] = [];
  const permissions = new Set<string>();
  for (const fullKey of effectiveRoles(user, config, now)) {
    const role = config.roles.get(fullKey);
    if (role?.applicationKey === applicationKey) {
      roles.push(role.key);
      role.permissions.forEach((permission) => permissions.add(permission));
    } else if (role?.applicationKey === null) {
      role.permissions
        .filter((permission) => permission.startsWith(prefix))
        .forEach((permission) => permissions.add(permission.slice(prefix.length)));
    }
  }
  return { roles: roles.sort(), permissions: [...permissions].sort() };
}
