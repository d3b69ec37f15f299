import { expect } from 'chai';
import { splitMemberOperations } from '../../../../src/scim/protocol/patch/member-operations.js';
import { parsePatchRequest } from '../../../../src/scim/protocol/patch/request.js';
import { knownRewrites } from '../../../../src/scim/protocol/rewrites/dialects.js';
import { rewriteRequest } from '../../../../src/scim/protocol/rewrites/rewrite-request.js';
import {
  enterpriseUserUrn,
  groupUrn,
  searchRequestUrn,
  userUrn,
} from '../../../../src/scim/protocol/urns.js';
import { ada, refusal, registry } from '../../../support/scim-protocol.js';
import {
  createAs,
  matchesAs,
  operationsAfter,
  patchAs,
  rewritePatch,
  strictly,
} from '../../../support/scim-rewrites.js';
import { dialects } from '../../../../src/shared/dialects.js';

describe('Okta', () => {
  it('creates with groups [] and a password', () => {
    const body = {
      schemas: [userUrn],
      userName: 'test.user@okta.local',
      name: { givenName: 'Test', familyName: 'User' },
      emails: [{ primary: true, value: 'test.user@okta.local', type: 'work' }],
      displayName: 'Test User',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    };
    const { groups: _groups, ...expected } = body;
    expect(createAs('auto', body)).to.deep.equal(expected);
  });

  it('deactivates without a path', () => {
    expect(patchAs('okta', [{ op: 'replace', value: { active: false } }], ada)['active']).to.equal(false);
  });

  it('id-in-value: renames a group with its id in the value', () => {
    const rename = (id: string): unknown =>
      operationsAfter('auto', [{ op: 'replace', value: { id, displayName: 'New' } }], '/Groups/g1');
    expect(rename('g1')).to.deep.equal([{ op: 'replace', value: { displayName: 'New' } }]);
    expect(rename('g2')).to.deep.equal([{ op: 'replace', value: { id: 'g2', displayName: 'New' } }]);
    expect(
      rewritePatch('okta', [{ op: 'replace', value: { id: 'u1', title: 'x' } }]).deviations,
    ).to.deep.equal(['id-in-value']);
    expect(
      refusal(() => patchAs('okta', [{ op: 'replace', value: { id: 'u2', title: 'x' } }], ada)),
    ).to.equal('400 mutability');
    expect(patchAs('okta', [{ op: 'replace', value: { id: 'u1' } }], ada)).to.equal(ada);
  });

  it('pushes members by filter, by list and as a whole', () => {
    const { body, deviations } = rewritePatch(
      'okta',
      [
        { op: 'remove', path: 'members[value eq "u1"]' },
        { op: 'add', path: 'members', value: [{ value: 'u2', display: 'two@x.test' }] },
      ],
      '/Groups/g1',
    );
    expect(deviations).to.deep.equal([]);
    expect(splitMemberOperations(parsePatchRequest(body), registry.group).members).to.deep.equal({
      replaceWith: undefined,
      add: ['u2'],
      remove: ['u1'],
    });
  });
});

describe('OneLogin', () => {
  const core = 'urn:scim:schemas:core:2.0';
  const enterprise = 'urn:scim:schemas:extension:enterprise:2.0';

  it('legacy-urns: creates users with the URNs of its template', () => {
    const body = { schemas: [core, enterprise], userName: 'a', [enterprise]: { department: 'R' } };
    expect(createAs('onelogin', body)).to.deep.equal({
      schemas: [userUrn, enterpriseUserUrn],
      userName: 'a',
      [enterpriseUserUrn]: { department: 'R' },
    });
    expect(createAs('auto', body)['schemas']).to.have.length(2);
    expect(refusal(() => createAs('strict', body))).to.equal('400 invalidSyntax');
    expect(
      createAs('auto', { schemas: ['urn:scim:schemas:core:1.0'], displayName: 'G' }, '/Groups')['schemas'],
    ).to.deep.equal([groupUrn]);
  });

  it('legacy-urns: in paths and path-less values of PATCH', () => {
    expect(
      operationsAfter('onelogin', [
        { op: 'replace', path: `${enterprise}:department`, value: 'R' },
        { op: 'replace', value: { [enterprise]: { department: 'R' } } },
        { op: 'replace', path: 'title', value: 'urn:x' },
        'odd',
      ]),
    ).to.deep.equal([
      { op: 'replace', path: `${enterpriseUserUrn}:department`, value: 'R' },
      { op: 'replace', value: { [enterpriseUserUrn]: { department: 'R' } } },
      { op: 'replace', path: 'title', value: 'urn:x' },
      'odd',
    ]);
  });

  it('manager-id: the manager of its template', () => {
    const body = (manager: object): object => ({
      schemas: [core, enterprise],
      userName: 'a',
      [enterpriseUserUrn]: { department: 'R', manager },
    });
    const made = (manager: object): unknown => createAs('onelogin', body(manager))[enterpriseUserUrn];
    expect(made({ managerId: '7', displayName: 'Boss' })).to.deep.equal({
      department: 'R',
      manager: { value: '7' },
    });
    expect(made({ managerId: '', displayName: ' ' })).to.deep.equal({ department: 'R' });
    expect(made({ value: '7' })).to.deep.equal({ department: 'R', manager: { value: '7' } });
    expect(
      createAs('okta', { ...body({ managerId: '7' }), schemas: [userUrn] })[enterpriseUserUrn],
    ).to.deep.equal({ department: 'R' });
  });

  it('filters with + for spaces', () => {
    expect(matchesAs('onelogin', 'userName+eq+"ada@acme.test"', ada)).to.equal(true);
  });
});

