import type {
  BulkJobDocument,
  BulkPartDocument,
  BulkRow,
  BulkStatus,
  RowCounts,
  RowOutcome,
} from '../../persistence/collections/bulk.js';
import type { Query } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { requirePermission } from '../permissions.js';
import { containingAnyCase } from '../search-text.js';

export type {
  BulkJobDocument,
  BulkPartDocument,
  BulkRow,
  BulkStatus,
  RowCounts,
  RowOutcome,
} from '../../persistence/collections/bulk.js';

/** Kind of the job that works on a {@link BulkJobDocument}. */
export const bulkRunJob = 'bulk.run';

/** Rows of one part. */
const rowsInPart = 50;
/** The most rows of one bulk action or import. */
const maxRows = 100_000;
/** How long it is kept, in milliseconds. */
const keptMs = 30 * 86_400_000;
/** Parts written by one call of the store. */
const partsAtOnce = 20;

const noCounts: Readonly<RowCounts> = { done: 0, unchanged: 0, refused: 0 };

export interface BulkInput {
  kind: string;
  permission: string;
  isDryRun: boolean;
  options: Record<string, unknown>;
  /** How many rows the caller has seen; absent: any number. */
  expectedCount?: number | undefined;
}

/** The id of a part; in order as the parts are. */
export const partId = (jobId: string, part: number): string => `${jobId}:${String(part).padStart(5, '0')}`;

const partyOf = ({ _id, kind }: Pick<BulkJobDocument, '_id' | 'kind'>) => ({
  type: 'bulk_job',
  id: _id,
  label: kind,
});

/** Writes the rows in parts as they come. @returns how many there are. */
async function writeParts(
  core: Core,
  tenantId: string,
  { jobId, expiresAt }: { jobId: string; expiresAt: Date },
  rows: AsyncIterable<BulkRow> | Iterable<BulkRow>,
): Promise<number> {
  const parts = core.store.tenant(tenantId).collection('bulk_parts');
  let total = 0;
  let open: BulkRow[] = [];
  let ready: BulkRow[][] = [];
  let part = 0;
  const flush = async (): Promise<void> => {
    const documents = ready.map((some) => {
      part += 1;
      return { _id: partId(jobId, part - 1), tenantId, jobId, part: part - 1, rows: some, expiresAt };
    });
    ready = [];
    if (documents.length > 0) await parts.insertMany(documents);
  };
  for await (const row of rows) {
    total += 1;
    if (total > maxRows)
      throw new AppError('input.invalid', `at most ${maxRows} rows are taken at once`, {
        errors: [{ pointer: '', detail: `at most ${maxRows} rows` }],
      });
    open.push(row);
    if (open.length < rowsInPart) continue;
    ready.push(open);
    open = [];
    if (ready.length === partsAtOnce) await flush();
  }
  if (open.length > 0) ready.push(open);
  await flush();
  return total;
}

/**
 * Takes rows to be done one by one, beside requests. They are kept with what became of them for 30 days.
 *
 * @throws AppError `input.invalid` for too many rows; what `rows` throws. Nothing is done then.
 */
export async function startBulk(
  core: Core,
  actor: Actor,
  input: BulkInput,
  rows: AsyncIterable<BulkRow> | Iterable<BulkRow>,
): Promise<BulkJobDocument> {
  if (input.isDryRun && !core.store.isAtomic)
    throw new AppError('bulk.no_dry_run', 'this database cannot undo what is tried: it is no replica set');
  const { tenantId, party, requestId, ip } = actor;
  const now = core.clock.now();
  const jobId = newId();
  const expiresAt = new Date(now.getTime() + keptMs);
  const parts = core.store.tenant(tenantId).collection('bulk_parts');
  let total: number;
  try {
    total = await writeParts(core, tenantId, { jobId, expiresAt }, rows);
    if (input.expectedCount !== undefined && input.expectedCount !== total)
      throw new AppError('bulk.moved', `there are ${total} users now, and not ${input.expectedCount}`);
  } catch (error) {
    await parts.removeMany({ jobId });
    throw error;
  }
  const { isDryRun, kind, options, permission } = input;
  const stored = await core.store.transaction(function* (tx) {
    const job = yield* tx
      .tenant(tenantId)
      .collection('bulk_jobs')
      .insert({
        ...{ _id: jobId, tenantId, kind, isDryRun, options, permission, total },
        status: 'waiting',
        actor: { type: party.type, id: party.id, label: party.label },
        origin: { requestId, ip },
        parts: Math.ceil(total / rowsInPart),
        partsDone: 0,
        counts: { ...noCounts },
        startedAt: null,
        finishedAt: null,
        reason: null,
        expiresAt,
      });
    const changes = [{ path: 'rows', before: null, after: total }];
    if (!isDryRun)
      yield* recordEvent(tx, actor, { action: 'bulk.started', target: partyOf(job), changes }, now);
    yield* enqueueJob(tx, tenantId, { kind: bulkRunJob, payload: { bulkId: jobId } }, now);
    return job;
  });
  wakeJobs(core);
  return stored;
}

