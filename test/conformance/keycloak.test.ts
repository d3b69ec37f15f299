/**
 * The requests of Keycloak's SCIM plug-ins as their code writes them: mitodl/keycloak-scim and its fork pelotech/keycloak-scim (whole users and
 * groups by PUT, or by PATCH where that is switched on, after every event), and little-auth/keycloak-scim-client (the status alone). They send
 * by Captain-P-Goldfish/SCIM-SDK, which writes `path` before `op`.
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

const headers = { 'content-type': 'application/scim+json' };

describe('plug-ins of Keycloak', () => {
  let keycloak: Provider;
  before(async () => {
    keycloak = await startProvider('auto', headers, [
      { when: { path: 'groups.displayName', is: 'support' }, grant: ['crm:agent'] },
      { when: { path: 'roles.value', is: 'crm-manager' }, grant: ['crm:manager'] },
    ]);
  });
  after(() => keycloak.stop());

  const userOf = (userName: string, more: object = {}): object => ({
    schemas: [schemas.user],
    externalId: `kc-${userName}`,
    userName,
    displayName: `${userName} Doe`,
    name: { givenName: userName, familyName: 'Doe' },
    emails: [{ value: `${userName}@keycloak.example` }],
    active: true,
    ...more,
  });
  const groupOf = (displayName: string, members: string[], more: object = {}): object => ({
    schemas: [schemas.group],
    externalId: `kc-${displayName}`,
    displayName,
    members: members.map((value) => ({ value, type: 'User', $ref: `Users/${value}` })),
    ...more,
  });
  const createUser = async (userName: string): Promise<string> =>
    (await keycloak.expect(201, 'POST', '/Users', userOf(userName)))['id'];
  const createGroup = async (displayName: string): Promise<string> =>
    (await keycloak.expect(201, 'POST', '/Groups', groupOf(displayName, [])))['id'];
  const replaceUser = (id: string, userName: string, more: object = {}): Promise<Json> =>
    keycloak.expect(200, 'PUT', `/Users/${id}`, userOf(userName, { id, ...more }));
  const replaceGroup = (id: string, displayName: string, members: string[]): Promise<Json> =>
    keycloak.expect(200, 'PUT', `/Groups/${id}`, groupOf(displayName, members, { id }));

  it('tell of a person who joins, moves, leaves, comes back and goes, each time by the whole user and group', async () => {
    const support = await createGroup('support');
    const id = await createUser('ada');
    await replaceGroup(support, 'support', [id]);
    await replaceUser(id, 'ada');
    const { status, roles } = await accessOf(keycloak, id);
    expect(status).not.to.equal('disabled');
    expect(roles).to.deep.equal(['crm:agent']);

    await replaceGroup(support, 'support', []);
    await replaceUser(id, 'ada', { roles: [{ value: 'crm-manager' }], displayName: 'Ada, Sales' });
    expect(await accessOf(keycloak, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await replaceUser(id, 'ada', { roles: [{ value: 'crm-manager' }], active: false });
    expect((await accessOf(keycloak, id)).status).to.equal('disabled');
    await replaceUser(id, 'ada', { roles: [{ value: 'crm-manager' }] });
    expect(await accessOf(keycloak, id)).to.deep.equal({ status, roles: ['crm:manager'] });
    await replaceUser(id, 'ada', { roles: [] });
    expect((await accessOf(keycloak, id)).roles).to.deep.equal([]);

    await keycloak.expect(204, 'DELETE', `/Users/${id}`);
    await keycloak.expect(404, 'PUT', `/Users/${id}`, userOf('ada', { id }));
    await keycloak.expect(204, 'DELETE', `/Groups/${support}`);
  });

  it('replace with a location of their own in meta, which changes nothing', async () => {
    const id = await createUser('meta');
    const put = await replaceUser(id, 'meta', { meta: { location: `Users/${id}` } });
    expect(put['meta'].location).to.equal(`${keycloak.scimUrl}/Users/${id}`);
    const group = await createGroup('meta');
    const body = groupOf('meta', [id], { id: group, meta: { location: `Groups/${group}` } });
    await keycloak.expect(200, 'PUT', `/Groups/${group}`, body);
    expect(await memberIds(keycloak, group)).to.deep.equal([id]);
  });

  it('change a user by PATCH with the status as a text', async () => {
    const id = await createUser('patch');
    const change = async (active: string): Promise<Json> =>
      keycloak.expect(
        200,
        'PATCH',
        `/Users/${id}`,
        patch(
          { path: 'active', op: 'replace', value: active },
          { path: 'userName', op: 'replace', value: 'patch' },
          { path: 'displayName', op: 'replace', value: 'Patched' },
        ),
      );
    expect(await change('false')).to.deep.include({ active: false, displayName: 'Patched' });
    expect((await accessOf(keycloak, id)).status).to.equal('disabled');
    expect(await change('true')).to.deep.include({ active: true });
    expect((await findings(keycloak)).counts).to.include.keys('string-boolean');
  });

  it('change a group by PATCH: all its members again, or none', async () => {
    const id = await createGroup('all-again');
    const users = [await createUser('again1'), await createUser('again2')];
    const rest = [
      { op: 'replace', path: 'displayName', value: 'all-again' },
      { op: 'replace', path: 'externalId', value: 'kc-all-again' },
    ];
    const value = users.map((user) => ({ value: user, type: 'User' }));
    const all = patch({ path: 'members', op: 'replace', value }, ...rest);
    await keycloak.expect(204, 'PATCH', `/Groups/${id}`, all);
    expect(await memberIds(keycloak, id)).to.deep.equal([...users].sort());
    await keycloak.expect(204, 'PATCH', `/Groups/${id}`, patch({ path: 'members', op: 'remove' }, ...rest));
    expect(await memberIds(keycloak, id)).to.deep.equal([]);
  });

  it('change a group by one member at a time', async () => {
    const id = await createGroup('one-by-one');
    const users = [await createUser('one1'), await createUser('one2')];
    for (const user of users) {
      const add = patch({ path: 'members', op: 'add', value: [{ value: user }] });
      await keycloak.expect(204, 'PATCH', `/Groups/${id}`, add);
    }
    const remove = patch({ path: `members[value eq "${users[0]}"]`, op: 'remove' });
    await keycloak.expect(204, 'PATCH', `/Groups/${id}`, remove);
    expect(await memberIds(keycloak, id)).to.deep.equal([users[1]]);
  });

  it('read what the server can do, then change the status alone, or with all that was read', async () => {
    expect((await keycloak.expect(200, 'GET', '/ServiceProviderConfig'))['patch'].supported).to.equal(true);
    const id = await createUser('status');
    const off = patch({ path: 'active', op: 'replace', value: false });
    expect((await keycloak.expect(200, 'PATCH', `/Users/${id}`, off))['active']).to.equal(false);
    const read = await keycloak.expect(200, 'GET', `/Users/${id}`);
    const put = await keycloak.expect(200, 'PUT', `/Users/${id}`, { ...read, active: true });
    expect(put).to.deep.include({ active: true, displayName: 'status Doe' });
    const { roles } = await accessOf(keycloak, id);
    expect(roles).to.deep.equal([]);
  });

  it('change the status by a list of one, as older versions of their library write every node', async () => {
    const id = await createUser('older');
    const off = patch({ path: 'active', op: 'replace', value: [false] });
    const reply = await keycloak.send('PATCH', `/Users/${id}`, off);
    expect(reply.status, JSON.stringify(reply.body)).to.equal(200);
    expect((await accessOf(keycloak, id)).status).to.equal('disabled');
  });

  it('create many users by one bulk request, each under its id in Keycloak', async () => {
    const names = ['bulk1', 'bulk2', 'bulk3'];
    const answer = await keycloak.expect(200, 'POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: names.map((name) => ({
        method: 'POST',
        bulkId: `kc-${name}`,
        path: '/Users',
        data: userOf(name),
      })),
    });
    for (const [index, operation] of (answer['Operations'] as Json[]).entries()) {
      expect(operation).to.deep.include({ bulkId: `kc-${names[index]}`, status: '201' });
      const id = (operation['location'] as string).split('/').at(-1) ?? '';
      expect((await keycloak.expect(200, 'GET', `/Users/${id}`))['userName']).to.equal(names[index]);
    }
  });

  it('import what is there by one list without any parameter', async () => {
    const id = await createUser('imported');
    const users = await keycloak.expect(200, 'GET', '/Users');
    expect(users['schemas']).to.deep.equal([schemas.list]);
    const found = users['Resources'].find((user: Json) => user['id'] === id);
    expect(found).to.include.keys('userName', 'displayName', 'active', 'emails');
    expect((await keycloak.expect(200, 'GET', '/Groups'))['Resources']).to.be.an('array');
  });
});
