import { expect } from 'chai';
import type { Json } from '../../support/provider.js';
import { startScim, unique, urn, type ScimApp } from '../../support/scim.js';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('what a client sends back of read-only attributes in a PATCH', () => {
  let app: ScimApp;
  let user: Json;
  let group: Json;
  before(async () => {
    app = await startScim();
    const { id } = await app.acme.user();
    const made = await app.acme.group({ members: [{ value: id }] });
    user = (await app.acme.get(`/Users/${id}`)).body as Json;
    group = (await app.acme.get(`/Groups/${made.id}`)).body as Json;
  });
  after(() => app.stop());

  const parts = (): Record<string, Json> => ({
    'the resource type alone': { meta: { resourceType: 'Group' } },
    'nulls beside it': { meta: { resourceType: 'Group', created: null, location: null, version: null } },
    'all of meta': { meta: group['meta'] },
    'an instant in another form': {
      meta: { created: String(group['meta'].created).replace('Z', '+00:00') },
    },
    'what no schema has': { meta: { attributes: ['x'] } },
    nothing: { meta: {} },
    null: { meta: null, id: null },
    'its id': { id: group['id'] },
  });
  for (const name of Object.keys({
    'the resource type alone': 1,
    'nulls beside it': 1,
    'all of meta': 1,
    'an instant in another form': 1,
    'what no schema has': 1,
    nothing: 1,
    null: 1,
    'its id': 1,
  })) {
    for (const op of ['replace', 'add']) {
      it(`takes ${name} (${op}) and does the rest of the operation`, async () => {
        group = (await app.acme.get(`/Groups/${group['id']}`)).body as Json;
        const displayName = unique('New');
        const value = {
          schemas: [urn.group],
          ...parts()[name],
          displayName,
          members: [{ value: user['id'], $ref: `../Users/${user['id']}` }],
        };
        const res = await app.acme.patch(`/Groups/${group['id']}`, [{ op, value }]);
        expect(res.status, res.text).to.equal(204);
        const { body } = await app.acme.get(`/Groups/${group['id']}`);
        expect(body.displayName).to.equal(displayName);
        expect(body.members).to.have.length(1);
      });
    }
  }

  it('takes a user’s groups with fewer sub-attributes, relative or null', async () => {
    const { value, display } = {
      value: group['id'],
      display: (await app.acme.get(`/Users/${user['id']}`)).body.groups[0].display,
    };
    for (const groups of [
      [{ value }],
      [{ value, display: null, $ref: `../Groups/${value}` }],
      [{ display }],
      null,
      [],
    ]) {
      const res = await app.acme.patch(`/Users/${user['id']}`, [
        { op: 'replace', value: { groups, meta: { resourceType: 'User' }, title: unique('T') } },
      ]);
      expect(res.status, JSON.stringify(groups) + res.text).to.equal(200);
      expect(res.body.groups).to.have.length(1);
    }
  });

  it('refuses what would change them: 400 mutability, and nothing is done', async () => {
    const id = user['id'] as string;
    for (const value of [
      { meta: { resourceType: 'Group' } },
      { meta: { created: '2001-01-01T00:00:00Z' } },
      { meta: 'x' },
      { id: 'other' },
      { groups: [{ value: 'other' }] },
      { groups: [{ value: group['id'], type: 'indirect' }] },
    ]) {
      const res = await app.acme.patch(`/Users/${id}`, [{ op: 'replace', value: { ...value, title: 'no' } }]);
      expect(res.body, JSON.stringify(value)).to.include({ status: '400', scimType: 'mutability' });
    }
    for (const operation of [
      { op: 'remove', path: 'meta' },
      { op: 'remove', path: 'groups' },
      { op: 'replace', path: 'meta.created', value: '2001-01-01T00:00:00Z' },
      { op: 'replace', path: 'groups', value: null },
    ]) {
      const res = await app.acme.patch(`/Users/${id}`, [operation]);
      expect(res.body, JSON.stringify(operation)).to.include({ status: '400', scimType: 'mutability' });
    }
    expect((await app.acme.get(`/Users/${id}`)).body.title).to.not.equal('no');
  });
});