describe('JumpCloud', () => {
  it('remove-with-value: removes members like Entra', () => {
    const { body, deviations } = rewritePatch(
      'jumpcloud',
      [{ op: 'remove', path: 'members', value: [{ value: 'u1' }] }],
      '/Groups/g1',
    );
    expect(deviations).to.deep.equal(['remove-with-value']);
    expect(splitMemberOperations(parsePatchRequest(body), registry.group).members?.remove).to.deep.equal([
      'u1',
    ]);
  });

  it('adds members without display and type', () => {
    const { body } = rewritePatch(
      'jumpcloud',
      [{ op: 'add', path: 'members', value: [{ value: 'u1' }] }],
      '/Groups/g1',
    );
    expect(splitMemberOperations(parsePatchRequest(body), registry.group).members?.add).to.deep.equal(['u1']);
  });
});

describe('Ping and Google', () => {
  it('filter by `username Eq` and `userName eq`', () => {
    expect(matchesAs('ping', 'username Eq "ada@acme.test"', ada)).to.equal(true);
    expect(matchesAs('google', 'userName eq "ada@acme.test"', ada)).to.equal(true);
  });
});

describe('any client', () => {
  it('single-for-list, scalar-for-complex, several-primaries in a body', () => {
    const body = {
      schemas: [userUrn],
      userName: 'a',
      emails: { value: 'a@x.test' },
      roles: 'Admin',
      entitlements: ['e1', { value: 'e2' }],
      phoneNumbers: [
        { value: '1', primary: true },
        { value: '2', primary: 'true' },
        { value: '3', primary: true },
      ],
    };
    const result = createAs('google', body);
    expect(result['emails']).to.deep.equal([{ value: 'a@x.test' }]);
    expect(result['roles']).to.deep.equal([{ value: 'Admin' }]);
    expect(result['entitlements']).to.deep.equal([{ value: 'e1' }, { value: 'e2' }]);
    const empty = {
      schemas: [userUrn],
      userName: 'a',
      roles: ['', 'r'],
      [enterpriseUserUrn]: { manager: '' },
    };
    expect(createAs('google', empty)).to.deep.equal({
      schemas: [userUrn],
      userName: 'a',
      roles: [{ value: 'r' }],
    });
    expect(refusal(() => createAs('strict', { schemas: [userUrn], userName: 'a', roles: ['x'] }))).to.equal(
      '400 invalidValue',
    );
    expect(refusal(() => createAs('strict', { schemas: [userUrn], userName: 'a', emails: {} }))).to.equal(
      '400 invalidValue',
    );
    expect(
      refusal(() => createAs('strict', { schemas: [userUrn], userName: 'a', emails: body.phoneNumbers })),
    ).to.equal('400 invalidValue');
  });

  it('several-primaries: keeps the first, also when it is a string', () => {
    const primaries = [
      { value: '1', primary: 'True' },
      { value: '2', primary: true },
    ];
    const result = createAs('auto', { schemas: [userUrn], userName: 'a', phoneNumbers: primaries });
    expect(result['phoneNumbers'].map((phone: { primary: boolean }) => phone.primary)).to.deep.equal([
      true,
      false,
    ]);
  });

  it('undeclared-extension: named in schemas once it has data', () => {
    const body = {
      schemas: [userUrn],
      userName: 'a',
      [enterpriseUserUrn.toLowerCase()]: { department: 'R' },
    };
    expect(createAs('auto', body)['schemas']).to.deep.equal([userUrn, enterpriseUserUrn]);
    expect(refusal(() => createAs('strict', body))).to.equal('400 invalidSyntax');
    expect(refusal(() => createAs('strict', { userName: 'a' }))).to.equal('400 invalidSyntax');
    expect(refusal(() => createAs('auto', { schemas: ['urn:x:y'], userName: 'a' }))).to.equal(
      '400 invalidSyntax',
    );
    expect(refusal(() => createAs('auto', { schemas: [5], userName: 'a' }))).to.equal('400 invalidSyntax');
  });

  it('the filter of a search body', () => {
    const body = { schemas: [searchRequestUrn], filter: 'active eq "True"', attributes: ['id'] };
    const result = rewriteRequest(
      'auto',
      { method: 'POST', path: '/Users/.search', query: {}, body },
      registry,
    );
    expect(result.body).to.deep.equal({ ...body, filter: 'active eq true' });
    expect(result.deviations).to.deep.equal(['string-boolean-filter']);
    expect(
      refusal(() =>
        rewriteRequest('strict', { method: 'POST', path: '/Users/.search', query: {}, body }, registry),
      ),
    ).to.equal('400 invalidFilter');
  });

  it('values of whole extensions', () => {
    const urn = 'urn:gatehouse:params:scim:schemas:extension:2.0:User';
    expect(
      operationsAfter('auto', [{ op: 'add', path: urn, value: { approved: 'True' } }])[0].value,
    ).to.deep.equal({ approved: true });
    expect(operationsAfter('auto', [{ op: 'add', path: urn, value: 'x' }])[0].value).to.equal('x');
    expect(
      operationsAfter('auto', [{ op: 'add', value: { [urn]: { approved: 'x', loginType: 'True' } } }])[0]
        .value[urn].loginType,
    ).to.equal('True');
  });
});

