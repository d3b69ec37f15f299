import { expect } from 'chai';
import { schemas, startProvider, type Provider } from '../support/provider.js';

/** What administrators type wrong when they connect a provider, and what clients send that no guide mentions. */
describe('a provider whose connector was filled in by hand', () => {
  let client: Provider;
  before(async () => {
    client = await startProvider('auto', {
      accept: 'application/scim+json',
      'content-type': 'application/scim+json',
    });
    await client.expect(201, 'POST', '/Users', {
      schemas: [schemas.user],
      userName: 'somebody@generic.example',
    });
  });
  after(() => client.stop());

  for (const path of ['//Users', '/Users/', '/Users?', '/Users?&', '/Users?unknown=1&aadOptscim062020']) {
    it(`finds its way from ${path}`, async () => {
      expect((await client.expect(200, 'GET', path))['totalResults']).to.equal(1);
    });
  }

  it('finds an address with a plus sign, however blanks and the sign itself are written', async () => {
    const user = { schemas: [schemas.user], userName: 'ada+scim@generic.example', displayName: 'Ada L' };
    const { id } = await client.expect(201, 'POST', '/Users', user);
    for (const filter of [
      'userName%20eq%20%22ada%2Bscim%40generic.example%22',
      'userName%20eq%20%22ada+scim@generic.example%22',
      'userName eq "ada+scim@generic.example"',
      'userName+eq+%22ada%2Bscim%40generic.example%22',
      'userName+eq+%22ada%2Bscim%40generic.example%22+and+displayName+eq+%22Ada+L%22',
      'displayName+eq+%22Ada%20L%22',
      'displayName%20eq%20%22Ada%20L%22%20and%20userName%20sw%20%22ada+%22',
    ]) {
      const list = await client.expect(200, 'GET', `/Users?startIndex=1&filter=${filter}`);
      expect(
        list['Resources'].map((found: { id: string }) => found.id),
        filter,
      ).to.deep.equal([id]);
    }
    await client.expect(204, 'DELETE', `/Users/${id}`);
  });

  it('says 404, not "another version", when the base address was given twice over', async () => {
    await client.expect(404, 'GET', '/v2/Users');
    expect(await client.expect(400, 'GET', '/v1/Users')).to.include({ scimType: 'invalidVers' });
  });

  it('refuses a user whose name is blank, as a template with an empty variable makes it', async () => {
    for (const userName of ['', '   ', null]) {
      const error = await client.expect(400, 'POST', '/Users', { schemas: [schemas.user], userName });
      expect(error['scimType']).to.equal('invalidValue');
    }
  });

  it('answers in JSON of its own whatever is accepted, and errors too', async () => {
    for (const [path, status] of [
      ['/Users', 200],
      ['/Nothing', 404],
    ] as const) {
      const reply = await client.send('GET', path, undefined, { accept: 'text/html' });
      expect([reply.status, reply.headers['content-type']]).to.deep.equal([status, 'application/scim+json']);
    }
  });

  it('names no member that does not exist, nor one that is only referred to', async () => {
    for (const member of [{ value: 'nobody' }, { $ref: '../Users/nobody' }]) {
      const group = { schemas: [schemas.group], displayName: 'Strangers', members: [member] };
      const error = await client.expect(400, 'POST', '/Groups', group);
      expect(error['scimType']).to.equal('invalidValue');
      expect(error['detail']).not.to.contain('undefined');
    }
    expect((await client.expect(200, 'GET', '/Groups'))['totalResults']).to.equal(0);
  });
});
