import { expect } from 'chai';
import { patch, schemas, startProvider, type Provider } from '../support/provider.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json; charset=utf-8' };

describe('what Entra checks beside users and groups, one by one', () => {
  let entra: Provider;
  before(async () => {
    entra = await startProvider('entra', headers);
  });
  after(() => entra.stop());

  const create = async (userName: string, more: object = {}): Promise<string> =>
    (await entra.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName, ...more }))['id'];

  it('Credentials: a bad token is refused, an unknown user is an empty list', async () => {
    const bad = await entra.send('GET', '/Users', undefined, { authorization: 'Bearer non-existent-token' });
    expect(bad.status).to.equal(401);
    const list = await entra.expect(200, 'GET', '/Users?filter=userName eq "0a1b2c3d-0000"');
    expect(list).to.deep.include({ totalResults: 0, Resources: [] });
  });

  it('Schema discoverability: both schemas with their attributes, and never a null', async () => {
    const list = await entra.expect(200, 'GET', '/Schemas');
    const ids = list['Resources'].map(({ id }: { id: string }) => id);
    expect(ids).to.include.members([schemas.user, schemas.group, schemas.enterprise]);
    expect(JSON.stringify(list)).not.to.include('null');
  });

  it('Null updates: a null takes an attribute away', async () => {
    const id = await create('nulls@bauch.example', { title: 'Engineer' });
    await entra.send('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'title', value: null }));
    expect(await entra.expect(200, 'GET', `/Users/${id}`)).not.to.have.property('title');
  });

  it('Pagination: each user comes once, page after page', async () => {
    for (const name of ['a', 'b', 'c']) await create(`page-${name}@bauch.example`);
    const { totalResults } = await entra.expect(200, 'GET', '/Users?count=0');
    const seen = new Set<string>();
    for (let startIndex = 1; startIndex <= totalResults; startIndex += 2) {
      const page = await entra.expect(200, 'GET', `/Users?startIndex=${startIndex}&count=2`);
      for (const { id } of page['Resources']) seen.add(id);
    }
    expect(seen.size).to.equal(totalResults);
  });

  it('Manager: set as a bare text, found by it, taken away', async () => {
    const [boss, id] = [await create('boss@bauch.example'), await create('report@bauch.example')];
    const path = `${schemas.enterprise}:manager`;
    await entra.send('PATCH', `/Users/${id}`, patch({ op: 'Add', path, value: boss }));
    const filter = encodeURIComponent(`id eq "${id}" and manager eq "${boss}"`);
    expect((await entra.expect(200, 'GET', `/Users?filter=${filter}`))['totalResults']).to.equal(1);
    await entra.send('PATCH', `/Users/${id}`, patch({ op: 'Remove', path }));
    expect((await entra.expect(200, 'GET', `/Users?filter=${filter}`))['totalResults']).to.equal(0);
  });
});
