import type { Collection, Query, StoredDocument } from '../persistence/store.js';
import { openCursor, sealCursor, type CursorScope, type OpenedCursor } from './cursor.js';
import type { ScimContext } from './exchange.js';
import type { ResourceSchema } from './protocol/attribute.js';
import type { AttributePath } from './protocol/attribute-path.js';
import type { FilterNode } from './protocol/filter.js';
import { compileFilter } from './protocol/filter-match.js';
import type { JsonObject } from './protocol/json-value.js';
import type { ListRequest } from './protocol/list-request.js';
import { isShown, type Projection } from './protocol/projection.js';
import { ScimError } from './protocol/scim-error.js';
import { compileSortKey } from './protocol/sort.js';
import { toStoredFilter, type FilterTable, type StoredFilter } from './stored-filter.js';
import { isStanding, showsStanding } from './user-standing.js';

/** What of a resource is put together from other documents, and therefore only when it is looked at or shown. */
export interface Wanted {
  /** The linked attribute: `groups`, `members`. */
  readonly links: boolean;
  /** `status` and `lockedUntil` of users. */
  readonly standing: boolean;
}

/** How one resource type is found and read. */
export interface ResourceKind<D extends StoredDocument> {
  readonly schema: ResourceSchema;
  readonly collection: Collection<D>;
  /** What the directory sees, as a query and as a test. */
  readonly visible: Query;
  readonly isVisible: (document: D) => boolean;
  readonly table: FilterTable;
  /** Attributes that sort by a stored field every resource has, by canonical path. */
  readonly storedSorts: ReadonlyMap<string, string>;
  /** The multi-valued attribute that is put together from other documents (`groups`, `members`). */
  readonly linked: string;
  /** Canonical forms, in order. */
  toResources(documents: readonly D[], wanted: Wanted): Promise<JsonObject[]>;
}

export interface Page<D> {
  readonly documents: D[];
  /** undefined: not worth a walk over everything (cursor paging of an unindexed filter). */
  readonly total: number | undefined;
  /** undefined: no further page, or paging by index. */
  readonly nextCursor: string | undefined;
}

type SortKey = string | number | null;
type Place = readonly [key: SortKey, id: string];

const batchSize = 100;
const dateFields: ReadonlySet<string> = new Set(['createdAt', 'updatedAt']);

/** Every path a filter looks at; those inside `[ ]` are under the one before. */
function pathsOf(node: FilterNode): AttributePath[] {
  if ('filters' in node) return node.filters.flatMap(pathsOf);
  if (node.op === 'not') return pathsOf(node.filter);
  return node.op === 'never' ? [] : [node.path];
}

function narrow(visible: Query, query: Query): Query {
  if (Object.keys(query).length === 0) return visible;
  const overlaps = Object.keys(query).some((key) => key.startsWith('$') || Object.hasOwn(visible, key));
  return overlaps ? { $and: [visible, query] } : { ...visible, ...query };
}

/** One query with all that is known about it. */
interface Search<D extends StoredDocument> {
  readonly context: ScimContext;
  readonly kind: ResourceKind<D>;
  readonly list: ListRequest;
  readonly query: Query;
  readonly scope: CursorScope;
  /** Where a cursor says to go on; undefined: at the beginning. */
  readonly after: OpenedCursor | undefined;
}

function nextCursor<D extends StoredDocument>(search: Search<D>, place: Place): string {
  const { context, list, scope } = search;
  const page = { key: place[0], id: place[1], count: list.count };
  return sealCursor(context.core.secretBox, scope, page, context.core.clock.now());
}

/**
 * A simpler query for the same documents, as they stand now, where there is one: own and free documents are two ranges of an index,
 * between which a skip has to count its way, but most tenants have one directory, and then one range is enough.
 * What it finds has to be looked at: a document of another directory may have come in between.
 */
async function oneRange<D extends StoredDocument>({ collection, visible }: ResourceKind<D>): Promise<Query> {
  const { directoryId } = visible as { directoryId?: { $in: readonly (string | null)[] } };
  if (!directoryId) return visible;
  const [own] = directoryId.$in;
  const [free, mine, all] = await Promise.all([
    collection.count({ directoryId: null }),
    collection.count({ directoryId: own }),
    collection.count({}),
  ]);
  if (free === 0) return { directoryId: own };
  return free + mine === all ? {} : visible;
}

/** A page without a filter: the walk over one range, unless another directory's documents turn up in it. */
async function wholePage<D extends StoredDocument>(search: Search<D>, field: string): Promise<Page<D>> {
  const { kind } = search;
  const query = await oneRange(kind);
  const page = await storedPage({ ...search, query }, field);
  return page.documents.every(kind.isVisible) ? page : storedPage(search, field);
}

