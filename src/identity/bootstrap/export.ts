import type { z } from 'zod';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { exportAccessRules } from './access.js';
import { listServerRoles } from '../applications/application-roles.js';
import { servedSlugs } from '../applications/reach.js';
import { serverOwner } from '../tenants/server-applications.js';
import { listAttributes, type UserAttributeDocument } from '../attributes/attributes.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { ownValues } from '../users/own-attributes.js';
import { signedResponseAlg } from '../applications/applications.js';
import { listApplications } from '../applications/find.js';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import {
  applicationSchema,
  connectionSchema,
  directorySchema,
  type BootstrapApplication,
  type BootstrapClient,
  type BootstrapConnection,
  type BootstrapDirectory,
  type BootstrapFile,
  type BootstrapRole,
  type BootstrapServerApplication,
  type BootstrapTenant,
} from './schema.js';
import type { Core } from '../core.js';
import { listClients, type ScimClientDocument } from '../directories/clients.js';
import { listDirectories } from '../directories/directories.js';
import { shownSource, type GoogleSource } from '../directories/google-source.js';
import { listRoles, type Role } from '../roles/roles.js';
import { isDraft } from '../sso/connection-change.js';
import { listConnections, type SsoConnectionDocument } from '../sso/connections.js';
import type { ConnectionDomain } from '../../persistence/collections/sso-connections.js';
import { hasProviderKey, isSaml, type SamlConnection } from '../sso/saml/saml-settings.js';
import { ownSettings } from '../tenants/settings.js';
import { accessOf } from '../grants/services.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { listTenants, type TenantDocument } from '../tenants/tenants.js';

type Text = string | undefined;

function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

type ExportedRole = Pick<Role, 'key' | 'name' | 'description' | 'permissions' | 'applicationKey'> &
  Partial<Pick<Role, 'constraints' | 'builtIn'>>;

function exportRole({ key, name, description, permissions, constraints = {} }: ExportedRole): BootstrapRole {
  return present({
    ...{ key, name, description: description || undefined, permissions: [...permissions] },
    constraints: Object.keys(constraints).length > 0 ? { ...constraints } : undefined,
  });
}

/** The fields of a stored document that the file knows by the same names, whichever there are. */
function sharedFields<S extends z.ZodObject>(schema: S, document: object): Partial<z.output<S>> {
  const known = new Map<string, z.ZodType>(Object.entries(schema.shape));
  return Object.fromEntries(
    Object.entries(document).filter(
      ([name, value]) => value !== undefined && known.get(name)?.safeParse(value).success === true,
    ),
  ) as Partial<z.output<S>>;
}

function exportAttribute({ name, type, multiValued, required, unique, description }: UserAttributeDocument) {
  return present({ name, type, multiValued, required, unique, description: description || undefined });
}

function exportApplication(application: ApplicationDocument, roles: readonly ExportedRole[]) {
  const { key, clientSecretHash } = application;
  return {
    ...sharedFields(applicationSchema, application),
    // Without its secret it would come back as one that needs none.
    ...(clientSecretHash !== null && { isPublic: false }),
    idTokenSignedResponseAlg: signedResponseAlg(application),
    roles: roles.filter((role) => role.applicationKey === key && !role.builtIn).map(exportRole),
  } as BootstrapApplication;
}

const domainEntry = ({ domain, verified, subdomains }: ConnectionDomain) => ({
  ...{ domain, verified },
  ...(subdomains && { subdomains }),
});

