import pLimit, { type LimitFunction } from 'p-limit';
import type { JobDocument } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { newId } from '../../shared/ids.js';
import { service } from '../../shared/services.js';
import type { Core } from '../core.js';
import { claim, keepLease } from './lease.js';

export type { JobDocument } from '../../persistence/collections/events.js';

export interface JobInput {
  kind: string;
  payload: Record<string, unknown>;
  /** Absent: at once. */
  runAt?: Date;
  /** For how long it is tried, in seconds; absent: a week. */
  trySeconds?: number;
}

/** What a handler throws when trying again cannot help, as when a mail server knows no such address. */
export class PermanentFailure extends Error {}

/**
 * Work to do after the commit, at least once, by whichever process comes first. Call {@link wakeJobs} after the transaction so that it is
 * this one, at once.
 *
 * @returns the job's id.
 */
export function* enqueueJob(tx: Transaction, tenantId: string, job: JobInput, now: Date): Step<string> {
  const runAt = job.runAt ?? now;
  const giveUpAt = new Date(runAt.getTime() + (job.trySeconds ?? aWeek) * 1000);
  const { _id } = yield* tx.tenant(tenantId).collection('jobs').insert({
    _id: newId(),
    tenantId,
    kind: job.kind,
    payload: job.payload,
    runAt,
    attempts: 0,
    leasedUntil: null,
    giveUpAt,
  });
  return _id;
}

/** Does one job; what it throws makes the job run again later. Must bear being run twice. */
export type JobHandler = (job: JobDocument) => Promise<void>;
/** Reports a job that is given up; `reason` is in words. */
export type GivenUp = (job: JobDocument, reason: string) => Promise<void>;
/** By kind: what does a job, and what tells of one that is given up. */
export type JobHandlers = Readonly<Record<string, JobHandler | { run: JobHandler; onGivenUp: GivenUp }>>;

export interface JobWorker {
  /** Does every job that is due now, those that arise in the meantime too; for tests and for the end of a command. */
  drain(): Promise<void>;
  /** Takes no more jobs and waits for those under way. */
  stop(): Promise<void>;
}

const pollMs = 500;
/** Work that was woken for waits so long for more of it: many writes at once are one look at what is due. */
const gatherMs = 10;
/** Of one kind, in this process. */
const maxJobsAtOnce = 4;
/** Jobs that one look at the database finds. */
const maxFoundJobs = 50;
const aWeek = 7 * 86_400;
/** When a job that was given up is due: never. */
export const never = new Date('9999-12-31T00:00:00Z');
const maxReasonLength = 500;

/** The kinds that this server has handlers for. */
export const handledKinds = service((_core: Core) => new Set<string>());

const listeners = service(() => new Set<() => void>());

/** Tells the workers of this process that a committed transaction left a job. Other processes find it within half a second. */
export function wakeJobs(core: Core): void {
  for (const listener of listeners(core)) listener();
}

/** 1, 2, 4, ... seconds, at most an hour. */
export function retryDelayMs(attempts: number): number {
  return Math.min(2 ** (attempts - 1), 3600) * 1000;
}

/** Events of jobs while they run. */
export interface JobObserver {
  /** After each try. */
  onTried?(kind: string, result: 'done' | 'failed' | 'given_up'): void;
}

const reasonOf = (failure: unknown): string =>
  (failure instanceof Error ? failure.message : String(failure)).slice(0, maxReasonLength);

/** @returns what became of the job. A job that is given up is kept, so that a person can run it again. */
async function settle(
  core: Core,
  job: JobDocument,
  failure: unknown,
): Promise<'done' | 'failed' | 'given_up'> {
  const jobs = core.store.tenant(job.tenantId).collection('jobs');
  if (failure === undefined) {
    await jobs.remove(job._id);
    return 'done';
  }
  const now = core.clock.now();
  const runAt = new Date(now.getTime() + retryDelayMs(job.attempts));
  const facts = { err: failure, job: job._id, kind: job.kind, tenant: job.tenantId, attempts: job.attempts };
  const error = reasonOf(failure);
  const end = job.giveUpAt ?? new Date(job.createdAt.getTime() + aWeek * 1000);
  if (failure instanceof PermanentFailure || runAt > end) {
    core.log.error(facts, 'a job is given up');
    await jobs.update(job._id, (stored) => ({
      ...stored,
      runAt: never,
      leasedUntil: null,
      failedAt: now,
      error,
    }));
    return 'given_up';
  }
  core.log.warn(facts, 'a job failed and is tried again');
  await jobs.update(job._id, (stored) => ({ ...stored, runAt, leasedUntil: null, error }));
  return 'failed';
}

async function runJob(core: Core, job: JobDocument, { handler, observer, onGivenUp }: Lane): Promise<void> {
  const release = keepLease(core, job);
  let failure: unknown;
  try {
    await handler(job);
  } catch (error) {
    failure = error ?? new Error('the handler failed without a reason');
  } finally {
    release();
  }
  const result = await settle(core, job, failure);
  observer.onTried?.(job.kind, result);
  if (result === 'given_up') await onGivenUp?.(job, reasonOf(failure));
}

