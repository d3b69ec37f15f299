import { LRUCache } from 'lru-cache';
import type { Doc } from '../document.js';
import type { Derive } from '../store.js';
import type { Documents } from './documents.js';
import type { Collected } from './indexes.js';
import { documentKey } from './keys.js';

/** Characters kept at one time, of documents and, by estimate, of what was made of them: some 20,000 users. */
const mostKept = 48 * 2 ** 20;
/** Larger documents are not worth their room. */
const largest = 2 ** 16;
/** What one entry takes beside its characters. */
const overhead = 500;
/** Documents asked for once that are remembered as such. */
const mostMet = 1000;

/** What was made of one document as it stood. */
interface Entry {
  /** The document as the database holds it, byte by byte. */
  readonly bytes: string;
  /** The fields that decide who may see it, and until when. */
  readonly outline: Doc;
  readonly made: Map<Derive<Doc, unknown>, unknown>;
}

/** Makes something of the document with this key; undefined when there is none or `isVisible` says no. */
export type Derivations = <R>(
  collection: Collected,
  id: string,
  make: Derive<Doc, R>,
  isVisible: (document: Doc) => boolean,
) => R | undefined;

/**
 * Remembers what was made of documents. The bytes of a document are read and compared every time, in the transaction that is open: what
 * is given was made of what stands in the database at this moment, whoever wrote it last.
 */
export function createDerivations(documents: Documents): Derivations {
  const entries = new LRUCache<string, Entry>({
    maxSize: mostKept,
    maxEntrySize: largest,
    sizeCalculation: ({ bytes }) => 2 * bytes.length + overhead,
  });
  // A walk over everything must not drive out what is asked for often: only what is met twice in a short while is remembered.
  let met = new Set<string>();
  const bytesAt = (key: string) => {
    const bytes = documents.getBinaryFast(key);
    return bytes?.toString('latin1', 0, bytes.length);
  };

  const makeAnew: Derivations = (collection, id, make, isVisible) => {
    const key = documentKey(collection.name, id);
    const document = documents.get(key);
    if (!document || !isVisible(document)) return undefined;
    const result = make(document);
    if (met.delete(key)) {
      const { tenantId } = document;
      const { expiry } = collection;
      const outline = { tenantId, ...(expiry !== null && { [expiry]: document[expiry] }) } as Doc;
      entries.set(key, { bytes: bytesAt(key) ?? '', outline, made: new Map([[make, result]]) });
      return result;
    }
    if (met.size >= mostMet) met = new Set();
    met.add(key);
    return result;
  };

  return <R>(
    collection: Collected,
    id: string,
    make: Derive<Doc, R>,
    isVisible: (document: Doc) => boolean,
  ) => {
    const key = documentKey(collection.name, id);
    const entry = entries.get(key);
    if (!entry) return makeAnew(collection, id, make, isVisible);
    if (entry.bytes !== bytesAt(key)) {
      entries.delete(key);
      return makeAnew(collection, id, make, isVisible);
    }
    if (!isVisible(entry.outline)) return undefined;
    if (!entry.made.has(make)) {
      const document = documents.get(key);
      if (document) entry.made.set(make, make(document));
    }
    // Made by this very function.
    return entry.made.get(make) as R | undefined;
  };
}
