import { expect } from 'chai';
import { applyPatch } from '../../../src/scim/protocol/patch/apply.js';
import { ScimError } from '../../../src/scim/protocol/scim-error.js';
import { enterpriseUserUrn, gatehouseUserUrn, groupUrn, userUrn } from '../../../src/scim/protocol/urns.js';
import type { Json, RawOp } from '../../support/scim-protocol.js';
import { ada, operationsOf, patchUser, refusal, registry } from '../../support/scim-protocol.js';

const refused = (...operations: RawOp[]): string => refusal(() => patchUser(operations));

describe('PATCH add (RFC 7644 section 3.5.2.1)', () => {
  it('merges a path-less object: attributes, complex values, extensions', () => {
    const result = patchUser([
      {
        op: 'add',
        value: {
          schemas: [userUrn, enterpriseUserUrn],
          TITLE: 'Dr',
          name: { middleName: 'M' },
          emails: [{ value: 'new@acme.test', type: 'other' }],
          unknownAttribute: 1,
          [enterpriseUserUrn]: { department: 'R&D', unknown: 1 },
        },
      },
    ]);
    expect(result).to.include({ title: 'Dr' });
    expect(result['name']).to.deep.equal({ givenName: 'Ada', familyName: 'L', middleName: 'M' });
    expect(result['emails']).to.have.length(3);
    expect(result[enterpriseUserUrn]).to.deep.equal({ department: 'R&D' });
    expect(result).to.not.have.property('unknownAttribute');
  });

  it('refuses a path-less value that is no object or names nothing known', () => {
    expect(refused({ op: 'add', value: 'x' })).to.equal('400 invalidValue');
    expect(refused({ op: 'add', value: [{ active: true }] })).to.equal('400 invalidValue');
    expect(refused({ op: 'replace', value: null })).to.equal('400 invalidValue');
    expect(refused({ op: 'add', value: { unknown: 1 } })).to.equal('400 invalidPath');
    expect(refused({ op: 'add', value: { [enterpriseUserUrn]: 'x' } })).to.equal('400 invalidValue');
  });

  it('creates a complex attribute for one of its sub-attributes', () => {
    const result = patchUser([{ op: 'add', path: 'name.givenName', value: 'A' }], { userName: 'a' });
    expect(result['name']).to.deep.equal({ givenName: 'A' });
  });

  it('merges the sub-attributes of a complex attribute', () => {
    const result = patchUser([{ op: 'add', path: 'name', value: { familyName: 'K', unknown: 1 } }]);
    expect(result['name']).to.deep.equal({ givenName: 'Ada', familyName: 'K' });
    expect(refused({ op: 'add', path: 'name', value: 'Ada' })).to.equal('400 invalidValue');
  });

  it('appends an array or a single object and never doubles a value', () => {
    const single = patchUser([{ op: 'add', path: 'emails', value: { value: 'x@y.test', type: 'other' } }]);
    expect(single['emails']).to.have.length(3);
    for (const value of [
      [{ type: 'work', value: 'ada@acme.test', primary: true }],
      { value: 'ada@home.test' },
      { type: 'WORK', value: 'ADA@acme.test' },
      [],
      null,
    ]) {
      expect(patchUser([{ op: 'add', path: 'emails', value }]), JSON.stringify(value)).to.equal(ada);
    }
    const nothing: [path: string, value: unknown][] = [
      ['displayName', []],
      ['displayName', null],
      ['name', []],
      ['name', {}],
    ];
    for (const [path, value] of nothing) {
      expect(patchUser([{ op: 'add', path, value }]), JSON.stringify([path, value])).to.equal(ada);
    }
  });

  it('completes a value that is there already', () => {
    const result = patchUser([
      { op: 'add', path: 'emails', value: { value: 'ada@home.test', display: 'Home' } },
    ]);
    expect(result['emails'][1]).to.deep.equal({ type: 'home', value: 'ada@home.test', display: 'Home' });
  });

  it('takes the same value with another type for another value', () => {
    const result = patchUser([
      { op: 'add', path: 'emails', value: { value: 'ada@home.test', type: 'other' } },
    ]);
    expect(result['emails']).to.have.length(3);
  });

  it('compares addresses by all their parts', () => {
    const address = { type: 'work', locality: 'X' };
    const once = patchUser([{ op: 'add', path: 'addresses', value: address }]);
    expect(patchUser([{ op: 'add', path: 'addresses', value: [address] }], once)).to.equal(once);
    expect(
      patchUser([{ op: 'add', path: 'addresses', value: { ...address, region: 'R' } }], once)['addresses'],
    ).to.have.length(2);
  });

  it('appends to a simple multi-valued attribute without doubles', () => {
    const path = `${gatehouseUserUrn}:limitedProducts`;
    const once = patchUser([{ op: 'add', path, value: ['crm', 'desk', 'crm'] }]);
    expect(once[gatehouseUserUrn]).to.deep.equal({ limitedProducts: ['crm', 'desk'] });
    expect(patchUser([{ op: 'add', path, value: 'crm' }], once)).to.equal(once);
    const less = patchUser([{ op: 'remove', path: `${path}[value eq "CRM"]` }], once);
    expect(less[gatehouseUserUrn]).to.deep.equal({ limitedProducts: ['desk'] });
    const other = patchUser([{ op: 'replace', path: `${path}[value eq "crm"]`, value: 'new' }], once);
    expect(other[gatehouseUserUrn]).to.deep.equal({ limitedProducts: ['new', 'desk'] });
  });

  it('merges into every element a value filter matches', () => {
    const result = patchUser([
      { op: 'add', path: 'emails[type eq "work" or type eq "home"]', value: { display: 'D' } },
    ]);
    expect(result['emails'].map((email: Json) => email.display)).to.deep.equal(['D', 'D']);
    expect(result['emails'][0].value).to.equal('ada@acme.test');
    const sub = patchUser([{ op: 'add', path: 'emails[value ew ".test"].display', value: 'D' }]);
    expect(sub['emails']).to.deep.equal(result['emails']);
  });

  it('creates the one element that a filter of equalities describes, whatever number of operations names it', () => {
    const result = patchUser([
      { op: 'add', path: 'addresses[type eq "work"].streetAddress', value: '1 Road' },
      { op: 'add', path: 'addresses[type eq "work"].locality', value: 'Town' },
      { op: 'add', path: 'addresses[type eq "work"].postalCode', value: 'P1' },
      { op: 'add', path: 'phoneNumbers[type eq "mobile" and primary eq true].value', value: '1' },
      { op: 'add', path: 'ims[type eq "x"]', value: { value: 'im' } },
    ]);
    expect(result['addresses']).to.deep.equal([
      { type: 'work', streetAddress: '1 Road', locality: 'Town', postalCode: 'P1' },
    ]);
    expect(result['phoneNumbers']).to.deep.equal([{ type: 'mobile', primary: true, value: '1' }]);
    expect(result['ims']).to.deep.equal([{ type: 'x', value: 'im' }]);
  });

  it('creates no element of nothing but unknown parts', () => {
    expect(patchUser([{ op: 'add', path: 'emails.display', value: null }])).to.equal(ada);
    expect(
      patchUser([{ op: 'add', path: `${gatehouseUserUrn}:limitedProducts[value eq "x"]`, value: 'x' }])[
        gatehouseUserUrn
      ],
    ).to.deep.equal({
      limitedProducts: ['x'],
    });
    expect(refused({ op: 'add', path: 'phoneNumbers[type eq "work"]', value: 'x' })).to.equal(
      '400 invalidValue',
    );
  });

  it('answers noTarget when the filter describes no element', () => {
    for (const filter of [
      'type sw "x"',
      'type eq "x" or type eq "y"',
      'not (type eq "work") and type eq "x"',
      'type pr and value eq "q"',
    ]) {
      expect(refused({ op: 'add', path: `phoneNumbers[${filter}].value`, value: '1' }), filter).to.equal(
        '400 noTarget',
      );
    }
    expect(patchUser([{ op: 'add', path: 'phoneNumbers[type eq "work"].value', value: null }])).to.equal(ada);
  });

  it('creates an element for a sub-attribute without a filter, or sets it on all', () => {
    expect(patchUser([{ op: 'add', path: 'phoneNumbers.value', value: '1' }])['phoneNumbers']).to.deep.equal([
      { value: '1' },
    ]);
    const all = patchUser([{ op: 'replace', path: 'emails.type', value: 'other' }]);
    expect(all['emails'].map((email: Json) => email.type)).to.deep.equal(['other', 'other']);
  });

  it('makes a new primary element the only one', () => {
    const appended = patchUser([
      { op: 'add', path: 'emails', value: [{ value: 'n@x.test', primary: true }] },
    ]);
    expect(appended['emails'].map((email: Json) => email.primary)).to.deep.equal([false, undefined, true]);
    const changed = patchUser([{ op: 'replace', path: 'emails[type eq "home"].primary', value: true }]);
    expect(changed['emails'].map((email: Json) => email.primary)).to.deep.equal([false, true]);
    expect(
      refused({
        op: 'add',
        path: 'emails',
        value: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      }),
    ).to.equal('400 invalidValue');
  });

  it('refuses read-only targets unless the value is the present one', () => {
    expect(refused({ op: 'add', path: 'id', value: 'other' })).to.equal('400 mutability');
    expect(refused({ op: 'add', path: 'groups', value: [{ value: 'g2' }] })).to.equal('400 mutability');
    expect(refused({ op: 'replace', path: 'meta.version', value: 'x' })).to.equal('400 mutability');
    expect(refused({ op: 'replace', path: `${gatehouseUserUrn}:status`, value: 'active' })).to.equal(
      '400 mutability',
    );
    expect(refused({ op: 'replace', value: { id: 'u2', title: 'x' } })).to.equal('400 mutability');
    expect(refused({ op: 'replace', path: `${enterpriseUserUrn}:manager.displayName`, value: 'x' })).to.equal(
      '400 mutability',
    );
    expect(patchUser([{ op: 'replace', value: { id: 'u1', groups: [{ value: 'g1' }] } }])).to.equal(ada);
    expect(patchUser([{ op: 'replace', value: { groups: [] } }], { userName: 'a' })).to.deep.equal({
      userName: 'a',
    });
  });

  it('ignores read-only sub-attributes inside a value', () => {
    const path = `${enterpriseUserUrn}:manager`;
    const result = patchUser([
      { op: 'add', path, value: { value: 'm1', $ref: 'https://x/m1', displayName: 'Boss' } },
    ]);
    expect(result[enterpriseUserUrn]).to.deep.equal({ manager: { value: 'm1', $ref: 'https://x/m1' } });
  });

  it('checks types', () => {
    for (const operation of [
      { op: 'replace', path: 'active', value: 'yes' },
      { op: 'replace', path: 'active', value: 'false' },
      { op: 'replace', path: 'active', value: 1 },
      { op: 'replace', path: 'title', value: 5 },
      { op: 'replace', path: 'title', value: { a: 1 } },
      { op: 'replace', path: 'title', value: ['x'] },
      { op: 'replace', path: 'title', value: '\ud800' },
      { op: 'add', path: 'emails', value: ['a@b.test'] },
      { op: 'add', path: 'emails', value: [{ value: 1 }] },
      { op: 'add', path: 'emails', value: [[{ value: 'x' }]] },
      { op: 'replace', path: 'emails[type eq "work"]', value: 'x' },
      { op: 'replace', path: 'userName', value: '' },
      { op: 'add', path: 'x509Certificates', value: [{ value: '<binary>' }] },
    ]) {
      expect(refused(operation), JSON.stringify(operation)).to.equal('400 invalidValue');
    }
  });
});

