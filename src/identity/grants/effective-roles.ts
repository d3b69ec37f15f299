import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import { isOfferedPermission, type Role, type TenantConfig } from '../tenants/config.js';
import { isLive } from './grants.js';
import { servicesOf } from './services.js';
import { statusWithoutLock, hasRolesIn } from './user-status.js';

type RoleHolder = Pick<UserDocument, 'grants' | 'enabled' | 'accessExpiresAt' | 'activatedAt' | 'approved'>;

/** The key, in any case, of the role whose permissions an assignment alone gives in an application. */
const readerKey = 'reader';

/** The grants that hold now, of roles that exist. Says nothing about the user's status. */
export function liveGrants(user: Pick<UserDocument, 'grants'>, config: TenantConfig, now: Date): Grant[] {
  return user.grants.filter((grant) => config.roles.has(grant.role) && isLive(grant, now));
}

/** Whether the user's status lets roles work, and whatever else somebody was put in charge of. */
export function mayUseRoles(user: RoleHolder, config: TenantConfig, now: Date): boolean {
  return hasRolesIn(statusWithoutLock(user, config.settings, now));
}

/** The role of an application whose permissions all who are assigned to it have. */
export const readerRole = (applicationKey: string, config: TenantConfig): Role | undefined =>
  [...config.roles.values()].find(
    (role) => role.applicationKey === applicationKey && role.key.toLowerCase() === readerKey,
  );

/** What an assignment gives without a role (M1-27): the permissions of the application's Reader, where it has one. */
function readerPermissions(
  user: Pick<UserDocument, 'attributes'>,
  applicationKey: string,
  config: TenantConfig,
): readonly string[] {
  if (!servicesOf(user).some(({ application }) => application === applicationKey)) return [];
  return readerRole(applicationKey, config)?.permissions ?? [];
}

/**
 * The full keys of the roles in force: granted, existing, and the user's status lets them work (pending approval, disabled, expired and
 * not activated users have none).
 *
 * @returns sorted, without duplicates.
 */
export function effectiveRoles(user: RoleHolder, config: TenantConfig, now: Date): string[] {
  if (!mayUseRoles(user, config, now)) return [];
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
 * A tenant role may hold permissions of an application, written `applicationKey:permission`; they appear here without the prefix. Who is
 * assigned to the application has its Reader's permissions, without the role.
 */
export function applicationAccess(
  user: RoleHolder & Pick<UserDocument, 'attributes'>,
  applicationKey: string,
  config: TenantConfig,
  now: Date,
): ApplicationAccess {
  const prefix = `${applicationKey}:`;
  const roles: string[] = [];
  const permissions = new Set(
    mayUseRoles(user, config, now) ? readerPermissions(user, applicationKey, config) : [],
  );
  for (const fullKey of effectiveRoles(user, config, now)) {
    const role = config.roles.get(fullKey);
    if (role?.applicationKey === applicationKey) {
      roles.push(role.key);
      role.permissions.forEach((permission) => permissions.add(permission));
    } else if (role?.applicationKey === null) {
      role.permissions
        .filter((permission) => permission.startsWith(prefix) && isOfferedPermission(config, permission))
        .forEach((permission) => permissions.add(permission.slice(prefix.length)));
    }
  }
  return { roles: roles.sort(), permissions: [...permissions].sort() };
}
