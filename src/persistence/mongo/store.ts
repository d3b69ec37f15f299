import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type mongo, type Schema } from 'mongoose';
import type { Logger } from '../../infrastructure/logger.js';
import { systemClock, type Clock } from '../../shared/clock.js';
import { AppError } from '../../shared/errors.js';
import type { Doc } from '../document.js';
import { requireFormat, storeFormat, type Opening } from '../format.js';
import type { Reader, Scope, Step, Store, Transaction } from '../store.js';
import { MongoCollection, MongoTransactionCollection, UpdateQueue } from './collection.js';
import { counterSchema, createCounters } from './counters.js';
import { translate } from './failures.js';
import { prepareCollections, type Preparing } from './indexes.js';
import { createModels, type Models } from './models.js';
import type { View } from './query.js';
import { runSteps, TransactionRunner } from './transaction.js';

const outside: Pick<View, 'session' | 'seen'> = { session: undefined, seen: undefined };

const databaseOf = (connection: Connection): mongo.Db => connection.getClient().db(connection.name);

/** Without credentials and options: for people. */
function addressOf(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '');
}

const hasDatabase = (uri: string) => /^mongodb(\+srv)?:\/\/[^/]+\/[^?]/.test(uri);

/** How long the database may be silent before what it was asked counts as failed, milliseconds. */
const maxSilenceMs = 15_000;
const maxPingMs = 5000;

/** @param isPatient - for building indexes, which may take hours. */
async function connect(uri: string, isPatient = false): Promise<Connection> {
  const connection = createConnection(uri, {
    ...(!hasDatabase(uri) && { dbName: 'gatehouse' }),
    ignoreUndefined: true,
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    serverSelectionTimeoutMS: 5000,
    // A database that hangs: those who wait get their 503 all the same.
    waitQueueTimeoutMS: 10_000,
    ...(isPatient ? {} : { socketTimeoutMS: maxSilenceMs }),
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
    const db = databaseOf(connection);
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

/** Asks for an answer, and does not wait longer for one than {@link maxPingMs}. */
async function ping(db: mongo.Db): Promise<void> {
  const timer = new AbortController();
  const silence = delay(maxPingMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new AppError('server.unavailable', 'the database does not answer', { retryAfterSeconds: 5 });
  });
  silence.catch(() => undefined);
  try {
    await Promise.race([db.command({ ping: 1 }, { timeoutMS: maxPingMs }), silence]);
  } catch (error) {
    throw translate(error, 'ping');
  } finally {
    timer.abort();
  }
}

interface Parts {
  connection: Connection;
  models: Models;
  /** By collection, the date field after which a document is gone, or null. */
  expiries: ReadonlyMap<string, string | null>;
  clock: Clock;
  /** Undefined on a server without transactions. */
  transactions: TransactionRunner | undefined;
  description: string;
}

class MongoStore implements Store {
  readonly description: string;
  readonly isAtomic: boolean;
  readonly #parts: Parts;
  readonly #db: mongo.Db;
  readonly #updates = new UpdateQueue();
  readonly #counters: ReturnType<typeof createCounters>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.description = parts.description;
    this.isAtomic = parts.transactions !== undefined;
    this.#db = databaseOf(parts.connection);
    this.#counters = createCounters(this.#db, () => parts.clock.now());
  }

  tenant(tenantId: string): Scope {
    return this.#scope(tenantId);
  }

  get server(): Scope {
    return this.#scope(null);
  }

  transaction<R>(work: (tx: Transaction) => Step<R>): Promise<R> {
    const { transactions } = this.#parts;
    if (!transactions) return runSteps(work(this.#inside(undefined)));
    return transactions.run((session) => work(this.#inside(session)));
  }

  read<R>(work: (reader: Reader) => Step<R>): Promise<R> {
    return runSteps(work(this.#inside(undefined)));
  }

  increment(key: string, by: number, expiresAt: Date): Promise<{ count: number; expiresAt: Date }> {
    return this.#counters.increment(key, by, expiresAt);
  }

  resetCounter(key: string): Promise<void> {
    return this.#counters.resetCounter(key);
  }

  ping(): Promise<void> {
    return ping(this.#db);
  }

  close(): Promise<void> {
    return this.#parts.connection.close();
  }

  #view(name: string, scope: string | null, inside: Pick<View, 'session' | 'seen'> = outside): View {
    const { models, expiries, clock } = this.#parts;
    const model = models.get(name);
    const expiry = expiries.get(name);
    if (!model || expiry === undefined) throw new Error(`there is no collection ${name}`);
    return { name, model, scope, expiry, now: () => clock.now(), ...inside };
  }

  #scope(scope: string | null): Scope {
    return { collection: (name) => new MongoCollection(this.#view(name, scope), this.#updates) };
  }

  #inside(session: mongo.ClientSession | undefined): Transaction {
    const inside = session ? { session, seen: new Map<string, Doc>() } : outside;
    const scopeOf = (scope: string | null): ReturnType<Transaction['tenant']> => ({
      collection: (name) => new MongoTransactionCollection(this.#view(name, scope, inside)),
    });
    return { tenant: scopeOf, server: scopeOf(null) };
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
  const db = databaseOf(connection);
  const { version } = (await db.admin().command({ buildInfo: 1 })) as { version?: string };
  const description = `MongoDB ${version ?? ''} at ${addressOf(uri)}`;
  const transactions = (await mayTransact(db, log))
    ? new TransactionRunner(connection.getClient())
    : undefined;
  const models = createModels(connection, schemas);
  return new MongoStore({ connection, models, expiries, clock, transactions, description });
}
