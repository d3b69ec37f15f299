import { expect } from 'chai';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { systemActor } from '../../../src/identity/actors.js';
import type { StoredDocument } from '../../../src/persistence/store.js';
import { newId } from '../../../src/shared/ids.js';
import { newGroup, newUser, startScim, urn, type ScimApp } from '../../support/scim.js';

interface List {
  totalResults: number;
  itemsPerPage: number;
  startIndex: number;
  nextCursor?: string;
  Resources: { id: string; userName?: string; displayName?: string }[];
}

/** Some 900 kB each, so that a page of 4 MB holds a few. */
const certificates = Array.from({ length: 14 }, (_, at) => ({ value: `${'A'.repeat(64_990)}${at + 1e9}` }));
const count = 7;
const megabytes = 2 ** 20;

/** What a store stamps itself. */
function withoutStamps<D extends StoredDocument>(document: D) {
  const { version: _version, createdAt: _created, updatedAt: _updated, ...rest } = document;
  return rest;
}

describe('pages of large resources', () => {
  let app: ScimApp;
  let ids: string[];
  let key: string;

  before(async () => {
    app = await startScim();
    const users = [];
    for (let at = 0; at < count; at += 1) {
      const attributes = { title: `Title ${at % 5}`, nickName: 'large', x509Certificates: certificates };
      users.push(await app.acme.user({ ...attributes, externalId: 'shared', userName: `user-${at}@x.test` }));
    }
    ids = users.map(({ id }) => id).sort();
    ({ key } = await createApiKey(app.core, systemActor(app.tenantId), { name: 'k', role: 'administrator' }));
  });

  after(() => app.stop());

  function checked(body: List, length: number): List {
    expect(length).to.be.below(6 * megabytes);
    expect(body.itemsPerPage).to.equal(body.Resources.length);
    return body;
  }

  /** Every id in order, page after page. */
  async function byIndex(path: string): Promise<string[]> {
    const seen: string[] = [];
    for (let total = Infinity; seen.length < total;) {
      const res = await app.acme.get(`${path}&count=1000&startIndex=${seen.length + 1}`).expect(200);
      const body = checked(res.body as List, res.text.length);
      total = body.totalResults;
      expect(body.Resources.length).to.be.within(1, count - 1);
      seen.push(...body.Resources.map(({ id }) => id));
    }
    return seen;
  }

  async function byCursor(path: string): Promise<string[]> {
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const res = await app.acme.get(`${path}&count=1000&cursor=${cursor}`).expect(200);
      const body = checked(res.body as List, res.text.length);
      seen.push(...body.Resources.map(({ id }) => id));
      expect(body.Resources.length).to.be.below(count);
      cursor = body.nextCursor;
    }
    return seen;
  }

  const nick = 'filter=nickName%20eq%20%22large%22';
  const queries: [string, string][] = [
    ['all users', '/Users?'],
    ['an order of the store', '/Users?sortBy=userName'],
    ['an order it does not have', '/Users?sortBy=title&sortOrder=descending'],
    ['a filter it does not have', `/Users?${nick}`],
    ['both', `/Users?${nick}&sortBy=title`],
    ['a handful found by an index', '/Users?filter=externalId%20eq%20%22shared%22'],
    ['a handful in an order', '/Users?filter=externalId%20eq%20%22shared%22&sortBy=title'],
    ['chosen attributes', '/Users?attributes=x509Certificates'],
    ['users and groups', '/?'],
  ];
  for (const [what, path] of queries) {
    it(`end by their size, and go on by index and by cursor: ${what}`, async () => {
      expect((await byIndex(path)).sort()).to.deep.equal(ids);
      expect((await byCursor(path)).sort()).to.deep.equal(ids);
    });
  }

  it('end by their size in a search over everything that is sorted, as far as it reaches', async () => {
    const search = (startIndex: number) =>
      app.acme.post('/.search', { schemas: [urn.search], sortBy: 'userName', startIndex, count: 1000 });
    const first = (await search(1).expect(200)).body as List;
    expect(first.itemsPerPage)
      .to.equal(first.Resources.length)
      .and.to.be.within(1, count - 1);
    const far = await search(first.itemsPerPage + 1).expect(400);
    expect(far.body).to.include({ scimType: 'tooMany' });
  });

  it('are as long as asked for where what is shown is small', async () => {
    const res = await app.acme.get('/Users?attributes=userName&count=3').expect(200);
    expect((res.body as List).itemsPerPage).to.equal(3);
  });

  it('are made a few at a time, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => app.acme.get('/Users?count=1000')));
    expect(answers.filter(({ status }) => status === 200)).not.to.be.empty;
    for (const { status, text, headers } of answers) {
      // On a slow machine some wait so long that they are asked to come back.
      if (status !== 200) expect([status, headers]).to.have.nested.property('1.retry-after');
      expect(status).to.be.oneOf([200, 503]);
      expect(text.length).to.be.below(6 * megabytes);
    }
  });

  const lists = ['/users', '/audit-events', '/directories/:id/requests'];
  for (const list of lists) {
    it(`end by their size in the API, with a next: ${list}`, async () => {
      const seen = new Set<string>();
      let total = 0;
      for (let next: string | null = ''; next !== null;) {
        const query = `limit=1000${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`;
        const path = `/api/v1${list.replace(':id', app.directoryId)}?${query}`;
        const res = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
        expect(res.status).to.equal(200);
        const text = await res.text();
        expect(text.length).to.be.below(6 * megabytes);
        const body = JSON.parse(text) as { items: { id: string }[]; total: number; next: string | null };
        for (const { id } of body.items) seen.add(id);
        ({ total, next } = body);
      }
      expect(seen.size).to.equal(total);
    });
  }

  it('of groups end by their members, which are not in their documents', async () => {
    const store = app.core.store.server;
    const groupIds = Array.from({ length: 400 }, () => newId());
    const group = (await store.collection('groups').get((await app.globex.group(newGroup())).id))!;
    const groups = groupIds.map((_id, at) => ({
      ...withoutStamps(group),
      ...{ _id, displayName: `g${at}`, displayNameKey: `g${at}`, externalId: null },
    }));
    await store.collection('groups').insertMany(groups);
    const user = (await store.collection('users').get((await app.globex.user(newUser())).id))!;
    const users = Array.from({ length: 60 }, (_, at) => ({
      ...withoutStamps(user),
      ...{ _id: newId(), userName: `u${at}`, userNameKey: `u${at}`, loginKeys: [`u${at}`], externalId: null },
      ...{ email: null, emailKey: null, emailKeys: [], groupIds },
    }));
    await store.collection('users').insertMany(users);
    const res = await app.globex.get('/Groups?count=1000').expect(200);
    const body = checked(res.body as List, res.text.length);
    expect(body.totalResults).to.equal(401);
    const next = await app.globex.get(`/Groups?count=1000&startIndex=${body.itemsPerPage + 1}`).expect(200);
    const all = new Set([...body.Resources, ...(next.body as List).Resources].map(({ id }) => id));
    expect(all.size).to.equal(401);
  }).timeout(120_000);
});
