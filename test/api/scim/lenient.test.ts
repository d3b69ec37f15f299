import { expect } from 'chai';
import supertest, { type Test } from 'supertest';
import type { Json } from '../../support/provider.js';
import { startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Any body, as it is. */
function send(app: ScimApp, method: 'post' | 'put' | 'patch', path: string, body: unknown): Test {
  return supertest(`${app.url}/scim/v2`)
    [method](path)
    .set('Authorization', `Bearer ${app.acme.token}`)
    .set('Content-Type', 'application/scim+json')
    .send(JSON.stringify(body));
}

describe('filters with a bare word in the place of a text', () => {
  let app: ScimApp;
  let strict: ScimApp;
  let user: Json;
  before(async () => {
    app = await startScim();
    strict = await startScim({ directory: { dialect: 'strict' } });
    user = await app.acme.user({
      schemas: [urn.user, enterprise],
      userName: 'akadmin',
      externalId: '0190a5b2-7c4e-7000-8000-00000000abcd',
      title: "O'Brien-Smith_2",
      name: { familyName: 'Müller' },
      emails: [{ value: 'joe+x@x.example', type: 'work' }],
      profileUrl: 'https://x.example/joe',
      [enterprise]: { employeeNumber: '12345', department: '-7.5e3' },
    });
    await app.acme.user({ userName: 'other', title: 'and' });
  });
  after(() => Promise.all([app.stop(), strict.stop()]));

  const found = [
    'userName eq akadmin',
    'userName Eq AKADMIN',
    'username eq akadmin and title pr',
    '(userName eq akadmin) or title eq nothing',
    'not (userName ne akadmin)',
    'userName sw aka',
    'userName co kadm',
    'userName ew min',
    'externalId eq 0190a5b2-7c4e-7000-8000-00000000abcd',
    "title eq O'Brien-Smith_2",
    'name.familyName eq Müller',
    'emails eq joe+x@x.example',
    'emails.value eq joe+x@x.example',
    'emails[type eq work and value sw joe]',
    'emails[type eq work].value eq joe+x@x.example',
    'profileUrl eq https://x.example/joe',
    `${enterprise}:employeeNumber eq 12345`,
    `${enterprise}:department eq -7.5e3`,
    'userName eq akadmin and meta.lastModified gt 2011-05-13T04:42:34Z',
  ];
  for (const filter of found) {
    it(`reads ${filter} in dialect auto, and refuses it in strict`, async () => {
      const { Resources } = await app.acme.find('Users', filter);
      expect(Resources.map(({ id }) => id)).to.deep.equal([user['id']]);
      const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter };
      for (const path of ['/Users/.search', '/.search']) {
        const res = await app.acme.post(path, search);
        expect(
          res.body.Resources?.map(({ id }: Json) => id),
          path,
        ).to.deep.equal([user['id']]);
      }
      const refused = await strict.acme.get(`/Users?filter=${encodeURIComponent(filter)}`);
      expect(refused.body).to.include({ status: '400', scimType: 'invalidFilter' });
    });
  }

  for (const filter of [
    'userName eq',
    'userName eq joe smith',
    'userName eq and',
    'userName eq or title pr',
    'userName eq (akadmin)',
    "userName eq 'akadmin'",
    'userName eq “akadmin”',
    'userName gt akadmin',
    'active eq maybe',
    'nope eq akadmin',
    'userName eq "akadmin',
    'meta.lastModified gt yesterday',
  ]) {
    it(`leaves no room for a guess in ${filter}: 400 invalidFilter`, async () => {
      const res = await app.acme.get(`/Users?filter=${encodeURIComponent(filter)}`);
      expect(res.body).to.include({ status: '400', scimType: 'invalidFilter' });
    });
  }

  it('takes plus signs for blanks where there are no others, and bare words between them', async () => {
    const res = await app.acme.get('/Users?filter=userName%2Beq%2Bakadmin');
    expect(res.body.totalResults).to.equal(1);
    const { totalResults } = await app.acme.find('Groups', 'displayName eq nobody');
    expect(totalResults).to.equal(0);
  });

  it('reads bare words in the path of a PATCH, with the value beside it and without a path', async () => {
    const { id } = await app.acme.user({ emails: [{ value: 'a@x.example', type: 'work' }] });
    const first = await app.acme.patch(`/Users/${id}`, [
      { op: 'replace', path: 'emails[type eq work].value', value: 'b@x.example' },
    ]);
    expect(first.body.emails).to.deep.equal([{ value: 'b@x.example', type: 'work' }]);
    const second = await app.acme.patch(`/Users/${id}`, [
      { op: 'replace', value: { 'emails[type eq work].value': 'c@x.example' } },
    ]);
    expect(second.body.emails).to.deep.equal([{ value: 'c@x.example', type: 'work' }]);
    const group = await app.acme.group({ members: [{ value: id }] });
    const third = await app.acme.patch(`/Groups/${group.id}`, [
      { op: 'remove', path: `members[value eq ${id}]` },
    ]);
    expect(third.status).to.equal(204);
    expect((await app.acme.get(`/Groups/${group.id}`)).body.members).to.equal(undefined);
  });
});