/** A handful of candidates, found by a point of an index: everything else is done here. */
async function fewPage<D extends StoredDocument>(search: Search<D>, stored: StoredFilter): Promise<Page<D>> {
  const { kind, list } = search;
  const documents = (await kind.collection.find(stored.query)).filter(kind.isVisible);
  const isSeen = documents.length > 0 && (!stored.exact || list.sortBy !== undefined);
  const test = list.filter ? compileFilter(list.filter) : () => true;
  const keyOf = list.sortBy ? compileSortKey(list.sortBy) : () => undefined;
  const resources = isSeen ? await kind.toResources(documents, lookedAt(search)) : [];
  const places = documents.flatMap((document, index): Place[] => {
    const resource = resources[index];
    if (!resource) return isSeen ? [] : [[null, document._id]];
    return test(resource) ? [[keyOf(resource) ?? null, document._id]] : [];
  });
  const page = pageOf(search, places);
  const byId = new Map(documents.map((document) => [document._id, document]));
  return { ...page, documents: page.places.flatMap(([, id]) => byId.get(id) ?? []) };
}

/** The store filters, sorts and pages. */
function storedPage<D extends StoredDocument>(search: Search<D>, field: string): Promise<Page<D>> {
  const { list } = search;
  const isDescending = list.sortBy !== undefined && list.sortOrder === 'descending';
  const sort = { [field]: isDescending ? (-1 as const) : (1 as const) };
  return list.cursor === undefined ? indexedPage(search, sort) : cursorPage(search, field, sort);
}

type Sort = Record<string, 1 | -1>;

async function indexedPage<D extends StoredDocument>(
  { kind: { collection }, list, query }: Search<D>,
  sort: Sort,
): Promise<Page<D>> {
  const skip = list.startIndex - 1;
  if (list.count === 0) return { documents: [], total: await collection.count(query), nextCursor: undefined };
  const documents = await collection.find(query, { sort, skip, limit: list.count });
  const isLast = documents.length < list.count && (documents.length > 0 || skip === 0);
  const total = isLast ? skip + documents.length : await collection.count(query);
  return { documents, total, nextCursor: undefined };
}

async function cursorPage<D extends StoredDocument>(
  search: Search<D>,
  field: string,
  sort: Sort,
): Promise<Page<D>> {
  const { kind, list, query, after } = search;
  const key = after && (dateFields.has(field) ? new Date(Number(after.key)) : after.key);
  const [found, total] = await Promise.all([
    kind.collection.find(query, {
      sort,
      limit: list.count + 1,
      ...(after && { after: { [field]: key, _id: after.id } }),
    }),
    kind.collection.count(query),
  ]);
  const documents = found.slice(0, list.count);
  const last = found.length > list.count ? documents.at(-1) : undefined;
  return { documents, total, nextCursor: last && nextCursor(search, [keyAt(last, field), last._id]) };
}

function keyAt(document: StoredDocument, field: string): SortKey {
  const value = (document as unknown as Record<string, unknown>)[field];
  return value instanceof Date ? value.getTime() : ((value ?? null) as SortKey);
}

/** Candidates of the query that pass the filter, in id order, with their canonical form; yields to other work between batches. */
async function* matches<D extends StoredDocument>(
  search: Search<D>,
  query: Query,
  wanted: Wanted,
): AsyncGenerator<{ document: D; resource: JsonObject }> {
  const { kind, list } = search;
  const test = list.filter ? compileFilter(list.filter) : () => true;
  let batch: D[] = [];
  const tested = async (): Promise<{ document: D; resource: JsonObject }[]> => {
    const documents = batch;
    batch = [];
    const resources = await kind.toResources(documents, wanted);
    return documents.flatMap((document, index) => {
      const resource = resources[index];
      return resource && test(resource) ? [{ document, resource }] : [];
    });
  };
  for await (const document of kind.collection.iterate(query)) {
    batch.push(document);
    if (batch.length === batchSize) yield* await tested();
  }
  yield* await tested();
}

/** What the filter and the order of a search look at. */
function lookedAt<D extends StoredDocument>({ kind, list }: Search<D>): Wanted {
  const paths = [...(list.filter ? pathsOf(list.filter) : []), ...(list.sortBy ? [list.sortBy] : [])];
  const isLink = (path: AttributePath) => path.attribute.name === kind.linked && path.extension === undefined;
  return { links: paths.some(isLink), standing: paths.some(isStanding) };
}

/** What an answer shows. */
export function shownBy(projection: Projection, linked: string): Wanted {
  return { links: isShown(projection, linked), standing: showsStanding(projection) };
}

