import { expect } from 'chai';
import { newId } from '../../../src/shared/ids.js';
import { startScim, type ScimApp } from '../../support/scim.js';

const many = 6000;
/** Resources looked at before other requests have their turn, at most; MongoDB sends them in such portions. */
const portion = 200;

/** How often the event loop went round while this ran: each time, other requests could be served. */
async function turnsDuring(work: () => PromiseLike<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  return turns;
}

describe('searches that have to look at every one of thousands of users', function () {
  this.timeout(120_000);
  let app: ScimApp;
  before(async () => {
    app = await startScim();
    const users = app.core.store.tenant(app.tenantId).collection('users');
    const { id } = await app.acme.user({ title: 'first' });
    const { version: _version, createdAt: _at, ...model } = (await users.get(id))!;
    const copies = Array.from({ length: many - 1 }, (_, i) => ({
      ...model,
      _id: newId(),
      userName: `u${i}`,
      userNameKey: `u${i}`,
      loginKeys: [`u${i}`],
      emailKeys: [],
      email: null,
      emailKey: null,
      externalId: null,
      attributes: { title: `title ${(i * 7919) % many}` },
    }));
    await users.insertMany(copies);
  });
  after(() => app.stop());

  for (const [what, query, first] of [
    ['an unindexed filter, paged by index', 'filter=title%20eq%20"TITLE%205"&startIndex=1', 'title 5'],
    ['an unindexed filter that nobody passes', 'filter=title%20co%20"nobody"', undefined],
    ['an unindexed order', 'sortBy=title&count=3', 'first'],
    ['an unindexed order from its middle', 'sortBy=title&count=3&startIndex=3000', undefined],
  ] as const) {
    it(`let other requests through again and again: ${what}`, async () => {
      let resources: { title?: string }[] = [];
      const turns = await turnsDuring(async () => {
        const { status, body } = await app.acme.get(`/Users?${query}`);
        expect(status).to.equal(200);
        resources = (body as { Resources: typeof resources }).Resources;
      });
      expect(turns).to.be.at.least(many / portion);
      if (first !== undefined) expect(resources[0]?.title).to.equal(first);
    });
  }
});
