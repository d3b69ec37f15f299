import { LRUCache } from 'lru-cache';

/** One version of one document: what it holds never changes. */
export interface Versioned {
  readonly _id: string;
  readonly version: number;
}

/** Bytes of one entry beside its value: the key, the entry itself. */
const overheadBytes = 300;

/**
 * A cache of values made of documents. A value is found by the document's id and version, so it cannot be out of date. The least recently
 * used values leave first. Only what was read outside transactions may enter: a transaction that fails takes its versions back.
 */
export class VersionCache<V extends Versioned> {
  readonly #entries: LRUCache<string, V>;

  /** @param sizeOf - bytes of one value; more than `maxBytes` together are not kept. */
  constructor(maxBytes: number, sizeOf: (value: V) => number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      maxEntrySize: maxBytes >> 8,
      sizeCalculation: (value) => sizeOf(value) + overheadBytes,
    });
  }

  get({ _id, version }: Versioned): V | undefined {
    const value = this.#entries.get(_id);
    return value?.version === version ? value : undefined;
  }

  set(value: V): void {
    this.#entries.set(value._id, value);
  }
}
