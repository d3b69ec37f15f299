/** What a query means for one document: the same for an index and for a look at the document itself. */
import { Query as Matcher } from 'mingo';
import { isPlainObject, type Doc } from './document.js';
import { emptyArray } from './embedded/keys.js';
import type { Query } from './store.js';

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

/** @returns a test of documents by a query, as MongoDB would match them. It is compiled for the first document: often there is none. */
export function matcher(query: Query): (document: Doc) => boolean {
  let compiled: Matcher | undefined;
  return (document) => (compiled ??= new Matcher(query, { scriptEnabled: false })).test(document);
}

/** The test of a partial index: what nearly all of them ask, `$gt` of one field, without the matcher. */
export function insideOf(where: Query | null): (document: Doc) => boolean {
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
