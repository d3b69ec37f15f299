import { expect } from 'chai';
import fc from 'fast-check';
import type { Place, Search } from '../../../src/scim/list/page-search.js';
import { orderPlaces } from '../../../src/scim/list/top-k.js';
import { createSecretBox } from '../../../src/infrastructure/secret-box.js';
import { systemClock } from '../../../src/shared/clock.js';

type AnySearch = Search<never>;

function searchOf(list: object, after?: Place): AnySearch {
  const core = { secretBox: createSecretBox('a secret that is long enough for it'), clock: systemClock };
  const scope = { directoryId: 'd', resource: 'User', filter: '', sortBy: 'title', sortOrder: 'ascending' };
  const origin = after && { key: after[0], id: after[1], count: 1 };
  return { context: { core }, scope, list, after: origin } as unknown as AnySearch;
}

const key = fc.option(fc.constantFrom('', 'a', 'b', 'c', 'd'));

function naive(places: readonly Place[]): string[] {
  const rank = ([value, id]: Place) => [value === null ? 1 : 0, value ?? '', id] as const;
  const isBefore = (a: Place, b: Place) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((part, i) => part !== right[i]);
    return at < 0 ? 0 : (left[at] ?? 0) < (right[at] ?? 0) ? -1 : 1;
  };
  return places.toSorted(isBefore).map(([, id]) => id);
}

describe('places in the order of a search', () => {
  const keys = fc.array(key, { maxLength: 3000, minLength: 1100 });

  it('give the page that sorting all of them would give, though they keep but a part', () => {
    fc.assert(
      fc.property(keys, fc.nat(1500), fc.nat(40), (values, skip, count) => {
        const all = values.map((value, i): Place => [value, String(i).padStart(4, '0')]);
        const places = orderPlaces(
          searchOf({ startIndex: skip + 1, count, sortBy: {}, sortOrder: 'ascending' }),
        );
        for (const place of all) places.add(place);
        const { ids, total, nextCursor } = places.page();
        expect(ids).to.deep.equal(naive(all).slice(skip, skip + count));
        expect({ total, nextCursor }).to.deep.equal({ total: all.length, nextCursor: undefined });
      }),
      { numRuns: 30 },
    );
  });

  it('go on after the place of a cursor, and tell whether more follows', () => {
    fc.assert(
      fc.property(keys, fc.nat(1000), fc.integer({ min: 1, max: 60 }), (values, at, count) => {
        const all = values.map((value, i): Place => [value, String(i).padStart(4, '0')]);
        const order = naive(all);
        const after = all.find(([, id]) => id === order[at]);
        const places = orderPlaces(
          searchOf({ startIndex: 1, cursor: 'c', count, sortBy: {}, sortOrder: 'ascending' }, after),
        );
        for (const place of all) places.add(place);
        const { ids, total, nextCursor } = places.page();
        expect(ids).to.deep.equal(order.slice(at + 1, at + 1 + count));
        expect(total).to.equal(all.length);
        expect(nextCursor !== undefined).to.equal(at + 1 + count < order.length);
      }),
      { numRuns: 30 },
    );
  });
});
