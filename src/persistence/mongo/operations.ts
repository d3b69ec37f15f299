/** What one collection does on MongoDB; each works inside a transaction when the view has a session. */
import type { mongo } from 'mongoose';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../shared/errors.js';
import { sizeLimit } from '../../shared/size.js';
import type { CollectionName } from '../collections/index.js';
import { shardKeys } from '../collections/sharding.js';
import { newDocument, nextDocument, requireVersion, type Doc } from '../document.js';
import type { Change, CountOptions, FindOptions, Query, UpdateOptions } from '../store.js';
import type { PageMemory } from './page-memory.js';
import { isConflict, isDuplicate, translate } from './failures.js';
import { filterOf, pastOf, projectionOf, sessionOf, sortOf, type Filter, type View } from './query.js';

/** Times an update reads, changes and tries to replace one document before it gives up. */
const maxAttempts = 30;
/** Times one operation is repeated when it lost to others. */
const maxRepeats = 8;
/** Documents in one message to the server. */
const insertsPerMessage = 1000;
/** Documents read at one time by a walk over all. */
const pageSize = 1000;
/** Nor more than so many characters of them. */
const maxBatchCharacters = 4 * 2 ** 20;
/** Most documents in the first answer to a query: a page comes in one round trip. */
const maxFirstBatch = 5000;

/** Waits a random while, longer with every try, so that those in conflict do not meet again. */
function jitter(attempt: number): Promise<void> {
  return wait(Math.random() * Math.min(200, 5 * 2 ** attempt));
}

/** Does it, and outside of transactions once more after a conflict: the server has undone the one operation, so it may be repeated. */
async function translated<R>(view: View, work: () => Promise<R>, repeats = maxRepeats): Promise<R> {
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
    const found = await view.model.findOne(idFilter(view, id), null, sessionOf(view)).lean<Doc>();
    if (found) view.seen?.set(seenKey(view, id), found);
    return found ?? undefined;
  });
}

function queryOf(view: View, query: Query, options: FindOptions) {
  const past = options.after ? { $and: [query, pastOf(options.sort, options.after)] } : query;
  const { limit, skip } = options;
  return view.model
    .find(filterOf(view, past), projectionOf(options), {
      ...sessionOf(view),
      ...(skip !== undefined && { skip }),
      ...(limit !== undefined && { limit }),
      batchSize: Math.min(limit ?? maxFirstBatch, maxFirstBatch),
    })
    .sort(sortOf(options.sort))
    .lean<Doc[]>();
}

async function read(view: View, query: Query, options: FindOptions): Promise<Doc[]> {
  if (!options.until) return queryOf(view, query, options);
  const found: Doc[] = [];
  for await (const document of queryOf(view, query, options).cursor() as AsyncIterable<Doc>) {
    found.push(document);
    if (options.until(document)) break;
  }
  return found;
}

/** Reads a page at a position of a list. It begins at the last document of the page before where that is known. */
async function readPage(view: View, query: Query, options: FindOptions, pages: PageMemory): Promise<Doc[]> {
  const question = { collection: view.name, scope: view.scope, query, sort: options.sort };
  const writes = pages.writes(question);
  const { skip = 0, ...rest } = options;
  const known = pages.positionBefore(question, skip);
  const found = await read(
    view,
    query,
    known ? { ...rest, after: known.after, skip: skip - known.position } : options,
  );
  const last = found.at(-1);
  if (last) pages.rememberPosition(question, writes, skip + found.length, last);
  return found;
}

export function find(view: View, query: Query, options: FindOptions = {}): Promise<Doc[]> {
  // To MongoDB a limit of 0 is no limit.
  if (options.limit === 0) return Promise.resolve([]);
  const { pages } = view;
  // Documents that expire leave a list without a write.
  const isPage = options.skip !== undefined && options.limit !== undefined && view.expiry === null;
  return translated(view, () =>
    pages && isPage ? readPage(view, query, options, pages) : read(view, query, options),
  );
}

/** Page by page in id order: no cursor stays open on the server while the caller works. */
export async function* iterate(view: View, query: Query, options: FindOptions = {}): AsyncGenerator<Doc> {
  let after: Doc | undefined;
  do {
    const size = sizeLimit(maxBatchCharacters);
    const request = { ...options, limit: pageSize, until: size.until, ...(after && { after }) };
    const page: Doc[] = await find(view, query, request);
    yield* page;
    after = page.length === pageSize || size.isReached ? page.at(-1) : undefined;
  } while (after);
}

export async function count(view: View, query: Query, { maxAgeMs = 0 }: CountOptions = {}): Promise<number> {
  const pages = maxAgeMs > 0 && view.expiry === null ? view.pages : undefined;
  const question = { collection: view.name, scope: view.scope, query };
  const known = pages?.total(question, maxAgeMs);
  if (known !== undefined) return known;
  const writes = pages?.writes(question) ?? 0;
  const total = await translated(view, () =>
    view.model.countDocuments(filterOf(view, query), sessionOf(view)).exec(),
  );
  pages?.rememberTotal(question, writes, total);
  return total;
}

