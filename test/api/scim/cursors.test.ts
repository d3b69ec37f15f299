import { expect } from 'chai';
import { ManualClock } from '../../support/clock.js';
import { newUser, startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

interface Page {
  totalResults?: number;
  nextCursor?: string;
  itemsPerPage: number;
  Resources: { id: string; userName: string }[];
}

describe('SCIM cursor paging (RFC 9865)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  const clock = new ManualClock();
  before(async () => {
    app = await startScim({ clock });
    scim = app.acme;
    for (let i = 0; i < 25; i += 1) {
      await scim.user({ title: i % 2 ? 'odd' : 'even', nickName: `n${String(i % 7)}` });
    }
  });
  after(() => app.stop());

  async function walk(
    query: string,
    client = scim,
    between?: (page: number) => Promise<void>,
  ): Promise<Page['Resources']> {
    const resources: Page['Resources'] = [];
    let cursor = '';
    for (let page = 0; page < 50; page += 1) {
      const res = await client.get(`/Users?${query}&cursor=${cursor}`);
      expect(res.status, res.text).to.equal(200);
      const body = res.body as Page;
      expect(body).to.not.have.property('startIndex');
      expect(body.itemsPerPage).to.equal(body.Resources.length);
      resources.push(...body.Resources);
      if (body.nextCursor === undefined) return resources;
      expect(body.nextCursor).to.match(/^[\w.~-]+$/);
      cursor = body.nextCursor;
      await between?.(page);
    }
    throw new Error('the cursor never ends');
  }

  for (const query of [
    'count=10',
    'count=25',
    'count=7&sortBy=userName',
    'count=7&sortBy=userName&sortOrder=descending',
    'count=4&sortBy=meta.created',
    'count=6&sortBy=meta.lastModified&sortOrder=descending',
    'count=5&sortBy=nickName',
    'count=5&sortBy=nickName&sortOrder=descending',
    'count=3&filter=title%20eq%20"even"',
    'count=3&filter=title%20eq%20"even"&sortBy=nickName',
    'count=4&filter=active%20eq%20true',
  ]) {
    it(`meets every resource once, in the order of the whole list: ${query}`, async () => {
      const all = (await scim.get(`/Users?${query.replace(/count=\d+/, 'count=1000')}`)).body as Page;
      const walked = await walk(query);
      expect(walked.map(({ id }) => id)).to.deep.equal(all.Resources.map(({ id }) => id));
    });
  }

  it('returns each resource that existed throughout exactly once while others are added and removed', async () => {
    const passing = await Promise.all(Array.from({ length: 6 }, () => scim.user({ title: 'passing' })));
    const lasting = (await scim.get('/Users?filter=not%20(title%20eq%20"passing")&count=1000')).body as Page;
    for (const query of ['count=5', 'count=5&sortBy=userName']) {
      const walked = await walk(query, scim, async (page) => {
        await scim.post(
          '/Users',
          newUser({ userName: `${page % 2 ? 'aaa' : 'zzz'}.${unique('new')}@acme.test`, title: 'passing' }),
        );
        const gone = passing.pop();
        if (gone) await scim.delete(`/Users/${gone.id}`);
      });
      const seen = walked.map(({ id }) => id);
      expect(new Set(seen).size).to.equal(seen.length);
      expect(seen).to.include.members(lasting.Resources.map(({ id }) => id));
    }
  });

  it('works in a search body and at the root', async () => {
    const first = await scim.post('/Users/.search', { schemas: [urn.search], cursor: '', count: 5 });
    expect(first.body.Resources).to.have.length(5);
    const next = await scim.post('/Users/.search', {
      schemas: [urn.search],
      cursor: first.body.nextCursor,
      count: 5,
    });
    expect(next.body.Resources[0].id).to.not.equal(first.body.Resources[0].id);
    await scim.group();
    let cursor: string | undefined = '';
    const types: string[] = [];
    while (cursor !== undefined) {
      const page: { nextCursor?: string; Resources: { meta: { resourceType: string } }[] } = (
        await scim.get(`/?count=20&cursor=${cursor}`)
      ).body as never;
      types.push(...page.Resources.map(({ meta }) => meta.resourceType));
      cursor = page.nextCursor;
    }
    expect(new Set(types)).to.deep.equal(new Set(['User', 'Group']));
    const bad = await scim.get('/?cursor=nonsense');
    expect(bad.body).to.include({ status: '400', scimType: 'invalidCursor' });
  });

  it('refuses forged cursors and those of another query or directory with invalidCursor', async () => {
    const cursor = String((await scim.get('/Users?count=5&cursor=')).body.nextCursor);
    const [payload, signature] = cursor.split('.') as [string, string];
    const forged = Buffer.from(JSON.stringify({ key: '', id: '', count: 5, at: 9e9 })).toString('base64url');
    for (const path of [
      '/Users?count=5&cursor=x',
      `/Users?count=5&cursor=${payload}.AAAA`,
      `/Users?count=5&cursor=${cursor}.${cursor}`,
      `/Users?count=5&cursor=${forged}.${signature}`,
      `/Users?count=5&cursor=${cursor}&filter=title%20pr`,
      `/Users?count=5&cursor=${cursor}&sortBy=userName`,
      `/Groups?count=5&cursor=${cursor}`,
    ]) {
      const res = await scim.get(path);
      expect(res.status, path).to.equal(400);
      expect(res.body.scimType, path).to.equal('invalidCursor');
    }
    const other = await app.acmeSecond.get(`/Users?count=5&cursor=${cursor}`);
    expect(other.body.scimType).to.equal('invalidCursor');
  });

  it('refuses another count with invalidCount, a count above the limit, and cursor with startIndex', async () => {
    const cursor = String((await scim.get('/Users?count=5&cursor=')).body.nextCursor);
    expect((await scim.get(`/Users?count=6&cursor=${cursor}`)).body.scimType).to.equal('invalidCount');
    const { scimPageDefault } = app.core.config.limits;
    for (const count of [scimPageDefault, 0, -1]) {
      const res = await scim.get(`/Users?count=${count}&cursor=${cursor}`);
      expect(res.body.scimType, String(count)).to.equal('invalidCount');
    }
    expect((await scim.get('/Users?count=100000&cursor=')).body.scimType).to.equal('invalidCount');
    expect((await scim.get('/Users?startIndex=1&cursor=')).body.scimType).to.equal('invalidValue');
    expect((await scim.get(`/Users?cursor=${cursor}`)).body.itemsPerPage).to.equal(5);
  });

  it('refuses a cursor past its time with expiredCursor', async () => {
    const cursor = String((await scim.get('/Users?count=5&cursor=')).body.nextCursor);
    clock.advance(3_601_000);
    expect((await scim.get(`/Users?count=5&cursor=${cursor}`)).body).to.include({
      status: '400',
      scimType: 'expiredCursor',
    });
  });
});
