import { mkdirSync, statSync } from 'node:fs';
import { open, type Database as Table, type RootDatabase } from 'lmdb';
import type { Schema } from 'mongoose';
import { ConfigError } from '../../infrastructure/config.js';
import { AppError } from '../../shared/errors.js';
import { msgpack, openDocuments, type Documents } from './documents.js';
import { duplicate, entriesOf, readCollection, type Collected, type Index } from './indexes.js';
import { documentRange, encodeKey, endOf } from './keys.js';
import { checkDatabaseFile, closeToOthers, databaseFile } from './file-check.js';
import { createRanks, type Ranks } from './ranks.js';
import { requireFormat, type Opening, otherVersion } from '../format.js';

/** A counter and when it ends (milliseconds). */
export interface Counter {
  count: number;
  expiresAt: number;
}

/** The lmdb environment of one data folder: documents by `collection/id`, index entries, counters, and what the indexes are. */
export interface Database {
  documents: Documents;
  /** Value: the id for unique indexes, empty for the others, whose keys end with it. */
  entries: Table<string, Buffer>;
  counters: Table<Counter, string>;
  ranks: Ranks;
  collections: ReadonlyMap<string, Collected>;
  /** Writes of index entries, inside {@link write}. */
  putEntry(key: Buffer, value: string): void;
  removeEntry(key: Buffer): void;
  /** Throws `server.unavailable` when the file is no longer where it was opened. */
  requirePresent(): void;
  /** Runs synchronous work in a write transaction: what it throws undoes it. Resolves when the commit is on the disk. */
  write<R>(work: () => R): Promise<R>;
  /** How long ago a commit failed, in milliseconds, and whether none was made since. */
  lastFailure(): { ago: number; isLast: boolean };
  /** Lets go of what processes that were killed were still reading: their old pages could never be used again. */
  releaseDeadReaders(): void;
  /** Writes a consistent copy of the whole database, while others read and write it, to a file that must not be there. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}

interface KnownIndex {
  number: number;
  definition: string;
}

function dropEntries(entries: Table<string, Buffer>, number: number): void {
  const start = encodeKey(number, []);
  for (const key of Array.from(entries.getKeys({ start, end: endOf(start) }))) entries.removeSync(key);
}

function buildIndex(
  documents: Documents,
  entries: Table<string, Buffer>,
  collection: Collected,
  index: Index,
): void {
  for (const { value } of documents.getRange(documentRange(collection.name))) {
    for (const key of entriesOf(index, value)) {
      if (index.unique && entries.doesExist(key)) throw duplicate(collection.name, index.name);
      entries.putSync(key, index.unique ? value._id : '');
    }
  }
}

/** Whether another living process has the file open: it would go on by its own indexes beside ours. */
function isOpenElsewhere(root: RootDatabase): boolean {
  root.readerCheck();
  return [...root.readerList().matchAll(/^\s*(\d+)\s/gm)].some(([, pid]) => Number(pid) !== process.pid);
}

/** Reads the collections, and builds each index that is new or defined otherwise than when it was last built. */
function prepareCollections(
  root: RootDatabase,
  tables: Pick<Database, 'documents' | 'entries'>,
  schemas: Readonly<Record<string, Schema>>,
  mayChange: boolean,
): Map<string, Collected> {
  return root.transactionSync(() => {
    const isNew = root.get('indexes') === undefined;
    const known = { ...(root.get('indexes') as Record<string, KnownIndex> | undefined) };
    const fresh = new Set<number>();
    const stale = new Set(Object.keys(known));
    let last = Math.max(0, ...Object.values(known).map(({ number }) => number));
    const numberOf = (name: string, definition: string) => {
      stale.delete(name);
      const entry = known[name];
      if (entry?.definition === definition) return entry.number;
      if (entry) dropEntries(tables.entries, entry.number);
      known[name] = { number: ++last, definition };
      fresh.add(last);
      return last;
    };
    const collections = new Map<string, Collected>();
    const refuse = () => {
      if (isNew) return;
      if (!mayChange || isOpenElsewhere(root)) throw otherVersion();
    };
    for (const [name, schema] of Object.entries(schemas)) {
      const collection = readCollection(name, schema, numberOf);
      collections.set(name, collection);
      if (fresh.size > 0) refuse();
      for (const index of collection.indexes) {
        if (fresh.has(index.number)) buildIndex(tables.documents, tables.entries, collection, index);
      }
    }
    if (stale.size > 0) refuse();
    for (const name of stale) {
      dropEntries(tables.entries, known[name]?.number ?? 0);
      Reflect.deleteProperty(known, name);
    }
    if (fresh.size > 0 || stale.size > 0) void root.put('indexes', known);
    return collections;
  });
}

function unavailable(folder: string, cause: unknown): AppError {
  const told = cause instanceof Error ? cause.message : String(cause);
  // lmdb tells processes apart by their numbers, and finds its own one in use.
  const reason = told.includes("reading 'address'")
    ? 'another process of the same number has it open, as when two containers share one volume. Run one container on it, or give them MongoDB (commands: docker exec in the running one)'
    : told;
  return new AppError('server.unavailable', `the embedded database in ${folder} cannot be used: ${reason}`, {
    cause,
    retryAfterSeconds: 5,
  });
}

/** How long the file is believed to be where it was, in milliseconds. */
const believed = 250;

/** A file that was deleted or moved away would still take writes, and lose them. */
function presence(folder: string, path: string): () => void {
  const { ino } = statSync(path);
  let checkedAt = 0;
  return () => {
    const at = performance.now();
    if (at - checkedAt < believed) return;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino !== ino) throw unavailable(folder, new Error('its file is gone'));
    checkedAt = at;
  };
}

