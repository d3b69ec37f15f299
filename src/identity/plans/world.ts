import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Reader, Step } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { coversDomain } from '../domain-match.js';
import { parseEmail } from '../email.js';
import { isOfferedPermission, tenantConfigStep, type TenantConfig } from '../tenants/config.js';
import { isKeptBack } from '../permissions.js';
import { goingPastStep } from '../users/break-glass.js';
import { readerRole } from '../grants/effective-roles.js';

/** Everything of a tenant that decides what its people may do and where they sign in, at one moment. */
export interface World {
  config: TenantConfig;
  directories: ReadonlyMap<string, DirectoryDocument>;
  /** The verified domains whose people sign in at their company and nowhere else. */
  forwarded: ReadonlySet<string>;
  /** Who may come in past that: the administrators for emergencies who can sign in. */
  goingPast: ReadonlySet<string>;
}

/** Reads a world; in a transaction also what it has changed. @throws AppError `tenant.not_found`. */
export function* worldStep(core: Core, reader: Reader, tenantId: string): Step<World> {
  const config = yield* tenantConfigStep(core, reader, tenantId);
  const scope = reader.tenant(tenantId);
  const directories = yield* scope.collection('directories').find({});
  const connections = yield* scope.collection('sso_connections').find({ mode: 'required' });
  return {
    config,
    directories: new Map(directories.map((directory) => [directory._id, directory])),
    forwarded: new Set(connections.flatMap(({ verifiedDomains }) => verifiedDomains)),
    goingPast: yield* goingPastStep(core, reader, tenantId),
  };
}

/** What distinguishes a world: it moves with each change of the tenant's configuration and directories. */
export function stampOf({ config, directories }: World): string {
  const versions = [...directories.values()].map(({ _id, version }) => `${_id}:${version}`).sort();
  return [config.tenant.version, ...versions].join(' ');
}

/** Whether the user's address signs in at a company alone. */
export function isForwarded(
  { forwarded, goingPast }: World,
  { _id, email, userName }: Pick<UserDocument, '_id' | 'email' | 'userName'>,
): boolean {
  if (goingPast.has(_id)) return false;
  const domain = forwarded.size === 0 ? undefined : parseEmail(email ?? userName)?.domain;
  return domain !== undefined && coversDomain(forwarded, domain);
}

/** Whether a permission is one of Gatehouse itself, or of an application that the tenant has. */
function isOf({ applications }: TenantConfig, permission: string): boolean {
  const [key = '', ...rest] = permission.split(':');
  return rest.length === 0 || applications.has(key);
}

/**
 * Every permission of these roles and assignments: management permissions as they are, those of applications as `application:permission`.
 *
 * @param roles - full keys.
 * @param services - keys of the applications the user is assigned to.
 */
export function permissionsOf(
  { config }: World,
  roles: readonly string[],
  services: readonly string[],
): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (application: string, permissions: readonly string[]): void =>
    permissions.forEach((permission) => found.add(`${application}:${permission}`));
  for (const key of roles) {
    const role = config.roles.get(key);
    if (!role) continue;
    if (role.applicationKey !== null) add(role.applicationKey, role.permissions);
    else
      role.permissions
        .filter((permission) => isOfferedPermission(config, permission) && isOf(config, permission))
        .forEach((permission) => found.add(permission));
  }
  for (const application of services) add(application, readerRole(application, config)?.permissions ?? []);
  const { preset, features } = config.tenant;
  return new Set([...found].filter((permission) => !isKeptBack(preset, permission, features)));
}
