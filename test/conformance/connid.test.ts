/**
 * The requests of ConnId's SCIM connectors as their code writes them: Tirasa/ConnIdSCIMBundle (Apache Syncope, midPoint, in each of its
 * ways to update) and openstandia/connector-scim2 (midPoint). Both send JSON without empty attributes.
 */
import { expect } from 'chai';
import {
  accessOf,
  findings,
  memberIds,
  patch,
  schemas,
  startProvider,
  type Json,
  type Provider,
} from '../support/provider.js';

const headers = { accept: 'application/json', 'content-type': 'application/json' };
const rules = [
  { when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] },
  { when: { path: 'groups.displayName', is: 'Sales' }, grant: ['crm:manager'] },
];

const userOf = (userName: string, more: object = {}): object => ({
  schemas: [schemas.user],
  meta: { resourceType: 'User' },
  active: true,
  displayName: `${userName} Doe`,
  emails: [{ type: 'work', value: `${userName}@connid.example`, primary: true }],
  name: { familyName: 'Doe', givenName: userName },
  userName,
  ...more,
});
const groupOf = (displayName: string, more: object = {}): object => ({
  schemas: [schemas.group],
  meta: { resourceType: 'Group' },
  displayName,
  ...more,
});

describe('Apache Syncope and midPoint, by the SCIM bundle of ConnId', () => {
  let connid: Provider;
  before(async () => {
    connid = await startProvider('auto', headers, rules);
  });
  after(() => connid.stop());

  const createUser = async (userName: string, more: object = {}): Promise<string> =>
    (await connid.expect(201, 'POST', '/Users', userOf(userName, more)))['id'];
  const createGroup = async (displayName: string): Promise<string> =>
    (await connid.expect(201, 'POST', '/Groups', groupOf(displayName)))['id'];
  const change = (groupId: string, ...operations: object[]): Promise<Json> =>
    connid.expect(204, 'PATCH', `/Groups/${groupId}`, patch(...operations));
  const reference = (id: string): object => ({ value: id, $ref: `${connid.scimUrl}/Groups/${id}` });

  it('test the connection, find by name and read page by page, naming the attributes they want', async () => {
    const ids = [await createUser('p1'), await createUser('p2'), await createUser('p3')];
    const wanted = 'attributes=userName,id,name';
    const tested = await connid.expect(200, 'GET', `/Users?startIndex=1&count=1&${wanted}`);
    expect(Object.keys(tested['Resources'][0])).to.include.members(['id', 'userName', 'name']);
    expect(tested['Resources'][0]).not.to.have.property('emails');
    const found = await connid.expect(200, 'GET', `/Users?filter=username eq "P2"&${wanted}`);
    expect(found['Resources'].map(({ id }: Json) => id)).to.deep.equal([ids[1]]);

    const seen: string[] = [];
    for (let startIndex = 1, size = 2; size >= 2;) {
      const page = await connid.expect(200, 'GET', `/Users?startIndex=${startIndex}&count=2&${wanted}`);
      seen.push(...page['Resources'].map(({ id }: Json) => id));
      size = (page['Resources'] as Json[]).length;
      startIndex = Number(page['startIndex']) + size;
    }
    expect(seen).to.include.members(ids);
    expect(new Set(seen).size).to.equal(seen.length);
    expect((await connid.expect(200, 'GET', '/Groups'))['Resources']).to.be.an('array');
  });

  it('tell of a person who joins, moves, leaves, comes back and goes, users by PUT and memberships by PATCH', async () => {
    const support = await createGroup('Support');
    const sales = await createGroup('Sales');
    await connid.expect(200, 'GET', `/Groups/${support}`);
    const id = await createUser('ada', { groups: [{ ...reference(support), display: 'Support' }] });
    expect((await accessOf(connid, id)).roles, 'groups of a user are read-only').to.deep.equal([]);
    await change(support, { op: 'add', path: 'members', value: [{ value: id }] });
    const { status, roles } = await accessOf(connid, id);
    expect(status).not.to.equal('disabled');
    expect(roles).to.deep.equal(['crm:agent']);

    const current = await connid.expect(200, 'GET', `/Users/${id}`);
    expect(current['groups'].map(({ value }: Json) => value)).to.deep.equal([support]);
    const put = (more: object): Promise<Json> =>
      connid.expect(200, 'PUT', `/Users/${id}`, userOf('ada', { id, ...more }));
    expect((await put({ title: 'Manager' }))['title']).to.equal('Manager');
    await change(sales, { op: 'add', path: 'members', value: [{ value: id }] });
    await change(support, { op: 'remove', path: 'members', value: [{ value: id }] });
    expect(await accessOf(connid, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await put({ active: false });
    expect((await accessOf(connid, id)).status).to.equal('disabled');
    await put({});
    expect(await accessOf(connid, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await connid.expect(204, 'DELETE', `/Users/${id}`);
    await connid.expect(404, 'GET', `/Users/${id}`);
    for (const group of [support, sales]) await connid.expect(204, 'DELETE', `/Groups/${group}`);
    expect((await findings(connid)).counts).to.include.keys('remove-with-value');
  });

  it('change a user by what differs: each attribute by its path, several values removed by one filter', async () => {
    const emails = ['a', 'b', 'c'].map((name) => ({ value: `${name}@delta.example` }));
    const id = await createUser('delta', { emails });
    const body = patch(
      { op: 'replace', path: 'userName', value: 'delta-new' },
      { op: 'replace', path: 'displayName', value: 'Delta' },
      { op: 'remove', path: 'emails[value eq "a@delta.example" or value eq "b@delta.example"]' },
      { op: 'add', path: 'emails', value: [{ type: 'work', value: 'd@delta.example' }] },
      { op: 'replace', path: `${schemas.enterprise}:department`, value: 'Sales' },
    );
    const user = await connid.expect(200, 'PATCH', `/Users/${id}`, body);
    expect(user).to.deep.include({ userName: 'delta-new', displayName: 'Delta' });
    expect(user['emails'].map(({ value }: Json) => value)).to.have.members([
      'c@delta.example',
      'd@delta.example',
    ]);
    expect(user[schemas.enterprise]).to.deep.equal({ department: 'Sales' });
  });

  it('change a group by what differs: those who leave by one filter, those who come with reference and name', async () => {
    const id = await createGroup('Delta');
    const users = [await createUser('g1'), await createUser('g2'), await createUser('g3')];
    const value = users.map((user) => ({
      value: user,
      $ref: `${connid.scimUrl}/Users/${user}`,
      display: 'g Doe',
    }));
    await change(id, { op: 'add', path: 'members', value });
    await change(
      id,
      { op: 'replace', path: 'displayName', value: 'Delta new' },
      { op: 'remove', path: `members[value eq "${users[0]}" or value eq "${users[1]}"]` },
    );
    expect(await memberIds(connid, id)).to.deep.equal([users[2]]);
    await change(id, { op: 'replace', path: 'members', value: value.slice(0, 1) });
    expect(await memberIds(connid, id)).to.deep.equal([users[0]]);
    expect((await connid.expect(200, 'GET', `/Groups/${id}`))['displayName']).to.equal('Delta new');
  });

  it('update a group by a path-less PATCH with a part of meta, and by PUT', async () => {
    const user = await createUser('whole');
    const id = await createGroup('Whole');
    const members = [{ value: user, $ref: `../Users/${user}` }];
    for (const meta of [{ resourceType: 'Group' }, { resourceType: 'Group', created: null, version: null }]) {
      await change(id, { op: 'replace', value: groupOf('Whole new', { id, meta, members }) });
      expect(await memberIds(connid, id)).to.deep.equal([user]);
    }
    await connid.expect(200, 'PUT', `/Groups/${id}`, groupOf('Whole put', { id, members }));
    expect(await memberIds(connid, id)).to.deep.equal([user]);
    await connid.expect(200, 'PUT', `/Groups/${id}`, groupOf('Whole put', { id }));
    expect(await memberIds(connid, id), 'an empty list is left out').to.deep.equal([]);
  });

  it('set up for WSO2 instead, name the members in an object without a path', async () => {
    const user = await createUser('mode');
    const id = await createGroup('Mode');
    await change(id, { op: 'add', value: { members: [{ value: user, display: 'mode' }] } });
    expect(await memberIds(connid, id)).to.deep.equal([user]);
  });
});

describe('midPoint, by the SCIM 2 connector of Open Standia', () => {
  let midpoint: Provider;
  before(async () => {
    midpoint = await startProvider('auto', headers, rules);
  });
  after(() => midpoint.stop());

  it('reports a person who joins, moves, leaves and goes', async () => {
    const find = async (userName: string): Promise<string | undefined> =>
      (await midpoint.expect(200, 'GET', `/Users?filter=userName%20eq%20%22${userName}%22`))['Resources'][0]
        ?.id;
    expect(await find('mid')).to.equal(undefined);
    const { id } = await midpoint.expect(201, 'POST', '/Users', userOf('mid', { meta: undefined }));
    expect(await find('mid')).to.equal(id);
    const group = { schemas: [schemas.group], displayName: 'Support' };
    await midpoint.expect(201, 'POST', '/Groups', group);
    const found = await midpoint.expect(200, 'GET', '/Groups?filter=displayName+eq+%22Support%22');
    const groupId = found['Resources'][0].id as string;
    await midpoint.expect(200, 'PUT', `/Groups/${groupId}`, { ...group, id: groupId });
    const add = { op: 'add', path: 'members', value: [{ value: id }] };
    await midpoint.expect(204, 'PATCH', `/Groups/${groupId}`, patch(add));
    const { status, roles } = await accessOf(midpoint, id);
    expect(roles).to.deep.equal(['crm:agent']);

    await midpoint.expect(200, 'GET', `/Users/${id}`);
    await midpoint.expect(200, 'PUT', `/Users/${id}`, userOf('mid', { id, meta: undefined }));
    const values = patch(
      { op: 'remove', path: 'emails[value eq "mid@connid.example"]' },
      { op: 'add', path: 'emails', value: [{ value: 'new@connid.example', type: 'work' }] },
    );
    const user = await midpoint.expect(200, 'PATCH', `/Users/${id}`, values);
    expect(user['emails'].map(({ value }: Json) => value)).to.deep.equal(['new@connid.example']);
    const remove = { op: 'remove', path: `members[value eq "${id}"]` };
    await midpoint.expect(204, 'PATCH', `/Groups/${groupId}`, patch(remove));
    expect(await accessOf(midpoint, id)).to.deep.equal({ status, roles: [] });

    await midpoint.expect(200, 'PUT', `/Users/${id}`, userOf('mid', { id, meta: undefined, active: false }));
    expect((await accessOf(midpoint, id)).status).to.equal('disabled');
    await midpoint.expect(204, 'DELETE', `/Users/${id}`);
    await midpoint.expect(204, 'DELETE', `/Groups/${groupId}`);
  });

  it('pages with the count before the index, and learns that a group of a user is not changed by the user', async () => {
    const { id } = await midpoint.expect(201, 'POST', '/Users', userOf('paged'));
    const page = await midpoint.expect(200, 'GET', '/Users?count=100&startIndex=1');
    expect(page['Resources'].map((user: Json) => user['id'])).to.include(id);
    const { id: groupId } = await midpoint.expect(201, 'POST', '/Groups', groupOf('Read-only'));
    const body = patch({ op: 'add', path: 'groups', value: [{ value: groupId }] });
    const error = await midpoint.expect(400, 'PATCH', `/Users/${id}`, body);
    expect(error['scimType']).to.equal('mutability');
  });
});
