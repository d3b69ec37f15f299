import { expect } from 'chai';
import supertest from 'supertest';
import { newGroup, newUser, startScim, unique, urn, type ScimApp } from '../../support/scim.js';

const deep = (depth: number): unknown => {
  let value: unknown = 'x';
  for (let i = 0; i < depth; i += 1) value = i % 2 ? [value] : { a: value };
  return value;
};

/** Values where an identity provider would never put them. */
const odd: unknown[] = [
  null,
  true,
  1e308,
  '',
  '\u0000',
  'x'.repeat(20_000),
  '\ud800',
  [],
  {},
  [null],
  [1, 'a', null, {}],
  { $ne: null },
  { value: { $regex: '.*' } },
  [{ value: { $ne: 1 } }],
  { toString: 1, constructor: { prototype: 1 } },
  deep(20),
];

describe('SCIM and hostile input', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const raw = (method: 'post' | 'put' | 'patch', path: string, text: string | Buffer) =>
    supertest(`${app.url}/scim/v2`)
      [method](path)
      .set('Authorization', `Bearer ${app.acme.token}`)
      .set('Content-Type', 'application/scim+json')
      .serialize((value: unknown) => value as string)
      .send(text as string);

  it('never answers 500 to odd values of any attribute on POST, PUT and PATCH', async () => {
    const user = await app.acme.user();
    const group = await app.acme.group();
    const names = [
      'userName',
      'name',
      'name.givenName',
      'emails',
      'active',
      'externalId',
      'roles',
      'groups',
      'meta',
      'id',
      'schemas',
      'password',
      'x509Certificates',
      urn.enterprise,
      `${urn.enterprise}:manager`,
      'urn:gatehouse:params:scim:schemas:extension:2.0:User',
    ];
    for (const value of odd) {
      const tried = names.map(async (name) => {
        const label = `${name} = ${JSON.stringify(value).slice(0, 60)}`;
        const created = await app.acme.post('/Users', newUser({ [name]: value }));
        expect(created.status, label).to.be.oneOf([201, 400, 409]);
        if (created.status === 201) await app.acme.delete(`/Users/${created.body.id}`);
        const op = value === null ? 'remove' : 'replace';
        const patched = await app.acme.patch(`/Users/${user.id}`, [{ op, path: name, value }]);
        expect(patched.status, label).to.be.oneOf([200, 204, 400, 409]);
      });
      await Promise.all(tried);
      for (const name of ['displayName', 'members', 'externalId']) {
        const body = newGroup({ [name]: value });
        expect((await app.acme.put(`/Groups/${group.id}`, body)).status, name).to.be.oneOf([200, 400, 409]);
        expect(
          (await app.acme.patch(`/Groups/${group.id}`, [{ op: 'add', path: name, value }])).status,
          name,
        ).to.be.oneOf([200, 204, 400, 409]);
      }
    }
  }).timeout(120_000);

  it('never answers 500 to odd operations, paths and envelopes', async () => {
    const user = await app.acme.user();
    const paths = [
      '',
      '.',
      '[',
      ']',
      'emails[',
      'emails[]',
      'emails[type eq',
      'a.b.c.d',
      'urn:',
      `${urn.user}:`,
      'emails[type eq "work"]]',
      '__proto__',
      'constructor',
      'name.__proto__',
      'emails[value eq "\u0000"].value',
      'x'.repeat(10_000),
      `emails[${'('.repeat(2000)}`,
      '$ref',
      'members[value eq "x"].$ref',
    ];
    for (const op of ['add', 'remove', 'Replace']) {
      const tried = paths.map(async (path) => {
        const res = await app.acme.patch(`/Users/${user.id}`, [{ op, path, value: 'x' }]);
        expect(res.status, `${op} ${path.slice(0, 40)}`).to.be.oneOf([200, 400]);
        const group = await app.acme.patch(`/Groups/none`, [{ op, path, value: 'x' }]);
        expect(group.status, `${op} ${path.slice(0, 40)}`).to.be.oneOf([400, 404]);
      });
      await Promise.all(tried);
    }
    for (const value of odd) {
      for (const body of [
        value,
        { schemas: value, Operations: value },
        { schemas: [urn.patch], Operations: value },
        { schemas: [urn.patch], Operations: [value] },
        { schemas: [urn.bulk], Operations: [value], failOnErrors: value },
        {
          schemas: [urn.search],
          filter: value,
          count: value,
          sortBy: value,
          attributes: value,
          cursor: value,
        },
      ]) {
        const text = JSON.stringify(body);
        const targets = [
          ['patch', `/Users/${user.id}`],
          ['post', '/Users'],
          ['post', '/Bulk'],
          ['post', '/.search'],
          ['put', '/Groups/none'],
        ] as const;
        const tried = targets.map(async ([method, path]) => {
          const res = await raw(method, path, text);
          expect(res.status, `${method} ${path} ${text.slice(0, 80)}`).to.be.oneOf([200, 400, 404]);
        });
        await Promise.all(tried);
      }
    }
  }).timeout(120_000);

  it('refuses JSON that nests too deep, and takes __proto__ for nothing', async () => {
    const nested = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const arrays = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const text of [nested, arrays]) {
      const res = await raw('post', '/Users', text);
      expect(res.status).to.equal(400);
      expect(res.body.scimType).to.equal('invalidSyntax');
    }
    const name = `${unique('proto')}@acme.test`;
    const res = await raw(
      'post',
      '/Users',
      `{"schemas":["${urn.user}"],"userName":"${name}","__proto__":{"active":false,"admin":true},"name":{"__proto__":{"familyName":"P"},"givenName":"G"}}`,
    );
    expect(res.status).to.equal(201);
    expect(res.body.active).to.equal(true);
    expect(res.body.name).to.deep.equal({ givenName: 'G' });
    expect(({} as Record<string, unknown>)['admin']).to.equal(undefined);
    const escaped = await raw(
      'post',
      '/Users',
      `{"schemas":["${urn.user}"],"userName":"x${name}","\\u005f_proto__":{"active":false}}`,
    );
    expect(escaped.body.active).to.equal(true);
  });

  it('never answers 500 to odd queries', async () => {
    const queries = [
      'filter[$ne]=1',
      'filter=',
      'filter=%00',
      'filter=%ff%fe',
      'filter=userName+eq+%22a%22&filter=userName+eq+%22b%22',
      'count=99999999999999999999',
      'count=NaN',
      'startIndex=1e3',
      'sortBy=__proto__',
      'sortBy=meta',
      'sortBy=emails.nothing',
      'attributes=__proto__,constructor',
      'attributes=,,,',
      `attributes=${'a,'.repeat(5000)}`,
      'cursor=%00',
      'cursor=....',
      'cursor=e30.e30',
      'excludedAttributes=id,schemas',
      'sortOrder=1',
      'filter=userName%20eq%20%22%5Cud800%22',
      'filter=userName%20sw%20%22.*%24%22',
      'filter=userName%20co%20%22(%22',
      'filter=id%20eq%20%22%24ne%22',
      'filter=emails%5Bvalue%20eq%20%22x%22',
      'filter=groups.value%20eq%20%22x%22',
      'filter=members.value%20eq%20%22x%22',
    ];
    for (const query of queries) {
      for (const type of ['Users', 'Groups', '']) {
        const res = await app.acme.get(`/${type}?${query}`);
        expect(res.status, `${type} ${query.slice(0, 60)}`).to.be.oneOf([200, 400]);
        if (res.status === 400) expect(res.body.schemas).to.deep.equal([urn.error]);
      }
    }
  });

  it('matches the characters of a filter’s text as they are, not as a pattern', async () => {
    const name = unique('pat.tern');
    await app.acme.user({ userName: `${name}(x)[y]*$^|\\@acme.test` });
    expect(await app.acme.find('Users', `userName sw "${name}(x)[y]*$^|\\\\"`)).to.include({
      totalResults: 1,
    });
    expect(await app.acme.find('Users', `userName co "(x)[y]*"`)).to.include({ totalResults: 1 });
    expect(await app.acme.find('Users', `userName sw ".*"`)).to.include({ totalResults: 0 });
  });
});
