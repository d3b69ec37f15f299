import { expect } from 'chai';
import fc from 'fast-check';
import {
  compilePattern,
  compileRules,
  mapRoles,
  ruleId,
  type RoleRule,
} from '../../../src/identity/grants/role-mapping.js';
import { compilePath, extensionAliases, type MappingView } from '../../../src/identity/grants/rule-paths.js';

const aliases = extensionAliases([
  { alias: 'acme', resource: 'User', schema: { id: 'urn:acme:params:scim:2.0:User' } },
]);

const rule = (when: RoleRule['when'], ...grant: string[]): RoleRule => ({
  id: ruleId(when, grant),
  when,
  grant,
});

const ada: MappingView = {
  user: {
    userName: 'ada@acme.test',
    active: true,
    title: 'Engineer',
    name: { familyName: 'Lovelace' },
    roles: [{ value: 'Billing.Admin', type: 'app' }, { value: 'Reader' }],
    entitlements: [{ value: 'gold' }],
    enterprise: { department: 'R&D', manager: { value: '42' } },
    acme: { clearance: 3 },
  },
  groups: [
    { id: 'g1', displayName: 'Engineering', externalId: 'ext-1' },
    { id: 'g2', displayName: 'App-CRM-Agents', externalId: null },
  ],
};

const mapped = (view: MappingView, rules: readonly RoleRule[]) =>
  mapRoles(view, compileRules(rules, aliases), aliases);

const rolesOf = (view: MappingView, ...rules: RoleRule[]): string[] =>
  mapped(view, rules).grants.map((grant) => grant.role);

describe('mapRoles', () => {
  const hits: [string, RoleRule['when']][] = [
    ['a group by its displayName', { path: 'groups.displayName', is: 'Engineering' }],
    ['a group by its display, as SCIM users carry it', { path: 'groups.display', is: 'Engineering' }],
    ['a group by its externalId', { path: 'groups.externalId', is: 'ext-1' }],
    ['a group by its id', { path: 'groups.id', is: 'g2' }],
    ['a group by any of its names', { path: 'groups', is: 'ext-1' }],
    ['a role value', { path: 'roles.value', is: 'Reader' }],
    ['a role value through the bare attribute', { path: 'roles', is: 'Reader' }],
    ['an entitlement', { path: 'entitlements.value', is: 'gold' }],
    ['a simple attribute', { path: 'title', is: 'Engineer' }],
    ['a sub-attribute', { path: 'name.familyName', is: 'Lovelace' }],
    ['an extension’s attribute by its bare name', { path: 'department', is: 'R&D' }],
    ['a sub-attribute of one', { path: 'manager.value', is: '42' }],
    ['a boolean', { path: 'active', is: 'true' }],
    ['a number', { path: 'urn:acme:params:scim:2.0:User:clearance', is: '3' }],
    [
      'an enterprise attribute by its URN',
      { path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', is: 'R&D' },
    ],
    [
      'a sub-attribute of an extension',
      { path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value', is: '42' },
    ],
    [
      'a core attribute by its URN',
      { path: 'urn:ietf:params:scim:schemas:core:2.0:User:title', is: 'Engineer' },
    ],
    ['one of several values', { path: 'groups.displayName', in: ['Sales', 'engineering'] }],
    ['a pattern', { path: 'groups.displayName', matches: 'App-*-Agents' }],
    ['another spelling of path and value', { path: 'GROUPS.displayname', is: 'ENGINEERING' }],
  ];
  for (const [what, when] of hits) {
    it(`grants by ${what}`, () => expect(rolesOf(ada, rule(when, 'crm:agent'))).to.deep.equal(['crm:agent']));
  }

  it('grants nothing for a value that no rule names', () => {
    expect(rolesOf(ada, rule({ path: 'roles.value', is: 'Admin' }, 'administrator'))).to.deep.equal([]);
    expect(
      rolesOf(ada, rule({ path: 'groups.displayName', matches: 'Engineer' }, 'administrator')),
    ).to.deep.equal([]);
    expect(rolesOf(ada, rule({ path: 'nickName', is: '' }, 'administrator'))).to.deep.equal([]);
  });

  it('says which rule matched because of what value', () => {
    const wanted = rule({ path: 'groups.displayName', matches: 'app-*' }, 'crm:agent', 'crm:lead');
    const { grants } = mapped(ada, [wanted]);
    const because = 'groups.displayName matches "app-*": "App-CRM-Agents"';
    expect(grants).to.deep.equal([
      { role: 'crm:agent', rule: wanted.id, because },
      { role: 'crm:lead', rule: wanted.id, because },
    ]);
  });

  it('reports role values, entitlements and groups that no rule knows', () => {
    const { unmatched } = mapped(ada, [rule({ path: 'groups.externalId', is: 'ext-1' }, 'a')]);
    expect(unmatched).to.deep.equal([
      { path: 'roles.value', value: 'Billing.Admin' },
      { path: 'roles.value', value: 'Reader' },
      { path: 'entitlements.value', value: 'gold' },
      { path: 'groups.displayName', value: 'App-CRM-Agents' },
    ]);
  });

  it('gives the same result whatever the order of arrival', () => {
    const rules = [
      rule({ path: 'groups.displayName', matches: '*e*' }, 'a'),
      rule({ path: 'roles.value', in: ['Reader', 'billing.admin'] }, 'b', 'c'),
    ];
    const expected = mapped(ada, rules);
    const roles = ada.user['roles'] as unknown[];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(roles, { minLength: 2 }),
        fc.shuffledSubarray([...ada.groups], { minLength: 2 }),
        (r, g) => {
          expect(mapped({ user: { ...ada.user, roles: r }, groups: g }, rules)).to.deep.equal(expected);
        },
      ),
    );
  });
});