/** Its own keys stay behind: it gets others where the file is applied. */
function exportSamlConnection(connection: SamlConnection) {
  const { issuer, saml } = connection;
  const { idpMetadataUrl, idpSsoUrl, idpSloUrl, idpCertificates } = saml;
  const byHand = {
    idpEntityId: issuer,
    idpSsoUrl,
    ...(idpSloUrl !== null && { idpSloUrl }),
    idpCertificates,
  };
  const provider = idpMetadataUrl === null ? byHand : { idpMetadataUrl };
  return {
    ...sharedFields(
      connectionSchema.pick({ name: true, key: true, mode: true, jitProvisioning: true, jit: true }),
      connection,
    ),
    protocol: 'saml',
    ...(hasProviderKey(connection) && provider),
    attributeMapping: saml.attributeMapping,
    subjectFrom: saml.subjectFrom,
    ...(saml.singleLogout && { singleLogout: true }),
    ...(connection.roleRules && {
      roleRules: connection.roleRules.map(({ when, grant }) => ({ when, grant })),
    }),
    domains: connection.domains.map(domainEntry),
  } as BootstrapConnection;
}

function exportConnection(connection: SsoConnectionDocument) {
  if (isSaml(connection)) return exportSamlConnection(connection);
  const said = Object.entries(connection).filter(
    ([name, value]) => value !== null && name !== 'clientSecret',
  );
  return {
    ...sharedFields(connectionSchema, Object.fromEntries(said)),
    ...(connection.clientSecret && { isPublic: false }),
    ...(connection.roleRules && {
      roleRules: connection.roleRules.map(({ when, grant }) => ({ when, grant })),
    }),
    domains: connection.domains.map(domainEntry),
  } as BootstrapConnection;
}

function exportClient({ _id, name, jwks, jwksUri, expiresAt }: ScimClientDocument): BootstrapClient {
  return present({
    name,
    clientId: _id,
    jwks: jwks ?? undefined,
    jwksUri: jwksUri ?? undefined,
    expiresAt: expiresAt?.toISOString(),
  });
}

function exportGoogle(google: GoogleSource) {
  const { serviceAccountEmail: _, apiUrl, ...shown } = shownSource(google);
  return { ...shown, ...(apiUrl !== null && { apiUrl }) };
}

function exportDirectory(directory: DirectoryDocument, clients: readonly ScimClientDocument[]) {
  return {
    ...(clients.length > 0 && { clients: clients.map(exportClient) }),
    ...sharedFields(directorySchema, { ...directory, google: undefined }),
    ...(directory.google && { google: exportGoogle(directory.google) }),
    roleRules: directory.roleRules.map(({ when, grant }) => ({ when, grant })),
  } as BootstrapDirectory;
}

async function exportDirectories(core: Core, tenantId: string): Promise<BootstrapDirectory[]> {
  const exported = [];
  for (const directory of await listDirectories(core, tenantId)) {
    exported.push(exportDirectory(directory, await listClients(core, tenantId, directory._id)));
  }
  return exported;
}

const textOf = (value: unknown): Text => (typeof value === 'string' && value !== '' ? value : undefined);

export function exportUser(user: UserDocument, config: Pick<TenantConfig, 'attributes'>) {
  const { attributes } = user;
  const name = (attributes['name'] ?? {}) as Record<string, unknown>;
  const phones = attributes['phoneNumbers'];
  const phone = Array.isArray(phones) ? (phones[0] as Record<string, unknown> | undefined) : undefined;
  const email = user.email ?? user.userName;
  const own = ownValues(user, config);
  // A role for a time has no place in the file: it would not end.
  const lasting = user.grants.filter(({ until }) => until === null);
  const manual = lasting.filter((grant) => grant.type === 'manual').map((grant) => grant.role);
  const invited = lasting.filter((grant) => grant.type === 'invite').map((grant) => grant.role);
  return present({
    email,
    userName: user.userName === email ? undefined : user.userName,
    givenName: textOf(name['givenName']),
    familyName: textOf(name['familyName']),
    displayName: textOf(attributes['displayName']),
    phone: textOf(phone?.['value']),
    roles: [...new Set(manual)],
    invitedRoles: invited.length > 0 ? [...new Set(invited)] : undefined,
    enabled: user.enabled,
    approved: user.approved ? undefined : false,
    activated: user.activatedAt === null ? false : undefined,
    accessExpiresAt: user.accessExpiresAt?.toISOString(),
    loginType: user.loginType,
    attributes: Object.keys(own).length > 0 ? own : undefined,
    ...exportAccess(user),
  });
}

