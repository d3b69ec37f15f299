import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { writeEvent } from '../../../src/identity/audit/audit.js';
import { sealInTurn, sealNextRun } from '../../../src/identity/audit/seal.js';
import { verifyAuditTrail } from '../../../src/identity/audit/verify.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';

describe('the seals of the audit trail', () => {
  let app: TestApp;
  let clock: ManualClock;
  let acme: ApiTenant;

  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const id = (): string => acme.tenant._id;
  const verify = (head?: string) => verifyAuditTrail(app.core, id(), head);
  const events = () => app.core.store.tenant(id()).collection('audit_events');

  /** Some events, settled and sealed. */
  async function sealed(): Promise<number> {
    for (const action of ['one', 'two', 'three']) await writeEvent(app.core, acme.system, { action });
    clock.advance(180_000);
    return sealNextRun(app.core, id());
  }

  it('leave the newest events for later, and hold what they cover', async () => {
    await writeEvent(app.core, acme.system, { action: 'young' });
    expect(await sealNextRun(app.core, id())).to.equal(0);
    const count = await sealed();
    expect(count).to.be.greaterThan(3);
    await writeEvent(app.core, acme.system, { action: 'later' });
    expect(await verify()).to.deep.include({ broken: null, seals: 1, sealed: count, unsealed: 1 });
    await sealed();
    expect(await verify()).to.deep.include({ broken: null, seals: 2, unsealed: 0 });
  });

  it('are checked over the API too, some times an hour, with a head that was noted', async () => {
    await sealed();
    const good = await acme.call('get', '/audit-events/verification').expect(200);
    expect(good.body).to.include({ ok: true, broken: null, seals: 1 });
    const { head } = good.body as { head: string };
    const noted = await acme.call('get', `/audit-events/verification?head=${encodeURIComponent(head)}`);
    expect(noted.body).to.include({ ok: true, head });
    const other = await acme.call('get', '/audit-events/verification?head=another');
    expect(other.body).to.deep.include({
      ok: false,
      broken: { sequence: 2, reason: 'the noted head is not there: the end was cut off' },
    });
    await app.core.store.increment(`audit.verify:${id()}`, 20, new Date(clock.now().getTime() + 1000));
    const refused = await acme.call('get', '/audit-events/verification');
    expect([refused.status, refused.headers['retry-after'] !== undefined]).to.deep.equal([429, true]);
  });

  it('find an event that was changed', async () => {
    await sealed();
    const victim = await events().findOne({ action: 'two' });
    await events().update(victim?._id ?? '', (event) => ({
      ...event,
      actor: { ...event.actor, label: 'Mallory' },
    }));
    expect((await verify()).broken).to.deep.equal({ sequence: 1, reason: 'an event was changed' });
  });

  it('find an event that was removed', async () => {
    await sealed();
    const victim = await events().findOne({ action: 'two' });
    if (!victim) throw new Error('the event is there');
    await events().remove(victim._id);
    expect((await verify()).broken?.reason).to.match(/^holds \d+ events, but \d+ are there$/);
    await events().insert(victim);
    expect((await verify()).broken).to.equal(null);
  });

  /** An id as it would have been made so long before another one. */
  const earlier = (than: string, ms: number): string => {
    const hex = (Number.parseInt(than.replaceAll('-', '').slice(0, 12), 16) - ms)
      .toString(16)
      .padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-${than.slice(14, -12)}${randomBytes(6).toString('hex')}`;
  };

  it('find an event that was slipped in, with whatever id', async () => {
    await sealed();
    const [first, ...others] = await events().find({}, { sort: { _id: 1 } });
    if (!first) throw new Error('events are there');
    for (const near of [first._id, others.at(-1)!._id]) {
      const slippedIn = await events().insert({ ...first, _id: earlier(near, 2 * 3_600_000) });
      expect((await verify()).broken?.sequence).to.equal(1);
      await events().remove(slippedIn._id);
    }
    const last = first._id.at(-1) === '0' ? '1' : '0';
    for (const _id of [`${first._id.slice(0, -1)}~`, `${first._id.slice(0, -1)}${last}`]) {
      const slippedIn = await events().insert({ ...first, _id });
      const { broken, late } = await verify();
      expect(broken !== null || late === 1, _id).to.equal(true);
      await events().remove(slippedIn._id);
    }
    expect(await verify()).to.deep.include({ broken: null, late: 0 });
  });

  it('take in what a process with a slow clock recorded below a seal, and call it late', async () => {
    const count = await sealed();
    const some = (await events().find({ action: 'two' }))[0]!;
    const late = [60_000, 240_000, 3_000_000].map((ms) => earlier(some._id, ms));
    for (const _id of late) await events().insert({ ...some, _id });
    expect(await verify()).to.deep.include({ broken: null, sealed: count, late: 3, unsealed: 3 });
    expect(await sealNextRun(app.core, id())).to.equal(3);
    expect(await verify()).to.deep.include({
      broken: null,
      sealed: count + 3,
      late: 3,
      unsealed: 0,
      seals: 2,
    });
    await sealed();
    expect(await verify()).to.deep.include({ broken: null, late: 3, unsealed: 0, seals: 3 });
    await events().update(late[1]!, (event) => ({ ...event, action: 'other' }));
    expect((await verify()).broken).to.deep.equal({ sequence: 2, reason: 'an event was changed' });
    await events().remove(late[1]!);
    expect((await verify()).broken?.sequence).to.equal(2);
  });

  it('never stand above a new event of the process that made them, though its clock is put back', async () => {
    await sealed();
    const newest = (await events().find({}, { sort: { _id: -1 }, limit: 1 }))[0]!;
    const ahead = earlier(newest._id, -3_600_000);
    await events().insert({ ...newest, _id: ahead });
    expect(await sealNextRun(app.core, id())).to.equal(1);
    await sealNextRun(app.core, id());
    await writeEvent(app.core, acme.system, { action: 'after' });
    expect((await events().findOne({ action: 'after' }))!._id > ahead).to.equal(true);
    expect(await verify()).to.deep.include({ broken: null, late: 0 });
  });

  it('do not hold under a later genuine seal once the history before it was sealed anew', async () => {
    await sealed();
    await sealed();
    const seals = app.core.store.tenant(id()).collection('audit_seals');
    const [first, second] = await seals.find({}, { sort: { sequence: 1 } });
    const { head } = await verify();
    const victim = (await events().find({ _id: { $lte: first!.toId }, action: 'two' }))[0]!;
    await seals.remove(first!._id);
    await seals.remove(second!._id);
    await events().remove(victim._id);
    // With the key, as only the server has it, but not the old seal: the new history has another MAC.
    expect(await sealNextRun(app.core, id())).to.be.greaterThan(0);
    const [again] = await seals.find({});
    await seals.update(again!._id, (seal) => ({ ...seal, toId: first!.toId }));
    await seals.insert(second!);
    expect((await verify(head ?? '')).broken).to.not.equal(null);
  });

  it('find a seal that was rewritten, a missing one, and an end that was cut off', async () => {
    await sealed();
    await sealed();
    const { head } = await verify();
    const seals = app.core.store.tenant(id()).collection('audit_seals');
    const [first, second] = await seals.find({}, { sort: { sequence: 1 } });
    if (!first || !second || head === null) throw new Error('two seals are there');
    await seals.update(first._id, (seal) => ({ ...seal, digest: 'forged' }));
    expect((await verify()).broken).to.deep.equal({ sequence: 1, reason: 'the seal itself was changed' });
    await seals.update(first._id, (seal) => ({ ...seal, digest: first.digest }));
    expect((await verify(head)).broken).to.equal(null);
    await seals.remove(second._id);
    expect((await verify()).broken).to.equal(null);
    expect((await verify(head)).broken?.reason).to.contain('cut off');
    await seals.remove(first._id);
    await seals.insert(second);
    expect((await verify()).broken).to.deep.equal({ sequence: 2, reason: 'the seal before it is missing' });
  });

  it('are made by one of several processes in each round, and by another one when that is gone', async () => {
    for (const round of ['first', 'second']) {
      await writeEvent(app.core, acme.system, { action: round });
      clock.advance(180_000);
      const turns = await Promise.all([1, 2, 3].map(() => sealInTurn(app.core)));
      expect(turns.filter(Boolean), round).to.have.length(1);
      expect(await sealInTurn(app.core), round).to.equal(false);
      expect(await verify(), round).to.deep.include({ broken: null, unsealed: 0 });
    }
  });

  it('are made once, however many processes seal at the same moment', async () => {
    for (const action of ['one', 'two']) await writeEvent(app.core, acme.system, { action });
    clock.advance(180_000);
    const counts = await Promise.all([1, 2, 3].map(() => sealNextRun(app.core, id())));
    expect(counts.filter((count) => count > 0)).to.have.length(1);
    expect(await verify()).to.deep.include({ broken: null, seals: 1, unsealed: 0 });
  });
});