describe('replace by null of what a filter selects', () => {
  const elements = {
    roles: [
      { value: 'Admin', primary: true },
      { value: 'Reader', type: 'x' },
    ],
    phoneNumbers: [{ value: '1', type: 'mobile' }],
    emails: [{ value: 'a@x.example', type: 'work', display: 'A' }],
    addresses: [{ type: 'work', locality: 'Bern', country: 'CH' }],
  };
  for (const dialect of [
    'auto',
    'strict',
    'okta',
    'entra',
    'onelogin',
    'jumpcloud',
    'google',
    'ping',
  ] as const) {
    describe(`in dialect ${dialect}`, () => {
      let app: ScimApp;
      before(async () => {
        app = await startScim({ directory: { dialect } });
      });
      after(() => app.stop());

      const forms: [string, (path: string) => Json][] = [
        ['replace', (path) => ({ op: 'replace', path, value: null })],
        ...(dialect === 'auto' || dialect === 'entra'
          ? ([
              ['Replace', (path) => ({ op: 'Replace', path, value: null })],
              ['without a path', (path) => ({ op: 'replace', value: { [path]: null } })],
            ] as [string, (path: string) => Json][])
          : []),
      ];
      const query = dialect === 'auto' ? ['', '?aadOptscim062020'] : [''];
      for (const [form, make] of forms) {
        for (const more of query) {
          it(`unassigns (${form}${more}), and stores nothing where there is nothing`, async () => {
            const { id } = await app.acme.user(elements);
            const admin =
              form === 'Replace' ? 'roles[primary eq "True"].value' : 'roles[primary eq true].value';
            const change = async (path: string): Promise<Json> => {
              const res = await app.acme.patch(`/Users/${id}${more}`, [make(path)]);
              expect(res.status, `${path}: ${res.text}`).to.equal(200);
              return res.body as Json;
            };
            expect((await change(admin))['roles']).to.deep.equal([{ value: 'Reader', type: 'x' }]);
            expect((await change('phoneNumbers[type eq "mobile"].value'))['phoneNumbers']).to.equal(
              undefined,
            );
            expect((await change('addresses[type eq "work"].locality'))['addresses']).to.deep.equal([
              { type: 'work', country: 'CH' },
            ]);
            expect((await change('emails[type eq "work"]'))['emails']).to.equal(undefined);
            const before = await app.acme.get(`/Users/${id}`);
            for (const path of [
              'emails[type eq "work"].value',
              'roles[type eq "none"].value',
              'ims[value eq "x"]',
              'addresses[type eq "home"].country',
            ]) {
              expect(await change(path)).to.deep.equal(before.body);
            }
          });
        }
      }

      it('stores nothing for an empty text where there is nothing', async () => {
        const { id } = await app.acme.user();
        for (const op of dialect === 'auto' || dialect === 'entra' ? ['add', 'Replace'] : ['add']) {
          const path = 'phoneNumbers[type eq "mobile"].value';
          const res = await app.acme.patch(`/Users/${id}`, [{ op, path, value: '' }]);
          expect(res.status, res.text).to.equal(200);
          expect(res.body.phoneNumbers).to.equal(undefined);
        }
      });
    });
  }

  it('replaces a list inside an element as a whole for Entra too, where a value stood and where none did', async () => {
    const app = await startScim({ directory: { dialect: 'entra' } });
    try {
      const own = 'urn:gatehouse:params:scim:schemas:extension:2.0:User';
      const { id } = await app.acme.user({
        schemas: [urn.user, own],
        [own]: { serviceAssignments: [{ value: 'crm', roles: ['a', 'b'] }] },
      });
      const set = (key: string) =>
        app.acme.patch(`/Users/${id}`, [
          { op: 'Replace', path: `${own}:serviceAssignments[value eq "${key}"].roles`, value: ['c'] },
        ]);
      expect((await set('crm')).body[own].serviceAssignments).to.deep.equal([{ value: 'crm', roles: ['c'] }]);
      expect((await set('erp')).body[own].serviceAssignments).to.deep.include({ value: 'erp', roles: ['c'] });
    } finally {
      await app.stop();
    }
  });
});

