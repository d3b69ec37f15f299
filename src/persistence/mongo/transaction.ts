import { mongo } from 'mongoose';
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

/** A limit of pieces of work at one time. The others wait in the order they came. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(maxInside: number) {
    this.#free = maxInside;
  }

  async enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** A step looked for a document of a known id and inserted it, and another transaction did the same in between. */
function isChosenIdTaken(error: unknown): error is AppError {
  const cause = error instanceof AppError ? error.cause : undefined;
  return cause instanceof DuplicateKey && cause.index === '_id_';
}

/** An error that makes `withTransaction` run its callback again. */
function retryError(cause: Error): mongo.MongoError {
  const error = new mongo.MongoError('an id was taken by another transaction', { cause });
  error.addErrorLabel(mongo.MongoErrorLabel.TransientTransactionError);
  return error;
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

/**
 * Runs transactions with `session.withTransaction`. A transaction that met a conflict runs again, and then one at a time within this
 * process, so that many clients of one document all get their turn.
 */
export class TransactionRunner {
  readonly #client: mongo.MongoClient;
  readonly #gate = new Gate(maxAtOnce);
  readonly #retryLane = new Gate(1);

  constructor(client: mongo.MongoClient) {
    this.#client = client;
  }

  /**
   * @param begin - makes the steps; it is called once for each attempt.
   * @throws AppError `store.conflict` after {@link maxAttempts} conflicts.
   */
  async run<R>(begin: (session: mongo.ClientSession) => Step<R>): Promise<R> {
    const session = this.#client.startSession();
    let attempts = 0;
    const commitTimer = new CommitTimer();
    const attempt = async (): Promise<R> => {
      attempts += 1;
      commitTimer.stop();
      if (attempts > maxAttempts) {
        throw new AppError('store.conflict', 'too many changes at once; try again', { retryAfterSeconds: 1 });
      }
      if (attempts === 2) await this.#enterRetryLane();
      try {
        const result = await runSteps(begin(session));
        commitTimer.start();
        return result;
      } catch (error) {
        throw attempts === 1 && isChosenIdTaken(error) ? retryError(error) : error;
      }
    };
    await this.#gate.enter();
    try {
      return await Promise.race([session.withTransaction(attempt, transactionOptions), commitTimer.expired]);
    } catch (error) {
      throw isConflict(error)
        ? new AppError('store.conflict', 'too many changes at once; try again', {
            retryAfterSeconds: 1,
            cause: error,
          })
        : translate(error, 'transaction');
    } finally {
      commitTimer.stop();
      if (attempts > 1) this.#retryLane.leave();
      this.#gate.leave();
      await session.endSession().catch(() => undefined);
    }
  }

  /** Gives the place at the gate to others while it waits. */
  async #enterRetryLane(): Promise<void> {
    this.#gate.leave();
    await this.#retryLane.enter();
    await this.#gate.enter();
  }
}