describe('unknown attributes (decision D6)', () => {
  const body = (more: object): object => ({ schemas: [userUrn, enterpriseUserUrn], userName: 'a', ...more });
  const strict = (more: object): string => refusal(() => createAs('strict', body(more)));

  it('are refused in dialect strict, at every level', () => {
    expect(strict({ nope: 1 })).to.equal('400 invalidSyntax');
    expect(strict({ name: { nope: 1 } })).to.equal('400 invalidSyntax');
    expect(strict({ emails: [{ value: 'x' }, { nope: 1 }] })).to.equal('400 invalidSyntax');
    expect(strict({ [enterpriseUserUrn]: { nope: 1 } })).to.equal('400 invalidSyntax');
    expect(strict({ [enterpriseUserUrn]: { manager: { nope: 1 } } })).to.equal('400 invalidSyntax');
    expect(strict({ 'urn:x': {} })).to.equal('400 invalidSyntax');
    expect(
      strict({ title: 't', NAME: { givenName: 'g' }, emails: [null], id: 'x', [enterpriseUserUrn]: null }),
    ).to.equal('accepted');
  });

  it('are left out in all others, and counted', () => {
    const { body: rewritten, deviations } = rewriteRequest(
      'auto',
      {
        method: 'POST',
        path: '/Users',
        query: {},
        body: body({
          nope: 1,
          title: 't',
          name: { nope: 1, givenName: 'g' },
          emails: [{ value: 'x', nope: 1 }],
          [enterpriseUserUrn]: { nope: 1 },
        }),
      },
      registry,
    );
    expect(deviations).to.deep.equal(['unknown-attribute']);
    expect(rewritten).to.deep.equal(
      body({ title: 't', name: { givenName: 'g' }, emails: [{ value: 'x' }], [enterpriseUserUrn]: {} }),
    );
  });
});

describe('the table of rewrites', () => {
  it('gives each a name of its own that can be a key, a refusal and a scimType', () => {
    const names = knownRewrites.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const { name, refusal: text } of knownRewrites) {
      expect(name).to.match(/^[a-z]+(-[a-z]+)*$/);
      expect(text).to.match(/\S/);
    }
    expect(dialects[0]).to.equal('auto');
  });

  it('lets strict refuse each with its own reason', () => {
    expect(strictly([{ op: 'Add', path: 'title', value: 'x' }])).to.equal('400 invalidSyntax');
    expect(() => rewritePatch('strict', [{ op: 'Add', path: 'title', value: 'x' }])).to.throw(
      '"op" must be in lower case',
    );
  });
});
