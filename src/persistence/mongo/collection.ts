/** The port's collections on MongoDB. Inside they handle plain documents; the port's types name each collection's own. */
import type { Doc } from '../document.js';
import type {
  Change,
  Collection,
  CountOptions,
  FindOptions,
  NewDocument,
  Query,
  Step,
  StoredDocument,
  TransactionCollection,
  UpdateOptions,
} from '../store.js';
import * as operations from './operations.js';
import type { View } from './query.js';
import { step } from './transaction.js';

/** Runs the updates of one document one after the other: within one process they need not meet as conflicts. */
export class UpdateQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<R>(key: string, work: () => Promise<R>): Promise<R> {
    const mine = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

/** A change of the port's document as a change of a plain one. */
const plainChange =
  <T extends StoredDocument>(change: Change<T>): Change<Doc> =>
  (stored) =>
    change(stored as StoredDocument as T) as Doc | undefined;

/** One collection outside transactions. */
export class MongoCollection<T extends StoredDocument> implements Collection<T> {
  readonly #view: View;
  readonly #updates: UpdateQueue;

  constructor(view: View, updates: UpdateQueue) {
    this.#view = view;
    this.#updates = updates;
  }

  async get(id: string): Promise<T | undefined> {
    return (await operations.get(this.#view, id)) as StoredDocument as T | undefined;
  }

  async findOne(query: Query, options?: FindOptions): Promise<T | undefined> {
    return (await this.find(query, { ...options, limit: 1 }))[0];
  }

  async find(query: Query, options?: FindOptions): Promise<T[]> {
    return (await operations.find(this.#view, query, options)) as StoredDocument[] as T[];
  }

  count(query: Query, options?: CountOptions): Promise<number> {
    return operations.count(this.#view, query, options);
  }

  countEach(queries: readonly Query[]): Promise<number[]> {
    return operations.countEach(this.#view, queries);
  }

  iterate(query: Query, options?: Pick<FindOptions, 'fields'>): AsyncIterable<T> {
    return operations.iterate(
      this.#view,
      query,
      options,
    ) as AsyncIterable<StoredDocument> as AsyncIterable<T>;
  }

  async insert(document: NewDocument<T>): Promise<T> {
    return (await operations.insert(this.#view, document)) as StoredDocument as T;
  }

  insertMany(documents: readonly NewDocument<T>[]): Promise<void> {
    return operations.insertMany(this.#view, documents);
  }

  async update(id: string, change: Change<T>, options?: UpdateOptions): Promise<T | undefined> {
    const work = () => operations.update(this.#view, id, plainChange(change), options);
    return (await this.#queue(id, work)) as StoredDocument as T | undefined;
  }

  remove(id: string, options?: UpdateOptions): Promise<boolean> {
    return this.#queue(id, () => operations.remove(this.#view, id, options));
  }

  removeMany(query: Query): Promise<number> {
    return operations.removeMany(this.#view, query);
  }

  #queue<R>(id: string, work: () => Promise<R>): Promise<R> {
    return this.#updates.run(`${this.#view.name}/${id}`, work);
  }
}

/** One collection inside a transaction. */
export class MongoTransactionCollection<T extends StoredDocument> implements TransactionCollection<T> {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  get(id: string): Step<T | undefined> {
    return step(async () => (await operations.get(this.#view, id)) as StoredDocument as T | undefined);
  }

  *findOne(query: Query, options?: FindOptions): Step<T | undefined> {
    return (yield* this.find(query, { ...options, limit: 1 }))[0];
  }

  find(query: Query, options?: FindOptions): Step<T[]> {
    return step(async () => (await operations.find(this.#view, query, options)) as StoredDocument[] as T[]);
  }

  count(query: Query): Step<number> {
    return step(() => operations.count(this.#view, query));
  }

  insert(document: NewDocument<T>): Step<T> {
    return step(async () => (await operations.insert(this.#view, document)) as StoredDocument as T);
  }

  update(id: string, change: Change<T>, options?: UpdateOptions): Step<T | undefined> {
    const work = () => operations.update(this.#view, id, plainChange(change), options);
    return step(async () => (await work()) as StoredDocument as T | undefined);
  }

  remove(id: string, options?: UpdateOptions): Step<boolean> {
    return step(() => operations.remove(this.#view, id, options));
  }

  removeMany(query: Query): Step<number> {
    return step(() => operations.removeMany(this.#view, query));
  }
}
