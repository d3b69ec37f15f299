/** A bootstrap file's whole tenant, with names of its own. */
export function world(slug: string) {
  const domain = `${slug}.test`;
  const application = {
    key: 'crm',
    name: 'CRM',
    clientId: `${slug}-crm`,
    clientSecret: 'the secret of the application',
    redirectUris: ['https://crm.test/cb'],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: 'https://crm.test/bcl',
    roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
  };
  const tenant = {
    slug,
    name: 'Acme',
    preset: 'default',
    settings: { 'lockout.lockSeconds': 60 },
    roles: [{ key: 'manager', name: 'Manager', permissions: ['users.read'] }],
    applications: [application],
    users: [
      {
        email: `ada@${domain}`,
        givenName: 'Ada',
        familyName: 'L',
        password: 'correct horse battery staple',
        roles: ['administrator', 'crm:agent'],
      },
    ],
    apiKeys: [{ name: 'ci', key: `gh_sk_${slug}_0123456789`, role: 'administrator' }],
    directories: [
      {
        name: 'Acme Okta',
        dialect: 'auto',
        tokens: [{ name: 't1', token: `gh_scim_${slug}_0123456789` }],
        roleRules: [{ when: { path: 'groups.displayName', is: 'Engineering' }, grant: ['crm:agent'] }],
      },
    ],
    ssoConnections: [
      {
        name: 'Acme Okta',
        issuer: 'https://login.acme.test',
        clientId: 'gh',
        clientSecret: 'sealed',
        domains: [{ domain, verified: true }],
        mode: 'required',
        jitProvisioning: false,
      },
    ],
  };
  return { tenants: [tenant] };
}
