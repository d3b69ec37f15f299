import { nextCursor } from './cursor-paging.js';
import type { Place, ReadRows, Row, RowDocument, Search } from './page-search.js';

/** The page cut out of all places: ids in order. */
export interface PlacedPage {
  readonly ids: string[];
  readonly total: number;
  readonly nextCursor: string | undefined;
}

/** Places that come in any order, of which those up to the end of the page are kept. */
export interface OrderedPlaces {
  add(place: Place): void;
  page(): PlacedPage;
}

/** Places kept beyond those wanted before they are sorted and cut. */
const slack = 1000;

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

/** Puts places into the order of a search. What it holds grows with how far the page reaches, not with how many places there are. */
export function orderPlaces<D extends RowDocument, R extends Row>(search: Search<D, R>): OrderedPlaces {
  const { list, after } = search;
  const compare = comparePlaces(list.sortBy && list.sortOrder === 'descending' ? -1 : 1);
  const origin: Place | undefined = after && [after.key as Place[0], after.id];
  const begin = list.cursor === undefined ? list.startIndex - 1 : 0;
  const end = begin + list.count;
  let kept: Place[] = [];
  let total = 0;
  const cut = () => {
    // One more, which tells that a page follows.
    kept = kept.sort(compare).slice(0, end + 1);
  };
  return {
    add(place) {
      total += 1;
      if (origin && compare(place, origin) <= 0) return;
      kept.push(place);
      if (kept.length > 2 * end + slack) cut();
    },
    page() {
      cut();
      const places = kept.slice(begin, end);
      const last = places.at(-1);
      const isMore = list.cursor !== undefined && last !== undefined && kept.length > end;
      const cursor = isMore ? nextCursor(search, last) : undefined;
      return { ids: places.map(([, id]) => id), total, nextCursor: cursor };
    },
  };
}

/** Those of the rows with these ids, in the order of the ids. */
export function inOrder<R extends Row>(rows: readonly R[], ids: readonly string[]): R[] {
  const byId = new Map(rows.map((row) => [row._id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Reads the rows with these ids; one that is gone meanwhile is left out. */
export async function rowsAt<R extends Row>(read: ReadRows<R>, ids: readonly string[]): Promise<R[]> {
  return ids.length === 0 ? [] : inOrder(await read({ _id: { $in: ids } }, {}), ids);
}
