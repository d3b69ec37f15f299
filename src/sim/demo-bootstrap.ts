import { connectionKey } from './company.js';
import { demoRoles, type DemoTenant } from './demo-world.js';
import { departments } from './person.js';
import { profileNames, type ProfileName } from './profiles/profile.js';
import type { CompanyTarget } from './target.js';

const crmRoles = [
  { key: 'agent', name: 'Agent', permissions: ['calls.read'] },
  { key: 'manager', name: 'Manager', permissions: ['calls.assign', 'reports.read'] },
];

/** Each department's roles, by the group of its name. */
function roleRules(): object[] {
  return Object.values(departments).map((department) => ({
    when: { path: 'groups.displayName', is: department },
    grant: demoRoles[department].map((role) => `crm:${role}`),
  }));
}

function application(clientId: string, clientSecret: string, appUrl: string): object {
  return {
    key: 'crm',
    name: 'CRM',
    clientId,
    clientSecret,
    redirectUris: [`${appUrl}/cb`],
    postLogoutRedirectUris: [`${appUrl}/`],
    backchannelLogoutUri: `${appUrl}/bcl`,
    roles: crmRoles,
  };
}

function tenantEntry(tenant: DemoTenant, apiKey: string): object {
  const { company, secrets } = tenant;
  return {
    slug: company.slug,
    name: company.name,
    preset: 'default',
    roles: [{ key: 'helpdesk', name: 'Help desk', permissions: ['users.read'] }],
    applications: [application(tenant.applicationClientId, secrets.applicationSecret, tenant.appUrl)],
    users: [
      {
        email: tenant.localEmail,
        givenName: company.name,
        familyName: 'Administrator',
        password: secrets.localPassword,
        roles: ['administrator', 'crm:manager'],
      },
    ],
    apiKeys: [{ name: 'demo', key: apiKey, role: 'administrator' }],
    directories: [
      {
        name: `${company.name} directory`,
        dialect: 'auto',
        tokens: [{ name: 'simulator', token: secrets.scimToken }],
        roleRules: roleRules(),
      },
    ],
    ssoConnections: [
      {
        name: `${company.name} login`,
        key: connectionKey(company),
        issuer: tenant.companyUrl,
        clientId: tenant.clientId,
        clientSecret: secrets.companyClientSecret,
        domains: [{ domain: company.domain, verified: true }],
        mode: 'required',
        jitProvisioning: false,
      },
    ],
  };
}

/** The other providers' directories share one tenant without a login of its own: there is something to push to for each. */
export const furtherProfiles: readonly ProfileName[] = profileNames.filter(
  (name) => name !== 'okta' && name !== 'entra',
);

/** What a scenario needs to know of a further provider's directory. */
export function furtherTargets(
  serverUrl: string,
  tokens: Readonly<Partial<Record<ProfileName, string>>>,
): CompanyTarget[] {
  return furtherProfiles.flatMap((profile) => {
    const token = tokens[profile];
    if (token === undefined) return [];
    return {
      name: `Initech (${profile})`,
      profile,
      scimUrl: `${serverUrl}/scim/v2`,
      token,
      domain: `${profile}.initech.test`,
    };
  });
}

/**
 * The demo's set-up as a bootstrap file's content.
 *
 * @param apiKey - each tenant's administrators' key is this text followed by the tenant's name.
 * @param tokens - one SCIM token for each further provider.
 */
export function demoBootstrap(
  tenants: readonly DemoTenant[],
  apiKey: string,
  tokens: Readonly<Partial<Record<ProfileName, string>>>,
): object {
  const initech = {
    slug: 'initech',
    name: 'Initech',
    preset: 'default',
    applications: [],
    directories: Object.entries(tokens).map(([profile, token]) => ({
      name: `Initech ${profile}`,
      dialect: 'auto',
      tokens: [{ name: 'simulator', token }],
      roleRules: [],
    })),
  };
  return {
    tenants: [...tenants.map((tenant) => tenantEntry(tenant, `${apiKey}${tenant.company.slug}`)), initech],
  };
}
