import type { ApplicationDocument } from '../persistence/collections/tenants.js';
import type { UserDocument } from '../persistence/collections/users.js';
import { listApplications, signedResponseAlg } from './applications.js';
import type { BootstrapFile, BootstrapRole, BootstrapTenant } from './bootstrap-schema.js';
import type { Core } from './core.js';
import { listDirectories } from './directories.js';
import { listRoles, type Role } from './roles.js';
import { listConnections } from './sso-connections.js';
import { ownSettings } from './tenant-settings.js';
import { accessOf } from './user-access.js';
import { listTenants, type TenantDocument } from './tenants.js';

type Text = string | undefined;

function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function exportRole({ key, name, description, permissions }: Role): BootstrapRole {
  return present({ key, name, description: description || undefined, permissions: [...permissions] });
}

function exportApplication(application: ApplicationDocument, roles: readonly Role[]) {
  const { key, name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled } =
    application;
  const own = roles.filter((role) => role.applicationKey === key).map(exportRole);
  return {
    key,
    name,
    clientId,
    redirectUris,
    postLogoutRedirectUris,
    backchannelLogoutUri,
    idTokenSignedResponseAlg: signedResponseAlg(application),
    ...(application.allowScimMe === true && { allowScimMe: true }),
    ...(application.requirePkce === false && { requirePkce: false }),
    enabled,
    roles: own,
  };
}

const textOf = (value: unknown): Text => (typeof value === 'string' && value !== '' ? value : undefined);

export function exportUser(user: UserDocument) {
  const { attributes } = user;
  const name = (attributes['name'] ?? {}) as Record<string, unknown>;
  const phones = attributes['phoneNumbers'];
  const phone = Array.isArray(phones) ? (phones[0] as Record<string, unknown> | undefined) : undefined;
  const email = user.email ?? user.userName;
  const manual = user.grants.filter((grant) => grant.type === 'manual').map((grant) => grant.role);
  return present({
    email,
    userName: user.userName === email ? undefined : user.userName,
    givenName: textOf(name['givenName']),
    familyName: textOf(name['familyName']),
    displayName: textOf(attributes['displayName']),
    phone: textOf(phone?.['value']),
    roles: [...new Set(manual)],
    enabled: user.enabled,
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
  const stored = core.store.tenant(tenantId).collection('users').iterate({ directoryId: null });
  for await (const user of stored) users.push(exportUser(user));
  return users;
}

async function exportTenant(core: Core, tenant: TenantDocument): Promise<BootstrapTenant> {
  const { _id, slug, name, preset } = tenant;
  const roles = await listRoles(core, _id);
  const applications = await listApplications(core, _id);
  const directories = await listDirectories(core, _id);
  const connections = await listConnections(core, _id);
  return {
    slug,
    name,
    preset: preset as NonNullable<BootstrapTenant['preset']>,
    settings: ownSettings(tenant),
    roles: roles.filter((role) => role.applicationKey === null && !role.builtIn).map(exportRole),
    applications: applications.map((application) => exportApplication(application, roles)),
    users: await exportUsers(core, _id),
    directories: directories.map((directory) => ({
      name: directory.name,
      dialect: directory.dialect,
      enabled: directory.enabled,
      roleRules: directory.roleRules.map(({ when, grant }) => ({ when, grant })),
    })),
    ssoConnections: connections.map(
      ({ key, clientAuthMethod, tenantClaim, name: connection, issuer, clientId, ...rest }) => ({
        ...(key && { key }),
        ...(clientAuthMethod && { clientAuthMethod }),
        ...(tenantClaim && { tenantClaim }),
        ...{ name: connection, issuer, clientId },
        ...{ scopes: rest.scopes, mode: rest.mode, jitProvisioning: rest.jitProvisioning },
        domains: rest.domains.map(({ domain, verified }) => ({ domain, verified })),
      }),
    ),
  };
}

/**
 * What stands in the store in the form of the bootstrap file. Secrets, API keys and tokens stay here, and so do the users that a
 * directory provisions: it sends them again.
 *
 * @param slug - one tenant's; absent: all.
 */
export async function exportBootstrap(core: Core, slug?: string): Promise<BootstrapFile> {
  const tenants = (await listTenants(core)).filter((tenant) => slug === undefined || tenant.slug === slug);
  const exported = [];
  for (const tenant of tenants) exported.push(await exportTenant(core, tenant));
  return { tenants: exported };
}
