import type { Step, Store, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { wakeJobs, type JobDocument } from '../jobs/queue.js';
import { askerNow } from './actor.js';
import {
  addCounts,
  countRows,
  isOver,
  partId,
  type BulkJobDocument,
  type BulkPartDocument,
  type BulkRow,
} from './jobs.js';

/** What a row is done with. Its core writes the row's result with each transaction, or undoes it when nothing is to be written. */
export interface RowContext {
  readonly core: Core;
  readonly actor: Actor;
  readonly job: BulkJobDocument;
  /** What the row shows beside its outcome. */
  readonly note: { userId?: string; label?: string };
}

/** Why a row is not done, where no error says so. */
export interface RowRefusal {
  code: string;
  reason: string;
}

/** Does one row. What it throws as {@link AppError} is the row's refusal; other errors begin the row again later. */
export type RowHandler = (context: RowContext, row: BulkRow) => Promise<'done' | 'unchanged' | RowRefusal>;

export type RowHandlers = Readonly<Record<string, RowHandler>>;

/** Rows between two looks at whether to continue, and whether the caller still may. */
const rowsPerLook = 10;

/** Undoes a transaction that was only tried. */
class Undone extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('tried, and undone');
    this.result = result;
  }
}

type Work<R> = (tx: Transaction) => Step<R>;

/** The core with another way to run transactions; all else is the core's own. */
function withTransactions(core: Core, transaction: Store['transaction']): Core {
  const store = new Proxy(core.store, {
    get(real, property) {
      if (property === 'transaction') return transaction;
      const value: unknown = Reflect.get(real, property, real);
      return typeof value === 'function' ? (value.bind(real) as unknown) : value;
    },
  });
  return { ...core, store };
}

/** A core whose transactions are undone once they have succeeded. */
const tryingCore = (core: Core): Core =>
  withTransactions(core, async <R>(work: Work<R>): Promise<R> => {
    try {
      return await core.store.transaction(function* (tx): Step<R> {
        throw new Undone(yield* work(tx));
      });
    } catch (error) {
      if (error instanceof Undone) return error.result as R;
      throw error;
    }
  });

const without = ({ input: _, ...row }: BulkRow): BulkRow => row;

function withRow(part: BulkPartDocument, index: number, row: BulkRow): BulkPartDocument {
  return { ...part, rows: part.rows.map((one, at) => (at === index ? row : one)) };
}

const maxReasonCharacters = 300;
const cut = (reason: string): string => reason.slice(0, maxReasonCharacters);

/** A refusal in words, with what it points at. */
function refusalOf(error: AppError): RowRefusal {
  const details = error.errors.map(({ detail }) => detail).join('; ');
  const reason = details === '' ? error.message : `${error.message}: ${details}`;
  return { code: error.code, reason: cut(reason) };
}

/** Errors that are of the server and not of the row. */
const isPassing = (error: AppError): boolean =>
  error.status >= 500 || error.code === 'store.conflict' || error.code === 'rate.limited';

/** After so many tries of a job a row that fails for a reason of the server is passed over. */
const maxAttempts = 5;

async function judge(
  handler: RowHandler,
  context: RowContext,
  row: BulkRow,
  tries: number,
): Promise<Partial<BulkRow>> {
  try {
    const result = await handler(context, row);
    if (typeof result === 'string') return { outcome: result, ...context.note };
    return { outcome: 'refused', ...context.note, code: result.code, reason: cut(result.reason) };
  } catch (error) {
    if (!(error instanceof AppError) || isPassing(error)) {
      if (tries < maxAttempts) throw error;
      return { outcome: 'refused', ...context.note, code: 'server.error', reason: 'it failed several times' };
    }
    return { outcome: 'refused', ...context.note, ...refusalOf(error) };
  }
}

/** One run over the rows of a bulk job that are not done. */
class Run {
  readonly #core: Core;
  readonly #handler: RowHandler;
  readonly #rowCore: Core;
  readonly #tries: number;
  readonly #job: BulkJobDocument;
  #actor: Actor | undefined;
  #sinceLook = rowsPerLook;
  /** The row under way: its place, and what it shows. */
  #row:
    { part: number; index: number; row: BulkRow; note: RowContext['note']; isWritten: boolean } | undefined;

  constructor(core: Core, handler: RowHandler, job: BulkJobDocument, tries: number) {
    this.#tries = tries;
    this.#core = core;
    this.#handler = handler;
    this.#job = job;
    this.#rowCore = job.isDryRun ? tryingCore(core) : this.#recordingCore();
  }

