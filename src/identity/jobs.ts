import type { JobDocument } from '../persistence/collections/events.js';
import type { Step, Store, Transaction } from '../persistence/store.js';
import { newId } from '../shared/ids.js';
import type { Core } from './core.js';

export type { JobDocument } from '../persistence/collections/events.js';

export interface JobInput {
  kind: string;
  payload: Record<string, unknown>;
  /** Absent: at once. */
  runAt?: Date;
}

/**
 * Work to do after the commit, at least once, by whichever process comes first. Call {@link wakeJobs} after the transaction so that it is
 * this one, at once.
 */
export function* enqueueJob(tx: Transaction, tenantId: string, job: JobInput, now: Date): Step<void> {
  yield* tx
    .tenant(tenantId)
    .collection('jobs')
    .insert({
      _id: newId(),
      tenantId,
      kind: job.kind,
      payload: job.payload,
      runAt: job.runAt ?? now,
      attempts: 0,
      leasedUntil: null,
    });
}

/** Does one job; what it throws makes the job run again later. Must bear being run twice. */
export type JobHandler = (job: JobDocument) => Promise<void>;
export type JobHandlers = Readonly<Record<string, JobHandler>>;

export interface JobWorker {
  /** Does every job that is due now, those that arise meanwhile too; for tests and for the end of a command. */
  drain(): Promise<void>;
  /** Takes no more jobs and waits for those under way. */
  stop(): Promise<void>;
}

const pollMs = 500;
/** Work that was woken for waits so long for more of it: many writes at once are one look at what is due. */
const gatherMs = 10;
const leaseMs = 60_000;
const atOnce = 4;
const mostAttempts = 20;

const listeners = new WeakMap<Store, Set<() => void>>();

/** Tells the workers of this process that a committed transaction left a job. Other processes find it within half a second. */
export function wakeJobs(core: Core): void {
  listeners.get(core.store)?.forEach((listener) => listener());
}

/** 1, 2, 4, ... seconds, at most five minutes. */
export function retryDelayMs(attempts: number): number {
  return Math.min(2 ** (attempts - 1), 300) * 1000;
}

/** Takes the lease of a job; undefined when another worker has it. */
async function claim(core: Core, job: JobDocument): Promise<JobDocument | undefined> {
  const now = core.clock.now();
  const until = new Date(now.getTime() + leaseMs);
  // The change may run several times: its last run tells.
  const outcome = { isMine: false };
  const claimed = await core.store
    .tenant(job.tenantId)
    .collection('jobs')
    .update(job._id, (stored) => {
      outcome.isMine = stored.runAt <= now;
      if (!outcome.isMine) return undefined;
      return { ...stored, attempts: stored.attempts + 1, leasedUntil: until, runAt: until };
    });
  return outcome.isMine ? claimed : undefined;
}

/** Moves the lease on while the handler works, so that a long job is not begun by a second worker. */
function keepLease(core: Core, job: JobDocument): () => void {
  const timer = setInterval(() => {
    const until = new Date(core.clock.now().getTime() + leaseMs);
    const jobs = core.store.tenant(job.tenantId).collection('jobs');
    jobs
      .update(job._id, (stored) => ({ ...stored, leasedUntil: until, runAt: until }))
      .catch((error: unknown) =>
        core.log.warn({ err: error, job: job._id }, 'the lease of a job could not be kept'),
      );
  }, leaseMs / 3);
  timer.unref();
  return () => clearInterval(timer);
}

async function settle(core: Core, job: JobDocument, failure: unknown): Promise<void> {
  const jobs = core.store.tenant(job.tenantId).collection('jobs');
  if (failure === undefined) {
    await jobs.remove(job._id);
    return;
  }
  if (job.attempts >= mostAttempts) {
    core.log.error({ err: failure, job: job._id, kind: job.kind }, 'a job failed for good');
    await jobs.remove(job._id);
    return;
  }
  core.log.warn(
    { err: failure, job: job._id, kind: job.kind, attempts: job.attempts },
    'a job failed and is tried again',
  );
  const runAt = new Date(core.clock.now().getTime() + retryDelayMs(job.attempts));
  await jobs.update(job._id, (stored) => ({ ...stored, runAt, leasedUntil: null }));
}

async function runJob(core: Core, job: JobDocument, handler: JobHandler): Promise<void> {
  const release = keepLease(core, job);
  let failure: unknown;
  try {
    await handler(job);
  } catch (error) {
    failure = error ?? new Error('the handler failed without a reason');
  } finally {
    release();
  }
  await settle(core, job, failure);
}

/** @returns how many jobs were begun and are done now. */
async function runDue(core: Core, handlers: JobHandlers): Promise<number> {
  const due = await core.store.server
    .collection('jobs')
    .find(
      { runAt: { $lte: core.clock.now() }, kind: { $in: Object.keys(handlers) } },
      { sort: { runAt: 1 }, limit: 50 },
    );
  let done = 0;
  const next = async (): Promise<void> => {
    for (let job = due.shift(); job; job = due.shift()) {
      const handler = handlers[job.kind];
      const mine = handler && (await claim(core, job));
      if (!mine) continue;
      await runJob(core, mine, handler);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return done;
}

/**
 * Begins to do jobs: within a moment when woken by {@link wakeJobs}, else every half second. A job is leased to one worker; a handler that throws
 * is tried again after 1, 2, 4, ... seconds, a process that dies leaves its jobs to the others after a minute.
 *
 * @param handlers - by the job's kind; jobs of other kinds are left alone.
 */
export function startJobWorker(core: Core, handlers: JobHandlers): JobWorker {
  const state = { isStopped: false, isWoken: false };
  let running: Promise<void> | undefined;

  const runAll = async (): Promise<void> => {
    try {
      while ((await runDue(core, handlers)) > 0 && !state.isStopped);
    } catch (error) {
      core.log.warn({ err: error }, 'jobs could not be read');
    }
  };
  const hasMore = (): boolean => state.isWoken && !state.isStopped;
  const work = async (): Promise<void> => {
    do {
      state.isWoken = false;
      await runAll();
    } while (hasMore());
    running = undefined;
  };
  const wake = (): void => {
    state.isWoken = true;
    if (!state.isStopped) running ??= work();
  };
  let soon: NodeJS.Timeout | undefined;
  const wakeSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined;
      wake();
    }, gatherMs);
    soon.unref();
  };

  const woken = listeners.get(core.store) ?? new Set();
  listeners.set(core.store, woken.add(wakeSoon));
  const timer = setInterval(wake, pollMs);
  timer.unref();
  return {
    async drain() {
      wake();
      while (running) await running;
    },
    async stop() {
      state.isStopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      woken.delete(wakeSoon);
      await running;
    },
  };
}
