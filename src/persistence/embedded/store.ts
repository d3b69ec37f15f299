import type { Schema } from 'mongoose';
import type { Logger } from '../../infrastructure/logger.js';
import type { Clock } from '../../shared/clock.js';
import { AppError } from '../../shared/errors.js';
import type { Doc } from '../document.js';
import type {
  Change,
  FindOptions,
  Query,
  Reader,
  Step,
  Store,
  Transaction,
  UpdateOptions,
} from '../store.js';
import { openDatabase, type Database, type DatabaseOptions } from './database.js';
import { breathe } from './breath.js';
import { count, find, stream } from './reader.js';
import { matcher } from './indexes.js';
import { getDocument, type View } from './view.js';
import type { Validate } from '../validation.js';
import { insert, remove, sweep, update } from './writer.js';

/** Milliseconds between two sweeps. */
const sweepEvery = 60_000;
/** So long after a write that failed the database counts as unavailable, in milliseconds. */
const troublePeriod = 3000;
/** Documents written by one transaction of a bulk write. */
const bulk = 50;
const batchesInFlight = 8;

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

function exhaust<R>(work: Generator<unknown, R>): R {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Removes what has expired, a little at a time. */
async function sweepAll(database: Database, views: readonly View[], now: Date): Promise<void> {
  for (const view of views.filter(({ collection }) => collection.expiry !== null)) {
    while ((await database.write(() => sweep(view, bulk))) === bulk) await pause();
  }
  const ended = database.counters.getRange().filter(({ value }) => value.expiresAt <= now.getTime());
  const keys = Array.from(ended, ({ key }) => key);
  if (keys.length > 0) await database.write(() => keys.forEach((key) => void database.counters.remove(key)));
}

/** Reads in one turn of the event loop before other work is let in. */
const readsPerTurn = 200;
let reads = 0;

/** Reads are done at once, so that a caller's loop of nothing but reads would keep everything else waiting. */
async function takeTurn(): Promise<void> {
  if (reads++ === 0) setImmediate(() => (reads = 0));
  if (reads > readsPerTurn) await pause();
}

/** Writes in batches, some of them in flight at a time so that they share the wait for the disk. */
async function inBatches<T>(
  view: View,
  items: readonly T[],
  work: (view: View, item: T) => boolean,
): Promise<number> {
  let done = 0;
  let flight: Promise<number>[] = [];
  const land = async () => {
    const landed = await Promise.all(flight);
    flight = [];
    done += landed.reduce((sum, count) => sum + count, 0);
  };
  for (let at = 0; at < items.length; at += bulk) {
    const batch = items.slice(at, at + bulk);
    flight.push(view.database.write(() => batch.filter((item) => work(view, item)).length));
    if (flight.length === batchesInFlight) await land();
  }
  await land();
  return done;
}

async function* iterate(view: View, query: Query, options?: FindOptions): AsyncGenerator<Doc> {
  for (const document of stream(view, query, options)) {
    if (document) yield document;
    else await pause();
  }
}

/** One collection outside transactions: each write is one of its own. */
function openCollection(view: View) {
  const { database } = view;
  return {
    get: async (id: string) => {
      await takeTurn();
      return getDocument(view, id);
    },
    findOne: async (query: Query, options?: FindOptions) => {
      await takeTurn();
      return (await breathe(find(view, query, { ...options, limit: 1 })))[0];
    },
    find: async (query: Query, options?: FindOptions) => {
      await takeTurn();
      return breathe(find(view, query, options));
    },
    count: async (query: Query) => {
      await takeTurn();
      return breathe(count(view, query));
    },
    countEach: async (queries: readonly Query[]) => {
      const counts: number[] = [];
      for (const query of queries) {
        await takeTurn();
        counts.push(await breathe(count(view, query)));
      }
      return counts;
    },
    iterate: (query: Query, options?: FindOptions) => iterate(view, query, options),
    insert: (document: object) => database.write(() => insert(view, document)),
    insertMany: async (documents: readonly object[]) => {
      await inBatches(view, documents, (into, document) => Boolean(insert(into, document)));
    },
    update: (id: string, change: Change<Doc>, options?: UpdateOptions) =>
      database.write(() => update(view, id, change, options)),
    remove: (id: string, options?: UpdateOptions) => database.write(() => remove(view, id, options)),
    removeMany: async (query: Query) => {
      const ids: string[] = [];
      for await (const { _id } of iterate(view, query)) ids.push(_id);
      const test = matcher(query);
      return inBatches(view, ids, (from, id) => {
        const stored = getDocument(from, id);
        return stored !== undefined && test(stored) && remove(from, id);
      });
    },
  };
}

/** What a step threw. It has ended the transaction, whatever the work makes of it: on MongoDB it must. */
interface Fate {
  refusal?: { error: unknown };
}

/** The same inside a transaction. A step is done at once; only MongoDB has to wait in the middle. */
function openInTransaction(view: View, fate: Fate) {
  function* step<R>(work: () => R): Step<R> {
    try {
      return work();
    } catch (error) {
      fate.refusal = { error };
      throw error;
    }
  }
  return {
    get: (id: string) => step(() => getDocument(view, id)),
    findOne: (query: Query, options?: FindOptions) =>
      step(() => exhaust(find(view, query, { ...options, limit: 1 }))[0]),
    find: (query: Query, options?: FindOptions) => step(() => exhaust(find(view, query, options))),
    count: (query: Query) => step(() => exhaust(count(view, query))),
    insert: (document: object) => step(() => insert(view, document)),
    update: (id: string, change: Change<Doc>, options?: UpdateOptions) =>
      step(() => update(view, id, change, options)),
    remove: (id: string, options?: UpdateOptions) => step(() => remove(view, id, options)),
    removeMany: (query: Query) =>
      step(() => exhaust(find(view, query, { fields: [] })).filter(({ _id }) => remove(view, _id)).length),
  };
}

type ViewOf = (name: string, scope: string | null) => View;

/** Runs a transaction's work to its end. @throws what a step was refused with, even when the work caught it. */
function runWork<R>(work: (tx: Transaction) => Step<R>, view: ViewOf): R {
  const fate: Fate = {};
  const seen = new Map<string, Doc>();
  const scopeIn = (scope: string | null) => ({
    collection: (name: string) => openInTransaction({ ...view(name, scope), seen }, fate),
  });
  // The port's types name each collection's documents; here a document is a document.
  const transaction = { tenant: scopeIn, server: scopeIn(null) } as unknown as Transaction;
  const result = exhaust(work(transaction));
  if (fate.refusal) throw fate.refusal.error;
  return result;
}

function openCounters(database: Database, now: () => Date): Pick<Store, 'increment' | 'resetCounter'> {
  return {
    increment: (key, by, expiresAt) =>
      database.write(() => {
        const stored = database.counters.get(key);
        const live = stored && stored.expiresAt > now().getTime() ? stored : undefined;
        const counter = { count: (live?.count ?? 0) + by, expiresAt: live?.expiresAt ?? expiresAt.getTime() };
        void database.counters.put(key, counter);
        return { count: counter.count, expiresAt: new Date(counter.expiresAt) };
      }),
    resetCounter: async (key) => {
      await database.write(() => void database.counters.remove(key));
    },
  };
}

/** @throws AppError `server.unavailable` when reads fail, or writes have failed of late. */
async function ping(database: Database): Promise<void> {
  await takeTurn();
  database.requirePresent();
  database.counters.get('ping');
  // Reads go on when the disk is full, and so do small writes now and then.
  const { ago, isLast } = database.lastFailure();
  if (ago < troublePeriod) {
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
  // The port's types name each collection's documents; here a document is a document.
  const view: ViewOf = (name, scope) => {
    const collection = database.collections.get(name);
    if (!collection) throw new Error(`there is no collection ${name}`);
    return { database, collection, scope, now, validate: options.validate };
  };
  const scopeOf = (scope: string | null) => ({
    collection: (name: string) => openCollection(view(name, scope)),
  });
  const sweepNow = () =>
    sweepAll(
      database,
      [...database.collections.keys()].map((name) => view(name, null)),
      now(),
    );
  const sweeping = setInterval(() => {
    database.releaseDeadReaders();
    sweepNow().catch((error: unknown) =>
      options.log?.warn({ err: error }, 'expired documents could not be removed'),
    );
  }, sweepEvery).unref();
  const store = {
    tenant: scopeOf,
    server: scopeOf(null),
    transaction: <R>(work: (tx: Transaction) => Step<R>) => database.write(() => runWork(work, view)),
    read: async <R>(work: (reader: Reader) => Step<R>) => {
      await takeTurn();
      const scopeIn = (scope: string | null) => ({
        collection: (name: string) => openInTransaction(view(name, scope), {}),
      });
      return exhaust(work({ tenant: scopeIn, server: scopeIn(null) } as unknown as Reader));
    },
    ...openCounters(database, now),
    ping: () => ping(database),
    close: () => {
      clearInterval(sweeping);
      return database.close();
    },
    backup: (path: string) => database.backup(path),
    sweep: sweepNow,
    isAtomic: true,
    description: `embedded, ${folder}`,
  };
  // As above: the port's types name each collection's documents.
  return store as unknown as Store & Sweepable;
}