  /** A core whose transactions write the row's result as well: a row that was done is never done again, whatever becomes of this process. */
  #recordingCore(): Core {
    return withTransactions(this.#core, async <R>(work: Work<R>): Promise<R> => {
      const { tenantId, _id } = this.#job;
      const current = this.#row;
      const result = await this.#core.store.transaction(function* (tx): Step<R> {
        const worked = yield* work(tx);
        if (!current) return worked;
        const row = without({ ...current.row, outcome: 'done', ...current.note });
        yield* tx
          .tenant(tenantId)
          .collection('bulk_parts')
          .update(partId(_id, current.part), (stored) => withRow(stored, current.index, row));
        return worked;
      });
      if (current) current.isWritten = true;
      return result;
    });
  }

  get #parts() {
    return this.#core.store.tenant(this.#job.tenantId).collection('bulk_parts');
  }

  get #jobs() {
    return this.#core.store.tenant(this.#job.tenantId).collection('bulk_jobs');
  }

  /** Whether to continue: it is not cancelled, and the caller still may. */
  async #mayGoOn(): Promise<boolean> {
    this.#sinceLook += 1;
    if (this.#sinceLook < rowsPerLook && this.#actor) return true;
    this.#sinceLook = 0;
    const job = await this.#jobs.get(this.#job._id);
    if (!job || isOver(job)) return false;
    this.#actor = await askerNow(this.#core, job);
    if (this.#actor?.permissions.has(job.permission)) return true;
    await this.#end('stopped', 'who asked for it may no longer do it');
    return false;
  }

  async #end(status: 'done' | 'stopped', reason: string | null): Promise<void> {
    const finishedAt = this.#core.clock.now();
    await this.#jobs.update(this.#job._id, (stored) =>
      isOver(stored) ? undefined : { ...stored, status, reason, finishedAt },
    );
  }

  async #doRow(part: number, index: number, row: BulkRow): Promise<BulkRow> {
    const note: RowContext['note'] = {};
    const current = { part, index, row, note, isWritten: false };
    this.#row = current;
    if (!this.#actor) throw new Error('a row is done after a look at who asked');
    const context = { core: this.#rowCore, actor: this.#actor, job: this.#job, note };
    const done = without({ ...row, ...(await judge(this.#handler, context, row, this.#tries)) });
    this.#row = undefined;
    const isTold = current.isWritten && done.outcome === 'done';
    if (!this.#job.isDryRun && !isTold)
      await this.#parts.update(partId(this.#job._id, part), (stored) => withRow(stored, index, done));
    return done;
  }

  /** @returns whether all rows of the part are done. */
  async #doPart(part: number): Promise<boolean> {
    const stored = await this.#parts.get(partId(this.#job._id, part));
    if (!stored) return true;
    const rows = [...stored.rows];
    for (const [index, row] of rows.entries()) {
      if (row.outcome) continue;
      if (!(await this.#mayGoOn())) return false;
      rows[index] = await this.#doRow(part, index, row);
    }
    const counts = countRows(rows);
    await this.#core.store.transaction((tx): Step<void> =>
      this.#closePart(tx, part, { counts, rows: this.#job.isDryRun ? rows : undefined }),
    );
    return true;
  }

  *#closePart(
    tx: Transaction,
    part: number,
    { counts, rows }: { counts: BulkJobDocument['counts']; rows: BulkRow[] | undefined },
  ): Step<void> {
    const scope = tx.tenant(this.#job.tenantId);
    if (rows)
      yield* scope
        .collection('bulk_parts')
        .update(partId(this.#job._id, part), (stored) => ({ ...stored, rows }));
    yield* scope
      .collection('bulk_jobs')
      .update(this.#job._id, (stored) =>
        stored.partsDone === part
          ? { ...stored, partsDone: part + 1, counts: addCounts(stored.counts, counts) }
          : undefined,
      );
  }

  async run(): Promise<void> {
    const startedAt = this.#core.clock.now();
    await this.#jobs.update(this.#job._id, (stored) =>
      stored.status === 'waiting' ? { ...stored, status: 'running', startedAt } : undefined,
    );
    for (let part = this.#job.partsDone; part < this.#job.parts; part += 1)
      if (!(await this.#doPart(part))) return;
    await this.#end('done', null);
  }
}

/**
 * Works on a bulk job, from where an earlier run of it came to. Each row is a change by the caller, with its own audit event.
 *
 * @param handlers - by the job's kind.
 */
export async function runBulk(
  core: Core,
  { attempts, payload, tenantId }: JobDocument,
  handlers: RowHandlers,
): Promise<void> {
  const job = await core.store.tenant(tenantId).collection('bulk_jobs').get(String(payload['bulkId']));
  const handler = job && handlers[job.kind];
  if (!job || !handler || isOver(job)) return;
  await new Run(core, handler, job, attempts).run();
  wakeJobs(core);
}
