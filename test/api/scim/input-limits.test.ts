import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { inputLimits } from '../../../src/identity/users/input-limits.js';
import {
  newGroup,
  newUser,
  startScim,
  unique,
  urn,
  type ScimApp,
  type ScimClient,
} from '../../support/scim.js';

/** So many characters of three bytes each, no two calls alike. */
function wide(length: number): string {
  const mark = unique('');
  return '漢'.repeat(length - mark.length) + mark;
}

describe('limits of what is taken (docs/scim.md)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  const x = (length: number): string => 'x'.repeat(length);
  const { userName, email, name, phone, externalId, groupName, password, binary, text, values } = inputLimits;

  const tooMuch: [what: string, attributes: object, told: RegExp][] = [
    ['a userName of a million characters', { userName: x(1_000_000) }, /userName is 1000000 .* at most 1024/],
    ['a userName one too long', { userName: x(userName + 1) }, /userName is 1025 .* at most 1024/],
    ['an address', { emails: [{ value: `${x(email)}@a.test` }] }, /emails.value is 261 .* at most 254/],
    ['a family name', { name: { familyName: x(name + 1) } }, /name.familyName is 1025 .* at most 1024/],
    ['a display name', { displayName: x(name + 1) }, /displayName is 1025 .* at most 1024/],
    [
      'a telephone number',
      { phoneNumbers: [{ value: x(phone + 1) }] },
      /phoneNumbers.value is 101 .* at most 100/,
    ],
    ['an externalId', { externalId: x(externalId + 1) }, /externalId is 301 .* at most 300/],
    ['a password', { password: x(password + 1) }, /password is 1001 .* at most 1000/],
    ['a picture', { photos: [{ value: x(binary + 1) }] }, /photos.value is 65537 .* at most 65536/],
    ['any other text', { title: x(text + 1) }, /title is 4097 .* at most 4096/],
    [
      'a value of an extension',
      { schemas: [urn.user, urn.enterprise], [urn.enterprise]: { department: x(text + 1) } },
      /department is 4097 .* at most 4096/,
    ],
    [
      'a list',
      { roles: Array.from({ length: values + 1 }, (_, i) => ({ value: `r${i}` })) },
      /roles has 501 values, at most 500/,
    ],
    [
      'everything together',
      { entitlements: Array.from({ length: 300 }, (_, i) => ({ value: `${i}${x(4000)}` })) },
      /together, at most 1048576/,
    ],
  ];
  for (const [what, attributes, told] of tooMuch) {
    it(`refuses ${what}, names the attribute and the limit, and writes nothing`, async () => {
      const body = newUser(attributes as Record<string, unknown>);
      const created = await scim.post('/Users', body);
      expect([created.status, created.body.scimType], created.text.slice(0, 300)).to.deep.equal([
        400,
        'invalidValue',
      ]);
      expect(created.body.detail).to.match(told);
      const user = await scim.user();
      const { userName: _, ...kept } = user;
      const put = await scim.put(`/Users/${user.id}`, { ...kept, ...body, ...attributes });
      const { schemas: _schemas, ...change } = attributes as Record<string, unknown>;
      const patched = await scim.patch(`/Users/${user.id}`, [
        { op: 'replace', path: 'nickName', value: 'N' },
        { op: 'replace', value: change },
      ]);
      for (const res of [put, patched]) {
        expect([res.status, res.body.scimType]).to.deep.equal([400, 'invalidValue']);
        expect(res.body.detail).to.match(told);
      }
      expect((await scim.get(`/Users/${user.id}`)).body).to.deep.equal(user);
    });
  }

  it('refuses names of groups that are too long, whichever way they come', async () => {
    const long = newGroup({ displayName: x(groupName + 1) });
    const created = await scim.post('/Groups', long);
    expect(created.body).to.include({ status: '400', scimType: 'invalidValue' });
    expect(created.body.detail).to.match(/displayName is 1025 .* at most 1024/);
    const { id, meta } = await scim.group();
    const patched = await scim.patch(`/Groups/${id}`, [
      { op: 'replace', path: 'displayName', value: long.displayName },
    ]);
    expect(patched.body).to.include({ status: '400', scimType: 'invalidValue' });
    expect((await scim.get(`/Groups/${id}`)).body.meta).to.deep.equal(meta);
  });

  it('are those of the API', async () => {
    const { key } = await createApiKey(app.core, systemActor(app.tenantId), {
      name: 'k',
      role: 'administrator',
    });
    const post = async (path: string, body: object): Promise<number> =>
      (await supertest(app.url).post(`/api/v1${path}`).set('Authorization', `Bearer ${key}`).send(body))
        .status;
    const address = (): string => `${unique('a')}@acme.test`;
    const attempts: [field: string, most: number][] = [
      ['displayName', name],
      ['phone', phone],
      ['userName', userName],
    ];
    for (const [field, most] of attempts) {
      expect(await post('/users', { email: address(), [field]: x(most) }), field).to.equal(201);
      expect(await post('/users', { email: address(), [field]: x(most + 1) }), field).to.equal(400);
    }
    expect(await post('/groups', { displayName: x(groupName) })).to.equal(201);
    expect(await post('/groups', { displayName: x(groupName + 1) })).to.equal(400);
  });

  it('let the longest names of wide characters be taken, found, told apart and sorted', async () => {
    const make = () => ({
      userName: wide(userName),
      externalId: wide(externalId),
      displayName: wide(name),
      name: { familyName: wide(name) },
      schemas: [urn.user, urn.enterprise],
      [urn.enterprise]: { employeeNumber: wide(text) },
    });
    const [one, two] = [make(), make()];
    const { id } = await scim.user(one);
    const other = await scim.user(two);
    expect(other.id).to.not.equal(id);
    expect((await scim.post('/Users', newUser({ userName: one.userName }))).status).to.equal(409);
    const found = async (filter: string): Promise<unknown[]> =>
      (await scim.find('Users', filter)).Resources.map((user) => user['id']);
    expect(await found(`userName eq "${one.userName}"`)).to.deep.equal([id]);
    expect(await found(`userName sw "${one.userName}"`)).to.deep.equal([id]);
    expect(await found(`externalId eq "${one.externalId}"`)).to.deep.equal([id]);
    expect(await found(`displayName eq "${one.displayName}"`)).to.deep.equal([id]);
    expect(await found(`name.familyName eq "${one.name.familyName}"`)).to.deep.equal([id]);
    const number = one[urn.enterprise].employeeNumber;
    const search = await scim.post('/Users/.search', {
      schemas: [urn.search],
      filter: `${urn.enterprise}:employeeNumber eq "${number}"`,
    });
    expect(search.body.Resources.map((user: { id: string }) => user.id)).to.deep.equal([id]);
    for (const path of ['userName', 'displayName', 'externalId']) {
      const sorted = await scim.get(`/Users?sortBy=${path}&count=1000`);
      expect([sorted.status, sorted.body.Resources.length], path).to.deep.equal([
        200,
        sorted.body.totalResults,
      ]);
    }
    const group = await scim.group({ displayName: wide(groupName), externalId: wide(externalId) });
    const groups = await scim.find('Groups', `displayName eq "${group.displayName}"`);
    expect(groups.Resources.map((found1) => found1['id'])).to.deep.equal([group.id]);
  });

  it('hold for no question: one about longer ids and texts than there are finds nothing, and nothing breaks', async () => {
    const long = x(6000);
    for (const path of [`/Users/${long}`, `/Groups/${long}`, `/Schemas/${long}`]) {
      expect((await scim.get(path)).status, path.slice(0, 20)).to.equal(404);
    }
    const member = await scim.post('/Groups', newGroup({ members: [{ value: wide(100_000) }] }));
    expect([member.status, member.body.scimType]).to.deep.equal([400, 'invalidValue']);
    const paths = ['userName', 'externalId', 'id', 'emails.value', 'displayName', 'groups.value'];
    for (const op of ['eq', 'sw', 'co', 'ew', 'gt']) {
      for (const path of paths) {
        const filter = `${path} ${op} "${'漢'.repeat(16_000)}"`;
        const res = await scim.post('/Users/.search', { schemas: [urn.search], filter, count: 0 });
        expect(res.status, `${path} ${op}`).to.equal(200);
      }
    }
  });
}).timeout(120_000);