/** @throws AppError `bulk.not_found`. */
export async function getBulk(core: Core, tenantId: string, id: string): Promise<BulkJobDocument> {
  const job = await core.store.tenant(tenantId).collection('bulk_jobs').get(id);
  if (!job) throw new AppError('bulk.not_found', 'there is no such bulk job');
  return job;
}

/** Whether no more rows of a job will be done. */
export const isOver = ({ status }: Pick<BulkJobDocument, 'status'>): boolean =>
  status === 'done' || status === 'cancelled' || status === 'stopped';

export function countRows(rows: readonly BulkRow[]): RowCounts {
  const counts = { ...noCounts };
  for (const { outcome } of rows) if (outcome) counts[outcome] += 1;
  return counts;
}

export const addCounts = (a: RowCounts, b: RowCounts): RowCounts => ({
  done: a.done + b.done,
  unchanged: a.unchanged + b.unchanged,
  refused: a.refused + b.refused,
});

/** What became of the rows so far, those of the part under way too. */
export async function progressOf(core: Core, job: BulkJobDocument): Promise<RowCounts> {
  if (job.partsDone >= job.parts) return job.counts;
  const parts = core.store.tenant(job.tenantId).collection('bulk_parts');
  const open = await parts.get(partId(job._id, job.partsDone));
  return addCounts(job.counts, countRows(open?.rows ?? []));
}

export interface BulkFilter {
  /** Found anywhere in the kind, or in the name of who asked. */
  q?: string | undefined;
  kind?: string | undefined;
  status?: BulkStatus | undefined;
}

/** A page of a tenant's bulk jobs in the order of their making, and how many there are. */
export async function listBulk(
  core: Core,
  tenantId: string,
  { kind, q, status }: BulkFilter,
  page: {
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    afterId?: string | undefined;
  },
): Promise<{ items: BulkJobDocument[]; total: number }> {
  const jobs = core.store.tenant(tenantId).collection('bulk_jobs');
  const query: Query = {
    ...(kind !== undefined && { kind }),
    ...(status && { status }),
    ...(q !== undefined && {
      $or: ['kind', 'actor.label'].map((field) => ({ [field]: containingAnyCase(q) })),
    }),
  };
  const [items, total] = await Promise.all([
    jobs.find(query, {
      sort: { _id: page.descending ? -1 : 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    jobs.count(query),
  ]);
  return { items, total };
}

/** A row with its place among all. */
export interface PlacedRow extends BulkRow {
  place: number;
}

/**
 * Rows after a place, in order.
 *
 * @param outcome - those alone; `open`: not done yet.
 */
export async function rowsAfter(
  core: Core,
  job: BulkJobDocument,
  {
    after,
    limit,
    outcome,
  }: { after: number | undefined; limit: number; outcome?: RowOutcome | 'open' | undefined },
): Promise<PlacedRow[]> {
  const parts = core.store.tenant(job.tenantId).collection('bulk_parts');
  const found: PlacedRow[] = [];
  const first = after === undefined ? 0 : after + 1;
  for (let part = Math.floor(first / rowsInPart); part < job.parts && found.length < limit; part += 1) {
    const stored: BulkPartDocument | undefined = await parts.get(partId(job._id, part));
    for (const [index, row] of (stored?.rows ?? []).entries()) {
      const place = part * rowsInPart + index;
      const fits = outcome === undefined || (row.outcome ?? 'open') === outcome;
      if (place >= first && fits && found.length < limit) found.push({ ...row, place });
    }
  }
  return found;
}

/**
 * Ends a bulk job before its time: rows that are done stay done.
 *
 * @throws AppError `bulk.over`, `auth.forbidden`.
 */
export async function cancelBulk(core: Core, actor: Actor, id: string): Promise<BulkJobDocument> {
  const now = core.clock.now();
  return core.store.transaction(function* (tx) {
    const jobs = tx.tenant(actor.tenantId).collection('bulk_jobs');
    const job = yield* jobs.get(id);
    if (!job) throw new AppError('bulk.not_found', 'there is no such bulk job');
    requirePermission(actor, job.permission);
    if (isOver(job)) throw new AppError('bulk.over', `the bulk job is ${job.status}`);
    const cancelled = yield* jobs.update(id, (stored) => ({
      ...stored,
      status: 'cancelled',
      finishedAt: now,
    }));
    yield* recordEvent(tx, actor, { action: 'bulk.cancelled', target: partyOf(job) }, now);
    return cancelled ?? job;
  });
}
