import { LRUCache } from 'lru-cache';
import type { UserAttributeDocument } from '../../persistence/collections/attributes.js';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { RoleDocument, TenantDocument } from '../../persistence/collections/tenants.js';
import type { Reader, Step, StoredDocument, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { frozen } from '../../shared/frozen.js';
import { service } from '../../shared/services.js';
import type { Core } from '../core.js';
import {
  builtInRoles,
  managementPermissions,
  serviceRoles,
  type Constraint,
  type Constraints,
} from '../permissions.js';
import { isReached, reachOf, serverOwner, serverStamp } from './server-applications.js';
import { settingsOf, type Settings } from './settings.js';

/** A role as grants name it: one of the preset's, one of the tenant's own, or one of an application. */
export interface Role {
  /** The stored document's id; for a built-in role its key. */
  id: string;
  /** `roleKey`, or `applicationKey:roleKey`. */
  fullKey: string;
  key: string;
  applicationKey: string | null;
  name: string;
  description: string;
  permissions: readonly string[];
  /** Those permissions that open something in Gatehouse itself; always none for a role of an application. */
  management: readonly string[];
  /** What limits some of the permissions, by permission. */
  constraints: Constraints;
  builtIn: boolean;
  /** Whether it belongs to an application of the server: a tenant grants it and changes nothing of it. */
  isOfServer: boolean;
  isAdministrator: boolean;
  /** 0 for built-in roles. */
  version: number;
  createdAt: Date | null;
  updatedAt: Date | null;
}

/** An attribute that the tenant has defined for its users. */
export type UserAttribute = Readonly<
  Pick<UserAttributeDocument, 'name' | 'type' | 'multiValued' | 'required' | 'unique' | 'description'> & {
    id: string;
  }
>;

/** What rarely changes of a tenant and nearly every write needs. */
export interface TenantConfig {
  tenant: TenantDocument;
  settings: Settings;
  /** By full key. */
  roles: ReadonlyMap<string, Role>;
  /** The full keys of the roles F-11 protects the last holder of. */
  administratorRoles: readonly string[];
  /** The verified domains of connections that are not off: whoever has such an address signs in there. */
  ssoDomains: ReadonlySet<string>;
  /** The keys of the tenant's applications, and of those of the server that serve it. */
  applications: ReadonlySet<string>;
  /** The applications of the server that serve this tenant, by their keys. */
  serverApplications: ReadonlyMap<string, ApplicationDocument>;
  /** The full keys of the roles that groups give their members, by the group's id; groups that give none are not in it. */
  groupRoles: ReadonlyMap<string, readonly string[]>;
  /** The tenant's own user attributes by name; without those that are being removed. */
  attributes: readonly UserAttribute[];
  /** The tenant's directories with their role rules, by id. */
  directories: ReadonlyMap<string, DirectoryDocument>;
}

// Every change of settings, roles, applications, SSO connections, groups' roles, user attributes or directories moves the tenant's version (touchTenant), in the same transaction. A change of an
// application of the server, or of its roles, moves the server's stamp. A config is found by the versions just read, so no process ever works with an old one.
const cachedConfigs = service(() => new LRUCache<string, TenantConfig>({ max: 1000 }));

/** A stored role's constraints by permission. */
export const constraintsOf = ({ constraints = [] }: Pick<RoleDocument, 'constraints'>): Constraints =>
  Object.fromEntries(constraints.map(({ permission, constraint }) => [permission, constraint as Constraint]));

function roleOf(document: RoleDocument): Role {
  return {
    id: document._id,
    fullKey: document.fullKey,
    key: document.key,
    applicationKey: document.applicationKey,
    name: document.name,
    description: document.description,
    permissions: document.permissions,
    management: document.applicationKey === null ? managementPermissions(document.permissions) : [],
    constraints: constraintsOf(document),
    builtIn: false,
    isOfServer: document.tenantId === serverOwner,
    isAdministrator: false,
    version: document.version,
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
  };
}

const builtIn = { builtIn: true, isOfServer: false, version: 0, createdAt: null, updatedAt: null } as const;

function presetRoles(preset: string): Role[] {
  return builtInRoles(preset).map((role) => ({
    ...role,
    ...builtIn,
    id: role.key,
    fullKey: role.key,
    applicationKey: null,
    management: managementPermissions(role.permissions),
  }));
}

/** The roles that the tenant's own applications have by themselves (M1-19); one that an application has defined itself counts instead. */
function ownServiceRoles(preset: string, applications: Iterable<string>): Role[] {
  return [...applications].flatMap((applicationKey) =>
    serviceRoles(preset).map((role) => ({
      ...role,
      ...builtIn,
      id: `${applicationKey}:${role.key}`,
      fullKey: `${applicationKey}:${role.key}`,
      applicationKey,
      management: [],
      constraints: {},
      isAdministrator: false,
    })),
  );
}

/** The attributes in use, of those that are stored. */
export const liveAttributes = (documents: readonly UserAttributeDocument[]): UserAttribute[] =>
  documents.filter(({ deletedAt }) => !deletedAt).map(attributeOf);

const attributeOf = (document: UserAttributeDocument): UserAttribute => {
  const { _id: id, name, type, multiValued, required, unique, description } = document;
  return { id, name, type, multiValued, required, unique, description };
};

/** What a tenant's configuration is made of. */
export interface ConfigParts {
  tenant: TenantDocument;
  /** Of the tenant and its applications. */
  roles?: readonly RoleDocument[];
  connections?: readonly SsoConnectionDocument[];
  /** The tenant's own. */
  applications?: readonly Pick<ApplicationDocument, 'key'>[];
  /** Groups that give roles. */
  groups?: readonly Pick<GroupDocument, '_id' | 'roleIds'>[];
  /** The applications of the server that serve the tenant. */
  serverApplications?: readonly ApplicationDocument[];
  /** The roles of all applications of the server. */
  serverRoles?: readonly RoleDocument[];
  /** The tenant's own user attributes. */
  attributes?: readonly UserAttributeDocument[];
  directories?: readonly DirectoryDocument[];
}

/** Built-in roles win over stored ones of the same key, so that a change of preset cannot be used to redefine them. */
export function buildTenantConfig({
  tenant,
  roles: stored = [],
  connections = [],
  applications = [],
  groups = [],
  serverApplications = [],
  serverRoles = [],
  attributes = [],
  directories = [],
}: ConfigParts): TenantConfig {
  const served = new Map(serverApplications.map((application) => [application.key, application]));
  const ofServer = serverRoles.filter(({ applicationKey }) => served.has(applicationKey ?? ''));
  // A role of the tenant's own cannot stand in the place of one that an application of the server defines.
  const own = stored.filter(({ applicationKey }) => !served.has(applicationKey ?? ''));
  const keys = applications.map(({ key }) => key).filter((key) => !served.has(key));
  const all = [
    ...ownServiceRoles(tenant.preset, keys),
    ...[...own, ...ofServer].map(roleOf),
    ...presetRoles(tenant.preset),
  ];
  return {
    tenant,
    settings: settingsOf(tenant),
    roles: new Map(all.map((role) => [role.fullKey, role])),
    administratorRoles: all.filter((role) => role.isAdministrator).map((role) => role.fullKey),
    ssoDomains: new Set(
      connections.filter(({ mode }) => mode !== 'off').flatMap((connection) => connection.verifiedDomains),
    ),
    applications: new Set([...applications.map(({ key }) => key), ...served.keys()]),
    serverApplications: served,
    groupRoles: new Map(groups.map(({ _id, roleIds }) => [_id, roleIds ?? []])),
    attributes: liveAttributes(attributes),
    directories: new Map(directories.map((directory) => [directory._id, directory])),
  };
}

/** A tenant's configuration as it is to be under another preset or other settings. */
export function configUnder(config: TenantConfig, tenant: TenantDocument): TenantConfig {
  const kept = [...config.roles.values()].filter(({ builtIn }) => !builtIn);
  const keys = [...config.applications].filter((key) => !config.serverApplications.has(key));
  const all = [...ownServiceRoles(tenant.preset, keys), ...kept, ...presetRoles(tenant.preset)];
  return {
    ...config,
    tenant,
    settings: settingsOf(tenant),
    roles: new Map(all.map((role) => [role.fullKey, role])),
    administratorRoles: all.filter((role) => role.isAdministrator).map((role) => role.fullKey),
  };
}

const givesRoles = { roleIds: { $gt: '' } };

/** Those of the server's applications that serve this tenant. */
const serving = (applications: readonly ApplicationDocument[], tenantId: string): ApplicationDocument[] =>
  applications.filter((application) => isReached(reachOf(application), tenantId));

/** One version of a document. */
export const stampOf = ({ _id, version, updatedAt }: Pick<StoredDocument, '_id' | 'version' | 'updatedAt'>) =>
  `${_id}:${version}:${updatedAt.getTime()}`;

const noTenant = (): AppError => new AppError('tenant.not_found', 'there is no such tenant');

function* findTenantConfigStep(core: Core, reader: Reader, tenantId: string): Step<TenantConfig | undefined> {
  const scope = reader.tenant(tenantId);
  const server = reader.tenant(serverOwner);
  const [tenant, stamp] = yield* reader.getBoth(
    { tenantId, collection: 'tenants', id: tenantId },
    { tenantId: serverOwner, collection: 'application_keys', id: serverStamp },
  );
  if (!tenant) return undefined;
  const key = stamp ? `${stampOf(tenant)} ${stampOf(stamp)}` : stampOf(tenant);
  const cache = cachedConfigs(core);
  const known = cache.get(key);
  if (known) return known;
  const serverApplications = serving(yield* server.collection('applications').find({}), tenantId);
  const roles = yield* scope.collection('roles').find({});
  const connections = yield* scope.collection('sso_connections').find({});
  const applications = yield* scope.collection('applications').find({}, { fields: ['key'] });
  const groups = yield* scope.collection('groups').find(givesRoles, { fields: ['roleIds'] });
  const attributes = yield* scope.collection('user_attributes').find({}, { sort: { nameKey: 1 } });
  const serverRoles = serverApplications.length > 0 ? yield* server.collection('roles').find({}) : [];
  const directories = frozen(yield* scope.collection('directories').find({}));
  const own = { tenant: frozen(tenant), roles, connections, applications, groups, attributes, directories };
  const config = buildTenantConfig({ ...own, serverApplications, serverRoles });
  cache.set(key, config);
  return config;
}

/**
 * The configuration as steps. In a transaction only for those that do not change the configuration themselves: what they read is cached.
 *
 * @throws AppError `tenant.not_found`.
 */
export function* tenantConfigStep(core: Core, reader: Reader, tenantId: string): Step<TenantConfig> {
  const config = yield* findTenantConfigStep(core, reader, tenantId);
  if (!config) throw noTenant();
  return config;
}

/** @returns undefined when there is no such tenant. */
export function findTenantConfig(core: Core, tenantId: string): Promise<TenantConfig | undefined> {
  return core.store.read((reader) => findTenantConfigStep(core, reader, tenantId));
}

/** @throws AppError `tenant.not_found`. */
export function tenantConfig(core: Core, tenantId: string): Promise<TenantConfig> {
  return core.store.read((reader) => tenantConfigStep(core, reader, tenantId));
}

/**
 * Whether a permission that a tenant's role holds for an application exists there. The tenant's own applications name theirs freely; of an
 * application of the server, only what one of its roles gives exists.
 */
export function isOfferedPermission(
  { roles, serverApplications }: Pick<TenantConfig, 'roles' | 'serverApplications'>,
  permission: string,
): boolean {
  const [key = '', ...rest] = permission.split(':');
  if (rest.length === 0 || !serverApplications.has(key)) return true;
  const name = rest.join(':');
  return [...roles.values()].some((role) => role.applicationKey === key && role.permissions.includes(name));
}

/**
 * Moves the tenant's version: every remembered {@link TenantConfig} of it is void from this commit on, in every process, and two such
 * transactions cannot run past each other.
 */
export function* touchTenant(tx: Transaction, tenantId: string): Step<void> {
  yield* tx
    .tenant(tenantId)
    .collection('tenants')
    .update(tenantId, (tenant) => ({ ...tenant }));
}
