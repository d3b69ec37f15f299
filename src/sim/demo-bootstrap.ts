import { samlEntity, samlSignIn } from './company-saml.js';
import { connectionKey } from './company.js';
import { demoRoles, headTitle, type DemoProduct, type DemoTenant } from './demo-world.js';
import { departments } from './person.js';
import { profileNames, type ProfileName } from './profiles/profile.js';
import type { CompanyTarget } from './target.js';

const crmRoles = [
  { key: 'agent', name: 'Agent', permissions: ['calls.read'] },
  { key: 'manager', name: 'Manager', permissions: ['calls.assign', 'reports.read'] },
  { key: 'approver', name: 'Approver', permissions: ['discounts.approve'] },
];

/** Each department's roles, by the group of its name. */
function roleRules(): object[] {
  return Object.values(departments).map((department) => ({
    when: { path: 'groups.displayName', is: department },
    grant: demoRoles[department].map((role) => `crm:${role}`),
  }));
}

function application({ key, name, clientId, clientSecret, url }: DemoProduct): object {
  return {
    key,
    name,
    tenants: 'all',
    clientId,
    clientSecret,
    redirectUris: [`${url}/cb`],
    postLogoutRedirectUris: [`${url}/`],
    backchannelLogoutUri: `${url}/bcl`,
    roles: crmRoles,
  };
}

function credentialsOf({ scim }: DemoTenant): object {
  if ('token' in scim) return { tokens: [{ name: 'simulator', token: scim.token }] };
  return { clients: [{ name: 'simulator', ...scim.oauth }] };
}

/** Partners are in no directory: SAML brings them, with the roles of the groups it names. */
function partnerConnection({ companyUrl, partners }: DemoTenant): object {
  const { company, key } = partners;
  return {
    name: `${company.name} login`,
    key: connectionKey(company),
    protocol: 'saml',
    idpEntityId: samlEntity(companyUrl),
    idpSsoUrl: samlSignIn(companyUrl),
    idpCertificates: [key.certificate],
    domains: [{ domain: company.domain, verified: true }],
    mode: 'required',
    jitProvisioning: true,
    roleRules: roleRules(),
  };
}

function tenantEntry(tenant: DemoTenant, apiKey: string, { shared }: DemoProduct): object {
  const { company, secrets } = tenant;
  return {
    slug: company.slug,
    name: company.name,
    preset: 'default',
    roles: [{ key: 'helpdesk', name: 'Help desk', permissions: ['users.read'] }],
    users: [
      {
        email: tenant.localEmail,
        givenName: company.name,
        familyName: 'Administrator',
        password: secrets.localPassword,
        roles: ['administrator', 'crm:manager'],
      },
      {
        ...shared,
        givenName: 'Robin',
        familyName: 'Consultant',
        roles: [`crm:${tenant.sharedRole}`],
      },
    ],
    apiKeys: [{ name: 'demo', key: apiKey, role: 'administrator' }],
    directories: [
      {
        name: `${company.name} directory`,
        dialect: 'auto',
        ...credentialsOf(tenant),
        roleRules: [...roleRules(), { when: { path: 'title', is: headTitle }, grant: ['crm:approver'] }],
        changeGuard: { lastHolders: true },
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
      partnerConnection(tenant),
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
 * @param product - the application that all tenants share.
 * @param apiKey - each tenant's administrators' key is this text followed by the tenant's name.
 * @param tokens - one SCIM token for each further provider.
 */
export function demoBootstrap(
  product: DemoProduct,
  tenants: readonly DemoTenant[],
  apiKey: string,
  tokens: Readonly<Partial<Record<ProfileName, string>>>,
): object {
  const initech = {
    slug: 'initech',
    name: 'Initech',
    preset: 'default',
    directories: Object.entries(tokens).map(([profile, token]) => ({
      name: `Initech ${profile}`,
      dialect: 'auto',
      tokens: [{ name: 'simulator', token }],
      roleRules: [],
    })),
  };
  const customers = tenants.map((tenant) => tenantEntry(tenant, `${apiKey}${tenant.company.slug}`, product));
  return {
    operatorKeys: [{ name: 'demo', key: product.operatorKey }],
    applications: [application(product)],
    tenants: [...customers, initech],
  };
}
