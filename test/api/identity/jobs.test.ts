import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { Core } from '../../../src/identity/core.js';
import {
  enqueueJob,
  PermanentFailure,
  retryDelayMs,
  startJobWorker,
  wakeJobs,
  type JobDocument,
  type JobWorker,
} from '../../../src/identity/jobs/queue.js';
import { countJobs, listJobs, removeJob, retryJob } from '../../../src/identity/jobs/kept-jobs.js';
import { expireAccess } from '../../../src/identity/users/actions.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { accessExpireJob } from '../../../src/identity/users/save.js';
import { getUser, updateUser } from '../../../src/identity/users/users.js';
import { schemas } from '../../../src/persistence/collections/index.js';
import { readCollection } from '../../../src/persistence/embedded/indexes.js';
import { choosePlan, isByKeys, sortOrder } from '../../../src/persistence/embedded/planner.js';
import { newId } from '../../../src/shared/ids.js';
import type { ManualClock } from '../../support/clock.js';
import { openTestCore } from '../../support/core.js';
import { countedStore } from '../../support/counted-store.js';
import { eventually } from '../../support/eventually.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';

describe('jobs', () => {
  let core: Core & { clock: ManualClock };
  let tenantId: string;
  const workers: JobWorker[] = [];

  before(async () => {
    core = await openTestCore();
    tenantId = (await givenTenant(core))._id;
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  });

  const work = (handlers: Parameters<typeof startJobWorker>[1]): JobWorker => {
    const worker = startJobWorker(core, handlers);
    workers.push(worker);
    return worker;
  };
  const enqueue = (kind: string, payload = {}): Promise<string> =>
    core.store.transaction((tx) => enqueueJob(tx, tenantId, { kind, payload }, core.clock.now()));
  const left = (kind: string): Promise<JobDocument[]> =>
    core.store.tenant(tenantId).collection('jobs').find({ kind });

  it('are done once, by one of several workers', async () => {
    const kind = unique('once');
    const done: unknown[] = [];
    const handler = (job: JobDocument): Promise<void> => Promise.resolve(void done.push(job.payload['n']));
    for (let n = 0; n < 30; n += 1) await enqueue(kind, { n });
    const several = [work({ [kind]: handler }), work({ [kind]: handler }), work({ [kind]: handler })];
    await Promise.all(several.map((worker) => worker.drain()));
    await eventually(async () => (await left(kind)).length === 0, 'all jobs are done');
    expect(done.sort()).to.deep.equal(Array.from({ length: 30 }, (_, n) => n).sort());
  });

  it('are tried again later when they fail', async () => {
    const kind = unique('again');
    let attempts = 0;
    const worker = work({
      [kind]: () => {
        attempts += 1;
        return attempts < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve();
      },
    });
    await enqueue(kind);
    await worker.drain();
    expect(attempts).to.equal(1);
    core.clock.advance(999);
    await worker.drain();
    expect(attempts).to.equal(1);
    core.clock.advance(1);
    await worker.drain();
    core.clock.advance(2000);
    await worker.drain();
    expect([attempts, (await left(kind)).length]).to.deep.equal([3, 0]);
  });

  it('of one kind that hang hold up no other kind, nor the rest of their own', async () => {
    const [slow, quick] = [unique('slow'), unique('quick')];
    const done: string[] = [];
    let release = (): void => undefined;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    const worker = work({
      [slow]: (job) => (job.payload['hangs'] ? hanging : Promise.resolve(void done.push('slow'))),
      [quick]: () => Promise.resolve(void done.push('quick')),
    });
    const settled = (count: number) => eventually(() => done.length >= count, `${count} jobs are done`);
    await enqueue(slow, { hangs: true });
    void worker.drain();
    await eventually(async () => (await left(slow))[0]?.attempts === 1, 'the slow job is begun');
    await enqueue(quick);
    await enqueue(slow);
    void worker.drain();
    await settled(2);
    expect(done.sort()).to.deep.equal(['quick', 'slow']);
    for (let n = 0; n < 4; n += 1) await enqueue(slow, { hangs: true });
    await enqueue(quick);
    void worker.drain();
    await settled(3);
    release();
    await worker.drain();
    expect(await left(slow)).to.deep.equal([]);
  });

  it('of one kind by the thousands are not read to find one of another kind, nor to count them', async () => {
    const [many, other] = [unique('many'), unique('other')];
    const { store, tally } = countedStore(core.store);
    const counted = { ...core, store };
    const now = core.clock.now();
    const document = { tenantId, payload: {}, attempts: 0, leasedUntil: null };
    await core.store
      .tenant(tenantId)
      .collection('jobs')
      .insertMany(
        Array.from({ length: 3000 }, () => ({ ...document, _id: newId(), kind: many, runAt: now })),
      );
    let release = (): void => undefined;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    let found = (): void => undefined;
    const isFound = new Promise<void>((resolve) => (found = resolve));
    const worker = startJobWorker(counted, {
      [many]: () => hanging,
      [other]: () => {
        found();
        return Promise.resolve();
      },
    });
    workers.push(worker);
    await store.transaction((tx) => enqueueJob(tx, tenantId, { kind: other, payload: {} }, now));
    wakeJobs(counted);
    await isFound;
    expect(tally.read['jobs']).to.be.below(100);
    const read = tally.read['jobs'];
    expect(await countJobs(counted, [many])).to.deep.equal([
      { kind: many, status: 'waiting', count: 3000 },
      { kind: many, status: 'failed', count: 0 },
    ]);
    expect(tally.read['jobs']).to.equal(read);
    const stopped = worker.stop();
    release();
    await stopped;
    await core.store.tenant(tenantId).collection('jobs').removeMany({ kind: many });
  });

  it('that are due are found by one walk over the index, without a look at any other (embedded)', () => {
    const collection = readCollection('jobs', schemas.jobs);
    const query = { kind: { $in: ['mail.send', 'logout.notify'] }, runAt: { $lte: core.clock.now() } };
    const plan = choosePlan(collection, query, sortOrder({ runAt: 1 }), () => 5000);
    expect(plan).to.include({ kind: 'index', ordered: true });
    expect(plan.kind === 'index' && isByKeys(plan, null)).to.equal(true);
  });

  it('wait longer after each failure, an hour at most', () => {
    expect([1, 2, 3, 4, 13, 20].map(retryDelayMs)).to.deep.equal([
      1000, 2000, 4000, 8000, 3_600_000, 3_600_000,
    ]);
  });

  it('that fail are tried until their end, then kept with the reason, and run again when somebody says so', async () => {
    const kind = unique('given-up');
    const state = { isMended: false, tries: 0 };
    const told: string[] = [];
    const worker = work({
      [kind]: {
        run: () => {
          state.tries += 1;
          return state.isMended ? Promise.resolve() : Promise.reject(new Error('no such wall'));
        },
        onGivenUp: (_job, reason) => Promise.resolve(void told.push(reason)),
      },
    });
    const day = 86_400;
    await core.store.transaction((tx) =>
      enqueueJob(tx, tenantId, { kind, payload: {}, trySeconds: day }, core.clock.now()),
    );
    for (let hour = 0; hour < 23; hour += 1) {
      await worker.drain();
      core.clock.advance(3_600_000);
    }
    expect(told).to.deep.equal([]);
    for (let hour = 0; hour < 4; hour += 1) {
      await worker.drain();
      core.clock.advance(3_600_000);
    }
    expect(told).to.deep.equal(['no such wall']);
    const { items, total } = await listJobs(
      core,
      tenantId,
      { status: 'failed', kind },
      { sort: 'createdAt', descending: false, limit: 10 },
    );
    expect(total).to.equal(1);
    expect(items[0]).to.include({ error: 'no such wall', kind });
    const tries = state.tries;
    await worker.drain();
    expect(state.tries).to.equal(tries);
    state.isMended = true;
    await retryJob(core, systemActor(tenantId), items[0]!._id);
    await worker.drain();
    expect(await left(kind)).to.deep.equal([]);
  });

  it('that cannot succeed are given up at once', async () => {
    const kind = unique('permanent');
    const worker = work({ [kind]: () => Promise.reject(new PermanentFailure('nobody lives there')) });
    await enqueue(kind);
    await worker.drain();
    expect((await left(kind))[0]).to.include({ attempts: 1, error: 'nobody lives there' });
    expect(await countJobs(core, [kind])).to.deep.equal([
      { kind, status: 'waiting', count: 0 },
      { kind, status: 'failed', count: 1 },
    ]);
    const [job] = await left(kind);
    await removeJob(core, systemActor(tenantId), job!._id);
    expect(await left(kind)).to.deep.equal([]);
  });

  it('of a worker that died are taken over when its lease is over', async () => {
    const kind = unique('dead');
    await enqueue(kind);
    const [job] = await left(kind);
    const jobs = core.store.tenant(tenantId).collection('jobs');
    const runAt = new Date(core.clock.now().getTime() + 60_000);
    await jobs.update(job!._id, (stored) => ({ ...stored, leasedUntil: runAt, runAt, attempts: 1 }));
    let done = 0;
    const worker = work({ [kind]: () => Promise.resolve(void (done += 1)) });
    await worker.drain();
    expect(done).to.equal(0);
    core.clock.advance(60_000);
    await worker.drain();
    expect(done).to.equal(1);
  });

  it('of kinds that a worker does not know are left alone', async () => {
    const kind = unique('unknown');
    await enqueue(kind);
    await work({}).drain();
    expect(await left(kind)).to.have.length(1);
  });

  it('end access when its period is over, unless the period was moved', async () => {
    const worker = work({ [accessExpireJob]: (job) => expireAccess(core, job) });
    const ada = await givenUser(core, tenantId, { password: null });
    const bob = await givenUser(core, tenantId, { password: null });
    const end = new Date(core.clock.now().getTime() + 10_000);
    const until = (id: string, accessExpiresAt: Date | null) =>
      updateUser(core, systemActor(tenantId), id, (user) => ({ ...inputOf(user), accessExpiresAt }));
    await until(ada._id, end);
    await until(bob._id, end);
    await until(bob._id, null);
    core.clock.advance(10_000);
    await worker.drain();
    expect((await getUser(core, tenantId, ada._id)).accessRevokedAt).to.deep.equal(core.clock.now());
    expect((await getUser(core, tenantId, bob._id)).accessRevokedAt).to.equal(null);
  });
});
