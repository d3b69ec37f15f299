import type { Schema } from 'mongoose';
import type { Clock } from '../../shared/clock.js';
import type { Doc } from '../document.js';
import type { Change, FindOptions, Query, Step, Store, Transaction, UpdateOptions } from '../store.js';
import { openDatabase, type Database } from './database.js';
import type { Collected } from './indexes.js';
import { createReader, type Breathing } from './reader.js';
import { createWriter, type Writer } from './writer.js';

/** Longest stretch of work without letting other work in, in milliseconds. */
const longestBreath = 8;
/** Documents written by one transaction of a bulk write. */
const bulk = 100;

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

async function breathe<R>(work: Breathing<R>): Promise<R> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since > longestBreath) {
      await pause();
      since = performance.now();
    }
  }
}

function exhaust<R>(work: Generator<unknown, R>): R {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function collectionOf(database: Database, name: string): Collected {
  const collection = database.collections.get(name);
  if (!collection) throw new Error(`there is no collection ${name}`);
  return collection;
}

function openCollection(database: Database, name: string, scope: string | null, now: () => Date) {
  const collection = collectionOf(database, name);
  const reader = createReader(database, collection, scope, now);
  const writer = createWriter(database, collection, scope, now);
  const inBatches = async <T>(items: readonly T[], work: (writer: Writer, item: T) => boolean) => {
    let done = 0;
    for (let at = 0; at < items.length; at += bulk) {
      const batch = items.slice(at, at + bulk);
      done += await database.write(() => batch.filter((item) => work(writer, item)).length);
    }
    return done;
  };
  return {
    get: async (id: string) => reader.get(id),
    findOne: async (query: Query, options?: FindOptions) =>
      (await breathe(reader.find(query, { ...options, limit: 1 })))[0],
    find: async (query: Query, options?: FindOptions) => breathe(reader.find(query, options)),
    count: async (query: Query) => breathe(reader.count(query)),
    async *iterate(query: Query, options?: Pick<FindOptions, 'fields'>) {
      for (const document of reader.stream(query, options)) {
        if (document) yield document;
        else await pause();
      }
    },
    insert: (document: object) => database.write(() => writer.insert(document)),
    insertMany: async (documents: readonly object[]) => {
      await inBatches(documents, (into, document) => Boolean(into.insert(document)));
    },
    update: (id: string, change: Change<Doc>, options?: UpdateOptions) =>
      database.write(() => writer.update(id, change, options)),
    remove: (id: string, options?: UpdateOptions) => database.write(() => writer.remove(id, options)),
    removeMany: async (query: Query) => {
      const ids: string[] = [];
      const found = reader.stream(query);
      for (const document of found) {
        if (document) ids.push(document._id);
        else await pause();
      }
      return inBatches(ids, (from, id) => from.remove(id));
    },
  };
}

/* eslint-disable require-yield -- a step of this adapter is done at once; only MongoDB has to wait in the middle */
function openInTransaction(database: Database, name: string, scope: string | null, now: () => Date) {
  const collection = collectionOf(database, name);
  const reader = createReader(database, collection, scope, now);
  const writer = createWriter(database, collection, scope, now);
  return {
    *get(id: string): Step<Doc | undefined> {
      return reader.get(id);
    },
    *findOne(query: Query, options?: FindOptions): Step<Doc | undefined> {
      return exhaust(reader.find(query, { ...options, limit: 1 }))[0];
    },
    *find(query: Query, options?: FindOptions): Step<Doc[]> {
      return exhaust(reader.find(query, options));
    },
    *count(query: Query): Step<number> {
      return exhaust(reader.count(query));
    },
    *insert(document: object): Step<Doc> {
      return writer.insert(document);
    },
    *update(id: string, change: Change<Doc>, options?: UpdateOptions): Step<Doc | undefined> {
      return writer.update(id, change, options);
    },
    *remove(id: string, options?: UpdateOptions): Step<boolean> {
      return writer.remove(id, options);
    },
    *removeMany(query: Query): Step<number> {
      const found = exhaust(reader.find(query, { fields: [] }));
      return found.filter((document) => writer.remove(document._id)).length;
    },
  };
}
/* eslint-enable require-yield */

/**
 * The store in a folder of this machine: lmdb keeps, mingo matches.
 *
 * @throws AppError `server.unavailable` when the folder cannot be used.
 */
export function openEmbeddedStore(
  folder: string,
  schemas: Readonly<Record<string, Schema>>,
  clock: Clock,
): Store {
  const database = openDatabase(folder, schemas);
  const now = () => clock.now();
  // The port's types name each collection's documents; here a document is a document.
  const scopeOf = (scope: string | null) => ({
    collection: (name: string) => openCollection(database, name, scope, now),
  });
  const inTransaction = (scope: string | null) => ({
    collection: (name: string) => openInTransaction(database, name, scope, now),
  });
  const transaction = {
    tenant: (tenantId: string) => inTransaction(tenantId),
    server: inTransaction(null),
  } as unknown as Transaction;
  const store = {
    tenant: (tenantId: string) => scopeOf(tenantId),
    server: scopeOf(null),
    transaction: <R>(work: (tx: Transaction) => Step<R>) => database.write(() => exhaust(work(transaction))),
    increment: (key: string, by: number, expiresAt: Date) =>
      database.write(() => {
        const stored = database.counters.get(key);
        const live = stored && stored.expiresAt > now().getTime() ? stored : undefined;
        const counter = { count: (live?.count ?? 0) + by, expiresAt: live?.expiresAt ?? expiresAt.getTime() };
        void database.counters.put(key, counter);
        return { count: counter.count, expiresAt: new Date(counter.expiresAt) };
      }),
    resetCounter: async (key: string) => {
      await database.write(() => void database.counters.remove(key));
    },
    ping: async () => {
      database.counters.get('ping');
    },
    close: () => database.close(),
    description: `embedded, ${folder}`,
  };
  return store as unknown as Store;
}
