import type { Query } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import { largestPage, sizeLimit } from '../../shared/size.js';
import { continued, cursorPage } from './cursor-paging.js';
import type { CursorScope } from './cursor.js';
import type { ScimContext } from '../exchange/request.js';
import { showsManager } from '../derived/managers.js';
import type { Page, ResourceDocument, ResourceKind, Search, Wanted } from './page-search.js';
import { orderPlaces } from './top-k.js';
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
async function exactFewPage<D extends ResourceDocument>(search: Search<D>, query: Query): Promise<Page<D>> {
  const size = sizeLimit(largestPage);
  const read = await search.kind.collection.find(query, { until: size.until });
  if (size.isReached) return fewPage(search, query);
  const documents = new Map(read.filter(search.kind.isVisible).map((document) => [document._id, document]));
  const places = orderPlaces(search);
  for (const id of documents.keys()) places.add([null, id]);
  const { ids, ...page } = places.page();
  const found = ids.flatMap((id) => {
    const document = documents.get(id);
    return document ? [{ _id: id, version: document.version, document }] : [];
  });
  return { found, ...page };
}

/** The store filters, sorts and pages. */
function storedPage<D extends ResourceDocument>(search: Search<D>, field: string): Promise<Page<D>> {
  const { list } = search;
  const isDescending = list.sortBy !== undefined && list.sortOrder === 'descending';
  const sort = { [field]: isDescending ? (-1 as const) : (1 as const) };
  return list.cursor === undefined ? indexedPage(search, sort) : cursorPage(search, field, sort);
}

async function indexedPage<D extends ResourceDocument>(
  { kind: { collection }, list, query }: Search<D>,
  sort: Readonly<Record<string, 1 | -1>>,
): Promise<Page<D>> {
  const skip = list.startIndex - 1;
  const found =
    list.count === 0 ? [] : await collection.find(query, { sort, skip, limit: list.count, fields: [] });
  const isLast = found.length < list.count && (found.length > 0 || skip === 0);
  const total = isLast ? skip + found.length : await collection.count(query, listTotal);
  return {
    found: found.map(({ _id, version }) => ({ _id, version })),
    total,
    nextCursor: undefined,
    cursorAfter: () => undefined,
  };
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
 */
export async function findPage<D extends ResourceDocument>(
  context: ScimContext,
  kind: ResourceKind<D>,
  request: ListRequest,
): Promise<Page<D>> {
  const { filter, sortBy } = request;
  const stored = filter ? await toStoredFilter(filter, kind.table) : { query: {}, exact: true };
  const scope = scopeOf(context, kind.schema, request);
  const query = narrow(kind.visible, stored.query);
  const search: Search<D> = { context, kind, query, scope, ...continued(context, request, scope) };
  if (stored.few === true) {
    const isAlone = stored.exact && sortBy === undefined;
    return isAlone ? exactFewPage(search, stored.query) : fewPage(search, stored.query);
  }
  const field = sortBy ? kind.storedSorts.get(sortBy.name) : '_id';
  return context.core.turns.run(context.tenantId, () => {
    if (stored.exact && field !== undefined) return storedPage(search, field);
    return sortBy ? sortedPage(search) : scannedPage(search);
  });
}
