import type { Database as Table } from 'lmdb';
import { LRUCache } from 'lru-cache';
import type { KeyRange } from './planner.js';
import type { Keys } from './walk.js';

/** Totals and heads that are kept: some 5 MB. */
const maxKept = 30_000;

/** Where the answer to one question is kept, as long as it holds. */
interface Place<V> {
  readonly sequence: number;
  value?: V;
}

/**
 * What reads found, so that a list does not count a large tenant again and again, nor walk again to a page that nobody wrote to since. It
 * belongs to one number of the collection's sequence, which every write moves, in whatever process.
 */
export class Known {
  readonly #sequences: Table<number, string>;
  readonly #places = new LRUCache<string, Place<unknown>>({ maxSize: maxKept });
  #written: Set<string> | undefined;

  constructor(sequences: Table<number, string>) {
    this.#sequences = sequences;
  }

  /** Notes, inside a write transaction, that a collection changes. */
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

  /** @param question - of the collection; @param size - of the answer, about. */
  place<V>(collection: string, question: string, size = 1): Place<V> {
    const sequence = this.#sequences.get(collection) ?? 0;
    // What a transaction has written so far may be undone.
    if (this.#written) return { sequence };
    const key = `${collection}\0${question}`;
    const kept = this.#places.get(key);
    if (kept?.sequence === sequence) return kept as Place<V>;
    const fresh = { sequence };
    this.#places.set(key, fresh, { size: size + 10 + (key.length >> 7) });
    return fresh;
  }

  count(collection: string, keys: Keys, { start, end }: KeyRange): number {
    const place = this.place<number>(collection, `${start.toString('latin1')}\0${end.toString('latin1')}`);
    return (place.value ??= keys.getKeysCount({ start, end }));
  }
}
