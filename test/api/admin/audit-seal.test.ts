import { expect } from 'chai';
import { writeEvent } from '../../../src/identity/audit.js';
import { sealNextRun, verifyAuditTrail } from '../../../src/identity/audit-seal.js';
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

  it('find an event that was changed', async () => {
    await sealed();
    const victim = await events().findOne({ action: 'two' });
    await events().update(victim?._id ?? '', (event) => ({
      ...event,
      actor: { ...event.actor, label: 'Mallory' },
    }));
    expect((await verify()).broken).to.deep.equal({ sequence: 1, reason: 'an event was changed' });
  });

  it('find an event that was removed, and one that was slipped in', async () => {
    await sealed();
    const victim = await events().findOne({ action: 'two' });
    if (!victim) throw new Error('the event is there');
    await events().remove(victim._id);
    expect((await verify()).broken?.reason).to.match(/^holds \d+ events, but \d+ are there$/);
    await events().insert(victim);
    expect((await verify()).broken).to.equal(null);
    const last = victim._id.at(-1) === '0' ? '1' : '0';
    const slippedIn = await events().insert({ ...victim, _id: `${victim._id.slice(0, -1)}${last}` });
    expect((await verify()).broken?.sequence).to.equal(1);
    await events().remove(slippedIn._id);
    expect((await verify()).broken).to.equal(null);
    await events().insert({ ...victim, _id: `${victim._id.slice(0, -1)}~` });
    expect((await verify()).broken?.reason).to.be.a('string');
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

  it('are made once, however many processes seal at the same moment', async () => {
    for (const action of ['one', 'two']) await writeEvent(app.core, acme.system, { action });
    clock.advance(180_000);
    const counts = await Promise.all([1, 2, 3].map(() => sealNextRun(app.core, id())));
    expect(counts.filter((count) => count > 0)).to.have.length(1);
    expect(await verify()).to.deep.include({ broken: null, seals: 1, unsealed: 0 });
  });
});
