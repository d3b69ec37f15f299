import type { Database as Table } from 'lmdb';
import { LRUCache } from 'lru-cache';
import type { KeyRange } from './planner.js';
import type { Keys } from './walk.js';

/** Fewer keys are counted again each time. */
const minCachedKeys = 1000;
const maxCachedTotals = 1000;

/**
 * How many keys large ranges have, so that a list of a large tenant does not count it again and again. A total belongs to one number of the
 * collection's sequence, which every write moves, in whatever process.
 */
export class Totals {
  readonly #sequences: Table<number, string>;
  readonly #totals = new LRUCache<string, { sequence: number; total: number }>({ max: maxCachedTotals });
  #written: Set<string> | undefined;

  constructor(sequences: Table<number, string>) {
    this.#sequences = sequences;
  }

  /** Notes, inside a write transaction, that entries of a collection change. */
  note(collection: string): void {
    this.#written?.add(collection);
  }

  /** Runs the work of one write transaction, inside it. */
  record<R>(work: () => R): R {
    const written = (this.#written = new Set());
    try {
      const result = work();
      for (const name of written) void this.#sequences.put(name, (this.#sequences.get(name) ?? 0) + 1);
      return result;
    } finally {
      this.#written = undefined;
    }
  }

  count(collection: string, keys: Keys, { start, end }: KeyRange): number {
    // What a transaction has written so far may be undone.
    if (this.#written) return keys.getKeysCount({ start, end });
    const sequence = this.#sequences.get(collection) ?? 0;
    const name = `${start.toString('latin1')}\0${end.toString('latin1')}`;
    const known = this.#totals.get(name);
    if (known?.sequence === sequence) return known.total;
    const total = keys.getKeysCount({ start, end });
    if (total >= minCachedKeys) this.#totals.set(name, { sequence, total });
    return total;
  }
}
