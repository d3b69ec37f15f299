import { Query as Matcher } from 'mingo';
import type { Schema } from 'mongoose';
import { isPlainObject, type Doc } from '../document.js';
import { AppError } from '../../shared/errors.js';
import { DuplicateKey, type Query } from '../store.js';
import { emptyArray, encodeKey, keyValue } from './keys.js';

/** One secondary index, read from its collection's schema. An entry's key is the fields' values; those that are not unique end with `_id`. */
export interface Index {
  name: string;
  number: number;
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
  indexes: readonly Index[];
  /** The indexed fields of which one document may have several values. */
  multiple: ReadonlySet<string>;
  /** The date field after which a document is gone; null: it stays. */
  expiry: string | null;
}

/** Moves when keys are written otherwise than before, so that indexes that stand are built anew. */
const keyFormat = 2;

const hasNumericPart = (path: string) => path.split('.').some((part) => /^\d+$/.test(part));

/** Whether the schema lets this path have several values: arrays, and whatever is inside what the schema does not look into. */
function mayBeMultiple(schema: Schema, path: string): boolean {
  if (path.includes('.')) return true;
  const instance = (schema.path(path) as { instance?: string } | undefined)?.instance;
  return instance === 'Array' || instance === 'Mixed' || instance === undefined;
}

/** @returns a test of documents by a query, as MongoDB would match them. Compiled when there is a document to test: often there is none. */
export function matcher(query: Query): (document: Doc) => boolean {
  let compiled: Matcher | undefined;
  return (document) => (compiled ??= new Matcher(query, { scriptEnabled: false })).test(document);
}

/** The test of a partial index: what all of them ask, "a string" or "a date", without the matcher. */
function insideOf(where: Query): (document: Doc) => boolean {
  const [[path, demand] = ['', null], ...more] = Object.entries(where);
  const bound = isPlainObject(demand) && Object.keys(demand).join() === '$gt' ? demand['$gt'] : undefined;
  if (more.length > 0) return matcher(where);
  if (bound === '')
    return (document) => valuesAt(document, path).some((value) => typeof value === 'string' && value !== '');
  if (bound instanceof Date)
    return (document) => valuesAt(document, path).some((value) => value instanceof Date && value > bound);
  return matcher(where);
}

/**
 * Reads a collection from its mongoose schema.
 *
 * @param numberOf - the number under which the database keeps an index, by its name and definition.
 */
export function readCollection(
  name: string,
  schema: Schema,
  numberOf: (index: string, definition: string) => number,
): Collected {
  let expiry: string | null = null;
  const indexes = schema.indexes().map(([key, options]): Index => {
    const unique = options.unique === true;
    const where = (options.partialFilterExpression as Query | undefined) ?? null;
    const fields = Object.keys(key);
    if (options.expireAfterSeconds !== undefined) expiry = fields[0] ?? null;
    if (!unique && fields.at(-1) !== '_id') fields.push('_id');
    const indexName = options.name ?? fields.join('_');
    return {
      name: indexName,
      number: numberOf(`${name}.${indexName}`, JSON.stringify([keyFormat, fields, unique, where])),
      fields,
      roots: [...fields, ...Object.keys(where ?? {})].map((path) => path.split('.')[0] ?? path),
      multiple: fields.map((field) => mayBeMultiple(schema, field)),
      unique,
      where,
      isInside: where ? insideOf(where) : () => true,
    };
  });
  const multiple = new Set(
    indexes.flatMap(({ fields, ...index }) => fields.filter((_, i) => index.multiple[i])),
  );
  return { name, indexes, multiple, expiry };
}

function collect(value: unknown, parts: readonly string[], at: number, into: unknown[]): void {
  const part = parts[at];
  if (part === undefined) {
    if (!Array.isArray(value)) into.push(value ?? null);
    else if (value.length === 0) into.push(emptyArray);
    else into.push(...(value as unknown[]));
    return;
  }
  if (Array.isArray(value)) {
    if (hasNumericPart(part)) collect(value[Number(part)], parts, at + 1, into);
    else for (const item of value as unknown[]) collect(item, parts, at, into);
    if (into.length === 0) into.push(null);
    return;
  }
  const inside = typeof value === 'object' && value !== null && !(value instanceof Date);
  collect(inside ? (value as Record<string, unknown>)[part] : undefined, parts, at + 1, into);
}

/** Every value a document has at a path, as MongoDB indexes it: the items of arrays one by one, null for what is missing. */
export function valuesAt(document: Doc, path: string): unknown[] {
  if (!path.includes('.')) {
    const value = document[path];
    if (!Array.isArray(value)) return [value ?? null];
  }
  const values: unknown[] = [];
  collect(document, path.split('.'), 0, values);
  return values;
}

/** The keys under which an index finds a document; none when it is outside. */
export function entriesOf(index: Index, document: Doc): Buffer[] {
  if (!index.isInside(document)) return [];
  let rows: unknown[][] = [[]];
  for (const field of index.fields) {
    const values = valuesAt(document, field);
    const [only] = values;
    if (values.length === 1) {
      const value = keyValue(field, only);
      for (const row of rows) row.push(value);
    } else rows = rows.flatMap((row) => values.map((value) => [...row, keyValue(field, value)]));
  }
  if (rows.length === 1) return [encodeKey(index.number, rows[0] ?? [])];
  const keys = new Map(
    rows.map((row) => {
      const key = encodeKey(index.number, row);
      return [key.toString('latin1'), key];
    }),
  );
  return [...keys.values()];
}

/** The refusal of a second document with the same key. */
export function duplicate(collection: string, index: string): AppError {
  const cause = new DuplicateKey(collection, index);
  return new AppError('store.duplicate', cause.message, { cause });
}
