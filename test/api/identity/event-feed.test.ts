import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { writeEvent } from '../../../src/identity/audit/audit.js';
import type { Core } from '../../../src/identity/core.js';
import { advanceFeed, openFeed, readFeed, serverFeed } from '../../../src/identity/events/feed.js';
import { openTurn } from '../../../src/identity/events/turn.js';
import { typeFilter } from '../../../src/identity/events/types.js';
import { idAtMs, msOfId, newId } from '../../../src/shared/ids.js';
import type { ManualClock } from '../../support/clock.js';
import { openTestCore } from '../../support/core.js';
import { asOtherProcess } from '../../support/other-process.js';
import { givenTenant } from '../../support/people.js';

const all = () => true;

describe('the feed of events', () => {
  let core: Core & { clock: ManualClock };
  let tenantId: string;
  before(async () => {
    core = await openTestCore();
  });
  beforeEach(async () => {
    ({ _id: tenantId } = await givenTenant(core));
    await core.store.tenant(tenantId).collection('audit_events').removeMany({});
  });
  after(() => core.store.close());

  const say = (action: string) => writeEvent(core, systemActor(tenantId), { action });
  const read = async (after = 0, limit = 100, isWanted: (type: string) => boolean = all, key = tenantId) => {
    const { items, upTo } = await readFeed(core, key, after, limit, isWanted);
    return { actions: items.map(({ event }) => event.action), upTo };
  };
  /** An event with an id made so long before another one, as by a transaction that ended late. */
  async function sayLate(action: string, than: string, ms: number): Promise<void> {
    const events = core.store.tenant(tenantId).collection('audit_events');
    const [some] = await events.find({}, { limit: 1 });
    await events.insert({ ...some!, action, _id: `${idAtMs(msOfId(than) - ms)}7${newId().slice(15)}` });
  }
  const newest = async () =>
    (await core.store
      .tenant(tenantId)
      .collection('audit_events')
      .findOne({}, { sort: { _id: -1 } }))!._id;

  it('begins with what happened before its first reader, and goes on where each one was', async () => {
    for (const action of ['a.one', 'a.two', 'a.three']) await say(action);
    const first = await read(0, 2);
    expect(first).to.deep.equal({ actions: ['a.one', 'a.two'], upTo: 2 });
    await say('a.four');
    expect(await read(first.upTo)).to.deep.equal({ actions: ['a.three', 'a.four'], upTo: 4 });
    expect(await read(4)).to.deep.equal({ actions: [], upTo: 4 });
  });

  it('passes over what is not wanted without losing its place', async () => {
    for (const action of ['user.created', 'group.created', 'user.deleted', 'logout']) await say(action);
    expect(await read(0, 100, typeFilter(['user.*']))).to.deep.equal({
      actions: ['user.created', 'user.deleted'],
      upTo: 4,
    });
    expect(await read(0, 1, typeFilter(['group.created', 'logout']))).to.deep.equal({
      actions: ['group.created'],
      upTo: 2,
    });
  });

  it('skips no event whose transaction ended after one with a later id', async () => {
    await say('a.one');
    await say('a.two');
    const { upTo } = await read();
    await sayLate('a.late', await newest(), 2_000);
    expect(await read(upTo)).to.deep.equal({ actions: ['a.late'], upTo: 3 });
    expect((await read()).actions).to.deep.equal(['a.one', 'a.two', 'a.late']);
    await say('a.three');
    expect((await read(3)).actions).to.deep.equal(['a.three']);
  });

  it('looks far back once a minute for one that was held up for long', async () => {
    await say('a.one');
    await read();
    await sayLate('a.later', await newest(), 300_000);
    expect((await read(1)).actions).to.deep.equal([]);
    core.clock.advance(60_000);
    expect((await read(1)).actions).to.deep.equal(['a.later']);
  });

  it('is one order for readers that ask at the same moment in several processes', async () => {
    const others = [core, asOtherProcess(core), asOtherProcess(core)];
    await openFeed(core, tenantId);
    const writes = Array.from({ length: 30 }, (_, i) => say(`a.n${i}`));
    const looks = others.flatMap((one) => Array.from({ length: 5 }, () => advanceFeed(one, tenantId)));
    await Promise.all([...writes, ...looks]);
    const pages = await Promise.all(others.map((one) => readFeed(one, tenantId, 0, 100, all)));
    const orders = pages.map(({ items }) => items.map(({ event }) => event._id));
    expect(new Set(orders[0]).size).to.equal(30);
    const again = await readFeed(core, tenantId, 0, 100, all);
    expect(again.items.map(({ event }) => event._id)).to.have.length(30);
    for (const order of orders) expect(order).to.deep.equal(orders[0]);
  });

  it('says so to a reader whose place is not kept any more', async () => {
    for (const action of ['a.one', 'a.two']) await say(action);
    await read();
    const scope = core.store.tenant(tenantId);
    await scope.collection('event_runs').removeMany({});
    await scope.collection('event_feeds').update(tenantId, (feed) => ({ ...feed, beginId: feed.newestId }));
    for (const action of ['a.three', 'a.four']) await say(action);
    expect((await read(2)).actions).to.deep.equal(['a.three', 'a.four']);
    const refused = await readFeed(core, tenantId, 1, 10, all).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'event.cursor_expired' });
    expect(await readFeed(core, tenantId, 99, 10, all).catch((error: unknown) => error)).to.include({
      code: 'event.cursor_expired',
    });
    expect((await read(0)).actions).to.deep.equal(['a.three', 'a.four']);
  });

  it('of the server has the events of all tenants from its first use on', async () => {
    await say('a.before');
    await openFeed(core, serverFeed);
    const { _id: other } = await givenTenant(core);
    await writeEvent(core, systemActor(other), { action: 'b.one' });
    await say('a.after');
    const { actions } = await read(0, 100, typeFilter(['a.*', 'b.*']), serverFeed);
    expect(actions).to.deep.equal(['b.one', 'a.after']);
  });
});

describe('the turn of one of several processes', () => {
  it('stays with the first while it lives, and goes to another one when it is gone or lets go', async () => {
    const core = await openTestCore();
    const [first, second] = [openTurn(core), openTurn(asOtherProcess(core))];
    expect(await first.isMine()).to.equal(true);
    expect(await second.isMine()).to.equal(false);
    core.clock.advance(8_000);
    expect(await first.isMine()).to.equal(true);
    core.clock.advance(2_000);
    expect(await second.isMine()).to.equal(false);
    expect(await first.isMine()).to.equal(true);
    core.clock.advance(10_000);
    expect(await second.isMine()).to.equal(true);
    expect(await first.isMine()).to.equal(false);
    await second.release();
    expect(await openTurn(core).isMine()).to.equal(true);
    await core.store.close();
  });
});
