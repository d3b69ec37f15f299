import { goodPassword as password } from './people.js';

const person = (givenName: string, familyName: string, ...roles: string[]) => ({
  email: `${givenName.toLowerCase()}@acme.test`,
  givenName,
  familyName,
  password,
  roles,
});

export const ada = person('Ada', 'Lovelace', 'administrator');
export const alan = person('Alan', 'Turing', 'auditor');
export const grace = person('Grace', 'Hopper', 'crm:agent');

/** The CRM, with a role `agent`. */
export const crm = {
  key: 'crm',
  name: 'CRM',
  clientId: 'crm',
  clientSecret: 'a-secret-of-the-crm-application',
  redirectUris: ['http://localhost:4000/cb'],
  roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
};

/** A directory's bearer token. */
export const token = 'gh_scim_a-token-for-tests-in-a-browser';
export const okta = { name: 'Acme Okta', dialect: 'okta', tokens: [{ name: 't1', token }] };

/**
 * A bootstrap file with the company of the browser tests: Ada administers it, Alan reads its users, Grace works in its CRM.
 *
 * @param differences - in place of the tenant's fields.
 */
export const acme = (differences: object = {}) => ({
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      roles: [{ key: 'auditor', name: 'Auditor', permissions: ['users.read'] }],
      applications: [crm],
      users: [ada, alan, grace],
      directories: [okta],
      ...differences,
    },
  ],
});
