/** Writes of one collection. Each runs inside a write transaction that is already open, and is undone with it. */
import { newDocument, nextDocument, requireVersion, type Doc } from '../document.js';
import type { Change, UpdateOptions } from '../store.js';
import { duplicate, entriesOf, type Index } from './indexes.js';
import { documentKey, encodeKey, endOf, idAtEnd } from './keys.js';
import { getDocument, isExpired, type View } from './view.js';

function putStored(view: View, document: Doc): void {
  const { name } = view.collection;
  view.validate?.(name, document);
  view.database.documents.put(name, document);
  view.seen?.set(documentKey(name, document._id), document);
}

function removeStored({ database, collection, seen }: View, document: Doc): void {
  const key = documentKey(collection.name, document._id);
  database.documents.remove(key);
  seen?.delete(key);
  for (const index of collection.indexes) {
    for (const key of entriesOf(index, document)) database.removeEntry(key);
  }
}

/** @throws AppError `store.duplicate` when another document holds this key, unless that one has expired: it is swept away. */
function requireFree(view: View, index: Index, key: Buffer, id: string): void {
  const { database, collection } = view;
  const holder = database.entries.get(key);
  if (holder === undefined || holder === id) return;
  const document = database.documents.get(documentKey(collection.name, holder));
  if (document && !isExpired(view, document)) throw duplicate(collection.name, index.name);
  if (document) removeStored(view, document);
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

/** Nothing is written before all unique keys are known to be free: a refusal leaves the transaction as it was. */
function writeIndexes(view: View, before: Doc | undefined, after: Doc): void {
  const { database } = view;
  const touched = view.collection.indexes.filter((index) => !before || mayDiffer(index, before, after));
  const changes = touched.map((index) => {
    const old = before ? entriesOf(index, before) : [];
    const fresh = entriesOf(index, after);
    return {
      index,
      gone: old.filter((key) => !fresh.some((other) => other.equals(key))),
      added: fresh.filter((key) => !old.some((other) => other.equals(key))),
    };
  });
  for (const { index, added } of changes) {
    if (index.unique) for (const key of added) requireFree(view, index, key, after._id);
  }
  for (const { index, gone, added } of changes) {
    for (const key of gone) database.removeEntry(key);
    for (const key of added) database.putEntry(key, index.unique ? after._id : '');
  }
}

/** @throws AppError `store.duplicate` */
export function insert(view: View, document: object): Doc {
  const fresh = newDocument(document, view.scope, view.now());
  const key = documentKey(view.collection.name, fresh._id);
  const holder = view.database.documents.get(key);
  if (holder && !isExpired(view, holder)) throw duplicate(view.collection.name, '_id_');
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
  const start = encodeKey(index.number, [new Date(0)]);
  const end = endOf(encodeKey(index.number, [now()]));
  const due = Array.from(database.entries.getKeys({ start, end, limit }));
  for (const key of due) {
    const document = database.documents.get(documentKey(collection.name, idAtEnd(key, 2, 1)));
    if (document) removeStored(view, document);
  }
  return due.length;
}