describe('compilePath', () => {
  for (const path of [
    '',
    'a b',
    'groups.members',
    'groups.id.x',
    'roles[type eq "x"].value',
    'urn:unknown:schema:attr',
    '__proto__',
  ]) {
    it(`refuses ${JSON.stringify(path)}`, () => expect(compilePath(path, aliases)).to.equal(undefined));
  }

  it('takes a bare name for the user’s own attribute before any extension’s', () => {
    const view = {
      groups: [],
      user: { title: 'Own', enterprise: { title: 'Theirs' }, acme: { level: '1' } },
    };
    expect(compilePath('title', aliases)?.read(view)).to.deep.equal(['Own']);
    expect(compilePath('level', aliases)?.read(view)).to.deep.equal(['1']);
  });

  it('never reads what is not the user’s own', () => {
    expect(compilePath('constructor.name', aliases)?.read(ada)).to.deep.equal([]);
    expect(compilePath('toString', aliases)?.read(ada)).to.deep.equal([]);
  });
});

const plenty = () => ({ left: Number.MAX_SAFE_INTEGER });

/** The same by trying every run a `*` can stand for. */
function matchesNaively(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (!pattern.startsWith('*'))
    return text.startsWith(pattern.charAt(0)) && matchesNaively(pattern.slice(1), text.slice(1));
  return Array.from({ length: text.length + 1 }, (_, at) => text.slice(at)).some((rest) =>
    matchesNaively(pattern.slice(1), rest),
  );
}

describe('compilePattern', () => {
  it('agrees with trying every run a star can stand for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 9 });
    fc.assert(
      fc.property(text, text, (pattern, value) => {
        expect(compilePattern(pattern)(value, plenty())).to.equal(matchesNaively(pattern, value));
      }),
      { numRuns: 2000 },
    );
  });

  it('never lets its two ends share characters', () => {
    expect(compilePattern('ab*ba')('aba', plenty())).to.equal(false);
    expect(compilePattern('ab*ba')('abba', plenty())).to.equal(true);
    expect(compilePattern('a*b*b')('ab', plenty())).to.equal(false);
  });
});

describe('the work of patterns', () => {
  const long = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ value: `${'a'.repeat(990)}${at}` }));
  const hard = (count: number, text: string) =>
    Array.from({ length: count }, (_, at) => rule({ path: 'roles.value', matches: text }, `r${at}`));

  for (const text of [`*${'a'.repeat(170)}b*`, `${'*a'.repeat(90)}*b*`, '*aaaaab*']) {
    it(`is bounded however many rules and values there are: ${text.slice(0, 12)}`, () => {
      const view = { user: { roles: long(500) }, groups: [] };
      const started = performance.now();
      expect(rolesOf(view, ...hard(500, text))).to.deep.equal([]);
      expect(performance.now() - started).to.be.below(10_000);
    });
  }

  it('is not spent on values that a pattern’s ends refuse', () => {
    const names = Array.from({ length: 500 }, (_, at) => ({ value: `app-${at}-${'x'.repeat(200)}` }));
    const rules = Array.from({ length: 500 }, (_, at) =>
      rule({ path: 'roles', matches: `app-${at}-*x*` }, `r${at}`),
    );
    expect(rolesOf({ user: { roles: names }, groups: [] }, ...rules)).to.have.length(500);
  });

  it('leaves values over 1,000 characters to is and in', () => {
    const value = 'a'.repeat(1001);
    const view = { user: { roles: [{ value }] }, groups: [] };
    expect(rolesOf(view, rule({ path: 'roles', matches: 'a*' }, 'x'))).to.deep.equal([]);
    expect(rolesOf(view, rule({ path: 'roles', is: value }, 'x'))).to.deep.equal(['x']);
    const shorter = { user: { roles: [{ value: value.slice(1) }] }, groups: [] };
    expect(rolesOf(shorter, rule({ path: 'roles', matches: 'a*' }, 'x'))).to.deep.equal(['x']);
  });

  it('tells of long values and long lists in short', () => {
    const value = 'v'.repeat(4000);
    const list = [value, ...Array.from({ length: 499 }, (_, at) => `value ${at}`)];
    const { grants } = mapped({ user: { roles: [{ value }] }, groups: [] }, [
      rule({ path: 'roles', in: list }, 'x'),
    ]);
    expect(grants[0]?.because).to.include('and 480 more').and.to.have.length.below(8000);
  });
});
