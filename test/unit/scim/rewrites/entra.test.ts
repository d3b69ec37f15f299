import { expect } from 'chai';
import { splitMemberOperations } from '../../../../src/scim/protocol/patch/member-operations.js';
import { parsePatchRequest } from '../../../../src/scim/protocol/patch/request.js';
import { rewriteRequest } from '../../../../src/scim/protocol/rewrites/rewrite-request.js';
import { enterpriseUserUrn, groupUrn, patchOpUrn, userUrn } from '../../../../src/scim/protocol/urns.js';
import { ada, refusal, registry } from '../../../support/scim-protocol.js';
import {
  createAs,
  matchesAs,
  operationsAfter,
  patchAs,
  rewritePatch,
  strictly,
} from '../../../support/scim-rewrites.js';

const manager = `${enterpriseUserUrn}:manager`;

describe('Entra ID: PATCH without aadOptscim062020', () => {
  it('capital-op, string-boolean: Replace active "False"', () => {
    const operations = [{ op: 'Replace', path: 'active', value: 'False' }];
    expect(patchAs('auto', operations, ada)['active']).to.equal(false);
    expect(rewritePatch('auto', operations).deviations).to.deep.equal(['capital-op', 'string-boolean']);
    expect(strictly(operations)).to.equal('400 invalidSyntax');
    expect(strictly([{ op: 'replace', path: 'active', value: 'False' }])).to.equal('400 invalidValue');
  });

  it('leaves text of other attributes and other text of booleans alone', () => {
    expect(patchAs('auto', [{ op: 'Add', path: 'nickName', value: 'True' }], ada)['nickName']).to.equal(
      'True',
    );
    expect(refusal(() => patchAs('auto', [{ op: 'Replace', path: 'active', value: 'yes' }], ada))).to.equal(
      '400 invalidValue',
    );
    expect(refusal(() => patchAs('auto', [{ op: 'Delete', path: 'active' }], ada))).to.equal(
      '400 invalidSyntax',
    );
  });

  it('scalar-for-complex: Add manager as a string', () => {
    const operations = [{ op: 'Add', path: manager, value: 'm1' }];
    expect(patchAs('auto', operations, ada)[enterpriseUserUrn]).to.deep.equal({ manager: { value: 'm1' } });
    expect(rewritePatch('entra', operations).deviations).to.include('scalar-for-complex');
    expect(strictly([{ op: 'add', path: manager, value: 'm1' }])).to.equal('400 invalidValue');
  });

  it('unqualified-extension, list-for-single: Add manager as an array under its short name', () => {
    const operations = [{ op: 'Add', path: 'manager', value: [{ $ref: '.../Users/m1', value: 'm1' }] }];
    expect(patchAs('auto', operations, ada)[enterpriseUserUrn]).to.deep.equal({
      manager: { $ref: '.../Users/m1', value: 'm1' },
    });
    expect(rewritePatch('entra', operations).deviations).to.deep.equal([
      'capital-op',
      'unqualified-extension',
      'list-for-single',
    ]);
    expect(strictly([{ op: 'add', path: 'manager', value: { value: 'm1' } }])).to.equal('400 invalidPath');
    expect(strictly([{ op: 'add', path: manager, value: [{ value: 'm1' }] }])).to.equal('400 invalidValue');
    expect(
      refusal(() =>
        patchAs('auto', [{ op: 'add', path: manager, value: [{ value: 'a' }, { value: 'b' }] }], ada),
      ),
    ).to.equal('400 invalidValue');
  });

  it('unqualified-extension without a path', () => {
    const result = patchAs(
      'auto',
      [{ op: 'replace', value: { department: 'R&D', title: 'Dr', [enterpriseUserUrn]: { division: 'D' } } }],
      ada,
    );
    expect(result[enterpriseUserUrn]).to.deep.equal({ division: 'D', department: 'R&D' });
    expect(result['title']).to.equal('Dr');
  });

  it('remove-with-value: where the path says it all, the value is dropped', () => {
    for (const operation of [
      { op: 'Remove', path: 'title', value: 'Dr' },
      { op: 'Remove', path: manager, value: 'm1' },
      { op: 'Remove', path: 'emails[type eq "home"].value', value: 'other@x.test' },
      { op: 'Remove', path: 'emails[type eq "home"]', value: null },
    ]) {
      const [after] = operationsAfter('entra', [operation]);
      expect(after, operation.path).to.deep.equal({ op: 'remove', path: operation.path });
    }
    const home = [{ op: 'Remove', path: 'emails[type eq "home"].value', value: 'other@x.test' }];
    expect(patchAs('auto', home, ada)['emails']).to.deep.equal([ada.emails[0]]);
  });

  it('remove-with-value: only the listed elements of other lists go', () => {
    const result = patchAs(
      'auto',
      [{ op: 'Remove', path: 'emails', value: [{ type: 'home', value: 'ada@home.test' }] }],
      ada,
    );
    expect(result['emails']).to.deep.equal([ada.emails[0]]);
    expect(
      operationsAfter('auto', [
        { op: 'remove', path: 'addresses', value: [{ type: 'work', locality: 'X', region: null }] },
      ]),
    ).to.deep.equal([{ op: 'remove', path: 'addresses[locality eq "X" and type eq "work"]' }]);
  });

  it('single-valued-filter: manager[value eq "id"]', () => {
    const managed = { ...ada, [enterpriseUserUrn]: { manager: { value: 'old' } } };
    const gone = patchAs('auto', [{ op: 'Remove', path: `${manager}[value eq "old"]` }], managed);
    expect(gone).to.not.have.property(enterpriseUserUrn);
    const moved = patchAs(
      'auto',
      [
        { op: 'Add', path: manager, value: 'new' },
        { op: 'Remove', path: 'manager[value eq "old"]' },
      ],
      managed,
    );
    expect(moved[enterpriseUserUrn]).to.deep.equal({ manager: { value: 'new' } });
    expect(strictly([{ op: 'remove', path: `${manager}[value eq "old"]` }])).to.equal('400 invalidPath');
    const simple = [{ op: 'replace', path: 'title[value eq "x"]', value: 'y' }];
    expect(refusal(() => patchAs('auto', simple, ada))).to.equal('400 invalidPath');
    expect(operationsAfter('auto', [{ op: 'remove', path: 'nope[value eq "x"]' }])[0].path).to.equal(
      'nope[value eq "x"]',
    );
  });

  it('several operations on the same missing element make one element', () => {
    const operations = ['streetAddress', 'locality', 'region', 'postalCode', 'country'].map((name) => ({
      op: 'Add',
      path: `addresses[type eq "work"].${name}`,
      value: name,
    }));
    expect(patchAs('auto', operations, ada)['addresses']).to.have.length(1);
  });

  it('replace-creates-element: for Entra a replace of a missing element creates it (decision D1)', () => {
    const replace = { path: 'phoneNumbers[type eq "mobile"].value', value: '1' };
    const mobile = [{ type: 'mobile', value: '1' }];
    expect(patchAs('auto', [{ op: 'Replace', ...replace }], ada)['phoneNumbers']).to.deep.equal(mobile);
    expect(patchAs('entra', [{ op: 'replace', ...replace }], ada)['phoneNumbers']).to.deep.equal(mobile);
    expect(
      patchAs('auto', [{ op: 'replace', ...replace }], ada, { aadOptscim062020: '' })['phoneNumbers'],
    ).to.deep.equal(mobile);
    expect(refusal(() => patchAs('auto', [{ op: 'replace', ...replace }], ada))).to.equal('400 noTarget');
    const work = [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'n@x.test' }];
    expect(patchAs('auto', work, ada)['emails'][0]).to.deep.equal({
      type: 'work',
      value: 'n@x.test',
      primary: true,
    });
  });

  it('empty-operations: nothing changes', () => {
    expect(patchAs('auto', [], ada)).to.equal(ada);
    expect(strictly([])).to.equal('400 invalidSyntax');
  });
});

