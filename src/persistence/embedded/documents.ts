/**
 * How documents are kept: as rows, their values in the order of their collection's fields, so that no document carries its fields' names.
 * A layout says which field stands where; the database holds all there ever were, in the order of their numbers, and none of them changes.
 */
import type { Database as Table, RangeOptions, RootDatabase } from 'lmdb';
import type { Schema } from 'mongoose';
import type { Doc } from '../document.js';
import { documentKey } from './keys.js';

/** Values of which each tells all about itself. */
export const msgpack = { encoding: 'msgpack', useRecords: false } as const;

/** The number of the layout; the fields it does not know, if any; the values of those it knows. */
type Row = [layout: number, others: Record<string, unknown> | null, ...values: unknown[]];

type Layout = readonly string[];

/** The documents of all collections, by `collection/id`. */
export interface Documents {
  get(key: string): Doc | undefined;
  getRange(options: RangeOptions): Iterable<{ key: string; value: Doc }>;
  /** Inside a write transaction. */
  put(collection: string, document: Doc): void;
  /** Inside a write transaction. */
  remove(key: string): void;
}

function layoutOf(schema: Schema): Layout {
  return [...new Set(Object.keys(schema.paths).map((path) => path.split('.')[0] ?? path))];
}

function toRow(number: number, layout: Layout, document: Doc): Row {
  const row: Row = [number, null];
  let known = 0;
  for (const field of layout) {
    const value = document[field];
    if (value !== undefined) known++;
    row.push(value);
  }
  if (known < Object.keys(document).length) {
    row[1] = Object.fromEntries(Object.entries(document).filter(([field]) => !layout.includes(field)));
  }
  return row;
}

function toDocument(layout: Layout, row: Row): Doc {
  const document: Record<string, unknown> = {};
  for (let i = 0; i < layout.length; i++) {
    const value = row[i + 2];
    if (value !== undefined) document[layout[i] ?? ''] = value;
  }
  // What wrote the row put a document in.
  return Object.assign(document, row[1]) as Doc;
}

/** Finds the layout of each collection among those the database knows, or adds it. Inside a write transaction. */
function numberLayouts(root: RootDatabase, schemas: Readonly<Record<string, Schema>>): Map<string, number> {
  const layouts = [...((root.get('layouts') as Layout[] | undefined) ?? [])];
  const before = layouts.length;
  const numbers = new Map<string, number>();
  for (const [collection, schema] of Object.entries(schemas)) {
    const layout = layoutOf(schema);
    const text = layout.join('\n');
    const at = layouts.findIndex((other) => other.join('\n') === text);
    numbers.set(collection, at === -1 ? layouts.push(layout) - 1 : at);
  }
  if (layouts.length > before) void root.put('layouts', layouts);
  return numbers;
}

export function openDocuments(root: RootDatabase, schemas: Readonly<Record<string, Schema>>): Documents {
  const table: Table<Row, string> = root.openDB({ name: 'documents', ...msgpack });
  const numbers = root.transactionSync(() => numberLayouts(root, schemas));
  let layouts = root.get('layouts') as Layout[];
  const documentIn = (row: Row): Doc => {
    // Another process, of a version that knows more fields, may have added one.
    if (row[0] >= layouts.length) layouts = root.get('layouts') as Layout[];
    return toDocument(layouts[row[0]] ?? [], row);
  };
  return {
    get(key) {
      const row = table.get(key);
      return row && documentIn(row);
    },
    getRange: (options) =>
      table.getRange(options).map(({ key, value }) => ({ key, value: documentIn(value) })),
    put(collection, document) {
      const number = numbers.get(collection) ?? 0;
      void table.put(documentKey(collection, document._id), toRow(number, layouts[number] ?? [], document));
    },
    remove: (key) => void table.remove(key),
  };
}
