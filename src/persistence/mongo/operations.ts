/** What one collection does on MongoDB; each works inside a transaction when the view has a session. */
import type { mongo } from 'mongoose';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/errors.js';
import { sizeLimit } from '../../shared/size.js';
import { newDocument, nextDocument, requireVersion, type Doc } from '../document.js';
import type { Change, FindOptions, Query, UpdateOptions } from '../store.js';
import { isConflict, isDuplicate, translate } from './failures.js';
import { filterOf, pastOf, projectionOf, sessionOf, sortOf, type Filter, type View } from './query.js';

/** Times an update reads, changes and tries to replace one document before it gives up. */
const mostTries = 30;
/** Times one operation is repeated when it lost to others. */
const mostRepeats = 8;
/** Documents in one message to the server. */
const bulk = 1000;
/** Documents read at one time by a walk over all. */
const pageSize = 200;
/** Nor more than so many characters of them. */
const largestBatch = 4 * 2 ** 20;
/** Most documents in the first answer to a query: a page comes in one round trip. */
const firstBatch = 5000;

/** Waits a random while, longer with every try, so that those in conflict do not meet again. */
export function jitter(attempt: number): Promise<void> {
  return wait(Math.random() * Math.min(200, 5 * 2 ** attempt));
}

/** Does it, and outside of transactions once more after a conflict: the server has undone the one operation, so it may be repeated. */
async function translated<R>(view: View, work: () => Promise<R>, repeats = mostRepeats): Promise<R> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (view.session || !isConflict(error)) throw translate(error, view.name);
      if (attempt >= repeats) {
        throw new AppError('store.conflict', `${view.name} is being changed by too many at once`, {
          cause: error,
        });
      }
    }
    await jitter(attempt);
  }
}

const idFilter = (view: View, id: string): Filter => filterOf(view, { _id: id });

const seenKey = (view: View, id: string) => `${view.name}/${id}`;

/** What the transaction has seen of this document; never of those that expire while it runs. */
function seenBefore(view: View, id: string): Doc | undefined {
  const seen = view.expiry === null ? view.seen?.get(seenKey(view, id)) : undefined;
  return seen && (view.scope === null || seen.tenantId === view.scope) ? seen : undefined;
}

export async function get(view: View, id: string): Promise<Doc | undefined> {
  const seen = seenBefore(view, id);
  if (seen) return seen;
  return translated(view, async () => {
    const found = await view.collection.findOne(idFilter(view, id), sessionOf(view));
    if (found) view.seen?.set(seenKey(view, id), found);
    return found ?? undefined;
  });
}

function cursorOf(view: View, query: Query, options: FindOptions): mongo.FindCursor<Doc> {
  const past = options.after ? { $and: [query, pastOf(options.sort, options.after)] } : query;
  const cursor = view.collection
    .find(filterOf(view, past), { ...sessionOf(view), ...projectionOf(options.fields) })
    .sort(sortOf(options.sort));
  if (options.skip) cursor.skip(options.skip);
  if (options.limit !== undefined) cursor.limit(options.limit);
  cursor.batchSize(Math.min(options.limit ?? firstBatch, firstBatch));
  return cursor;
}

export function find(view: View, query: Query, options: FindOptions = {}): Promise<Doc[]> {
  // To MongoDB a limit of 0 is no limit.
  if (options.limit === 0) return Promise.resolve([]);
  return translated(view, () => derive(view, query, options, (document) => document));
}

/** What is made of all that is found, document by document: they are not held all together. */
async function derive<R>(
  view: View,
  query: Query,
  options: FindOptions,
  make: (document: Doc) => R,
): Promise<R[]> {
  const made: R[] = [];
  for await (const document of cursorOf(view, query, options)) {
    const item = make(document);
    made.push(item);
    if (options.until?.(item)) break;
  }
  return made;
}

export function deriveAll<R>(
  view: View,
  query: Query,
  options: FindOptions,
  make: (document: Doc) => R,
): Promise<R[]> {
  if (options.limit === 0) return Promise.resolve([]);
  return translated(view, () => derive(view, query, options, make));
}

/** Page by page in id order: no cursor stays open on the server while the caller works. */
export async function* iterate(view: View, query: Query, options: FindOptions = {}): AsyncGenerator<Doc> {
  let after: Doc | undefined;
  do {
    const size = sizeLimit(largestBatch);
    const request = { ...options, limit: pageSize, until: size.until, ...(after && { after }) };
    const page: Doc[] = await find(view, query, request);
    yield* page;
    after = page.length === pageSize || size.isReached ? page.at(-1) : undefined;
  } while (after);
}

export function count(view: View, query: Query): Promise<number> {
  return translated(view, () => view.collection.countDocuments(filterOf(view, query), sessionOf(view)));
}

/** Sweeps away expired documents that would stand in an insert's way. */
async function makeRoom(view: View, query: Query): Promise<number> {
  if (view.expiry === null) return 0;
  const filter = { ...query, [view.expiry]: { $lte: view.now() } } as Filter;
  return (await view.collection.deleteMany(filter, sessionOf(view))).deletedCount;
}

export function insert(view: View, document: object): Promise<Doc> {
  return translated(view, async () => {
    const fresh = newDocument(document, view.scope, view.now());
    const write = () => view.collection.insertOne(fresh, sessionOf(view));
    // A refusal would end the transaction, so room is made before.
    if (view.session) await makeRoom(view, { _id: fresh._id });
    try {
      await write();
    } catch (error) {
      if (!isDuplicate(error) || view.session || (await makeRoom(view, {})) === 0) throw error;
      await write();
    }
    return fresh;
  });
}

export function insertMany(view: View, documents: readonly object[]): Promise<void> {
  const write = async (): Promise<void> => {
    for (let at = 0; at < documents.length; at += bulk) {
      const fresh = documents.slice(at, at + bulk).map((doc) => newDocument(doc, view.scope, view.now()));
      await view.collection.insertMany(fresh, sessionOf(view));
    }
  };
  // Not repeated: some of them may stand already.
  return translated(view, write, 0);
}

export async function update(
  view: View,
  id: string,
  change: Change<Doc>,
  options?: UpdateOptions,
): Promise<Doc | undefined> {
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const stored = await get(view, id);
    const next = stored && nextDocument(stored, change, options, view.now());
    if (!next) return stored;
    const filter = { _id: id, tenantId: stored.tenantId, version: stored.version } as Filter;
    const { matchedCount } = await translated(view, () =>
      view.collection.replaceOne(filter, next as never, sessionOf(view)),
    );
    if (matchedCount > 0) {
      view.seen?.set(seenKey(view, id), next);
      return next;
    }
    await jitter(attempt);
  }
  throw new AppError('store.conflict', `${view.name} ${id} is being changed by too many at once`);
}

export async function remove(view: View, id: string, options?: UpdateOptions): Promise<boolean> {
  view.seen?.delete(seenKey(view, id));
  const version = options?.ifVersion === undefined ? {} : { version: options.ifVersion };
  const filter = filterOf(view, { _id: id, ...version });
  const { deletedCount } = await translated(view, () => view.collection.deleteOne(filter, sessionOf(view)));
  if (deletedCount > 0) return true;
  const stored = options?.ifVersion === undefined ? undefined : await get(view, id);
  if (stored) requireVersion(stored, options);
  return false;
}

export function removeMany(view: View, query: Query): Promise<number> {
  view.seen?.clear();
  return translated(view, async () => {
    const { deletedCount } = await view.collection.deleteMany(filterOf(view, query), sessionOf(view));
    return deletedCount;
  });
}
