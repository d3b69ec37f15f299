import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import { isOfferedPermission, type Role, type TenantConfig } from '../tenants/config.js';
import { isLive } from './grants.js';
import { isKeptBack, type Constraint } from '../permissions.js';
import { accessOf, servicesOf } from './services.js';
import { statusWithoutLock, hasRolesIn } from './user-status.js';

type RoleHolder = Pick<UserDocument, 'grants' | 'enabled' | 'accessExpiresAt' | 'activatedAt' | 'approved'>;

/** The key, in any case, of the role whose permissions an assignment alone gives in an application. */
const readerKey = 'reader';

/** The grants that hold now, of roles that exist. Says nothing about the user's status. */
export function liveGrants(user: Pick<UserDocument, 'grants'>, config: TenantConfig, now: Date): Grant[] {
  return user.grants.filter((grant) => config.roles.has(grant.role) && isLive(grant, now));
}

/** Whether the user's status lets roles work, and whatever else a user was put in charge of. */
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
  /** What limits a permission: any one of these is enough. A permission that is not in it has no limits. Absent: none has. */
  constraints?: Record<string, Limit[]>;
}

/** What an application sees to: each list names the values that are allowed. */
export type Limit = Record<string, string[]>;

/** What is left of a constraint for the application to see to; undefined: the permission is not given at all. */
function limitOf(
  { feature, profileAccess, ...limit }: Constraint,
  user: Pick<UserDocument, 'attributes'>,
  { tenant }: TenantConfig,
): Limit | undefined {
  if (feature !== undefined && tenant.features?.[feature] !== true) return undefined;
  return profileAccess === true && !accessOf(user).userProfileAccess ? undefined : limit;
}

/** The permissions that a role gives in an application, as the application and as the role name them. */
function permissionsIn(
  role: Role,
  applicationKey: string,
  config: TenantConfig,
): { name: string; said: string }[] {
  if (role.applicationKey !== null) {
    return role.applicationKey === applicationKey
      ? role.permissions.map((name) => ({ name, said: name }))
      : [];
  }
  const prefix = `${applicationKey}:`;
  return role.permissions
    .filter((said) => said.startsWith(prefix) && isOfferedPermission(config, said))
    .map((said) => ({ name: said.slice(prefix.length), said }));
}

/**
 * What one application gets to know: its own roles and permissions and nothing else (M1-18, M1-21).
 *
 * A tenant role may hold permissions of an application, written `applicationKey:permission`; they appear here without the prefix. Who is
 * assigned to the application has its Reader's permissions, without the role. Switches and limits take permissions away (requirements E).
 */
export function applicationAccess(
  user: RoleHolder & Pick<UserDocument, 'attributes'>,
  applicationKey: string,
  config: TenantConfig,
  now: Date,
): ApplicationAccess {
  const keys = effectiveRoles(user, config, now);
  const { preset, features } = config.tenant;
  const found = new Map<string, Limit[]>();
  const give = (name: string, limit: Limit | undefined): void => {
    if (!limit || isKeptBack(preset, `${applicationKey}:${name}`, features)) return;
    found.set(name, [...(found.get(name) ?? []), limit]);
  };
  if (mayUseRoles(user, config, now))
    readerPermissions(user, applicationKey, config).forEach((name) => give(name, {}));
  const held = keys.flatMap((key) => config.roles.get(key) ?? []);
  for (const role of held)
    for (const { name, said } of permissionsIn(role, applicationKey, config))
      give(name, limitOf(role.constraints[said] ?? {}, user, config));
  const limited = [...found].filter(([, limits]) => limits.every((limit) => Object.keys(limit).length > 0));
  return {
    roles: held
      .filter((role) => role.applicationKey === applicationKey)
      .map(({ key }) => key)
      .sort(),
    permissions: [...found.keys()].sort(),
    ...(limited.length > 0 && { constraints: Object.fromEntries(limited) }),
  };
}