/** The filter is beyond the store, the order is that of ids: resources are looked at one by one. */
async function scannedPage<D extends StoredDocument>(search: Search<D>): Promise<Page<D>> {
  const { list, after, query } = search;
  const documents: D[] = [];
  const isCursor = list.cursor !== undefined;
  const from = isCursor ? 0 : list.startIndex - 1;
  let total = 0;
  const candidates = after ? { $and: [query, { _id: { $gt: after.id } }] } : query;
  for await (const { document } of matches(search, candidates, lookedAt(search))) {
    if (isCursor && documents.length === list.count && list.count > 0) {
      const last = documents.at(-1)?._id ?? '';
      return { documents, total: undefined, nextCursor: nextCursor(search, [last, last]) };
    }
    if (total >= from && documents.length < list.count) documents.push(document);
    total += 1;
  }
  return { documents, total: after ? undefined : total, nextCursor: undefined };
}

function comparePlaces(sign: number): (left: Place, right: Place) => number {
  return ([left, leftId], [right, rightId]) => {
    if (left !== right) {
      if (left === null) return sign;
      if (right === null) return -sign;
      return left < right ? -sign : sign;
    }
    return leftId < rightId ? -1 : leftId > rightId ? 1 : 0;
  };
}

/** Puts places in order and cuts out the page asked for. */
function pageOf<D extends StoredDocument>(
  search: Search<D>,
  places: Place[],
): { places: Place[]; total: number; nextCursor: string | undefined } {
  const { list, after } = search;
  const compare = comparePlaces(list.sortBy && list.sortOrder === 'descending' ? -1 : 1);
  places.sort(compare);
  const origin: Place | undefined = after && [after.key as SortKey, after.id];
  const begin = origin ? places.findIndex((place) => compare(place, origin) > 0) : list.startIndex - 1;
  const page = begin < 0 ? [] : places.slice(begin, begin + list.count);
  const last = page.at(-1);
  const isMore = list.cursor !== undefined && last !== undefined && begin + page.length < places.length;
  return { places: page, total: places.length, nextCursor: isMore ? nextCursor(search, last) : undefined };
}

/** The order is beyond the store: the sort keys of all matches are put in order, one page of documents is read. */
async function sortedPage<D extends StoredDocument>(search: Search<D>): Promise<Page<D>> {
  const { kind, list, query } = search;
  const keyOf = list.sortBy ? compileSortKey(list.sortBy) : () => undefined;
  const places: Place[] = [];
  for await (const { resource, document } of matches(search, query, lookedAt(search))) {
    places.push([keyOf(resource) ?? null, document._id]);
  }
  const page = pageOf(search, places);
  const found = await kind.collection.find({ _id: { $in: page.places.map(([, id]) => id) } });
  const byId = new Map(found.map((document) => [document._id, document]));
  return { ...page, documents: page.places.flatMap(([, id]) => byId.get(id) ?? []) };
}

/** The cursor of a request read back, and the request with the page size the cursor was made for. */
function continued(
  { core }: ScimContext,
  list: ListRequest,
  scope: CursorScope,
): { after: OpenedCursor | undefined; list: ListRequest } {
  if (list.cursor === undefined || list.cursor === '') return { after: undefined, list };
  const after = openCursor(core.secretBox, scope, list.cursor, core.clock.now());
  // A next page asked for without a count is as long as the first one was.
  if (list.isCounted && list.count !== after.count) {
    throw new ScimError(400, 'invalidCount', `this cursor is for pages of ${after.count}`);
  }
  return { after, list: { ...list, count: after.count } };
}

/**
 * Finds one page of resources (RFC 7644 section 3.4.2, RFC 9865).
 *
 * The store answers alone when the filter names stored fields and the order is that of ids or of a stored field. Otherwise the candidates
 * it narrows down to are looked at one by one.
 */
export async function findPage<D extends StoredDocument>(
  context: ScimContext,
  kind: ResourceKind<D>,
  request: ListRequest,
): Promise<Page<D>> {
  const { filter, sortBy, sortOrder } = request;
  const stored = filter ? await toStoredFilter(filter, kind.table) : { query: {}, exact: true };
  const scope: CursorScope = {
    directoryId: context.directoryId ?? '',
    resource: kind.schema.name,
    filter: request.filterText ?? '',
    sortBy: sortBy?.name ?? '',
    sortOrder,
  };
  const query = narrow(kind.visible, stored.query);
  const search: Search<D> = { context, kind, query, scope, ...continued(context, request, scope) };
  if (stored.few === true) return fewPage(search, stored);
  const field = sortBy ? kind.storedSorts.get(sortBy.name) : '_id';
  if (!stored.exact || field === undefined) return sortBy ? sortedPage(search) : scannedPage(search);
  return Object.keys(stored.query).length === 0 ? wholePage(search, field) : storedPage(search, field);
}