describe('Entra ID: PATCH with aadOptscim062020', () => {
  it('dotted-keys: one object with dotted and URN keys', () => {
    const value = {
      displayName: 'Pvlo',
      'name.givenName': 'Gtfd',
      'name.familyName': 'Pkqf',
      externalId: '4720',
      [`${enterpriseUserUrn}:employeeNumber`]: 'Eqpj',
      'emails[type eq "work"].value': 'n@x.test',
      'unknown.key': 1,
      'bad[path': 1,
    };
    const result = patchAs('entra', [{ op: 'replace', value }], ada);
    expect(result).to.deep.include({
      displayName: 'Pvlo',
      name: { givenName: 'Gtfd', familyName: 'Pkqf' },
      externalId: '4720',
    });
    expect(result[enterpriseUserUrn]).to.deep.equal({ employeeNumber: 'Eqpj' });
    expect(result['emails'][0].value).to.equal('n@x.test');
    expect(result).to.not.have.any.keys('name.givenName', 'unknown.key', 'bad[path');
    expect(
      patchAs('auto', [{ op: 'replace', value: { 'name.givenName': 'G' } }], ada)['name'].givenName,
    ).to.equal('G');
    expect(rewritePatch('auto', [{ op: 'replace', value }]).deviations).to.deep.equal([
      'dotted-keys',
      'replace-creates-element',
    ]);
  });

  it('takes operations without a path in dialect strict, but for a removal', () => {
    expect(strictly([{ op: 'replace', value: { active: false } }])).to.equal('accepted');
    expect(strictly([{ op: 'replace', path: 'active', value: false }])).to.equal('accepted');
    expect(refusal(() => patchAs('strict', [{ op: 'remove' }], ada))).to.equal('400 noTarget');
  });
});

