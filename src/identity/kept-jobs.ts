import type { JobDocument } from '../persistence/collections/events.js';
import type { Query, Transaction } from '../persistence/store.js';
import { AppError } from '../shared/errors.js';
import { recordEvent } from './audit.js';
import type { Actor, Core } from './core.js';
import { wakeJobs } from './jobs.js';

export type { JobDocument } from '../persistence/collections/events.js';

export type JobStatus = 'waiting' | 'failed';

/** `failed`: given up, and kept; `waiting`: due now or later. */
export const jobStatus = (job: JobDocument): JobStatus => (job.failedAt ? 'failed' : 'waiting');

/** For how long a job that is run again is tried, in milliseconds. */
const secondChance = 86_400_000;

/** A page of a tenant's jobs in the order of their making, and how many match in all. */
export async function listJobs(
  core: Core,
  tenantId: string,
  filter: { status?: JobStatus | undefined; kind?: string | undefined },
  page: { limit: number; until?: (read: unknown) => boolean; afterId?: string | undefined },
): Promise<{ items: JobDocument[]; total: number }> {
  const jobs = core.store.tenant(tenantId).collection('jobs');
  const query: Query = {
    ...(filter.status && { failedAt: filter.status === 'failed' ? { $ne: null } : null }),
    ...(filter.kind !== undefined && { kind: filter.kind }),
  };
  const [items, total] = await Promise.all([
    jobs.find(query, {
      sort: { _id: 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    jobs.count(query),
  ]);
  return { items, total };
}

/** @throws AppError `job.not_found`. */
export async function getJob(core: Core, tenantId: string, id: string): Promise<JobDocument> {
  const job = await core.store.tenant(tenantId).collection('jobs').get(id);
  if (!job) throw new AppError('job.not_found', 'there is no such job');
  return job;
}

const jobParty = ({ _id, kind }: JobDocument) => ({ type: 'job', id: _id, label: kind });

function* givenUpJob(tx: Transaction, tenantId: string, id: string) {
  const job = yield* tx.tenant(tenantId).collection('jobs').get(id);
  if (!job) throw new AppError('job.not_found', 'there is no such job');
  if (!job.failedAt) throw new AppError('job.running', 'the job is not given up: it runs by itself');
  return job;
}

/**
 * Runs a job that was given up again, at once and as often as it takes for a day.
 *
 * @throws AppError `job.not_found`, `job.running`.
 */
export async function retryJob(core: Core, actor: Actor, id: string): Promise<JobDocument> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const job = yield* givenUpJob(tx, actor.tenantId, id);
    yield* tx
      .tenant(actor.tenantId)
      .collection('jobs')
      .update(id, (stored) => ({
        ...stored,
        runAt: now,
        attempts: 0,
        failedAt: null,
        giveUpAt: new Date(now.getTime() + secondChance),
      }));
    yield* recordEvent(tx, actor, { action: 'job.retried', target: jobParty(job) }, now);
  });
  wakeJobs(core);
  return getJob(core, actor.tenantId, id);
}

/**
 * Removes a job that was given up.
 *
 * @throws AppError `job.not_found`, `job.running`.
 */
export async function removeJob(core: Core, actor: Actor, id: string): Promise<void> {
  await core.store.transaction(function* (tx) {
    const job = yield* givenUpJob(tx, actor.tenantId, id);
    yield* tx.tenant(actor.tenantId).collection('jobs').remove(id);
    yield* recordEvent(tx, actor, { action: 'job.deleted', target: jobParty(job) }, core.clock.now());
  });
}

/** How many jobs wait and how many were given up, by kind, over all tenants: for the metrics. */
export async function countJobs(core: Core): Promise<{ kind: string; status: JobStatus; count: number }[]> {
  const counts = new Map<string, { kind: string; status: JobStatus; count: number }>();
  for await (const job of core.store.server
    .collection('jobs')
    .iterate({}, { fields: ['kind', 'failedAt'] })) {
    const status = job.failedAt ? 'failed' : 'waiting';
    const entry = counts.get(`${job.kind} ${status}`) ?? { kind: job.kind, status, count: 0 };
    entry.count += 1;
    counts.set(`${job.kind} ${status}`, entry);
  }
  return [...counts.values()];
}
