import { nextCursor } from './cursor-paging.js';
import type { Place, ResourceDocument, Search } from './page-search.js';

/** The page cut out of all places: ids in order. */
export interface PlacedPage {
  readonly ids: string[];
  readonly total: number;
  readonly nextCursor: string | undefined;
  /** The cursor that goes on after one of these ids; undefined: paging by index. */
  readonly cursorAfter: (id: string) => string | undefined;
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
export function orderPlaces<D extends ResourceDocument>(search: Search<D>): OrderedPlaces {
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
      const cursorAfter = (wanted: string): string | undefined => {
        const place = list.cursor === undefined ? undefined : places.find(([, id]) => id === wanted);
        return place && nextCursor(search, place);
      };
      return { ids: places.map(([, id]) => id), total, nextCursor: cursor, cursorAfter };
    },
  };
}
