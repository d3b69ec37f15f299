import { mongo } from 'mongoose';
import pLimit from 'p-limit';
import { AppError } from '../../shared/errors.js';
import { DuplicateKey, type Step } from '../store.js';
import { isConflict, translate } from './failures.js';

/** How often a transaction runs before it is given up. */
const maxAttempts = 20;
/** Transactions of this process in the database at one time: more of them only wait for each other there. */
const maxAtOnce = 15;
/** How long a commit may stay without an answer before the caller gets `server.unavailable`. */
const maxCommitMs = 15_000;

const transactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: new mongo.WriteConcern('majority'),
  readPreference: 'primary',
} satisfies mongo.TransactionOptions;

/** What a step yields: the operation to await. */
type Operation = () => Promise<unknown>;

/** Makes one operation a step of a transaction. */
export function* step<R>(operation: () => Promise<R>): Step<R> {
  return (yield operation) as R;
}

/** Runs steps one after the other. The first error of a step fails the whole work, even if the work catches it. */
export async function runSteps<R>(steps: Step<R>): Promise<R> {
  let failure: { error: unknown } | undefined;
  let next = steps.next();
  while (!next.done) {
    let answer: { result: unknown } | { error: unknown };
    try {
      answer = { result: await (next.value as Operation)() };
    } catch (error) {
      answer = failure = { error };
    }
    next = 'error' in answer ? steps.throw(answer.error) : steps.next(answer.result);
  }
  if (failure) throw failure.error;
  return next.value;
}

/** A step looked for a document of a known id and inserted it, and another transaction did the same in between. */
function isChosenIdTaken(error: unknown): error is AppError {
  const cause = error instanceof AppError ? error.cause : undefined;
  return cause instanceof DuplicateKey && cause.index === '_id_';
}

/** Rejects when a commit has had no answer for {@link maxCommitMs}; `withTransaction` alone repeats it for two minutes. */
class CommitTimer {
  readonly expired: Promise<never>;
  #reject: (error: unknown) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.expired = new Promise((_resolve, reject) => (this.#reject = reject));
    this.expired.catch(() => undefined);
  }

  start(): void {
    const error = new AppError('server.unavailable', 'MongoDB does not answer a commit', {
      retryAfterSeconds: 5,
    });
    this.#timer = setTimeout(() => this.#reject(error), maxCommitMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Makes the steps of a transaction in its session. */
type Begin<R> = (session: mongo.ClientSession) => Step<R>;

/** A first attempt met a conflict: the transaction runs again when its turn has come. */
class Contended extends Error {}

const tooManyChanges = (cause?: unknown): AppError =>
  new AppError('store.conflict', 'too many changes at once; try again', { retryAfterSeconds: 1, cause });

/**
 * Runs transactions with `session.withTransaction`. A transaction that met a conflict runs again, and then one at a time within this
 * process, so that many clients of one document all get their turn.
 */
export class TransactionRunner {
  readonly #client: mongo.MongoClient;
  readonly #gate = pLimit(maxAtOnce);
  readonly #retryLane = pLimit(1);

  constructor(client: mongo.MongoClient) {
    this.#client = client;
  }

  /**
   * @param begin - makes the steps; it is called once for each attempt.
   * @throws AppError `store.conflict` after {@link maxAttempts} conflicts.
   */
  async run<R>(begin: Begin<R>): Promise<R> {
    try {
      return await this.#gate(() => this.#runInSession(begin, true));
    } catch (error) {
      if (!(error instanceof Contended)) throw error;
    }
    return this.#retryLane(() => this.#gate(() => this.#runInSession(begin, false)));
  }

  /** @throws Contended when the first attempt met a conflict. */
  async #runInSession<R>(begin: Begin<R>, isFirst: boolean): Promise<R> {
    const session = this.#client.startSession();
    const commitTimer = new CommitTimer();
    let attempts = isFirst ? 0 : 1;
    const attempt = async (): Promise<R> => {
      attempts += 1;
      commitTimer.stop();
      if (isFirst && attempts > 1) throw new Contended();
      if (attempts > maxAttempts) throw tooManyChanges();
      try {
        const result = await runSteps(begin(session));
        commitTimer.start();
        return result;
      } catch (error) {
        throw isFirst && isChosenIdTaken(error) ? new Contended() : error;
      }
    };
    try {
      return await Promise.race([session.withTransaction(attempt, transactionOptions), commitTimer.expired]);
    } catch (error) {
      throw isConflict(error) ? tooManyChanges(error) : translate(error, 'transaction');
    } finally {
      commitTimer.stop();
      await session.endSession().catch(() => undefined);
    }
  }
}
