import { createHash } from 'node:crypto';
import type { Schema } from 'mongoose';
import type { Doc } from '../document.js';
import { insideOf, valuesAt } from '../matching.js';
import type { Query } from '../store.js';
import { encodeKey, keyValue, maxExactCharacters } from './keys.js';

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
  /** Of each field: whether its keys hold the whole text, since the schema allows none that would be cut. */
  whole: readonly boolean[];
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

function maxLengthOf(schema: Schema, path: string): number {
  const found = schema.path(path) as { options?: { maxlength?: number } } | undefined;
  return found?.options?.maxlength ?? Infinity;
}

/** The name of every collection's primary index, as MongoDB calls it. */
export const primaryName = '_id_';

/** What the keys of an index begin with: another one for each definition. */
function numberOf(name: string, definition: unknown): string {
  const whole = JSON.stringify([name, definition]);
  return createHash('sha256').update(whole).digest('base64url').slice(0, 6);
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
      whole: fields.map((field) => maxLengthOf(schema, field) <= maxExactCharacters),
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
    whole: [false],
    unique: true,
    where: null,
    isInside: () => true,
  };
  return { name, primary, indexes, isMultiple: (field) => multiple.has(field), expiry };
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