describe('messages without schemas', () => {
  let app: ScimApp;
  let strict: ScimApp;
  before(async () => {
    app = await startScim();
    strict = await startScim({ directory: { dialect: 'strict' } });
  });
  after(() => Promise.all([app.stop(), strict.stop()]));

  for (const [what, empty] of [
    ['left out', {}],
    ['empty', { schemas: [] }],
    ['null', { schemas: null }],
  ] as const) {
    it(`are read by their method and address in auto when it is ${what}, and refused in strict`, async () => {
      const search = await app.acme.post('/Users/.search', { ...empty, filter: 'userName pr' });
      expect(search.status).to.equal(200);
      expect((await app.acme.post('/.search', { ...empty, count: 1 })).status).to.equal(200);
      const name = unique('user');
      const created = await app.acme.post('/Users', {
        ...empty,
        userName: name,
        [enterprise]: { department: 'D' },
      });
      expect(created.status, created.text).to.equal(201);
      expect(created.body.schemas).to.deep.equal([urn.user, enterprise]);
      const { id } = created.body as { id: string };
      const put = await app.acme.put(`/Users/${id}`, { ...empty, userName: name, title: 'T' });
      expect(put.body.title, put.text).to.equal('T');
      const group = await app.acme.post('/Groups', { ...empty, displayName: unique('group') });
      expect(group.status).to.equal(201);
      const bulk = await app.acme.post('/Bulk', {
        ...empty,
        Operations: [
          {
            method: 'PATCH',
            path: `/Users/${id}`,
            data: { ...empty, Operations: [{ op: 'replace', path: 'title', value: 'B' }] },
          },
          { method: 'POST', path: '/Users', bulkId: 'q', data: { ...empty, userName: unique('user') } },
        ],
      });
      expect(
        bulk.body.Operations?.map(({ status }: Json) => status),
        bulk.text,
      ).to.deep.equal(['200', '201']);
      for (const [path, body] of [
        ['/Users', { userName: 'x' }],
        ['/Groups', { displayName: 'x' }],
        ['/Users/.search', {}],
        ['/.search', {}],
        ['/Bulk', { Operations: [] }],
      ] as const) {
        const refused = await strict.acme.post(path, { ...empty, ...body });
        expect(refused.body, path).to.include({ status: '400', scimType: 'invalidSyntax' });
      }
    });
  }

  it('are taken by authentik’s change of a group, and refused where another schema is named', async () => {
    const group = await app.acme.group();
    const change = {
      op: 'replace',
      value: { schemas: [urn.group], id: group.id, externalId: 'x', displayName: unique('New') },
    };
    const res = await send(app, 'patch', `/Groups/${group.id}`, { Operations: [change] });
    expect(res.status, res.text).to.equal(204);
    const wrong = await send(app, 'patch', `/Groups/${group.id}`, {
      schemas: [urn.user],
      Operations: [change],
    });
    expect(wrong.body).to.include({ status: '400', scimType: 'invalidSyntax' });
    expect((await app.acme.post('/Users', { schemas: ['urn:x:y'], userName: 'x' })).status).to.equal(400);
  });

  it('takes the list alone as the data of a PATCH in bulk, as RFC 7644 section 3.7.3 prints it', async () => {
    const { id } = await app.acme.user({ nickName: 'n' });
    const bulk = (client: ScimClient, user: string) =>
      client.post('/Bulk', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [
          {
            method: 'PATCH',
            path: `/Users/${user}`,
            data: [
              { op: 'remove', path: 'nickName' },
              { op: 'add', path: 'title', value: 'T' },
            ],
          },
        ],
      });
    expect((await bulk(app.acme, id)).body.Operations[0].status).to.equal('200');
    const { body } = await app.acme.get(`/Users/${id}`);
    expect(body).to.include({ title: 'T' }).and.not.have.property('nickName');
    const other = await strict.acme.user();
    const refused = await bulk(strict.acme, other.id);
    expect(refused.body.Operations[0].response).to.include({ status: '400', scimType: 'invalidSyntax' });
  });
});