describe('PATCH remove (RFC 7644 section 3.5.2.2)', () => {
  it('unassigns singular, complex and multi-valued attributes', () => {
    const result = patchUser([
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: 'emails' },
      { op: 'remove', path: 'active' },
    ]);
    expect(result).to.not.have.any.keys('emails', 'active');
    expect(result['name']).to.deep.equal({ familyName: 'L' });
    expect(patchUser([{ op: 'remove', path: 'name' }])).to.not.have.property('name');
  });

  it('drops a complex value that has lost its last part', () => {
    const result = patchUser([
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: 'name.familyName' },
    ]);
    expect(result).to.not.have.property('name');
  });

  it('succeeds without a change where there is nothing to remove', () => {
    for (const path of [
      'title',
      'name.middleName',
      'phoneNumbers',
      'phoneNumbers[type eq "work"]',
      'emails[type eq "other"]',
      'emails[type eq "other"].value',
      'phoneNumbers.value',
      `${enterpriseUserUrn}:department`,
      enterpriseUserUrn,
    ]) {
      expect(patchUser([{ op: 'remove', path }]), path).to.equal(ada);
    }
  });

  it('refuses required and read-only attributes and a value', () => {
    expect(refused({ op: 'remove', path: 'userName' })).to.equal('400 mutability');
    expect(refused({ op: 'remove', path: 'id' })).to.equal('400 mutability');
    expect(refused({ op: 'remove', path: 'groups[value eq "g1"]' })).to.equal('400 mutability');
    expect(refused({ op: 'remove', path: 'emails', value: [] })).to.equal('400 invalidValue');
    expect(refused({ op: 'remove', path: 'emails', value: null })).to.equal('400 invalidValue');
    expect(refused({ op: 'remove', path: 'emails', value: [{ value: 'x' }] })).to.equal('400 invalidValue');
  });

  it('removes what a compound filter matches, and the attribute with its last element', () => {
    const one = patchUser([{ op: 'remove', path: 'emails[type eq "work" and value ew "ACME.test"]' }]);
    expect(one['emails']).to.deep.equal([ada.emails[1]]);
    const none = patchUser([{ op: 'remove', path: 'emails[value pr]' }]);
    expect(none).to.not.have.property('emails');
  });

  it('removes a sub-attribute; an element without its value goes', () => {
    const sub = patchUser([{ op: 'remove', path: 'emails[type eq "work"].primary' }]);
    expect(sub['emails'][0]).to.deep.equal({ type: 'work', value: 'ada@acme.test' });
    const value = patchUser([{ op: 'remove', path: 'emails[type eq "work"].value' }]);
    expect(value['emails']).to.deep.equal([ada.emails[1]]);
    const address = patchUser([{ op: 'remove', path: 'addresses[type eq "work"].locality' }], {
      userName: 'a',
      addresses: [{ type: 'work', locality: 'X' }],
    });
    expect(address['addresses']).to.deep.equal([{ type: 'work' }]);
    expect(
      patchUser([{ op: 'remove', path: 'addresses[type eq "work"].type' }], address),
    ).to.not.have.property('addresses');
  });

  it('drops an extension and its URN with its last attribute, but keeps what is read-only', () => {
    const full = {
      ...ada,
      schemas: [userUrn, enterpriseUserUrn, gatehouseUserUrn],
      [enterpriseUserUrn]: { department: 'R&D' },
      [gatehouseUserUrn]: { status: 'active', approved: true },
    };
    const less = patchUser([{ op: 'remove', path: `${enterpriseUserUrn}:department` }], full);
    expect(less).to.not.have.property(enterpriseUserUrn);
    expect(less['schemas']).to.deep.equal([userUrn, gatehouseUserUrn]);
    const whole = patchUser(
      [
        { op: 'remove', path: enterpriseUserUrn.toUpperCase() },
        { op: 'remove', path: gatehouseUserUrn },
      ],
      full,
    );
    expect(whole).to.not.have.property(enterpriseUserUrn);
    expect(whole[gatehouseUserUrn]).to.deep.equal({ status: 'active' });
    expect(patchUser([{ op: 'remove', path: gatehouseUserUrn }], whole)).to.equal(whole);
  });
});

