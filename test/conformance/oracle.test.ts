/**
 * Oracle Identity Governance's Generic SCIM connector and the GenericScim templates of OCI IAM. Their code is not public: these are the requests
 * of their documentation (test by `/Users?count=1`, batches of 200, POST, PATCH or PUT as configured, a custom payload for groups). What they
 * leave open is written as RFC 7644 has it.
 */
import { expect } from 'chai';
import {
  accessOf,
  memberIds,
  patch,
  schemas,
  startProvider,
  type Json,
  type Provider,
} from '../support/provider.js';

describe("Oracle's generic SCIM connectors", () => {
  let oracle: Provider;
  before(async () => {
    const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json' };
    oracle = await startProvider('auto', headers, [
      { when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] },
      { when: { path: 'groups.displayName', is: 'Sales' }, grant: ['crm:manager'] },
    ]);
  });
  after(() => oracle.stop());

  const userOf = (userName: string, more: object = {}): object => ({
    schemas: [schemas.user],
    userName,
    name: { givenName: 'Ora', familyName: 'Cle' },
    emails: [{ value: userName, type: 'work', primary: true }],
    active: true,
    ...more,
  });
  const createUser = async (userName: string): Promise<string> =>
    (await oracle.expect(201, 'POST', '/Users', userOf(userName)))['id'];
  const createGroup = async (displayName: string): Promise<string> =>
    (await oracle.expect(201, 'POST', '/Groups', { schemas: [schemas.group], displayName }))['id'];
  const replace = (path: string, value: unknown): object => ({ op: 'replace', path, value });

  it('test the connection and read the schemas', async () => {
    expect((await oracle.expect(200, 'GET', '/Users?count=1'))['itemsPerPage']).to.be.at.most(1);
    for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas'])
      await oracle.expect(200, 'GET', path);
  });

  it('tell of a person who joins, moves, leaves, comes back and goes', async () => {
    const id = await createUser('ada@oracle.example');
    const support = await createGroup('Support');
    const sales = await createGroup('Sales');
    const add = patch({ op: 'add', path: 'members', value: [{ value: id }] });
    await oracle.expect(204, 'PATCH', `/Groups/${support}`, add);
    const { status, roles } = await accessOf(oracle, id);
    expect(status).not.to.equal('disabled');
    expect(roles).to.deep.equal(['crm:agent']);

    const remove = patch({ op: 'remove', path: `members[value eq "${id}"]` });
    await oracle.expect(204, 'PATCH', `/Groups/${support}`, remove);
    await oracle.expect(204, 'PATCH', `/Groups/${sales}`, add);
    const change = (...operations: object[]): Promise<Json> =>
      oracle.expect(200, 'PATCH', `/Users/${id}`, patch(...operations));
    const moved = await change(replace('title', 'Manager'), replace('name.familyName', 'New'));
    expect(moved).to.deep.include({ title: 'Manager' });
    expect(await accessOf(oracle, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await change(replace('active', false));
    expect((await accessOf(oracle, id)).status).to.equal('disabled');
    await change(replace('active', true));
    expect(await accessOf(oracle, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await oracle.expect(204, 'DELETE', `/Users/${id}`);
    await oracle.expect(404, 'GET', `/Users/${id}`);
    expect(await memberIds(oracle, sales)).to.deep.equal([]);
  });

  it('update by PUT where that is configured', async () => {
    const id = await createUser('put@oracle.example');
    const put = (more: object): Promise<Json> =>
      oracle.expect(200, 'PUT', `/Users/${id}`, userOf('put@oracle.example', { id, ...more }));
    expect((await put({ displayName: 'Put', active: false }))['displayName']).to.equal('Put');
    expect((await accessOf(oracle, id)).status).to.equal('disabled');
    expect((await put({}))['active']).to.equal(true);
  });

  it('reconcile all in batches of 200, and later only what changed since', async () => {
    const id = await createUser('recon@oracle.example');
    const all = await oracle.expect(200, 'GET', '/Users?startIndex=1&count=200');
    const user = all['Resources'].find((each: Json) => each['id'] === id);
    const since = `meta.lastModified ge "${user.meta.lastModified}"`;
    const changed = await oracle.expect(200, 'GET', `/Users?filter=${since}&startIndex=1&count=200`);
    expect(changed['Resources'].map((each: Json) => each['id'])).to.include(id);
    const limited = await oracle.expect(200, 'GET', '/Users?filter=userName sw "recon"&count=200');
    expect(limited['Resources'].map((each: Json) => each['id'])).to.deep.equal([id]);
    const groups = await oracle.expect(200, 'GET', '/Groups?startIndex=1&count=200');
    expect(groups['startIndex']).to.equal(1);
  });
});
