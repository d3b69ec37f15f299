import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type mongo, type Schema } from 'mongoose';
import { ConfigError } from '../../infrastructure/config.js';
import type { Logger } from '../../infrastructure/logger.js';
import { systemClock, type Clock } from '../../shared/clock.js';
import { AppError } from '../../shared/errors.js';
import type { CollectionName, Documents } from '../collections/index.js';
import type { Opening } from '../format.js';
import type { MigrationTarget } from '../migrations/migration.js';
import type {
  Place,
  Reader,
  Scope,
  Step,
  Store,
  StoredDocument,
  Transaction,
  TransactionOptions,
} from '../store.js';
import { MongoCollection, MongoTransactionCollection, UpdateQueue } from './collection.js';
import { counterSchema, createCounters } from './counters.js';
import { translate } from './failures.js';
import { getBoth } from './get-both.js';
import { expiryFields, type RetiredIndexes } from './indexes.js';
import { MongoMigrationTarget } from './migration.js';
import { createModels, type Models } from './models.js';
import { PageMemory } from './page-memory.js';
import { prepareDatabase, type Preparing } from './prepare.js';
import type { View } from './query.js';
import type { Validate } from '../validation.js';
import { runSteps, step, TransactionRunner } from './transaction.js';

/** A write: to which collection, of which tenant (null: of all). */
type Write = readonly [collection: string, tenantId: string | null];

interface Inside extends Pick<View, 'session' | 'seen'> {
  /** What a transaction has written; undefined outside of one. */
  writes: Write[] | undefined;
}

const outside: Inside = { session: undefined, seen: undefined, writes: undefined };

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

const noTransactions = 'this MongoDB is a standalone server, which has no transactions';

/**
 * @param isRequired - refuse a server without transactions.
 * @throws ConfigError
 */
async function hasTransactions(db: mongo.Db, log: Logger, isRequired: boolean): Promise<boolean> {
  const hello = await db.admin().command({ hello: 1 });
  if (hello['setName'] !== undefined || hello['msg'] === 'isdbgrid') return true;
  if (isRequired) {
    throw new ConfigError([
      `MONGODB_URI: ${noTransactions}, and production needs them. Make it a replica set: start mongod with --replSet rs0 and run rs.initiate() once (a set of one member is enough)`,
    ]);
  }
  log.warn(`${noTransactions}: a failure in the middle of a change can leave half of it`);
  return false;
}

/** Prepares the database over a connection of its own, whose operations may take long. */
async function prepare(uri: string, opening: Opening, preparing: Preparing): Promise<void> {
  const connection = await connect(uri, true);
  try {
    await prepareDatabase(databaseOf(connection), opening, preparing);
  } finally {
    await connection.close();
  }
}

/** Opens a MongoDB database to migrate it. */
export async function openMongoMigration(
  uri: string,
  schemas: Readonly<Record<string, Schema>>,
  retired: RetiredIndexes,
): Promise<MigrationTarget> {
  const connection = await connect(uri, true);
  const preparing = { schemas: { ...schemas, counters: counterSchema }, expire: true, retired };
  return new MongoMigrationTarget(databaseOf(connection), preparing, () => connection.close());
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

export interface MongoOptions {
  clock: Clock;
  log: Logger;
  /** What for; absent: for a server. */
  opening?: Opening | undefined;
  validate?: Validate | undefined;
  /** Indexes of earlier versions. */
  retired?: RetiredIndexes;
  /** Refuse a server without transactions. */
  requiresTransactions?: boolean;
  /** Its collections and indexes are there: they are not looked at. */
  isPrepared?: boolean;
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
  validate: Validate | undefined;
}

class MongoStore implements Store {
  readonly description: string;
  readonly isAtomic: boolean;
  readonly #parts: Parts;
  readonly #db: mongo.Db;
  readonly #updates = new UpdateQueue();
  readonly #pages = new PageMemory();
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

  transaction<R>(work: (tx: Transaction) => Step<R>, { hot }: TransactionOptions = {}): Promise<R> {
    const run = () => this.#runTransaction(work);
    return hot === undefined ? run() : this.#updates.run(hot, run);
  }

  async #runTransaction<R>(work: (tx: Transaction) => Step<R>): Promise<R> {
    const { transactions } = this.#parts;
    if (!transactions) return runSteps(work(this.#steps(outside)));
    let writes: Write[] = [];
    const result = await transactions.run((session) => {
      writes = [];
      return work(this.#steps({ session, seen: new Map(), writes }));
    });
    // Other readers see them from the commit on.
    for (const [name, tenantId] of writes) this.#pages.noteWrite(name, tenantId);
    return result;
  }

  read<R>(work: (reader: Reader) => Step<R>): Promise<R> {
    return runSteps(work(this.#steps(outside)));
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

  #view(name: string, scope: string | null, { session, seen, writes }: Inside): View {
    const { models, expiries, clock, validate } = this.#parts;
    const model = models.get(name);
    const expiry = expiries.get(name);
    if (!model || expiry === undefined) throw new Error(`there is no collection ${name}`);
    const noteWrite = (tenantId: string | null): void => {
      if (writes) writes.push([name, tenantId]);
      else this.#pages.noteWrite(name, tenantId);
    };
    const pages = session ? undefined : this.#pages;
    return { name, model, scope, expiry, now: () => clock.now(), session, seen, pages, noteWrite, validate };
  }

  #scope(scope: string | null): Scope {
    return { collection: (name) => new MongoCollection(this.#view(name, scope, outside), this.#updates) };
  }

  #steps(inside: Inside): Transaction {
    const scopeOf = (scope: string | null): ReturnType<Transaction['tenant']> => ({
      collection: (name) => new MongoTransactionCollection(this.#view(name, scope, inside)),
    });
    const viewOf = ({ collection, tenantId }: Place<CollectionName>): View =>
      this.#view(collection, tenantId, inside);
    return {
      *getBoth<A extends CollectionName, B extends CollectionName>(first: Place<A>, second: Place<B>) {
        const [a, b] = yield* step(() => getBoth([viewOf(first), first.id], [viewOf(second), second.id]));
        return [a as StoredDocument as Documents[A], b as StoredDocument as Documents[B]];
      },
      tenant: scopeOf,
      server: scopeOf(null),
    };
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
  options: MongoOptions,
): Promise<Store> {
  const { clock, log, opening = 'server', validate, retired = {} } = options;
  const connection = await connect(uri);
  try {
    const db = databaseOf(connection);
    const isAtomic = await hasTransactions(db, log, options.requiresTransactions ?? false);
    const all = { ...schemas, counters: counterSchema };
    // The server removes expired documents by its own clock: only when that is ours too.
    if (options.isPrepared !== true)
      await prepare(uri, opening, { schemas: all, expire: clock === systemClock, retired });
    const { version } = (await db.admin().command({ buildInfo: 1 })) as { version?: string };
    return new MongoStore({
      connection,
      models: createModels(connection, schemas),
      expiries: expiryFields(all),
      clock,
      transactions: isAtomic ? new TransactionRunner(connection.getClient()) : undefined,
      description: `MongoDB ${version ?? ''} at ${addressOf(uri)}`,
      validate,
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
}
