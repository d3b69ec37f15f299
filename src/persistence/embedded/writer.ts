import { newDocument, nextDocument, requireVersion, type Doc } from '../document.js';
import type { Change, UpdateOptions } from '../store.js';
import type { Database } from './database.js';
import { duplicate, entriesOf, isExpired, writeEntry, type Collected, type Index } from './indexes.js';
import { documentKey } from './keys.js';

/** Writes of one collection, each inside a write transaction that is already open. */
export interface Writer {
  /** The document, when it is there, the scope's, and not expired. */
  read(id: string): Doc | undefined;
  insert(document: object): Doc;
  update(id: string, change: Change<Doc>, options?: UpdateOptions): Doc | undefined;
  remove(id: string, options?: UpdateOptions): boolean;
}

function removeStored(database: Database, collection: Collected, document: Doc): void {
  void database.documents.remove(documentKey(collection.name, document._id));
  for (const index of collection.indexes) {
    for (const key of entriesOf(index, document)) void database.entries.remove(key);
  }
}

/** Sweeps away an expired document that still holds this key. */
function makeRoom(database: Database, collection: Collected, index: Index, key: Buffer, now: Date): void {
  const holder = index.unique && collection.expiry !== null ? database.entries.get(key) : undefined;
  const document =
    holder === undefined ? undefined : database.documents.get(documentKey(collection.name, holder));
  if (document && isExpired(collection, document, now)) removeStored(database, collection, document);
}

function writeIndexes(
  database: Database,
  collection: Collected,
  before: Doc | undefined,
  after: Doc,
  now: Date,
): void {
  for (const index of collection.indexes) {
    const old = before ? entriesOf(index, before) : [];
    const fresh = entriesOf(index, after);
    for (const key of old) {
      if (!fresh.some((other) => other.equals(key))) void database.entries.remove(key);
    }
    for (const key of fresh) {
      if (old.some((other) => other.equals(key))) continue;
      makeRoom(database, collection, index, key, now);
      writeEntry(database.entries, collection.name, index, key, after._id);
    }
  }
}

/**
 * @param scope - the tenant whose documents these are, null for the whole server.
 * @param now - the present instant.
 */
export function createWriter(
  database: Database,
  collection: Collected,
  scope: string | null,
  now: () => Date,
): Writer {
  const read = (id: string) => {
    const document = database.documents.get(documentKey(collection.name, id));
    if (!document || (scope !== null && document.tenantId !== scope)) return undefined;
    return isExpired(collection, document, now()) ? undefined : document;
  };
  return {
    read,
    insert(document) {
      const fresh = newDocument(document, scope, now());
      const key = documentKey(collection.name, fresh._id);
      const holder = database.documents.get(key);
      if (holder && !isExpired(collection, holder, now())) throw duplicate(collection.name, '_id_');
      if (holder) removeStored(database, collection, holder);
      writeIndexes(database, collection, undefined, fresh, now());
      void database.documents.put(key, fresh);
      return fresh;
    },
    update(id, change, options) {
      const stored = read(id);
      if (!stored) return undefined;
      const next = nextDocument(stored, change, options, now());
      if (!next) return stored;
      writeIndexes(database, collection, stored, next, now());
      void database.documents.put(documentKey(collection.name, id), next);
      return next;
    },
    remove(id, options) {
      const stored = read(id);
      if (!stored) return false;
      requireVersion(stored, options);
      removeStored(database, collection, stored);
      return true;
    },
  };
}
