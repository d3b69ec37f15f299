import { expect } from 'chai';
import { parseBootstrap } from '../../../src/identity/bootstrap/read.js';
import { BootstrapError } from '../../../src/identity/bootstrap/schema.js';

const problemsOf = (json: unknown): readonly string[] => {
  try {
    parseBootstrap(json);
  } catch (error) {
    if (error instanceof BootstrapError) return error.problems;
    throw error;
  }
  return [];
};

const tenant = (more: Record<string, unknown>) => ({ tenants: [{ slug: 'acme', name: 'Acme', ...more }] });

describe('parseBootstrap', () => {
  it('takes a file with every part', () => {
    const file = tenant({
      preset: 'default',
      settings: { 'lockout.lockSeconds': 1800 },
      roles: [{ key: 'manager', name: 'Manager', permissions: ['users.read'] }],
      users: [
        {
          email: 'ada@acme.test',
          givenName: 'Ada',
          familyName: 'L',
          password: 'x',
          roles: ['administrator'],
        },
      ],
      directories: [{ name: 'Acme Okta', dialect: 'auto', tokens: [{ name: 't1', token: 'gh_scim_1' }] }],
    });
    expect(problemsOf(file)).to.deep.equal([]);
  });

  const faults: [string, unknown, RegExp][] = [
    ['a file that is no object', [], /^file: /],
    ['a missing list', {}, /^tenants: /],
    ['an unknown key', tenant({ colour: 'red' }), /^tenants\[0\]\.colour: is not known here$/],
    [
      'a wrong type deep inside',
      tenant({ users: [{ email: 'a@b.test' }, { email: 5 }] }),
      /^tenants\[0\]\.users\[1\]\.email: /,
    ],
    [
      'an address nobody could sign in with',
      tenant({ users: [{ email: 'a@b.test' }, { email: 'ada' }] }),
      /^tenants\[0\]\.users\[1\]\.email: ada is not a valid email address$/,
    ],
    [
      'an unknown setting',
      tenant({ settings: { 'no.such': 1 } }),
      /^tenants\[0\]\.settings\["no\.such"\]: is not known here$/,
    ],
    [
      'a wrong setting',
      tenant({ settings: { 'lockout.lockSeconds': 'long' } }),
      /^tenants\[0\]\.settings\["lockout\.lockSeconds"\]: /,
    ],
    ['an unknown preset', tenant({ preset: 'huge' }), /^tenants\[0\]\.preset: /],
    [
      'a rule with two tests',
      tenant({
        directories: [
          { name: 'd', roleRules: [{ when: { path: 'title', is: 'x', matches: 'y' }, grant: ['r'] }] },
        ],
      }),
      /^tenants\[0\]\.directories\[0\]\.roleRules\[0\]\.when: /,
    ],
    [
      'an address that is given twice',
      tenant({ users: [{ email: 'a@b.test' }, { email: 'A@b.test' }] }),
      /^tenants\[0\]\.users\[1\]\.email: .*twice/,
    ],
    [
      'an address that is given twice in two spellings',
      tenant({ users: [{ email: 'straße@b.test' }, { email: 'STRASSE@b.test' }] }),
      /^tenants\[0\]\.users\[1\]\.email: .*twice/,
    ],
  ];
  for (const [what, json, problem] of faults) {
    it(`names the path of ${what}`, () => expect(problemsOf(json)[0]).to.match(problem));
  }

  it('names every problem at once', () => {
    expect(problemsOf(tenant({ preset: 'huge', users: [{ mail: 'x' }] })).length).to.be.at.least(3);
  });
});
