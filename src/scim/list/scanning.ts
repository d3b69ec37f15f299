import type { Query } from '../../persistence/store.js';
import { sizeLimit } from '../../shared/size.js';
import { nextCursor } from './cursor-paging.js';
import { isManager } from '../derived/managers.js';
import type { Found, Page, ResourceDocument, Search, Wanted } from './page-search.js';
import { orderPlaces, type OrderedPlaces } from './top-k.js';
import type { AttributePath } from '../protocol/attribute-path.js';
import type { FilterNode } from '../protocol/filter/filter.js';
import { compileFilter } from '../protocol/filter/match.js';
import { compileSortKey } from '../protocol/list/sort.js';
import type { JsonObject } from '../protocol/json-value.js';
import { isStanding } from '../derived/user-status.js';

/** Resources looked at between two looks at other work, and how large they may be together, in characters. */
const batchSize = 100;
const largestBatch = 2 ** 20;

/** Every path a filter looks at; those inside `[ ]` are under the one before. */
function pathsOf(node: FilterNode): AttributePath[] {
  if ('filters' in node) return node.filters.flatMap(pathsOf);
  if (node.op === 'not') return pathsOf(node.filter);
  return node.op === 'never' ? [] : [node.path];
}

/** What the filter and the order of a search look at. */
function lookedAt<D extends ResourceDocument>({ kind, list }: Search<D>): Wanted {
  const paths = [...(list.filter ? pathsOf(list.filter) : []), ...(list.sortBy ? [list.sortBy] : [])];
  const isLink = (path: AttributePath) => path.attribute.name === kind.linked && path.extension === undefined;
  return {
    links: paths.some(isLink),
    managers: paths.some(isManager),
    standing: paths.some(isStanding),
  };
}

interface Match {
  readonly id: string;
  readonly resource: JsonObject;
}

/** A way to look at documents: those that pass the filter, with their canonical form. */
function looker<D extends ResourceDocument>(
  search: Search<D>,
): (documents: readonly D[]) => Promise<Match[]> {
  const { kind, list } = search;
  const test = list.filter ? compileFilter(list.filter) : () => true;
  const wanted = lookedAt(search);
  return async (documents) => {
    const found: Match[] = [];
    for (let at = 0; at < documents.length;) {
      const resources = await kind.toResources(documents.slice(at), wanted);
      if (resources.length === 0) break;
      resources.forEach((resource, index) => {
        const id = documents[at + index]?._id ?? '';
        if (test(resource)) found.push({ id, resource });
      });
      at += resources.length;
    }
    return found;
  };
}

/** Candidates of the query that pass the filter, in id order; yields to other work between batches. */
async function* matches<D extends ResourceDocument>(search: Search<D>, query: Query): AsyncGenerator<Match> {
  const look = looker(search);
  let batch: D[] = [];
  let size = sizeLimit(largestBatch);
  for await (const document of search.kind.collection.iterate(query)) {
    if (!search.kind.isVisible(document)) continue;
    batch.push(document);
    if (!size.until(document) && batch.length < batchSize) continue;
    yield* await look(batch);
    batch = [];
    size = sizeLimit(largestBatch);
  }
  yield* await look(batch);
}

const toFound = (_id: string): Found<never> => ({ _id });

function pageAt<D extends ResourceDocument>(places: OrderedPlaces): Page<D> {
  const { ids, ...page } = places.page();
  return { found: ids.map(toFound), ...page };
}

/** A handful of candidates, found by a point of an index: they are looked at and put in order here. */
export async function fewPage<D extends ResourceDocument>(search: Search<D>, query: Query): Promise<Page<D>> {
  const { list } = search;
  const places = orderPlaces(search);
  const keyOf = list.sortBy ? compileSortKey(list.sortBy) : () => undefined;
  for await (const { id, resource } of matches(search, query)) places.add([keyOf(resource) ?? null, id]);
  return pageAt(places);
}

/** The filter is beyond the store, the order is that of ids: resources are looked at one by one. */
export async function scannedPage<D extends ResourceDocument>(search: Search<D>): Promise<Page<D>> {
  const { list, after, query } = search;
  const ids: string[] = [];
  const isCursor = list.cursor !== undefined;
  const from = isCursor ? 0 : list.startIndex - 1;
  let total = 0;
  const candidates = after ? { $and: [query, { _id: { $gt: after.id } }] } : query;
  for await (const { id } of matches(search, candidates)) {
    if (isCursor && ids.length === list.count && list.count > 0) {
      return scanned(search, ids, { total: undefined, isMore: true });
    }
    if (total >= from && ids.length < list.count) ids.push(id);
    total += 1;
  }
  return scanned(search, ids, { total: after ? undefined : total, isMore: false });
}

function scanned<D extends ResourceDocument>(
  search: Search<D>,
  ids: readonly string[],
  { total, isMore }: { total: number | undefined; isMore: boolean },
): Page<D> {
  const cursorAfter = (id: string): string | undefined =>
    search.list.cursor === undefined ? undefined : nextCursor(search, [id, id]);
  const last = isMore ? ids.at(-1) : undefined;
  const next = last === undefined ? undefined : cursorAfter(last);
  return { found: ids.map(toFound), total, nextCursor: next, cursorAfter };
}

/** The order is beyond the store: the sort keys of all matches are put in order, one page is read. */
export async function sortedPage<D extends ResourceDocument>(search: Search<D>): Promise<Page<D>> {
  const { list, query } = search;
  const keyOf = list.sortBy ? compileSortKey(list.sortBy) : () => undefined;
  const places = orderPlaces(search);
  for await (const { id, resource } of matches(search, query)) places.add([keyOf(resource) ?? null, id]);
  return pageAt(places);
}
