import { inTurn } from '../../http/turns.js';
import type { Query } from '../../persistence/store.js';
import { largestPage, sizeLimit } from '../../shared/size.js';
import { continued, cursorPage } from './cursor-paging.js';
import type { CursorScope } from './cursor.js';
import type { ScimContext } from '../exchange/request.js';
import { showsManager } from '../derived/managers.js';
import type { Page, ReadRows, ResourceKind, Row, RowDocument, Search, Wanted } from './page-search.js';
import { inOrder, orderPlaces } from './top-k.js';
import type { ResourceSchema } from '../protocol/attribute.js';
import type { ListRequest } from '../protocol/list/request.js';
import { isShown, type Projection } from '../protocol/projection.js';
import { fewPage, scannedPage, sortedPage } from './scanning.js';
import { toStoredFilter } from './stored-filter.js';
import { showsStanding } from '../derived/user-status.js';

function narrow(visible: Query, query: Query): Query {
  if (Object.keys(query).length === 0) return visible;
  const overlaps = Object.keys(query).some((key) => key.startsWith('$') || Object.hasOwn(visible, key));
  return overlaps ? { $and: [visible, query] } : { ...visible, ...query };
}

/** A handful at most, found by a point of an index, of which none needs a look: the cheapest way for the commonest of lookups. */
async function exactFewPage<D extends RowDocument, R extends Row>(
  search: Search<D, R>,
  query: Query,
): Promise<Page<R>> {
  const places = orderPlaces(search);
  const size = sizeLimit(largestPage);
  const rows = (await search.read(query, { until: size.until })).filter(search.kind.isVisible);
  if (size.isReached) return fewPage(search, query);
  for (const { _id } of rows) places.add([null, _id]);
  const { ids, total, nextCursor, cursorAfter } = places.page();
  return {
    rows: inOrder(rows, ids),
    total,
    nextCursor,
    cursorAfter: ({ _id }) => cursorAfter(_id),
    isCut: false,
  };
}

/** The store filters, sorts and pages. */
function storedPage<D extends RowDocument, R extends Row>(
  search: Search<D, R>,
  field: string,
): Promise<Page<R>> {
  const { list } = search;
  const isDescending = list.sortBy !== undefined && list.sortOrder === 'descending';
  const sort = { [field]: isDescending ? (-1 as const) : (1 as const) };
  return list.cursor === undefined ? indexedPage(search, sort) : cursorPage(search, field, sort);
}

async function indexedPage<D extends RowDocument, R extends Row>(
  { kind: { collection }, list, query, read }: Search<D, R>,
  sort: Readonly<Record<string, 1 | -1>>,
): Promise<Page<R>> {
  const skip = list.startIndex - 1;
  const size = sizeLimit(largestPage);
  const rows =
    list.count === 0 ? [] : await read(query, { sort, skip, limit: list.count, until: size.until });
  const isLast = !size.isReached && rows.length < list.count && (rows.length > 0 || skip === 0);
  const total = isLast ? skip + rows.length : await collection.count(query);
  return { rows, total, nextCursor: undefined, cursorAfter: () => undefined, isCut: size.isReached };
}

/** What an answer shows. */
export function shownBy(projection: Projection, linked: string): Wanted {
  return {
    links: isShown(projection, linked),
    managers: showsManager(projection),
    standing: showsStanding(projection),
  };
}

function scopeOf(
  { directoryId }: ScimContext,
  { name }: ResourceSchema,
  { filterText, sortBy, sortOrder }: ListRequest,
): CursorScope {
  return {
    directoryId: directoryId ?? '',
    resource: name,
    filter: filterText ?? '',
    sortBy: sortBy?.name ?? '',
    sortOrder,
  };
}

/**
 * Finds one page of resources (RFC 7644 section 3.4.2, RFC 9865).
 *
 * The store answers alone when the filter names stored fields and the order is that of ids or of a stored field. Otherwise the candidates
 * it narrows down to are looked at one by one.
 *
 * @param read - reads what the page is to hold of each resource.
 */
export async function findPage<D extends RowDocument, R extends Row>(
  context: ScimContext,
  kind: ResourceKind<D>,
  request: ListRequest,
  read: ReadRows<R>,
): Promise<Page<R>> {
  const { filter, sortBy } = request;
  const stored = filter ? await toStoredFilter(filter, kind.table) : { query: {}, exact: true };
  const scope = scopeOf(context, kind.schema, request);
  const query = narrow(kind.visible, stored.query);
  const search: Search<D, R> = { context, kind, read, query, scope, ...continued(context, request, scope) };
  if (stored.few === true) {
    const isAlone = stored.exact && sortBy === undefined;
    return isAlone ? exactFewPage(search, stored.query) : fewPage(search, stored.query);
  }
  const field = sortBy ? kind.storedSorts.get(sortBy.name) : '_id';
  return inTurn(context.core, context.tenantId, () => {
    if (stored.exact && field !== undefined) return storedPage(search, field);
    return sortBy ? sortedPage(search) : scannedPage(search);
  });
}

/** Reads whole documents. */
export function readDocuments<D extends RowDocument>({ collection }: ResourceKind<D>): ReadRows<D> {
  return (query, options) => collection.find(query, options);
}
