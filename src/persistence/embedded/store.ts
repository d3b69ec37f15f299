import type { Schema } from 'mongoose';
import type { Logger } from '../../infrastructure/logger.js';
import { pause, runSliced, yieldIfBusy } from '../../infrastructure/time-slices.js';
import type { Clock } from '../../shared/clock.js';
import { AppError } from '../../shared/errors.js';
import type { Doc } from '../document.js';
import { oneByOne } from '../one-by-one.js';
import type { Scope, Step, Store, Transaction, TransactionScope } from '../store.js';
import {
  EmbeddedCollection,
  EmbeddedTransactionCollection,
  runToEnd,
  type TransactionFailure,
} from './collection.js';
import { openDatabase, type Database, type DatabaseOptions } from './database.js';
import type { View } from './view.js';
import type { Validate } from '../validation.js';
import { sweep } from './writer.js';

/** Between two sweeps. */
const sweepIntervalMs = 60_000;
/** Documents removed by one transaction of a sweep. */
const sweptAtOnce = 50;
/** So long after a write that failed the database counts as unavailable. */
const failurePeriodMs = 3000;

type ViewOf = (name: string, scope: string | null, seen?: Map<string, Doc>) => View;

/** Removes what has expired, a little at a time. */
async function sweepAll(
  { counters, ...database }: Database,
  views: readonly View[],
  now: Date,
): Promise<void> {
  for (const view of views.filter(({ collection }) => collection.expiry !== null)) {
    while ((await database.write(() => sweep(view, sweptAtOnce))) === sweptAtOnce) await pause();
  }
  const ended = counters.getRange().filter(({ value }) => value.expiresAt <= now.getTime());
  const keys = Array.from(ended, ({ key }) => key);
  if (keys.length > 0) await database.write(() => keys.forEach((key) => void counters.remove(key)));
}

/** Steps over collections as `view` gives them. */
function openTransaction(view: ViewOf, failure: TransactionFailure, seen?: Map<string, Doc>): Transaction {
  const scopeOf = (scope: string | null): TransactionScope => ({
    collection: (name) => new EmbeddedTransactionCollection(view(name, scope, seen), failure),
  });
  return { getBoth: oneByOne(scopeOf), tenant: scopeOf, server: scopeOf(null) };
}

/** Runs a transaction's work to its end. @throws what a step was refused with, even when the work caught it. */
function runTransaction<R>(work: (tx: Transaction) => Step<R>, view: ViewOf): R {
  const failure: TransactionFailure = {};
  const result = runToEnd(work(openTransaction(view, failure, new Map())));
  if (failure.first) throw failure.first.error;
  return result;
}

function openCounters(database: Database, now: () => Date): Pick<Store, 'increment' | 'resetCounter'> {
  const { counters } = database;
  return {
    increment: (key, by, expiresAt) =>
      database.write(() => {
        const stored = counters.get(key);
        const live = stored && stored.expiresAt > now().getTime() ? stored : undefined;
        const counter = { count: (live?.count ?? 0) + by, expiresAt: live?.expiresAt ?? expiresAt.getTime() };
        void counters.put(key, counter);
        return { count: counter.count, expiresAt: new Date(counter.expiresAt) };
      }),
    resetCounter: (key) => database.write(() => void counters.remove(key)),
  };
}

/** @throws AppError `server.unavailable` when reads fail, or writes have failed of late. */
async function ping(database: Database): Promise<void> {
  await yieldIfBusy();
  database.requirePresent();
  database.counters.get('ping');
  // Reads go on when the disk is full, and so do small writes now and then.
  const { ago, isLast } = database.lastFailure();
  if (ago < failurePeriodMs) {
    throw new AppError('server.unavailable', 'writes to the database fail', { retryAfterSeconds: 5 });
  }
  if (isLast) await database.write(() => void database.counters.put('ping', { count: 0, expiresAt: 0 }));
}

/** Expired documents are hidden from reads at once; the sweep gives their room back. */
export interface Sweepable {
  sweep(): Promise<void>;
}

/**
 * The store in a folder of this machine: lmdb keeps, mingo matches.
 *
 * @throws AppError `server.unavailable` when the folder cannot be used.
 */
export function openEmbeddedStore(
  folder: string,
  schemas: Readonly<Record<string, Schema>>,
  clock: Clock,
  options: DatabaseOptions & { log?: Logger; validate?: Validate | undefined } = {},
): Store & Sweepable {
  const database = openDatabase(folder, schemas, options);
  const now = () => clock.now();
  const view: ViewOf = (name, scope, seen) => {
    const collection = database.collections.get(name);
    if (!collection) throw new Error(`there is no collection ${name}`);
    return { database, collection, scope, now, validate: options.validate, seen };
  };
  const scopeOf = (scope: string | null): Scope => ({
    collection: (name) => new EmbeddedCollection(view(name, scope)),
  });
  const views = () => [...database.collections.keys()].map((name) => view(name, null));
  const sweepNow = () => sweepAll(database, views(), now());
  const sweeping = setInterval(() => {
    database.releaseDeadReaders();
    sweepNow().catch((error: unknown) =>
      options.log?.warn({ err: error }, 'expired documents could not be removed'),
    );
  }, sweepIntervalMs).unref();
  return {
    tenant: scopeOf,
    server: scopeOf(null),
    transaction: (work) => database.write(() => runTransaction(work, view)),
    async read(work) {
      await yieldIfBusy();
      return runSliced(work(openTransaction(view, {})));
    },
    ...openCounters(database, now),
    ping: () => ping(database),
    close() {
      clearInterval(sweeping);
      return database.close();
    },
    backup: (path) => database.backup(path),
    sweep: sweepNow,
    isAtomic: true,
    description: `embedded, ${folder}`,
  };
}
