import { expect } from 'chai';
import type { SignInFlowDocument } from '../../src/persistence/collections/sign-in-flows.js';
import type { NewDocument, Store } from '../../src/persistence/store.js';
import { newId } from '../../src/shared/ids.js';
import { ManualClock } from '../support/clock.js';
import { openTestStore } from '../support/store.js';

const minute = 60_000;

describe('what expires', () => {
  const clock = new ManualClock();
  let store: Store;
  before(async () => {
    store = await openTestStore(clock);
  });
  const later = (ms: number) => new Date(clock.now().getTime() + ms);
  const flow = (expiresAt: Date, tokenHash = newId()): NewDocument<SignInFlowDocument> => ({
    _id: newId(),
    tenantId: 'server',
    tokenHash,
    csrfToken: 'c',
    state: { contexts: [], logins: [], choices: [], codes: [] },
    expiresAt,
  });

  it('is gone for every read and write from that instant on', async () => {
    const flows = store.server.collection('sign_in_flows');
    const short = await flows.insert(flow(later(minute)));
    const long = await flows.insert(flow(later(2 * minute)));
    expect(await flows.get(short._id)).to.deep.equal(short);
    clock.advance(minute);
    expect(await flows.get(short._id)).to.equal(undefined);
    expect(await flows.findOne({ tokenHash: short.tokenHash })).to.equal(undefined);
    expect(await flows.find({})).to.deep.equal([long]);
    expect(await flows.count({})).to.equal(1);
    expect(await flows.update(short._id, (stored) => ({ ...stored, csrfToken: 'd' }))).to.equal(undefined);
    expect(await flows.remove(short._id)).to.equal(false);
  });

  it('stays for ever when its end is null or absent', async () => {
    const payloads = store.server.collection('oidc_payloads');
    const endless = () => ({
      _id: newId(),
      tenantId: 'server',
      payload: '{}',
      grantId: newId(),
      uid: null,
      accountId: null,
      clientId: null,
      sessionId: null,
      consumedAt: null,
    });
    const absent = await payloads.insert(endless() as never);
    const none = await payloads.insert({ ...endless(), expiresAt: null });
    clock.advance(100 * 365 * 24 * 60 * minute);
    for (const { _id, grantId } of [absent, none]) {
      expect(await payloads.get(_id)).to.have.property('_id', _id);
      expect(await payloads.findOne({ grantId })).to.have.property('_id', _id);
      expect(await payloads.count({ grantId })).to.equal(1);
      expect(await payloads.update(_id, (stored) => ({ ...stored, payload: '[]' }))).to.include({
        version: 2,
      });
      expect(await payloads.remove(_id)).to.equal(true);
    }
  });

  it('does not stand in the way of a new document with its id or unique key', async () => {
    const flows = store.server.collection('sign_in_flows');
    const old = await flows.insert(flow(later(minute)));
    clock.advance(minute);
    const fresh = { ...flow(later(minute), old.tokenHash), _id: old._id };
    expect(await flows.insert(fresh)).to.include({ version: 1 });
    clock.advance(minute);
    await store.transaction(function* (tx) {
      yield* tx.server.collection('sign_in_flows').insert({ ...fresh, expiresAt: later(minute) });
    });
    expect(await flows.findOne({ tokenHash: old.tokenHash })).to.have.property('_id', old._id);
  });

  it('counts again from nothing after a counter has ended', async () => {
    const key = newId();
    const end = later(minute);
    expect(await store.increment(key, 1, end)).to.deep.equal({ count: 1, expiresAt: end });
    expect(await store.increment(key, 2, later(5 * minute))).to.deep.equal({ count: 3, expiresAt: end });
    clock.advance(minute);
    const next = later(minute);
    expect(await store.increment(key, 1, next)).to.deep.equal({ count: 1, expiresAt: next });
    await store.resetCounter(key);
    expect(await store.increment(key, 1, next)).to.deep.equal({ count: 1, expiresAt: next });
  });

  it('counts right when a hundred count at once', async () => {
    const key = newId();
    const counts = await Promise.all(
      Array.from({ length: 100 }, () => store.increment(key, 1, later(minute))),
    );
    expect(counts.map(({ count }) => count).sort((a, b) => a - b)).to.deep.equal(counts.map((_, i) => i + 1));
  });
});