describe('PATCH replace (RFC 7644 section 3.5.2.3)', () => {
  it('replaces the members of a path-less object: lists wholly, complex values by part', () => {
    const result = patchUser([
      {
        op: 'replace',
        value: { active: false, name: { familyName: 'K' }, emails: [{ value: 'only@x.test' }] },
      },
    ]);
    expect(result['active']).to.equal(false);
    expect(result['name']).to.deep.equal({ givenName: 'Ada', familyName: 'K' });
    expect(result['emails']).to.deep.equal([{ value: 'only@x.test' }]);
  });

  it('adds what is absent', () => {
    const result = patchUser([
      { op: 'replace', path: 'title', value: 'Dr' },
      { op: 'replace', path: `${enterpriseUserUrn}:department`, value: 'R&D' },
      { op: 'replace', path: 'phoneNumbers', value: [{ value: '1' }] },
    ]);
    expect(result).to.include({ title: 'Dr' });
    expect(result['phoneNumbers']).to.deep.equal([{ value: '1' }]);
  });

  it('clears by [] and null', () => {
    expect(patchUser([{ op: 'replace', path: 'emails', value: [] }])).to.not.have.property('emails');
    expect(patchUser([{ op: 'replace', path: 'emails', value: null }])).to.not.have.property('emails');
    expect(patchUser([{ op: 'replace', path: 'active', value: null }])).to.not.have.property('active');
    expect(patchUser([{ op: 'replace', path: 'name', value: null }])).to.not.have.property('name');
    expect(patchUser([{ op: 'replace', path: 'name', value: [] }])).to.not.have.property('name');
    expect(
      patchUser([{ op: 'replace', path: 'emails[type eq "home"]', value: null }])['emails'],
    ).to.have.length(1);
    expect(patchUser([{ op: 'replace', value: { name: { givenName: null } } }])['name']).to.deep.equal({
      familyName: 'L',
    });
    expect(refused({ op: 'replace', path: 'userName', value: null })).to.equal('400 invalidValue');
    expect(patchUser([{ op: 'add', path: 'title', value: null }])).to.equal(ada);
  });

  it('replaces matched elements wholly, and matched sub-attributes', () => {
    const whole = patchUser([
      { op: 'replace', path: 'emails[type eq "home"]', value: { type: 'other', value: 'n@x.test' } },
    ]);
    expect(whole['emails']).to.deep.equal([ada.emails[0], { type: 'other', value: 'n@x.test' }]);
    const sub = patchUser([{ op: 'replace', path: 'emails[type eq "work"].value', value: 'n@x.test' }]);
    expect(sub['emails'][0]).to.deep.equal({ type: 'work', value: 'n@x.test', primary: true });
  });

  it('answers noTarget when a filter matches nothing (decision D1)', () => {
    expect(refused({ op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '1' })).to.equal(
      '400 noTarget',
    );
    expect(refused({ op: 'replace', path: 'emails[type eq "other"]', value: { value: 'x' } })).to.equal(
      '400 noTarget',
    );
  });

  it('merges into a whole extension', () => {
    const result = patchUser([
      { op: 'replace', path: enterpriseUserUrn, value: { department: 'A', manager: { value: 'm' } } },
      { op: 'replace', path: enterpriseUserUrn, value: { department: 'B' } },
    ]);
    expect(result[enterpriseUserUrn]).to.deep.equal({ department: 'B', manager: { value: 'm' } });
    const cleared = patchUser([{ op: 'replace', value: { [enterpriseUserUrn]: null } }], result);
    expect(cleared['schemas']).to.deep.equal([userUrn]);
  });
});