/** What is as it is for everybody is left out. */
function exportAccess(user: UserDocument) {
  const { limitedProducts, userProfileAccess, services } = accessOf(user);
  return {
    limitedProducts: limitedProducts.length > 0 ? [...limitedProducts] : undefined,
    userProfileAccess: userProfileAccess || undefined,
    services: services.length > 0 ? services.map(({ application }) => application) : undefined,
  };
}

async function exportUsers(core: Core, tenantId: string): Promise<BootstrapTenant['users']> {
  const users = [];
  const config = await tenantConfig(core, tenantId);
  const stored = core.store.tenant(tenantId).collection('users').iterate({ directoryId: null });
  for await (const user of stored) users.push(exportUser(user, config));
  return users;
}

/** The groups made here, with those members and administrators who are in the file. */
async function exportGroups(core: Core, tenantId: string): Promise<BootstrapTenant['groups']> {
  const scope = core.store.tenant(tenantId);
  const addressOf = (user: UserDocument): string => user.email ?? user.userName;
  const groups = [];
  for await (const group of scope.collection('groups').iterate({ directoryId: null })) {
    const users = scope.collection('users');
    const members = await users.find({ groupIds: group._id, directoryId: null });
    const administrators = await users.find({
      _id: { $in: group.administratorIds ?? [] },
      directoryId: null,
    });
    groups.push({
      displayName: group.displayName,
      roles: [...(group.roleIds ?? [])],
      members: members.map(addressOf),
      administrators: administrators.map(addressOf),
    });
  }
  return groups;
}

async function exportTenant(core: Core, tenant: TenantDocument): Promise<BootstrapTenant> {
  const { _id, slug, name, preset } = tenant;
  const roles = await listRoles(core, _id);
  const applications = await listApplications(core, _id);
  return {
    slug,
    name,
    // The operator's own tenant has roles of its own, and no preset that a file could name.
    ...(_id !== operatorTenant.id && { preset: preset as NonNullable<BootstrapTenant['preset']> }),
    settings: ownSettings(tenant),
    roles: roles.filter((role) => role.applicationKey === null && !role.builtIn).map(exportRole),
    attributes: (await listAttributes(core, _id)).map(exportAttribute),
    applications: applications.map((application) => exportApplication(application, roles)),
    applicationAccess: await exportAccessRules(core, _id),
    users: await exportUsers(core, _id),
    groups: await exportGroups(core, _id),
    directories: await exportDirectories(core, _id),
    ssoConnections: (await listConnections(core, _id)).filter((one) => !isDraft(one)).map(exportConnection),
  };
}

async function exportServerApplications(core: Core): Promise<BootstrapServerApplication[]> {
  const exported = [];
  for (const application of await listApplications(core, serverOwner)) {
    const stored = await listServerRoles(core, application.key);
    const roles = stored.map(({ constraints: _, ...role }) => role);
    const tenants = await servedSlugs(core, application);
    exported.push({ ...exportApplication(application, roles), tenants });
  }
  return exported;
}

/** The tenants an export is about. */
export async function tenantsNamed(core: Core, slug: string | undefined): Promise<TenantDocument[]> {
  return (await listTenants(core)).filter(
    (tenant) => tenant.status !== 'erasing' && (slug === undefined || tenant.slug === slug),
  );
}

/**
 * What stands in the store in the form of the bootstrap file. Secrets, API keys and tokens stay here, and so do the users that a
 * directory provisions: it sends them again.
 *
 * @param slug - one tenant's; absent: all, with the applications of the server.
 */
export async function exportBootstrap(core: Core, slug?: string): Promise<BootstrapFile> {
  const exported = [];
  for (const tenant of await tenantsNamed(core, slug)) exported.push(await exportTenant(core, tenant));
  if (slug !== undefined) return { tenants: exported };
  const applications = await exportServerApplications(core);
  return { tenants: exported, ...(applications.length > 0 && { applications }) };
}
