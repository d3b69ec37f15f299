import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type mongo, type Schema } from 'mongoose';
import type { Logger } from '../../infrastructure/logger.js';
import { systemClock, type Clock } from '../../shared/clock.js';
import { AppError } from '../../shared/errors.js';
import type { Doc } from '../document.js';
import type {
  Change,
  Derive,
  FindOptions,
  Query,
  Step,
  Store,
  Transaction,
  UpdateOptions,
} from '../store.js';
import { requireFormat, storeFormat, type Opening } from '../format.js';
import { counterSchema, createCounters } from './counters.js';
import { translate } from './failures.js';
import { prepareCollections, type Preparing } from './indexes.js';
import * as operations from './operations.js';
import type { View } from './query.js';
import { createTransactions, runUnprotected, step } from './transaction.js';

/** One document is changed by one update of this process at a time: they need not find each other out by conflicts. */
function createTurns() {
  const turns = new Map<string, Promise<unknown>>();
  return async <R>(key: string, work: () => Promise<R>): Promise<R> => {
    const mine = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(key) === mine) turns.delete(key);
    }
  };
}

type Turns = ReturnType<typeof createTurns>;

function openCollection(view: View, turns: Turns) {
  const turn = <R>(id: string, work: () => Promise<R>) => turns(`${view.name}/${id}`, work);
  return {
    get: (id: string) => operations.get(view, id),
    findOne: async (query: Query, options?: FindOptions) =>
      (await operations.find(view, query, { ...options, limit: 1 }))[0],
    find: (query: Query, options?: FindOptions) => operations.find(view, query, options),
    derive: async <R>(id: string, make: Derive<Doc, R>) => {
      const document = await operations.get(view, id);
      return document && make(document);
    },
    deriveAll: <R>(query: Query, options: FindOptions, make: Derive<Doc, R>) =>
      operations.deriveAll(view, query, options, make),
    count: (query: Query) => operations.count(view, query),
    iterate: (query: Query, options?: FindOptions) => operations.iterate(view, query, options),
    insert: (document: object) => operations.insert(view, document),
    insertMany: (documents: readonly object[]) => operations.insertMany(view, documents),
    update: (id: string, change: Change<Doc>, options?: UpdateOptions) =>
      turn(id, () => operations.update(view, id, change, options)),
    remove: (id: string, options?: UpdateOptions) => turn(id, () => operations.remove(view, id, options)),
    removeMany: (query: Query) => operations.removeMany(view, query),
  };
}

function openInTransaction(view: View) {
  return {
    get: (id: string) => step(() => operations.get(view, id)),
    *findOne(query: Query, options?: FindOptions): Step<Doc | undefined> {
      return (yield* step(() => operations.find(view, query, { ...options, limit: 1 })))[0];
    },
    find: (query: Query, options?: FindOptions) => step(() => operations.find(view, query, options)),
    count: (query: Query) => step(() => operations.count(view, query)),
    insert: (document: object) => step(() => operations.insert(view, document)),
    update: (id: string, change: Change<Doc>, options?: UpdateOptions) =>
      step(() => operations.update(view, id, change, options)),
    remove: (id: string, options?: UpdateOptions) => step(() => operations.remove(view, id, options)),
    removeMany: (query: Query) => step(() => operations.removeMany(view, query)),
  };
}

const outside: Pick<View, 'session' | 'seen'> = { session: undefined, seen: undefined };

/** Without credentials and options: for people. */
function addressOf(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '');
}

const hasDatabase = (uri: string) => /^mongodb(\+srv)?:\/\/[^/]+\/[^?]/.test(uri);

/** How long the database may be silent before what it was asked counts as failed, milliseconds. */
const longestSilence = 15_000;
const longestPing = 5000;

/** @param isPatient - for building indexes, which may take hours. */
async function connect(uri: string, isPatient = false): Promise<Connection> {
  const connection = createConnection(uri, {
    ...(!hasDatabase(uri) && { dbName: 'gatehouse' }),
    ignoreUndefined: true,
    serverSelectionTimeoutMS: 5000,
    // A database that hangs: those who wait get their 503 all the same.
    waitQueueTimeoutMS: 10_000,
    ...(isPatient ? {} : { socketTimeoutMS: longestSilence }),
    retryWrites: true,
    writeConcern: { w: 'majority' },
    appName: 'gatehouse',
  });
  try {
    return await connection.asPromise();
  } catch (error) {
    await connection.close(true).catch(() => undefined);
    throw translate(error, addressOf(uri));
  }
}