describe('PATCH as a whole', () => {
  it('lets each operation see the one before and the later one win', () => {
    const result = patchUser([
      { op: 'add', path: 'title', value: 'A' },
      { op: 'replace', path: 'title', value: 'B' },
      { op: 'remove', path: 'title' },
      { op: 'add', path: 'title', value: 'C' },
    ]);
    expect(result['title']).to.equal('C');
  });

  it('returns the very same resource when the end equals the beginning', () => {
    expect(
      patchUser([
        { op: 'remove', path: 'emails[type eq "home"]' },
        { op: 'add', path: 'emails', value: { value: 'ada@home.test', type: 'home' } },
        { op: 'replace', path: 'active', value: true },
      ]),
    ).to.equal(ada);
  });

  it('names the failing operation and applies none', () => {
    expect(() =>
      patchUser([
        { op: 'replace', path: 'active', value: false },
        { op: 'remove', path: 'nope' },
      ]),
    ).to.throw(ScimError, /^operation 2: /);
    expect(ada.active).to.equal(true);
  });

  it('keeps members immutable inside, replaceable as elements', () => {
    const team = { schemas: [groupUrn], displayName: 'T', members: [{ value: 'u1', type: 'User' }] };
    const run = (operation: RawOp): Record<string, Json> =>
      applyPatch(team, operationsOf([operation]), registry.group);
    expect(refusal(() => run({ op: 'replace', path: 'members[value eq "u1"].value', value: 'u2' }))).to.equal(
      '400 mutability',
    );
    expect(refusal(() => run({ op: 'remove', path: 'members[value eq "u1"].value' }))).to.equal(
      '400 mutability',
    );
    expect(
      run({ op: 'replace', path: 'members[value eq "u1"]', value: { value: 'u2' } })['members'],
    ).to.deep.equal([{ value: 'u2' }]);
    expect(run({ op: 'add', path: 'members', value: [{ value: 'u1' }] })).to.equal(team);
    expect(refusal(() => run({ op: 'add', path: 'members[value eq "u1"].display', value: 'Ada' }))).to.equal(
      '400 mutability',
    );
  });

  it('adds ten thousand members, each once', () => {
    const members = Array.from({ length: 10_000 }, (_, index) => ({ value: `u${index}` }));
    const result = applyPatch(
      { displayName: 'T' },
      operationsOf([{ op: 'add', path: 'members', value: [...members, ...members] }]),
      registry.group,
    );
    expect(result['members']).to.have.length(10_000);
  });
});