describe('members without the id of a member', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  for (const members of [
    [{ display: 'alice' }],
    [{ id: 'x' }],
    [{}],
    [null],
    [''],
    ['', null],
    [{ value: null }],
    [{ value: '' }],
    [{ type: 'User' }],
    [{ $ref: '../Users/x' }],
  ]) {
    it(`are refused wherever they stand, and nobody leaves the group: ${JSON.stringify(members)}`, async () => {
      const { id } = await app.acme.user();
      const group = await app.acme.group({ members: [{ value: id }] });
      const path = `/Groups/${group.id}`;
      const resource = {
        schemas: [urn.group],
        displayName: unique('g'),
        members: [{ value: id }, ...members],
      };
      const alone = { ...resource, members };
      for (const answer of [
        app.acme.post('/Groups', alone),
        app.acme.post('/Groups', resource),
        app.acme.put(path, alone),
        app.acme.put(path, resource),
        app.acme.patch(path, [{ op: 'replace', path: 'members', value: members }]),
        app.acme.patch(path, [{ op: 'add', path: 'members', value: members }]),
        app.acme.patch(path, [{ op: 'replace', value: { members } }]),
      ]) {
        const res = await answer;
        expect(res.body, res.text).to.include({ status: '400', scimType: 'invalidValue' });
      }
      expect((await app.acme.get(path)).body.members).to.have.length(1);
    });
  }

  it('may be none at all: [] and null empty a group', async () => {
    const { id } = await app.acme.user();
    for (const members of [[], null]) {
      const group = await app.acme.group({ members: [{ value: id }] });
      const body = { schemas: [urn.group], displayName: group.displayName, members };
      const res = await app.acme.put(`/Groups/${group.id}`, body);
      expect(res.status).to.equal(200);
      expect(res.body.members).to.equal(undefined);
    }
  });
});

describe('schemas as the target of a PATCH', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  it('is taken for the schemas of the resource, and later operations go on', async () => {
    const { id } = await app.acme.user();
    for (const op of ['add', 'replace']) {
      for (const value of [[enterprise], enterprise, [urn.user, enterprise.toUpperCase()]]) {
        const department = unique('D');
        const res = await app.acme.patch(`/Users/${id}`, [
          { op, path: 'schemas', value },
          { op: 'add', path: `${enterprise}:department`, value: department },
        ]);
        expect(res.status, res.text).to.equal(200);
        expect(res.body.schemas).to.deep.equal([urn.user, enterprise]);
        expect(res.body[enterprise].department).to.equal(department);
      }
    }
  });

  it('is refused for URNs nobody knows, and for a removal', async () => {
    const { id } = await app.acme.user();
    for (const value of [['urn:x:y'], 'urn:x:y', [5], [urn.group]]) {
      const res = await app.acme.patch(`/Users/${id}`, [{ op: 'add', path: 'schemas', value }]);
      expect(res.body).to.include({ status: '400', scimType: 'invalidValue' });
    }
    const removed = await app.acme.patch(`/Users/${id}`, [{ op: 'remove', path: 'schemas' }]);
    expect(removed.body).to.include({ status: '400', scimType: 'mutability' });
  });
});

describe('the same value of the same type', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  it('is kept and answered once, however it came in', async () => {
    const twice = [
      { value: 'a@x.example', type: 'work' },
      { value: 'A@x.example', type: 'WORK', display: 'A' },
      { value: 'a@x.example' },
    ];
    const once = [{ value: 'a@x.example', type: 'work', display: 'A' }, { value: 'a@x.example' }];
    const user = await app.acme.user({ emails: twice, roles: [{ value: 'a' }, { value: 'a' }] });
    expect(user['emails']).to.deep.equal(once);
    expect(user['roles']).to.deep.equal([{ value: 'a' }]);
    const path = `/Users/${user.id}`;
    const put = await app.acme.put(path, { schemas: [urn.user], userName: user.userName, emails: twice });
    expect(put.body.emails).to.deep.equal(once);
    for (const value of [
      { op: 'replace', path: 'emails', value: twice },
      { op: 'replace', value: { emails: twice } },
    ]) {
      expect((await app.acme.patch(path, [value])).body.emails).to.deep.equal(once);
    }
  });

  it('is what a filtered replace may leave of two', async () => {
    const { id } = await app.acme.user({
      emails: [
        { value: 'two@x.example', type: 'work', primary: true },
        { value: 'b@x.example', type: 'work' },
      ],
    });
    const res = await app.acme.patch(`/Users/${id}`, [
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'n@x.example' },
    ]);
    expect(res.body.emails).to.deep.equal([{ value: 'n@x.example', type: 'work', primary: true }]);
  });
});