/** Jobs of one kind under way here, and those that are next. Each kind has a lane of its own, so that a slow one holds up nothing else. */
interface Lane {
  readonly handler: JobHandler;
  readonly onGivenUp: GivenUp | undefined;
  readonly observer: JobObserver;
  readonly limit: LimitFunction;
  /** By id, those that wait for their turn too. */
  readonly underWay: Map<string, Promise<void>>;
}

const hasRoom = ({ underWay }: Lane): boolean => underWay.size < maxJobsAtOnce;

async function doJob(core: Core, lane: Lane, job: JobDocument): Promise<void> {
  try {
    const mine = await claim(core, job);
    if (mine) await runJob(core, mine, lane);
  } catch (error) {
    core.log.warn({ err: error, job: job._id }, 'a job could not be taken or settled');
  }
}

/** Begins a job as soon as its lane has room. A job whose turn comes after the stop is left to the next start. */
function begin(core: Core, lane: Lane, job: JobDocument, worker: WorkerState): void {
  const work = lane
    .limit(async () => {
      if (!worker.isStopped) await doJob(core, lane, job);
    })
    .finally(() => {
      lane.underWay.delete(job._id);
      if (hasRoom(lane)) worker.wake();
    });
  lane.underWay.set(job._id, work);
}

/**
 * The first jobs that are due, of these kinds alone. The index walks the kinds side by side, so that thousands of waiting jobs of
 * another kind cost nothing.
 */
function findDue(core: Core, kinds: readonly string[]): Promise<JobDocument[]> {
  return core.store.server
    .collection('jobs')
    .find(
      { kind: { $in: kinds }, runAt: { $lte: core.clock.now() } },
      { sort: { runAt: 1 }, limit: maxFoundJobs },
    );
}

/** @returns how many jobs that are due were found for lanes that have room, and begun. */
async function beginDue(core: Core, lanes: ReadonlyMap<string, Lane>, worker: WorkerState): Promise<number> {
  const open = [...lanes].filter(([, lane]) => hasRoom(lane));
  if (open.length === 0) return 0;
  const due = await findDue(
    core,
    open.map(([kind]) => kind),
  );
  const fresh = due.filter(({ _id, kind }) => !lanes.get(kind)?.underWay.has(_id));
  for (const job of fresh) {
    const lane = lanes.get(job.kind);
    if (lane) begin(core, lane, job, worker);
  }
  return fresh.length;
}

function laneOf(handler: JobHandlers[string], observer: JobObserver): Lane {
  const { run, onGivenUp } = typeof handler === 'function' ? { run: handler, onGivenUp: undefined } : handler;
  return { handler: run, onGivenUp, observer, limit: pLimit(maxJobsAtOnce), underWay: new Map() };
}

function lanesOf(handlers: JobHandlers, observer: JobObserver): ReadonlyMap<string, Lane> {
  return new Map(Object.entries(handlers).map(([kind, handler]) => [kind, laneOf(handler, observer)]));
}

/** A worker as its lanes see it. */
interface WorkerState {
  isStopped: boolean;
  /** Looks for jobs that are due. */
  wake(): void;
}

/** Calls when {@link wakeJobs} says so, and every half second. @returns ends it. */
function listen(core: Core, wake: () => void): () => void {
  let soon: NodeJS.Timeout | undefined;
  const wakeSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined;
      wake();
    }, gatherMs);
    soon.unref();
  };
  listeners(core).add(wakeSoon);
  const timer = setInterval(wake, pollMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    clearTimeout(soon);
    listeners(core).delete(wakeSoon);
  };
}

/**
 * Begins to do jobs: within a moment when woken by {@link wakeJobs}, else every half second. A job is leased to one worker; a handler that throws
 * is tried again after 1, 2, 4, ... seconds until the job's end, a process that dies leaves its jobs to the others after a minute.
 *
 * @param handlers - by the job's kind; jobs of other kinds are left alone.
 */
export function startJobWorker(core: Core, handlers: JobHandlers, observer: JobObserver = {}): JobWorker {
  const lanes = lanesOf(handlers, observer);
  let isWoken = false;
  let looking: Promise<void> | undefined;
  const worker: WorkerState = {
    isStopped: false,
    wake() {
      isWoken = true;
      if (!worker.isStopped) looking ??= look();
    },
  };
  const look = async (): Promise<void> => {
    do {
      isWoken = false;
      try {
        while (!worker.isStopped && (await beginDue(core, lanes, worker)) > 0);
      } catch (error) {
        core.log.warn({ err: error }, 'jobs could not be read');
      }
    } while (hasMore());
    looking = undefined;
  };
  const hasMore = (): boolean => isWoken && !worker.isStopped;
  const underWay = (): Promise<void>[] => [...lanes.values()].flatMap((lane) => [...lane.underWay.values()]);
  const stopListening = listen(core, () => worker.wake());
  return {
    async drain() {
      do {
        worker.wake();
        await looking;
        await Promise.all(underWay());
      } while (looking ?? underWay().length > 0);
    },
    async stop() {
      worker.isStopped = true;
      stopListening();
      await looking;
      await Promise.all(underWay());
    },
  };
}
