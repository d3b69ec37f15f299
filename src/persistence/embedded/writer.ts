/** Writes of one collection. Each runs inside a write transaction that is already open, and is undone with it. */
import { duplicate, newDocument, nextDocument, requireVersion, type Doc } from '../document.js';
import type { Change, UpdateOptions } from '../store.js';
import { entriesOf, primaryName, type Index } from './indexes.js';
import { documentKey, encodeKey, endOf, idOf, isComparable, rangeOfSame } from './keys.js';
import { noValue } from './tables.js';
import { getDocument, getStored, isExpired, seenKey, type View } from './view.js';

function putStored(view: View, document: Doc): void {
  const { database, collection, seen } = view;
  view.validate?.(collection.name, document);
  database.known.note(collection.name);
  void database.documents.put(documentKey(collection.name, document._id), document, document.version);
  seen?.set(seenKey(view, document._id), document);
}

function removeStored(view: View, document: Doc): void {
  const { database, collection, seen } = view;
  database.known.note(collection.name);
  void database.documents.remove(documentKey(collection.name, document._id));
  seen?.delete(seenKey(view, document._id));
  for (const index of collection.indexes) {
    for (const key of entriesOf(index, document)) void database.entries.remove(key);
  }
}

/** @throws AppError `store.duplicate` when another document holds this key, unless that one has expired: it is swept away. */
function requireFree(view: View, index: Index, key: Buffer, id: string): void {
  for (const holder of Array.from(view.database.entries.getKeys(rangeOfSame(key)), idOf)) {
    const document = holder === id ? undefined : getStored(view, holder);
    if (document && !isExpired(view, document)) throw duplicate(view.collection.name, index.name);
    if (document) removeStored(view, document);
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => item === b[i]);
  return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
}

/** Whether an update can have moved a document in an index; false only when it surely has not. */
function mayDiffer(index: Index, before: Doc, after: Doc): boolean {
  return index.roots.some((field) => !isSame(before[field], after[field]));
}

const without = (keys: Buffer[], others: readonly Buffer[]): Buffer[] =>
  others.length === 0 ? keys : keys.filter((key) => !others.some((other) => other.equals(key)));

/** Nothing is written before all unique keys are known to be free: a refusal leaves the transaction as it was. */
function writeIndexes(view: View, before: Doc | undefined, after: Doc): void {
  const { database, collection } = view;
  const gone: Buffer[] = [];
  const added: Buffer[] = [];
  for (const index of collection.indexes) {
    if (before && !mayDiffer(index, before, after)) continue;
    const old = before ? entriesOf(index, before) : [];
    const fresh = entriesOf(index, after);
    gone.push(...without(old, fresh));
    const wanted = without(fresh, old);
    if (index.unique) for (const key of wanted) requireFree(view, index, key, after._id);
    added.push(...wanted);
  }
  for (const key of gone) void database.entries.remove(key);
  for (const key of added) void database.entries.put(key, noValue);
}

/** @throws AppError `store.duplicate` */
export function insert(view: View, document: object): Doc {
  const fresh = newDocument(document, view.scope, view.now());
  if (!isComparable(fresh._id)) throw new Error('the _id of a document is too long');
  const holder = getStored(view, fresh._id);
  if (holder && !isExpired(view, holder)) throw duplicate(view.collection.name, primaryName);
  if (holder) removeStored(view, holder);
  writeIndexes(view, undefined, fresh);
  putStored(view, fresh);
  return fresh;
}

/** @throws AppError `store.duplicate`, `resource.version_mismatch` */
export function update(
  view: View,
  id: string,
  change: Change<Doc>,
  options?: UpdateOptions,
): Doc | undefined {
  const stored = getDocument(view, id);
  const next = stored && nextDocument(stored, change, options, view.now());
  if (!next) return stored;
  writeIndexes(view, stored, next);
  putStored(view, next);
  return next;
}

/** @throws AppError `resource.version_mismatch` */
export function remove(view: View, id: string, options?: UpdateOptions): boolean {
  const stored = getDocument(view, id);
  if (!stored) return false;
  requireVersion(stored, options);
  removeStored(view, stored);
  return true;
}

/**
 * Removes documents that have expired, oldest first.
 *
 * @param limit - at most so many.
 * @returns how many there were.
 */
export function sweep(view: View, limit: number): number {
  const { database, collection, now } = view;
  const index = collection.indexes.find(({ fields }) => fields[0] === collection.expiry);
  if (!index) return 0;
  const start = encodeKey([index.number, new Date(0)]);
  const end = endOf(encodeKey([index.number, now()]));
  const due = Array.from(database.entries.getKeys({ start, end, limit }));
  for (const key of due) {
    const document = getStored(view, idOf(key));
    if (document) removeStored(view, document);
  }
  return due.length;
}
