import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

interface Feed {
  items: { cursor: string; type: string; timestamp: string; data: { id: string; target: { id: string } } }[];
  next: string;
  more: boolean;
}

describe('GET /events', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const feed = async (query = ''): Promise<Feed> => {
    const res = await acme.call('get', `/events${query}`);
    expect(res.status, res.text).to.equal(200);
    return res.body as Feed;
  };

  it('gives what happened in its order, the same events as the audit trail, page by page', async () => {
    const user = await acme.givenUser();
    await acme.call('post', `/users/${user._id}/disable`);
    const { next: start, items } = await feed();
    expect(items.map(({ type }) => type)).to.include.members(['user.created', 'user.disabled']);
    const trail = await acme.call('get', '/audit-events?sort=at&limit=1000');
    const ids = (trail.body as { items: { id: string }[] }).items.map(({ id }) => id);
    expect(items.map(({ data }) => data.id)).to.deep.equal(ids);
    expect(await feed(`?after=${start}`)).to.deep.equal({ items: [], next: start, more: false });
    await acme.call('post', `/users/${user._id}/enable`);
    const later = await feed(`?after=${start}&types=user.*&limit=1`);
    expect(later.items.map(({ type, data }) => [type, data.target.id])).to.deep.equal([
      ['user.enabled', user._id],
    ]);
    const again = await feed(`?after=${items.at(-2)?.cursor}&limit=1`);
    expect(again.items[0]).to.deep.equal(items.at(-1));
  });

  it('never shows another tenant’s events', async () => {
    const globex = await givenTenant(app);
    const user = await globex.givenUser();
    await feed();
    const { text } = await acme.call('get', '/events?limit=1000');
    expect(text).not.to.include(user._id).and.not.to.include(globex.tenant._id);
  });

  const refused: [query: string, status: number][] = [
    ['after=x', 400],
    ['types=all%20of%20it', 400],
    ['limit=1001', 400],
    ['since=1', 400],
    ['after=999999', 410],
  ];
  for (const [query, status] of refused) {
    it(`refuses ?${query} with ${status}`, async () => {
      expect((await acme.call('get', `/events?${query}`)).status).to.equal(status);
    });
  }
});
