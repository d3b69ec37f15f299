/** The port's collections on the embedded database. Inside they handle plain documents; the port's types name each collection's own. */
import { serialize } from 'node:v8';
import { pause, runSliced, yieldIfBusy, type Sliced } from '../../infrastructure/time-slices.js';
import { project, type Doc } from '../document.js';
import { matcher } from '../matching.js';
import type {
  Change,
  Collection,
  FindOptions,
  NewDocument,
  Query,
  Step,
  StoredDocument,
  TransactionCollection,
  UpdateOptions,
} from '../store.js';
import { count, find, stream } from './reader.js';
import { getDocument, type View } from './view.js';
import { insert, remove, update } from './writer.js';

/** Documents written by one transaction of a bulk write. */
const batchSize = 50;
const maxBatchesInFlight = 8;
/** Writes in batches, some of them in flight at a time so that they share the wait for the disk. */
async function writeBatches<T>(
  { database }: View,
  items: readonly T[],
  write: (item: T) => boolean,
): Promise<number> {
  let done = 0;
  for (let at = 0; at < items.length; at += batchSize * maxBatchesInFlight) {
    const starts = Array.from({ length: maxBatchesInFlight }, (_, i) => at + i * batchSize);
    const batches = starts.map((start) => items.slice(start, start + batchSize));
    const full = batches.filter((batch) => batch.length > 0);
    const counts = full.map((batch) => database.write(() => batch.filter(write).length));
    for (const count of await Promise.all(counts)) done += count;
  }
  return done;
}

function* once<R>(work: () => R): Sliced<R> {
  return work();
}

export function runToEnd<R>(work: Step<R>): R {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The first error of a step: the transaction fails even if its work catches it, as on MongoDB it must. */
export interface TransactionFailure {
  first?: { error: unknown };
}

/** One collection inside a transaction, or for steps that only read. Its steps yield where a read may be cut into slices. */
export class EmbeddedTransactionCollection<T extends StoredDocument> implements TransactionCollection<T> {
  readonly #view: View;
  readonly #failure: TransactionFailure;

  constructor(view: View, failure: TransactionFailure) {
    this.#view = view;
    this.#failure = failure;
  }

  get(id: string): Step<T | undefined> {
    return this.#step(() => getDocument(this.#view, id) as T | undefined);
  }

  *findOne(query: Query, options?: FindOptions): Step<T | undefined> {
    return (yield* this.find(query, { ...options, limit: 1 }))[0];
  }

  find(query: Query, options?: FindOptions): Step<T[]> {
    return this.#steps(find(this.#view, query, options) as Sliced<StoredDocument[]> as Sliced<T[]>);
  }

  count(query: Query): Step<number> {
    return this.#steps(count(this.#view, query));
  }

  insert(document: NewDocument<T>): Step<T> {
    return this.#step(() => insert(this.#view, document) as StoredDocument as T);
  }

  update(id: string, change: Change<T>, options?: UpdateOptions): Step<T | undefined> {
    // The port's types name each collection's documents; here a document is a document.
    const plain: Change<Doc> = (stored) => change(stored as StoredDocument as T) as Doc | undefined;
    return this.#step(() => update(this.#view, id, plain, options) as StoredDocument as T | undefined);
  }

  remove(id: string, options?: UpdateOptions): Step<boolean> {
    return this.#step(() => remove(this.#view, id, options));
  }

  *removeMany(query: Query): Step<number> {
    const found = yield* this.find(query, { fields: [] });
    return yield* this.#step(() => found.filter(({ _id }) => remove(this.#view, _id)).length);
  }

  #step<R>(work: () => R): Step<R> {
    return this.#steps(once(work));
  }

  *#steps<R>(work: Sliced<R>): Step<R> {
    try {
      return yield* work;
    } catch (error) {
      this.#failure.first ??= { error };
      throw error;
    }
  }
}

/** One collection outside transactions: each write is one of its own. */
export class EmbeddedCollection<T extends StoredDocument> implements Collection<T> {
  readonly #view: View;
  readonly #steps: EmbeddedTransactionCollection<T>;

  constructor(view: View) {
    this.#view = view;
    this.#steps = new EmbeddedTransactionCollection(view, {});
  }

  async get(id: string): Promise<T | undefined> {
    await yieldIfBusy();
    return runToEnd(this.#steps.get(id));
  }

  findOne(query: Query, options?: FindOptions): Promise<T | undefined> {
    return this.#read(this.#steps.findOne(query, options));
  }

  /** A page of heads is remembered until the collection is written to; not where documents expire without a write. */
  async find(query: Query, options: FindOptions = {}): Promise<T[]> {
    const { fields, limit = Infinity, until } = options;
    const { collection, database, scope } = this.#view;
    const read = () => runSliced(this.#steps.find(query, options));
    await yieldIfBusy();
    if (fields?.length !== 0 || limit === Infinity || until || collection.expiry !== null) return read();
    const question = serialize([scope, query, options]).toString('latin1');
    const place = database.known.place<T[]>(collection.name, question, limit);
    return (place.value ??= await read()).map((head) => ({ ...head }));
  }

  count(query: Query): Promise<number> {
    return this.#read(this.#steps.count(query));
  }

  countEach(queries: readonly Query[]): Promise<number[]> {
    return Promise.all(queries.map((query) => this.count(query)));
  }

  async *iterate(query: Query, options?: Pick<FindOptions, 'fields'>): AsyncGenerator<T> {
    for (const document of stream(this.#view, query)) {
      if (document) yield project(document, options?.fields) as StoredDocument as T;
      else await pause();
    }
  }

  insert(document: NewDocument<T>): Promise<T> {
    return this.#write(() => this.#steps.insert(document));
  }

  async insertMany(documents: readonly NewDocument<T>[]): Promise<void> {
    await writeBatches(this.#view, documents, (document) => insert(this.#view, document).version > 0);
  }

  update(id: string, change: Change<T>, options?: UpdateOptions): Promise<T | undefined> {
    return this.#write(() => this.#steps.update(id, change, options));
  }

  remove(id: string, options?: UpdateOptions): Promise<boolean> {
    return this.#write(() => this.#steps.remove(id, options));
  }

  async removeMany(query: Query): Promise<number> {
    const ids: string[] = [];
    for await (const { _id } of this.iterate(query)) ids.push(_id);
    const test = matcher(query);
    return writeBatches(this.#view, ids, (id) => {
      const stored = getDocument(this.#view, id);
      return stored !== undefined && test(stored) && remove(this.#view, id);
    });
  }

  async #read<R>(work: Step<R>): Promise<R> {
    await yieldIfBusy();
    return runSliced(work);
  }

  #write<R>(work: () => Step<R>): Promise<R> {
    return this.#view.database.write(() => runToEnd(work()));
  }
}
