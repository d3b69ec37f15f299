import { mongo } from 'mongoose';
import { AppError } from '../../shared/errors.js';
import { DuplicateKey, type Step } from '../store.js';
import { isConflict, translate } from './failures.js';
import { jitter } from './operations.js';

/** Times a transaction is run before it gives up. */
const mostTries = 20;
/** Times a commit is repeated whose answer did not arrive. */
const mostCommits = 3;

/** What a step yields: the operation to await. */
type Operation = () => Promise<unknown>;

/** One operation as a step of a transaction. */
export function* step<R>(operation: () => Promise<R>): Step<R> {
  return (yield operation) as R;
}

/** Runs the steps one after the other. A step that the database refused has ended the transaction, whatever the work makes of it. */
async function runSteps<R>(steps: Step<R>): Promise<R> {
  let refusal: { error: unknown } | undefined;
  let next = steps.next();
  while (!next.done) {
    let answer: { result: unknown } | { error: unknown };
    try {
      answer = { result: await (next.value as Operation)() };
    } catch (error) {
      answer = refusal = { error };
    }
    next = 'error' in answer ? steps.throw(answer.error) : steps.next(answer.result);
  }
  if (refusal) throw refusal.error;
  return next.value;
}

async function commit(session: mongo.ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const isUnknown = (error as mongo.MongoError).hasErrorLabel('UnknownTransactionCommitResult');
      if (!isUnknown || attempt >= mostCommits) throw error;
    }
  }
}

async function runOnce<R>(
  session: mongo.ClientSession,
  begin: (session: mongo.ClientSession) => Step<R>,
): Promise<R> {
  session.startTransaction({
    readConcern: { level: 'snapshot' },
    writeConcern: new mongo.WriteConcern('majority'),
    readPreference: 'primary',
  });
  try {
    const result = await runSteps(begin(session));
    await commit(session);
    return result;
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    throw error;
  }
}

/** Transactions this process runs at once: more of them only wait for one another inside the database, and make it slow for all. */
const mostAtOnce = 20;

/** Lets so many pieces of work run at once; the others wait in the order they came. */
function createGate(most: number): <R>(work: () => Promise<R>) => Promise<R> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A place that becomes free goes to who waits longest.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** Steps that look for a document of a known id and insert it where there is none: another transaction made it in between. */
function isChosenIdTaken(error: unknown): boolean {
  const cause = error instanceof AppError ? error.cause : undefined;
  return cause instanceof DuplicateKey && cause.index === '_id_';
}

/**
 * Runs transactions in sessions of this client. After a conflict a transaction is run again, and then one at a time within this process,
 * so that many clients on one document all get their turn. An id that was taken meanwhile is looked at once more.
 */
export function createTransactions(client: mongo.MongoClient) {
  const gate = createGate(mostAtOnce);
  const lane = createGate(1);
  return async <R>(begin: (session: mongo.ClientSession) => Step<R>): Promise<R> => {
    for (let attempt = 0; attempt < mostTries; attempt++) {
      const session = client.startSession();
      const run = () => gate(() => runOnce(session, begin));
      try {
        return await (attempt === 0 ? run() : lane(run));
      } catch (error) {
        const isMadeMeanwhile = attempt === 0 && isChosenIdTaken(error);
        if (!isMadeMeanwhile && !isConflict(error)) throw translate(error, 'transaction');
        await jitter(attempt);
      } finally {
        await session.endSession().catch(() => undefined);
      }
    }
    throw new AppError('store.conflict', 'too many changes at once; try again', { retryAfterSeconds: 1 });
  };
}

/** The same steps on a server without transactions: each takes effect at once, and a failure undoes nothing. */
export function runUnprotected<R>(steps: Step<R>): Promise<R> {
  return runSteps(steps);
}
