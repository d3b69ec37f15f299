/**
 * The storage port: all the domain ever asks of a database. Two adapters stand behind it, the embedded one
 * (lmdb + mingo) and MongoDB (mongoose); `test/persistence/` runs one contract suite on both.
 */
import type { CollectionName, Documents } from './collections/index.js';

/** What every stored document has. */
export interface StoredDocument {
  /** UUID version 7 unless the collection says otherwise. */
  _id: string;
  /** The tenant that owns it; `'server'` for what belongs to the whole server. */
  tenantId: string;
  /** 1 on insert, one more with every update. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A document to insert: the store fills in what is absent of `version`, `createdAt` and `updatedAt`. */
export type NewDocument<T extends StoredDocument> = Omit<T, 'version' | 'createdAt' | 'updatedAt'> &
  Partial<Pick<T, 'version' | 'createdAt' | 'updatedAt'>>;

/**
 * A MongoDB query document, restricted to what both adapters share: equality, `$eq $ne $in $nin $gt $gte $lt $lte`,
 * `$regex` (with `$options: 'i'`), `$elemMatch`, and `$and $or $nor`; dotted paths.
 */
export type Query = Readonly<Record<string, unknown>>;

export interface FindOptions {
  /** Field to direction, in order; `_id` ascending breaks ties and is the order when absent. */
  sort?: Readonly<Record<string, 1 | -1>>;
  skip?: number;
  /** Absent: everything. */
  limit?: number;
  /** Only documents after this one in the sort order: its sort values and `_id`. Not together with `skip`. */
  after?: object & { readonly _id: string };
  /** Top-level fields to return; `_id`, `tenantId` and `version` always come. Absent: the whole document. */
  fields?: readonly string[];
  /** Asked of each that was read, in order: whether to end with it. */
  until?: (read: unknown) => boolean;
}

export interface CountOptions {
  /** How old the number may be as to other processes' writes, milliseconds; absent: it is counted now. */
  maxAgeMs?: number;
}

export interface UpdateOptions {
  /** Refuse with `resource.version_mismatch` unless the stored version is this one. */
  ifVersion?: number;
}

/**
 * The change of one document: a pure function of the stored one, which may run several times. It must not mutate its argument.
 *
 * @returns the new document (`version` and `updatedAt` are set by the store), or undefined for nothing to do.
 */
export type Change<T> = (stored: T) => T | undefined;

/**
 * One collection as seen by one tenant (or by the server, see {@link Store}).
 *
 * Unique indexes throw `AppError('store.duplicate')` whose cause is a {@link DuplicateKey}; a database that is away throws
 * `AppError('server.unavailable')`.
 */
export interface Collection<T extends StoredDocument> {
  get(id: string): Promise<T | undefined>;
  findOne(query: Query, options?: FindOptions): Promise<T | undefined>;
  find(query: Query, options?: FindOptions): Promise<T[]>;
  count(query: Query, options?: CountOptions): Promise<number>;
  /** Several counts at once, in the order of the queries. */
  countEach(queries: readonly Query[]): Promise<number[]>;
  /** All matches in id order, in batches, yielding to other work; what is written in the meantime may or may not be seen. */
  iterate(query: Query, options?: Pick<FindOptions, 'fields'>): AsyncIterable<T>;
  insert(document: NewDocument<T>): Promise<T>;
  insertMany(documents: readonly NewDocument<T>[]): Promise<void>;
  /** @returns the document as stored afterwards, or undefined when there is none with this id. */
  update(id: string, change: Change<T>, options?: UpdateOptions): Promise<T | undefined>;
  /** @returns whether there was one. */
  remove(id: string, options?: UpdateOptions): Promise<boolean>;
  /** @returns how many were removed. */
  removeMany(query: Query): Promise<number>;
}

/** The reading operations as steps: `const user = yield* reader.tenant(id).collection('users').get(id)`. */
export interface ReaderCollection<T extends StoredDocument> {
  get(id: string): Step<T | undefined>;
  findOne(query: Query, options?: FindOptions): Step<T | undefined>;
  find(query: Query, options?: FindOptions): Step<T[]>;
  count(query: Query): Step<number>;
}

/** All operations inside a transaction, as steps. */
export interface TransactionCollection<T extends StoredDocument> extends ReaderCollection<T> {
  insert(document: NewDocument<T>): Step<T>;
  update(id: string, change: Change<T>, options?: UpdateOptions): Step<T | undefined>;
  remove(id: string, options?: UpdateOptions): Step<boolean>;
  removeMany(query: Query): Step<number>;
}

/**
 * A piece of work on the store: a generator whose every `yield*` is one storage operation.
 *
 * The embedded adapter runs the whole generator synchronously inside its write transaction; MongoDB awaits each step in a session. A
 * generator cannot await anything else, so no network call or foreign promise can hold a transaction open, and it may be run again from
 * its start after a conflict.
 */
export type Step<R> = Generator<unknown, R, unknown>;

export interface TransactionScope {
  collection<N extends CollectionName>(name: N): TransactionCollection<Documents[N]>;
}

export interface TransactionOptions {
  /**
   * Names a document that the work changes and that many change at once. Transactions with the same word surely conflict: a database that
   * runs them side by side is better given one at a time.
   */
  hot?: string;
}

/** Where one document is: each look says whose it is. */
export interface Place<N extends CollectionName> {
  tenantId: string;
  collection: N;
  id: string;
}

/** Two documents by their ids as one step: MongoDB is asked for both in one message. */
export type GetBoth = <A extends CollectionName, B extends CollectionName>(
  first: Place<A>,
  second: Place<B>,
) => Step<[Documents[A] | undefined, Documents[B] | undefined]>;

export interface Transaction {
  getBoth: GetBoth;
  tenant(tenantId: string): TransactionScope;
  readonly server: TransactionScope;
}

export interface ReaderScope {
  collection<N extends CollectionName>(name: N): ReaderCollection<Documents[N]>;
}

/** What steps that only read need: a transaction is one, and {@link Store.read} gives one outside transactions. */
export interface Reader {
  getBoth: GetBoth;
  tenant(tenantId: string): ReaderScope;
  readonly server: ReaderScope;
}

/** A window on the collections. */
export interface Scope {
  collection<N extends CollectionName>(name: N): Collection<Documents[N]>;
}

export interface Store {
  /** What one tenant owns: every query carries the tenant, and another tenant's document is not found. */
  tenant(tenantId: string): Scope;
  /**
   * Across tenants: for what is found before the tenant is known (a token's hash, a client id, a verified domain) and for what belongs to
   * the server itself. Never with an id that came from a request.
   */
  readonly server: Scope;
  /** All or nothing; run again after a conflict (up to a limit, then `store.conflict`). What the work throws undoes it and is rethrown. */
  transaction<R>(work: (tx: Transaction) => Step<R>, options?: TransactionOptions): Promise<R>;
  /** Runs steps that only read, outside a transaction: what is written in the meantime may or may not be seen. */
  read<R>(work: (reader: Reader) => Step<R>): Promise<R>;
  /**
   * Adds to a counter, atomically over all processes.
   *
   * @param key - unique over the server, e.g. `signin:203.0.113.7`.
   * @param expiresAt - when a new counter ends; a counter that has ended starts again from 0 with this end.
   * @returns the count after adding, and when it ends.
   */
  increment(key: string, by: number, expiresAt: Date): Promise<{ count: number; expiresAt: Date }>;
  /** Ends a counter before its time. */
  resetCounter(key: string): Promise<void>;
  /**
   * Writes a consistent copy to a file that must not be there, while others go on writing; absent where the database has tools of its own
   * for that (MongoDB).
   */
  backup?(path: string): Promise<void>;
  /** Throws `server.unavailable` when the database does not answer. */
  ping(): Promise<void>;
  /** Waits for what is being written, then lets go of the database. */
  close(): Promise<void>;
  /** Whether what a transaction wrote before it threw is undone; false on a MongoDB that is no replica set. */
  readonly isAtomic: boolean;
  /** For the first start's banner, e.g. `embedded, ./data` or `MongoDB 7.0 at mongodb://host`. No credentials. */
  readonly description: string;
}

/** The name of an index without the version at its end: `users_login_keys` of `users_login_keys_v2`. */
export const baseName = (name: string): string => name.replace(/_v\d+$/, '');

/** The cause of a `store.duplicate`: which unique index refused. */
export class DuplicateKey extends Error {
  readonly collection: string;
  /** The index's name without its version, e.g. `users_login_keys`. */
  readonly index: string;

  constructor(collection: string, index: string) {
    super(`a document with the same key exists in ${collection} (${baseName(index)})`);
    this.name = 'DuplicateKey';
    this.collection = collection;
    this.index = baseName(index);
  }
}
