import type { JobDocument } from '../../persistence/collections/events.js';
import type { Query, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { containingAnyCase } from '../search-text.js';
import { never, wakeJobs } from './queue.js';

export type { JobDocument } from '../../persistence/collections/events.js';

export const jobStatuses = ['waiting', 'failed'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** `failed`: given up, and kept; `waiting`: due now or later. */
export const jobStatus = (job: JobDocument): JobStatus => (job.failedAt ? 'failed' : 'waiting');

/** For how long a job that is run again is tried, in milliseconds. */
const secondChance = 86_400_000;

export interface JobFilter {
  /** Found anywhere in the kind, in whom a mail is for, or in why it failed. */
  q?: string | undefined;
  status?: JobStatus | undefined;
  kind?: string | undefined;
}

/** An index has those that were given up alone. */
const givenUp: Query = { failedAt: { $gt: new Date(0) } };

function queryOf({ kind, q, status }: JobFilter): Query {
  const fields = ['kind', 'payload.to', 'error'];
  return {
    ...(status && (status === 'failed' ? givenUp : { failedAt: null })),
    ...(kind !== undefined && { kind }),
    ...(q !== undefined && { $or: fields.map((field) => ({ [field]: containingAnyCase(q) })) }),
  };
}

const jobSortFields = { createdAt: '_id', runAt: 'runAt' } as const;
export type JobSort = keyof typeof jobSortFields;

/** Where a page of jobs ended. */
export interface JobPosition {
  id: string;
  runAt: string;
}

/** What {@link listJobs} needs to go on after this job. */
export const jobPosition = ({ _id, runAt }: JobDocument): JobPosition => ({
  id: _id,
  runAt: runAt.toISOString(),
});

/** A page of a tenant's jobs, and how many match in all. */
export async function listJobs(
  core: Core,
  tenantId: string,
  filter: JobFilter,
  page: {
    sort: JobSort;
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    after?: JobPosition | undefined;
  },
): Promise<{ items: JobDocument[]; total: number }> {
  const jobs = core.store.tenant(tenantId).collection('jobs');
  const query = queryOf(filter);
  const { after, descending, limit, sort, until } = page;
  const [items, total] = await Promise.all([
    jobs.find(query, {
      sort: { [jobSortFields[sort]]: descending ? -1 : 1 },
      limit,
      ...(until && { until }),
      ...(after && {
        after: { _id: after.id, ...(sort === 'runAt' && { runAt: new Date(after.runAt) }) },
      }),
    }),
    jobs.count(query),
  ]);
  return { items, total };
}

/** Those of all tenants that were given up, the last first, and how many there are. */
export async function givenUpJobs(
  core: Core,
  limit: number,
): Promise<{ items: JobDocument[]; total: number }> {
  const jobs = core.store.server.collection('jobs');
  const [items, total] = await Promise.all([
    jobs.find(givenUp, { sort: { failedAt: -1 }, limit }),
    jobs.count(givenUp),
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

/** Jobs of one kind: how many wait, or were given up. */
export interface JobCount {
  kind: string;
  status: JobStatus;
  count: number;
}

async function countKind(core: Core, kind: string): Promise<JobCount[]> {
  const jobs = core.store.server.collection('jobs');
  // By keys of one index: a job that was given up is due never.
  const [all, failed] = await Promise.all([
    jobs.count({ kind }),
    jobs.count({ kind, runAt: { $gte: never } }),
  ]);
  return [
    { kind, status: 'waiting', count: Math.max(0, all - failed) },
    { kind, status: 'failed', count: failed },
  ];
}

/**
 * How many jobs of these kinds wait and how many were given up, over all tenants: for the metrics. No job is read.
 *
 * @param kinds - the kinds that this server has handlers for.
 */
export async function countJobs(core: Core, kinds: readonly string[]): Promise<JobCount[]> {
  return (await Promise.all(kinds.map((kind) => countKind(core, kind)))).flat();
}
