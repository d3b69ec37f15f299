import { expect } from 'chai';
import { writeEvent } from '../../../src/identity/audit/audit.js';
import { pruneTrail } from '../../../src/identity/audit/retention.js';
import { sealNextRun } from '../../../src/identity/audit/seal.js';
import { verifyAuditTrail } from '../../../src/identity/audit/verify.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';

const dayMs = 86_400_000;

describe('audit.retentionDays', () => {
  let app: TestApp;
  let clock: ManualClock;
  let acme: ApiTenant;
  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
  });
  beforeEach(async () => {
    acme = await givenTenant(app, { settings: { 'audit.retentionDays': 30 } });
  });
  after(() => app.stop());

  const id = (): string => acme.tenant._id;
  const scope = () => app.core.store.tenant(id());
  const verify = (head?: string) => verifyAuditTrail(app.core, id(), head);
  const prune = () => pruneTrail(app.core, id(), 30);

  /** So many events, five days between them, each with its seal. */
  async function sealedEvents(count: number): Promise<void> {
    for (let event = 0; event < count; event += 1) {
      await writeEvent(app.core, acme.system, { action: `event${event}` });
      clock.advance(5 * dayMs);
      await sealNextRun(app.core, id());
    }
  }

  it('removes sealed events that are older, and what is left is verified as before', async () => {
    await sealedEvents(8);
    const before = await verify();
    expect(await prune()).to.equal(2);
    const actions = (await scope().collection('audit_events').find({})).map(({ action }) => action);
    expect(actions).not.to.include('event0').and.not.to.include('event1');
    expect(actions).to.include.members(['event2', 'event7', 'audit.pruned']);
    expect(await verify(before.head ?? '')).to.deep.include({ broken: null });
    expect(await prune(), 'once a day').to.equal(0);
    await sealedEvents(2);
    expect(await verify(before.head ?? '')).to.deep.include({ broken: null, unsealed: 0 });
    expect(await prune()).to.be.greaterThan(0);
    expect((await verify()).broken).to.equal(null);
  });

  it('goes on where it was cut short, and is verified meanwhile', async () => {
    await sealedEvents(8);
    const events = await scope()
      .collection('audit_events')
      .find({}, { sort: { _id: 1 }, limit: 3 });
    const [seal] = await scope().collection('audit_seals').find({ sequence: 1 });
    await prune();
    const trails = scope().collection('audit_trails');
    await trails.update(id(), (stored) => ({
      ...stored,
      foundation: { ...stored.foundation!, isClean: false },
    }));
    await scope().collection('audit_events').insertMany(events);
    await scope().collection('audit_seals').insert(seal!);
    expect((await verify()).broken).to.equal(null);
    await prune();
    expect(await scope().collection('audit_events').get(events[0]!._id)).to.equal(undefined);
    expect(await scope().collection('audit_seals').count({ sequence: 1 })).to.equal(0);
  });

  it('cannot be told by somebody without the key: a beginning of their own is found', async () => {
    await sealedEvents(3);
    const [first] = await scope()
      .collection('audit_seals')
      .find({}, { sort: { sequence: 1 } });
    const { sequence, toId, mac } = first!;
    const foundation = { sequence, toId, mac, proof: mac, isClean: true };
    const trails = scope().collection('audit_trails');
    await trails.update(id(), (stored) => ({ ...stored, foundation }));
    expect((await verify()).broken).to.deep.equal({
      sequence: 0,
      reason: 'the beginning of the trail was changed',
    });
  });

  it('keeps everything where it is 0, keeps the newest seal, and takes nothing below 30', async () => {
    await sealedEvents(3);
    expect(await pruneTrail(app.core, id(), 0)).to.equal(0);
    clock.advance(100 * dayMs);
    await prune();
    expect(await scope().collection('audit_seals').count({})).to.equal(1);
    expect((await verify()).broken).to.equal(null);
    const refused = await acme.call('patch', '/settings').send({ 'audit.retentionDays': 7 });
    expect(refused.status).to.equal(400);
  });
});