/** A commit that lmdb could not make, as when the disk is full, is no fault of the work in it. */
async function commit<R>(folder: string, write: () => Promise<R>, onFailure: () => void): Promise<R> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && 'commitError' in error)) throw error;
    onFailure();
    // lmdb rejects this one too, and nobody else listens.
    void Promise.resolve(error.commitError).catch(() => undefined);
    throw unavailable(folder, error);
  }
}

function openFile(path: string, isLasting: boolean): RootDatabase {
  // overlappingSync off: a commit's promise resolves only after its fsync, which all writes in flight share.
  return open({
    path,
    overlappingSync: false,
    noSync: !isLasting,
    maxDbs: 5,
    // Address space, not memory: a map that has to grow is kept twice for a while.
    mapSize: 2 ** 34,
    encoding: 'msgpack',
  });
}

/** Opens the file once it is known to be whole, and of a format that is known. */
function openChecked(folder: string, isLasting: boolean): RootDatabase {
  const isThere = checkDatabaseFile(folder);
  const root = openFile(databaseFile(folder), isLasting);
  closeToOthers(folder);
  requireRootFormat(root, isThere);
  return root;
}

/** The format of the file. */
const fileFormat = 1;

/** @throws ConfigError when the database was written by a version that keeps it otherwise. */
function requireRootFormat(root: RootDatabase, isThere: boolean): void {
  const kept: unknown = root.get('format');
  // Before there was a number, rows came with layouts; what came before rows has none.
  const isOlder =
    kept === undefined && root.get('indexes') !== undefined && root.get('layouts') === undefined;
  requireFormat(isOlder ? 0 : kept, 'DATA_DIR', fileFormat);
  if (kept === undefined && (!isThere || root.get('layouts') !== undefined))
    root.putSync('format', fileFormat);
}

export interface DatabaseOptions {
  /** False: writes are not waited for until they are on the disk, since nobody will read them after a crash. */
  isLasting?: boolean;
  /** What for: a server brings an older database up to date, commands do not. */
  opening?: Opening;
}

function openWrites(
  folder: string,
  root: RootDatabase,
  ranks: Ranks,
  requirePresent: () => void,
): Pick<Database, 'write' | 'lastFailure'> {
  const last = { failure: -Infinity, isFailed: false };
  const onFailure = (): void => {
    last.failure = performance.now();
    last.isFailed = true;
    ranks.forget();
  };
  return {
    async write(work) {
      requirePresent();
      ranks.catchUp();
      // In a box: lmdb would await a result that looks like a promise.
      const write = () => root.childTransaction(() => ({ result: ranks.record(work) }));
      const { result } = await commit(folder, write, onFailure);
      last.isFailed = false;
      return result;
    },
    lastFailure: () => ({ ago: performance.now() - last.failure, isLast: last.isFailed }),
  };
}

/**
 * Opens (or makes) the embedded database of a data folder. Several processes may have it open.
 *
 * @throws AppError `server.unavailable` when the folder cannot be used.
 */
export function openDatabase(
  folder: string,
  schemas: Readonly<Record<string, Schema>>,
  { isLasting = true, opening = 'server' }: DatabaseOptions = {},
): Database {
  try {
    // Like the secret beside it, for its owner alone.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const root = openChecked(folder, isLasting);
    const documents = openDocuments(root, schemas);
    const entries = root.openDB<string, Buffer>({
      name: 'entries',
      encoding: 'string',
      keyEncoding: 'binary',
    });
    const counters = root.openDB<Counter, string>({ name: 'counters', ...msgpack });
    const collections = prepareCollections(root, { documents, entries }, schemas, opening === 'server');
    const ranks = createRanks(entries, root.openDB<number, string>({ name: 'sequence' }));
    const requirePresent = presence(folder, databaseFile(folder));
    return {
      documents,
      entries,
      counters,
      collections,
      ranks,
      requirePresent,
      putEntry(key, value) {
        ranks.note(key, 1);
        void entries.put(key, value);
      },
      removeEntry(key) {
        ranks.note(key, -1);
        void entries.remove(key);
      },
      ...openWrites(folder, root, ranks, requirePresent),
      releaseDeadReaders: () => void root.readerCheck(),
      backup: (target) => root.backup(target, true),
      close: () => root.close(),
    };
  } catch (error) {
    throw error instanceof AppError || error instanceof ConfigError ? error : unavailable(folder, error);
  }
}