async function mayTransact(db: mongo.Db, log: Logger): Promise<boolean> {
  const hello = await db.admin().command({ hello: 1 });
  if (hello['setName'] !== undefined || hello['msg'] === 'isdbgrid') return true;
  log.warn(
    'this MongoDB is neither a replica set nor a sharded cluster and has no transactions: a failure in the middle of a change can leave half of it',
  );
  return false;
}

/**
 * Looks at the format of the database and makes its collections and indexes.
 *
 * @throws ConfigError when the database was written by a version that keeps it otherwise.
 */
async function buildIndexes(
  uri: string,
  schemas: Readonly<Record<string, Schema>>,
  preparing: Preparing,
): ReturnType<typeof prepareCollections> {
  const connection = await connect(uri, true);
  try {
    const db = connection.getClient().db(connection.name);
    const about = db.collection<{ _id: string; format: number }>('about');
    const kept = await about.findOne({ _id: 'store' });
    requireFormat(kept?.format, 'MONGODB_URI');
    const expiries = await prepareCollections(db, schemas, preparing);
    if (!kept) {
      await about.updateOne({ _id: 'store' }, { $setOnInsert: { format: storeFormat } }, { upsert: true });
    }
    return expiries;
  } finally {
    await connection.close();
  }
}

/** Asks for an answer, and does not wait longer for one than {@link longestPing}. */
async function ping(db: mongo.Db): Promise<void> {
  const timer = new AbortController();
  const silence = delay(longestPing, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new AppError('server.unavailable', 'the database does not answer', { retryAfterSeconds: 5 });
  });
  silence.catch(() => undefined);
  try {
    await Promise.race([db.command({ ping: 1 }, { timeoutMS: longestPing }), silence]);
  } catch (error) {
    throw translate(error, 'ping');
  } finally {
    timer.abort();
  }
}

/**
 * The store on MongoDB (or what speaks its protocol), with all indexes built.
 *
 * @param uri - `mongodb://` or `mongodb+srv://`; the database is `gatehouse` unless it names one.
 * @throws AppError `server.unavailable` when it does not answer within five seconds.
 */
export async function openMongoStore(
  uri: string,
  schemas: Readonly<Record<string, Schema>>,
  clock: Clock,
  log: Logger,
  opening: Opening = 'server',
): Promise<Store> {
  // The server's own sweep goes by its own clock: only when that is ours too.
  const all = { ...schemas, counters: counterSchema };
  const preparing = { expire: clock === systemClock, mayChange: opening === 'server' };
  const expiries = await buildIndexes(uri, all, preparing);
  const connection = await connect(uri);
  const client = connection.getClient();
  const db = client.db(connection.name);
  const now = () => clock.now();
  const counters = createCounters(db, now);
  const { version } = (await db.admin().command({ buildInfo: 1 })) as { version?: string };
  const transact = (await mayTransact(db, log)) ? createTransactions(client) : undefined;

  const view = (name: string, scope: string | null, inside = outside): View => {
    const expiry = expiries.get(name);
    if (expiry === undefined) throw new Error(`there is no collection ${name}`);
    return { name, collection: db.collection<Doc>(name), scope, expiry, now, ...inside };
  };
  const turns = createTurns();
  const scopeOf = (scope: string | null) => ({
    collection: (name: string) => openCollection(view(name, scope), turns),
  });
  const inside = (session: mongo.ClientSession | undefined) => {
    const own = session ? { session, seen: new Map<string, Doc>() } : outside;
    const scopeIn = (scope: string | null) => ({
      collection: (name: string) => openInTransaction(view(name, scope, own)),
    });
    // The port's types name each collection's documents; here a document is a document.
    return { tenant: scopeIn, server: scopeIn(null) } as unknown as Transaction;
  };
  return {
    tenant: scopeOf,
    server: scopeOf(null),
    transaction: <R>(work: (tx: Transaction) => Step<R>) =>
      transact ? transact((session) => work(inside(session))) : runUnprotected(work(inside(undefined))),
    ...counters,
    ping: () => ping(db),
    close: () => connection.close(),
    isAtomic: transact !== undefined,
    description: `MongoDB ${version ?? ''} at ${addressOf(uri)}`,
  } as unknown as Store;
}
