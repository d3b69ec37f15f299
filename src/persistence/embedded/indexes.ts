import { createHash } from 'node:crypto';
import { Query as Matcher } from 'mingo';
import type { Schema } from 'mongoose';
import { isPlainObject, type Doc } from '../document.js';
import type { Query } from '../store.js';
import { emptyArray, encodeKey, keyValue } from './keys.js';

/** One secondary index, read from its collection's schema. An entry's key is the index's number, the fields' values and the id. */
export interface Index {
  name: string;
  /** What its keys begin with. */
  number: string;
  /** Ends with `_id`. */
  fields: readonly string[];
  /** The top-level fields that decide where a document stands in it, and whether it is in it. */
  roots: readonly string[];
  /** Of each field: whether one document may have several values in it. */
  multiple: readonly boolean[];
  unique: boolean;
  /** Only documents that match are in the index. */
  where: Query | null;
  isInside: (document: Doc) => boolean;
}

/** One collection as the embedded database keeps it. */
export interface Collected {
  name: string;
  /** The documents by their ids: an index whose keys are those of the documents. */
  primary: Index;
  indexes: readonly Index[];
  /** Whether one document may have several values in this indexed field. */
  isMultiple: (field: string) => boolean;
  /** The date field after which a document is gone; null: it stays. */
  expiry: string | null;
}

/** Whether the schema lets this path have several values: arrays, and whatever is inside what the schema does not look into. */
function mayBeMultiple(schema: Schema, path: string): boolean {
  if (path.includes('.')) return true;
  const instance = (schema.path(path) as { instance?: string } | undefined)?.instance;
  return instance === 'Array' || instance === 'Mixed' || instance === undefined;
}

/** @returns a test of documents by a query, as MongoDB would match them. It is compiled for the first document: often there is none. */
export function matcher(query: Query): (document: Doc) => boolean {
  let compiled: Matcher | undefined;
  return (document) => (compiled ??= new Matcher(query, { scriptEnabled: false })).test(document);
}

/** The test of a partial index: what nearly all of them ask, `$gt` of one field, without the matcher. */
function insideOf(where: Query | null): (document: Doc) => boolean {
  if (!where) return () => true;
  const [[path, demand] = ['', null], ...more] = Object.entries(where);
  const isOneBound = isPlainObject(demand) && Object.keys(demand).join() === '$gt' && more.length === 0;
  const bound = isOneBound ? demand['$gt'] : undefined;
  if (typeof bound !== 'string' && !(bound instanceof Date)) return matcher(where);
  const isDate = bound instanceof Date;
  return (document) =>
    valuesAt(document, path).some((value) =>
      isDate ? value instanceof Date && value > bound : typeof value === 'string' && value > bound,
    );
}

/** The name of every collection's primary index, as MongoDB calls it. */
export const primaryName = '_id_';

/** What the keys of an index begin with: another one for each definition. */
function numberOf(name: string, definition: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([name, definition]))
    .digest('base64url')
    .slice(0, 6);
}

/** Reads a collection from its mongoose schema. */
export function readCollection(name: string, schema: Schema): Collected {
  let expiry: string | null = null;
  const indexes = schema.indexes().map(([key, options]): Index => {
    const { unique = false, partialFilterExpression: where = null, expireAfterSeconds } = options;
    const named = Object.keys(key);
    const fields = named.at(-1) === '_id' ? named : [...named, '_id'];
    if (expireAfterSeconds !== undefined) expiry = fields[0] ?? null;
    const indexName = options.name ?? named.join('_');
    return {
      name: indexName,
      number: numberOf(`${name}.${indexName}`, [fields, unique, where]),
      fields,
      roots: [...fields, ...Object.keys(where ?? {})].map((path) => path.split('.')[0] ?? path),
      multiple: fields.map((field) => field !== '_id' && mayBeMultiple(schema, field)),
      unique: unique === true,
      where,
      isInside: insideOf(where),
    };
  });
  const multiple = new Set(indexes.flatMap((index) => index.fields.filter((_, i) => index.multiple[i])));
  const primary: Index = {
    name: primaryName,
    number: name,
    fields: ['_id'],
    roots: ['_id'],
    multiple: [false],
    unique: true,
    where: null,
    isInside: () => true,
  };
  return { name, primary, indexes, isMultiple: (field) => multiple.has(field), expiry };
}

function collectValues(value: unknown, parts: readonly string[], into: unknown[]): void {
  const [part, ...rest] = parts;
  if (Array.isArray(value)) {
    if (part === undefined) into.push(...(value.length === 0 ? [emptyArray] : (value as unknown[])));
    else for (const item of value as unknown[]) collectValues(item, parts, into);
    if (into.length === 0) into.push(null);
    return;
  }
  if (part === undefined) into.push(value ?? null);
  else
    collectValues(
      typeof value === 'object' ? (value as Record<string, unknown> | null)?.[part] : undefined,
      rest,
      into,
    );
}

/** Every value a document has at a path, as MongoDB indexes it: the items of arrays one by one, null for what is missing. */
export function valuesAt(document: Doc, path: string): unknown[] {
  const isPath = path.includes('.');
  if (!isPath && !Array.isArray(document[path])) return [document[path] ?? null];
  const values: unknown[] = [];
  collectValues(document, isPath ? path.split('.') : [path], values);
  return values;
}

/** The keys under which an index finds a document; none when it is outside. */
export function entriesOf(index: Index, document: Doc): Buffer[] {
  if (!index.isInside(document)) return [];
  let rows: unknown[][] = [[index.number]];
  index.fields.forEach((field, i) => {
    const values = index.multiple[i] ? valuesAt(document, field) : [document[field]];
    if (values.length === 1) for (const row of rows) row.push(keyValue(field, values[0]));
    else rows = rows.flatMap((row) => values.map((value) => [...row, keyValue(field, value)]));
  });
  return uniqueKeys(rows.map(encodeKey));
}

export function uniqueKeys(keys: Buffer[]): Buffer[] {
  return keys.length < 2 ? keys : [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
}
