import type { Database as Table, RootDatabase } from 'lmdb';
import type { Schema } from 'mongoose';
import { duplicate, type Doc } from '../document.js';
import { otherVersion } from '../format.js';
import { entriesOf, readCollection, type Collected, type Index } from './indexes.js';
import { encodeKey, endOf, idOf, keyAfter, rangeOfSame } from './keys.js';

/** A counter and when it ends (milliseconds). */
export interface Counter {
  count: number;
  expiresAt: number;
}

export interface Tables {
  /** Documents by collection and id, each with its version in front. */
  documents: Table<Doc, Buffer>;
  /** The keys of all indexes; the values are empty. */
  entries: Table<Buffer, Buffer>;
  counters: Table<Counter, string>;
  /** By collection: moves with every change of it. */
  sequences: Table<number, string>;
}

/** The value of every index entry. */
export const noValue = Buffer.alloc(0);

const writeKey = (key: Buffer, target: Uint8Array, start: number): number => start + key.copy(target, start);

/** Cut from Node's pool: a page reads hundreds. */
function readKey(source: Buffer, start: number, end: number): Buffer {
  const key = Buffer.allocUnsafe(end - start);
  source.copy(key, 0, start, end);
  return key;
}

/** Keys as they are. */
const keys = { keyEncoder: { writeKey, readKey } };

export function openTables(root: RootDatabase): Tables {
  // No shared structures: a refused write would take back what other documents are then written by.
  const msgpack = { encoding: 'msgpack', useRecords: false } as const;
  return {
    documents: root.openDB({ name: 'documents', useVersions: true, ...keys, ...msgpack }),
    entries: root.openDB({ name: 'entries', encoding: 'binary', ...keys }),
    counters: root.openDB({ name: 'counters', ...msgpack }),
    sequences: root.openDB({ name: 'sequences', ...msgpack }),
  };
}

const rangeBelow = (part: string) => {
  const prefix = encodeKey([part]);
  return { start: keyAfter(prefix), end: endOf(prefix) };
};

function buildIndex({ documents, entries }: Tables, collection: Collected, index: Index): void {
  for (const { value } of documents.getRange(rangeBelow(collection.name))) {
    for (const key of entriesOf(index, value)) {
      const held = index.unique ? Array.from(entries.getKeys({ ...rangeOfSame(key), limit: 1 }), idOf) : [];
      if (held.some((id) => id !== value._id)) throw duplicate(collection.name, index.name);
      entries.putSync(key, noValue);
    }
  }
}

/** Whether another living process has the file open: it would use its own indexes beside ours. */
export function isOpenElsewhere(root: RootDatabase): boolean {
  root.readerCheck();
  return [...root.readerList().matchAll(/^\s*(\d+)\s/gm)].some(([, pid]) => Number(pid) !== process.pid);
}

/**
 * Reads the collections. Builds each index that is new or defined otherwise than when it was last built, and drops those that are gone.
 *
 * @param mayChange - whether that may be done to a database that is not new.
 * @throws ConfigError where it may not, or another process has the database open.
 */
export function prepareCollections(
  root: RootDatabase,
  tables: Tables,
  schemas: Readonly<Record<string, Schema>>,
  mayChange: boolean,
): Map<string, Collected> {
  const named = Object.entries(schemas).map(
    ([name, schema]) => [name, readCollection(name, schema)] as const,
  );
  const collections = new Map(named);
  root.transactionSync(() => {
    const built = root.get('indexes') as string[] | undefined;
    const wanted = named.flatMap(([, { indexes }]) => indexes.map(({ number }) => number));
    const gone = (built ?? []).filter((number) => !wanted.includes(number));
    const fresh = new Set(wanted.filter((number) => built?.includes(number) !== true));
    if (gone.length === 0 && fresh.size === 0) return;
    if (built && (!mayChange || isOpenElsewhere(root))) throw otherVersion();
    for (const number of gone) {
      for (const key of Array.from(tables.entries.getKeys(rangeBelow(number))))
        tables.entries.removeSync(key);
    }
    for (const [, collection] of named) {
      for (const index of collection.indexes)
        if (fresh.has(index.number)) buildIndex(tables, collection, index);
    }
    root.putSync('indexes', wanted);
  });
  return collections;
}