describe('Entra ID: users', () => {
  it('creates from the documented body: nulls, meta, roles [], a malformed URN, a foreign one, an undeclared extension', () => {
    const result = createAs('auto', {
      schemas: [userUrn, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User', 'urn:x:custom'],
      externalId: '0a21f0f2',
      userName: 'Test_User@x.test',
      active: 'True',
      addresses: null,
      title: null,
      emails: [{ primary: true, type: 'work', value: 'a@x.test' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'g f', familyName: 'f', givenName: 'g' },
      roles: [],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0User': { department: 'R' },
      'urn:gatehouse:params:scim:schemas:extension:2.0:User': { userProfileAccess: 'true' },
    });
    expect(result).to.deep.include({ active: true, userName: 'Test_User@x.test', externalId: '0a21f0f2' });
    expect(result[enterpriseUserUrn]).to.deep.equal({ department: 'R' });
    expect(result['schemas']).to.have.length(3);
    expect(result).to.not.have.any.keys('roles', 'addresses', 'title', 'meta');
  });

  it('manager eq "id" looks at manager.value', () => {
    const managed = { ...ada, [enterpriseUserUrn]: { manager: { value: 'm1' } } };
    expect(matchesAs('auto', 'id eq "u1" and manager eq "m1"', managed)).to.equal(true);
    expect(matchesAs('auto', 'id eq "u1" and manager eq "m2"', managed)).to.equal(false);
    expect(matchesAs('auto', `${manager} eq "m1"`, managed)).to.equal(true);
    expect(matchesAs('auto', 'manager eq null', managed)).to.equal(false);
    expect(matchesAs('auto', 'department ne "x" and title eq "manager eq \\"m1\\""', managed)).to.equal(
      false,
    );
  });

  it('finds by emails[type eq "work"].value', () => {
    expect(matchesAs('auto', 'emails[type eq "work"].value eq "ADA@acme.test"', ada)).to.equal(true);
    expect(matchesAs('auto', 'emails[type eq "work"].primary eq "True"', ada)).to.equal(true);
  });
});

describe('Entra ID: app roles', () => {
  const admin = { primary: true, type: 'WindowsAzureActiveDirectoryRole', value: 'Admin' };

  it('string-boolean-filter: SingleAppRoleAssignment targets roles[primary eq "True"]', () => {
    const operations = [
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'Admin' },
      { op: 'Add', path: 'roles[primary eq "True"].display', value: 'Administrator' },
      { op: 'Add', path: 'roles[primary eq "True"].type', value: 'WindowsAzureActiveDirectoryRole' },
    ];
    const result = patchAs('auto', operations, ada);
    expect(result['roles']).to.deep.equal([{ ...admin, display: 'Administrator' }]);
    expect(
      patchAs('auto', [{ op: 'Replace', path: 'roles[primary eq "True"].value', value: 'User' }], result)[
        'roles'
      ][0].value,
    ).to.equal('User');
    expect(strictly([{ op: 'add', path: 'roles[primary eq "True"].value', value: 'x' }])).to.equal(
      '400 invalidFilter',
    );
    expect(matchesAs('auto', 'active eq True', ada)).to.equal(true);
    expect(matchesAs('auto', 'active eq true and title ne "True"', ada)).to.equal(true);
  });

  it('packed-json: AppRoleAssignmentsComplex adds roles as JSON in strings', () => {
    const packed = JSON.stringify({ id: '18d14569', value: 'Admin', displayName: 'Administrator' });
    const expected = [{ display: 'Administrator', value: 'Admin' }];
    expect(
      patchAs('auto', [{ op: 'Add', path: 'roles', value: [{ value: packed }] }], ada)['roles'],
    ).to.deep.equal(expected);
    expect(patchAs('auto', [{ op: 'Add', path: 'roles', value: [packed] }], ada)['roles']).to.deep.equal(
      expected,
    );
    expect(
      patchAs('auto', [{ op: 'Add', path: 'roles', value: { value: packed } }], ada)['roles'],
    ).to.deep.equal(expected);
    expect(rewritePatch('auto', [{ op: 'add', path: 'roles', value: [packed] }]).deviations).to.include(
      'packed-json',
    );
    const nameless = JSON.stringify({ id: '18d', value: null, displayName: 'msiam_access' });
    expect(
      patchAs('auto', [{ op: 'Add', path: 'roles', value: [{ value: nameless }] }], ada)['roles'],
    ).to.deep.equal([{ display: 'msiam_access' }]);
    for (const odd of ['{no json', '{"value":1}', '{"displayName":1}', '{}']) {
      expect(
        patchAs('auto', [{ op: 'Add', path: 'roles', value: [{ value: odd }] }], ada)['roles'],
      ).to.deep.equal([{ value: odd }]);
    }
    expect(
      patchAs('auto', [{ op: 'Add', path: 'phoneNumbers', value: [{ value: packed }] }], ada)[
        'phoneNumbers'
      ][0].value,
    ).to.equal(packed);
  });

  it('display-name-for-display: roles and members with displayName', () => {
    const result = createAs('auto', {
      schemas: [userUrn],
      userName: 'a',
      roles: [{ primary: 'False', type: 't', displayName: 'D', value: 'v' }],
    });
    expect(result['roles']).to.deep.equal([{ display: 'D', primary: false, type: 't', value: 'v' }]);
    const both = createAs('auto', {
      schemas: [userUrn],
      userName: 'a',
      roles: [{ displayName: 'D', display: 'E', value: 'v' }],
    });
    expect(both['roles'][0].display).to.equal('E');
  });

  it('AssertiveAppRoleAssignmentsComplex replaces the roles as they are', () => {
    const operations = [
      {
        op: 'replace',
        path: 'roles',
        value: [
          { value: 'A', primary: false },
          { value: 'B', primary: false },
        ],
      },
    ];
    expect(patchAs('entra', operations, { ...ada, roles: [{ value: 'C' }] })['roles']).to.have.length(2);
    expect(rewritePatch('entra', operations).deviations).to.deep.equal([]);
  });
});

describe('Entra ID: groups', () => {
  const members = (operations: unknown) => {
    const { body } = rewritePatch('auto', operations, '/Groups/g1');
    return splitMemberOperations(parsePatchRequest(body), registry.group).members;
  };

  it('foreign-schemas: creates with the ADSCIM schema', () => {
    const body = {
      schemas: [groupUrn, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: '8aa1a0c0',
      displayName: 'Team',
      meta: { resourceType: 'Group' },
    };
    expect(createAs('auto', body, '/Groups')).to.deep.equal({
      schemas: [groupUrn],
      externalId: '8aa1a0c0',
      displayName: 'Team',
    });
    expect(refusal(() => createAs('strict', body, '/Groups'))).to.equal('400 invalidSyntax');
  });

  it('adds members with a $ref that is null, or as plain text', () => {
    expect(
      members([{ op: 'Add', path: 'members', value: [{ $ref: null, value: 'u1' }] }])?.add,
    ).to.deep.equal(['u1']);
    expect(members([{ op: 'Add', path: 'members', value: ['u1', 'u2'] }])?.add).to.deep.equal(['u1', 'u2']);
    expect(members([{ op: 'Add', path: 'members', value: 'u1' }])?.add).to.deep.equal(['u1']);
    expect(
      members([{ op: 'Add', path: 'members', value: [{ value: 'u1', displayName: 'U' }] }])?.add,
    ).to.deep.equal(['u1']);
  });

  it('remove-with-value: removes the listed members only, never all', () => {
    expect(
      members([{ op: 'Remove', path: 'members', value: [{ $ref: null, value: 'u1' }, { value: 'u"2' }] }]),
    ).to.deep.equal({
      replaceWith: undefined,
      add: [],
      remove: ['u1', 'u"2'],
    });
    expect(members([{ op: 'Remove', path: 'members', value: { value: 'u1' } }])?.remove).to.deep.equal([
      'u1',
    ]);
    expect(members([{ op: 'Remove', path: 'members', value: ['u1'] }])?.remove).to.deep.equal(['u1']);
    for (const value of [
      [],
      null,
      {},
      [{}],
      [null],
      [{ value: null }],
      [{ value: 'u1' }, { display: 'x' }],
      5,
      '',
    ]) {
      expect(
        refusal(() => members([{ op: 'Remove', path: 'members', value }])),
        JSON.stringify(value),
      ).to.equal('400 invalidValue');
    }
    expect(strictly([{ op: 'remove', path: 'emails', value: [{ value: 'x' }] }])).to.equal(
      '400 invalidValue',
    );
  });

  it('empties by remove without a value', () => {
    expect(members([{ op: 'Remove', path: 'members' }])?.replaceWith).to.deep.equal([]);
  });

  it('a request of which nothing is left changes nothing', () => {
    const managed = { ...ada, [enterpriseUserUrn]: { manager: { value: 'new' } } };
    const operations = [{ op: 'Remove', path: 'manager[value eq "old"]' }];
    const body = {
      schemas: [patchOpUrn],
      Operations: [{ op: 'Add', path: 'manager', value: 'new' }, ...operations],
    };
    const { body: rewritten } = rewriteRequest(
      'auto',
      { method: 'PATCH', path: '/Users/u1', query: {}, body },
      registry,
    );
    expect(parsePatchRequest(rewritten)).to.have.length(1);
    expect(
      patchAs(
        'auto',
        [
          { op: 5, path: 'x' },
          { op: 'Remove', path: `${manager}[value eq "new"]` },
        ].slice(1),
        managed,
      ),
    ).to.not.have.property(enterpriseUserUrn);
    expect(
      operationsAfter('auto', [
        { op: 5, path: manager, value: 'x' },
        { op: 'Remove', path: `${manager}[value eq "old"]` },
      ]),
    ).to.have.length(1);
  });

  it('removal of listed elements of a simple list, and of unreadable ones', () => {
    const path = 'urn:gatehouse:params:scim:schemas:extension:2.0:User:limitedProducts';
    expect(
      operationsAfter('auto', [{ op: 'Remove', path, value: ['a', 'b'] }]).map(
        (operation: { path: string }) => operation.path,
      ),
    ).to.deep.equal([`${path}[value eq "a"]`, `${path}[value eq "b"]`]);
    expect(refusal(() => patchAs('auto', [{ op: 'Remove', path: 'emails', value: [{}] }], ada))).to.equal(
      '400 invalidValue',
    );
    expect(
      refusal(() => patchAs('auto', [{ op: 'Remove', path: 'addresses', value: [{ primary: true }] }], ada)),
    ).to.equal('400 invalidValue');
  });

  it('malformed paths reach the engine as they are', () => {
    expect(refusal(() => members([{ op: 'Remove', path: 'members[', value: [{ value: 'x' }] }]))).to.equal(
      '400 invalidPath',
    );
    expect(
      refusal(() =>
        parsePatchRequest({
          schemas: [patchOpUrn],
          Operations: operationsAfter('auto', [5, null, { op: 'Remove', path: 7, value: [] }]),
        }),
      ),
    ).to.equal('400 invalidSyntax');
  });
});

describe('requests without a deviation', () => {
  it('pass through as the very same objects', () => {
    const body = {
      schemas: [patchOpUrn],
      Operations: [
        { op: 'replace', path: 'active', value: false },
        { op: 'add', path: 'emails', value: [{ value: 'x' }] },
      ],
    };
    const query = { filter: 'userName eq "a"' };
    for (const dialect of ['auto', 'strict', 'entra', 'okta'] as const) {
      const result = rewriteRequest(dialect, { method: 'PATCH', path: '/Users/1', query, body }, registry);
      expect(result.body).to.equal(body);
      expect(result.query).to.equal(query);
      expect(result.deviations).to.deep.equal([]);
    }
  });

  it('and those of no resource type, or without a body', () => {
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: [] };
    expect(
      rewriteRequest('auto', { method: 'POST', path: '/Bulk', query: {}, body }, registry).body,
    ).to.equal(body);
    expect(
      rewriteRequest('auto', { method: 'GET', path: '/Users', query: {}, body: undefined }, registry).body,
    ).to.equal(undefined);
    expect(
      rewriteRequest(
        'auto',
        { method: 'PATCH', path: '/Users/1', query: {}, body: { schemas: [patchOpUrn], Operations: 'x' } },
        registry,
      ).body,
    ).to.deep.equal({ schemas: [patchOpUrn], Operations: 'x' });
    expect(
      rewriteRequest('auto', { method: 'POST', path: '/Users', query: {}, body: [] }, registry).body,
    ).to.deep.equal([]);
  });

  it('keep the names of members in any case', () => {
    const operations = [
      { OP: 'replace', Path: 'active', VALUE: 'false' },
      { Op: 'remove', PATH: 'title' },
      { op: 'add', path: null, value: { title: 'x' } },
    ];
    expect(operationsAfter('auto', operations)).to.deep.equal([
      { op: 'replace', path: 'active', value: false },
      { op: 'remove', path: 'title' },
      { op: 'add', value: { title: 'x' } },
    ]);
  });
});