/** Counts of one message to the server. */
const countsPerMessage = 50;

/** The counts of one message: a union of pipelines, of which each counts by an index of its own. */
async function countSome(view: View, queries: readonly Query[]): Promise<number[]> {
  const pipelineOf = (query: Query, index: number) => [
    { $match: filterOf(view, query) },
    { $count: 'count' },
    { $set: { index } },
  ];
  const [first, ...others] = queries.map(pipelineOf);
  if (!first) return [];
  const unions = others.map((pipeline) => ({ $unionWith: { coll: view.name, pipeline } }));
  const rows = await translated(view, () =>
    view.model.collection
      .aggregate<{ index: number; count: number }>([...first, ...unions], sessionOf(view))
      .toArray(),
  );
  const counts = new Map(rows.map(({ index, count: total }) => [index, total]));
  return queries.map((_query, index) => counts.get(index) ?? 0);
}

export async function countEach(view: View, queries: readonly Query[]): Promise<number[]> {
  const counts: number[] = [];
  for (let at = 0; at < queries.length; at += countsPerMessage) {
    counts.push(...(await countSome(view, queries.slice(at, at + countsPerMessage))));
  }
  return counts;
}

/** The fields of a document by which a sharded cluster knows its shard. */
function shardOf(view: View, document: Doc): Filter {
  const fields = Object.keys(shardKeys[view.name as CollectionName] ?? {});
  return Object.fromEntries(fields.map((field) => [field, document[field]]));
}

/** The fields of the unique key that refused a document, with the document's values. */
function refusedKey(error: mongo.MongoServerError, document: Doc): Query {
  const fields = Object.keys((error['keyPattern'] as object | undefined) ?? { _id: 1 });
  return Object.fromEntries(fields.map((field) => [field, document[field]]));
}

/** Removes expired documents that keep an insert out. */
async function makeRoom(view: View, query: Query): Promise<number> {
  if (view.expiry === null) return 0;
  const filter: Filter = { ...query, [view.expiry]: { $lte: view.now() } };
  return (await view.model.deleteMany(filter, sessionOf(view))).deletedCount;
}

function freshDocument(view: View, document: object): Doc {
  const fresh = newDocument(document, view.scope, view.now());
  view.validate?.(view.name, fresh);
  return fresh;
}

export function insert(view: View, document: object): Promise<Doc> {
  return translated(view, async () => {
    const fresh = freshDocument(view, document);
    const write = () => view.model.collection.insertOne(fresh as never, sessionOf(view));
    // A refusal would end the transaction, so room is made before.
    if (view.session) await makeRoom(view, { _id: fresh._id });
    try {
      await write();
    } catch (error) {
      if (!isDuplicate(error) || view.session) throw error;
      if ((await makeRoom(view, refusedKey(error, fresh))) === 0) throw error;
      await write();
    }
    view.noteWrite(fresh.tenantId);
    return fresh;
  });
}

export function insertMany(view: View, documents: readonly object[]): Promise<void> {
  const write = async (): Promise<void> => {
    for (let at = 0; at < documents.length; at += insertsPerMessage) {
      const fresh = documents.slice(at, at + insertsPerMessage).map((doc) => freshDocument(view, doc));
      await view.model.collection.insertMany(fresh as never[], sessionOf(view));
      for (const tenantId of new Set(fresh.map((document) => document.tenantId))) view.noteWrite(tenantId);
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
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const stored = await get(view, id);
    const next = stored && nextDocument(stored, change, options, view.now());
    if (!next) return stored;
    view.validate?.(view.name, next);
    const filter = { _id: id, tenantId: stored.tenantId, version: stored.version, ...shardOf(view, stored) };
    const { matchedCount } = await translated(view, () =>
      view.model.collection.replaceOne(filter as never, next, sessionOf(view)),
    );
    if (matchedCount > 0) {
      view.seen?.set(seenKey(view, id), next);
      view.noteWrite(next.tenantId);
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
  const { deletedCount } = await translated(view, () => view.model.deleteOne(filter, sessionOf(view)));
  if (deletedCount > 0) {
    view.noteWrite(view.scope);
    return true;
  }
  const stored = options?.ifVersion === undefined ? undefined : await get(view, id);
  if (stored) requireVersion(stored, options);
  return false;
}

export function removeMany(view: View, query: Query): Promise<number> {
  view.seen?.clear();
  return translated(view, async () => {
    const { deletedCount } = await view.model.deleteMany(filterOf(view, query), sessionOf(view));
    view.noteWrite(view.scope);
    return deletedCount;
  });
}
