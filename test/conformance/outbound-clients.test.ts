import { expect } from 'chai';
import { patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';

const scim = { 'content-type': 'application/scim+json', accept: 'application/scim+json' };

const membersOf = async (client: Provider, id: string): Promise<string[]> => {
  const group = await client.expect(200, 'GET', `/Groups/${id}`);
  return (group['members'] ?? []).map(({ value }: Json) => value as string);
};

describe('authentik', () => {
  let client: Provider;
  before(async () => {
    client = await startProvider('auto', scim);
  });
  after(() => client.stop());

  it('adopts a user after a 409 by a filter without quotes', async () => {
    const user = { schemas: [schemas.user], userName: 'akadmin', externalId: 'u1', active: true };
    const { id } = await client.expect(201, 'POST', '/Users', user);
    await client.expect(409, 'POST', '/Users', user);
    const list = await client.expect(200, 'GET', '/Users?filter=userName+eq+akadmin');
    expect(list['Resources'][0].id).to.equal(id);
  });

  it('renames a group by a PATCH without schemas, then compares and changes its members one by one', async () => {
    const made: string[] = [];
    for (const name of ['one', 'two']) {
      made.push(
        (await client.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName: name }))['id'],
      );
    }
    const group = { schemas: [schemas.group], displayName: 'Staff', externalId: 'g1' };
    const { id } = await client.expect(201, 'POST', '/Groups', group);
    const value = { ...group, id, displayName: 'Everybody' };
    await client.expect(204, 'PATCH', `/Groups/${id}`, { Operations: [{ op: 'replace', value }] });
    expect((await client.expect(200, 'GET', `/Groups/${id}`))['displayName']).to.equal('Everybody');
    const each = (op: string) => made.map((user) => ({ op, path: 'members', value: [{ value: user }] }));
    await client.expect(204, 'PATCH', `/Groups/${id}`, patch(...each('add')));
    expect(await membersOf(client, id)).to.have.members(made);
    await client.expect(204, 'PATCH', `/Groups/${id}`, patch(...each('remove').slice(0, 1)));
    expect(await membersOf(client, id)).to.deep.equal(made.slice(1));
  });
});

describe('WSO2 Identity Server', () => {
  let client: Provider;
  before(async () => {
    client = await startProvider('auto', { 'content-type': 'application/json' });
  });
  after(() => client.stop());

  it('looks every user up without quotes before it changes or deletes', async () => {
    const body = { schemas: [schemas.user], userName: 'joe@x.example' };
    const { id } = await client.expect(201, 'POST', '/Users', body);
    const find = '/Users?filter=userName%20Eq%20joe%40x.example&startIndex=1&count=1';
    expect((await client.expect(200, 'GET', find))['Resources'][0].id).to.equal(id);
    await client.expect(200, 'PUT', `/Users/${id}`, { ...body, title: 'T' });
    await client.expect(204, 'DELETE', `/Users/${id}`);
    expect((await client.expect(200, 'GET', find))['totalResults']).to.equal(0);
  });

  it('empties no group by members without ids', async () => {
    const { id } = await client.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName: 'alice' });
    const group = { schemas: [schemas.group], displayName: 'Eng', members: [{ value: id }] };
    const { id: groupId } = await client.expect(201, 'POST', '/Groups', group);
    const error = await client.expect(400, 'PUT', `/Groups/${groupId}`, {
      ...group,
      members: [{ display: 'alice' }],
    });
    expect(error['scimType']).to.equal('invalidValue');
    expect(await membersOf(client, groupId)).to.deep.equal([id]);
  });
});

describe('midPoint and Apache Syncope, by ConnId', () => {
  let client: Provider;
  before(async () => {
    client = await startProvider('auto', scim);
  });
  after(() => client.stop());

  it('update a group by a path-less PATCH with a part of meta, nulls included', async () => {
    const { id } = await client.expect(201, 'POST', '/Users', {
      schemas: [schemas.user],
      userName: 'connid',
    });
    const made = await client.expect(201, 'POST', '/Groups', {
      schemas: [schemas.group],
      displayName: 'Old',
    });
    const groupId = made['id'] as string;
    for (const meta of [{ resourceType: 'Group' }, { resourceType: 'Group', created: null, version: null }]) {
      const value = {
        schemas: [schemas.group],
        id: groupId,
        meta,
        displayName: 'New',
        members: [{ value: id, $ref: `../Users/${id}` }],
      };
      await client.expect(204, 'PATCH', `/Groups/${groupId}`, patch({ op: 'replace', value }));
      expect(await membersOf(client, groupId)).to.deep.equal([id]);
    }
  });

  it('read the schemas and page through the users', async () => {
    for (const path of ['/Schemas', '/ResourceTypes', '/ServiceProviderConfig'])
      await client.expect(200, 'GET', path);
    const page = await client.expect(200, 'GET', '/Users?startIndex=1&count=1');
    expect(page['Resources']).to.have.length(1);
  });
});

describe('plug-ins of Keycloak', () => {
  let client: Provider;
  before(async () => {
    client = await startProvider('auto', scim);
  });
  after(() => client.stop());

  it('create, find by userName, replace and delete', async () => {
    const body = {
      schemas: [schemas.user],
      userName: 'kc',
      externalId: '7f3b0b9c-0000-4000-8000-000000000001',
      name: { givenName: 'K', familyName: 'C' },
      emails: [{ value: 'kc@x.example', primary: true }],
      active: true,
    };
    const { id } = await client.expect(201, 'POST', '/Users', body);
    const list = await client.expect(200, 'GET', '/Users?filter=userName eq "kc"');
    expect(list['Resources'][0].id).to.equal(id);
    const put = await client.expect(200, 'PUT', `/Users/${id}`, { ...body, id, active: false });
    expect(put['active']).to.equal(false);
    const group = {
      schemas: [schemas.group],
      displayName: 'kc',
      members: [{ value: id, $ref: `Users/${id}` }],
    };
    const { id: groupId } = await client.expect(201, 'POST', '/Groups', group);
    await client.expect(200, 'PUT', `/Groups/${groupId}`, { ...group, members: [] });
    expect(await membersOf(client, groupId)).to.deep.equal([]);
    await client.expect(204, 'DELETE', `/Users/${id}`);
  });
});
