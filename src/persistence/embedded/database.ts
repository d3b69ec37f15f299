import { mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import type { Schema } from 'mongoose';
import { ConfigError } from '../../infrastructure/config.js';
import { AppError } from '../../shared/errors.js';
import { firstFormat, requireFormat, storeFormat, type Opening } from '../format.js';
import { checkDatabaseFile, closeToOthers, databaseFile, unavailable, watchFile } from '../embedded-file.js';
import { primaryName, type Collected, type Index } from './indexes.js';
import { openTables, prepareCollections, type Tables } from './tables.js';
import { Known } from './known.js';
import type { Keys } from './walk.js';

/** The lmdb environment of one data folder. */
export interface Database extends Tables {
  known: Known;
  collections: ReadonlyMap<string, Collected>;
  /** The table whose keys are those of an index. */
  keysOf(index: Index): Keys;
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

/** Opens the file once it is known to be whole, and of the format of this version. */
function openFile(folder: string, isLasting: boolean): RootDatabase {
  const isThere = checkDatabaseFile(folder);
  const root = open({
    path: databaseFile(folder),
    // A commit's promise resolves only after its fsync, which all writes in flight share.
    overlappingSync: false,
    noSync: !isLasting,
    maxDbs: 4,
    // Address space, not memory: a map that has to grow is kept twice for a while.
    mapSize: 2 ** 34,
    encoding: 'msgpack',
  });
  closeToOthers(folder);
  const isNew = !isThere || root.get('indexes') === undefined;
  requireFormat(isNew ? undefined : (root.get('format') ?? firstFormat), 'DATA_DIR');
  if (isNew) root.putSync('format', storeFormat);
  return root;
}

export interface DatabaseOptions {
  /** False: writes are not waited for until they are on the disk, since a crash may lose them. */
  isLasting?: boolean;
  /** What for: a server brings an older database up to date, commands do not. */
  opening?: Opening;
}

function openWrites(
  folder: string,
  root: RootDatabase,
  known: Known,
  requirePresent: () => void,
): Pick<Database, 'write' | 'lastFailure'> {
  const last = { failure: -Infinity, isFailed: false };
  return {
    async write(work) {
      requirePresent();
      try {
        // In a box: lmdb would await a result that looks like a promise.
        const { result } = await root.childTransaction(() => ({ result: known.record(work) }));
        last.isFailed = false;
        return result;
      } catch (error) {
        // A commit that lmdb could not make, as when the disk is full, is no fault of the work in it.
        if (!(error instanceof Error && 'commitError' in error)) throw error;
        Object.assign(last, { failure: performance.now(), isFailed: true });
        // lmdb rejects this one too, and nothing else listens.
        void Promise.resolve(error.commitError).catch(() => undefined);
        throw unavailable(folder, error);
      }
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
    const root = openFile(folder, isLasting);
    const tables = openTables(root);
    const collections = prepareCollections(root, tables, schemas, opening === 'server');
    const known = new Known(tables.sequences);
    const requirePresent = watchFile(folder);
    return {
      ...tables,
      known,
      collections,
      keysOf: ({ name }) => (name === primaryName ? tables.documents : tables.entries),
      requirePresent,
      ...openWrites(folder, root, known, requirePresent),
      releaseDeadReaders: () => void root.readerCheck(),
      backup: (target) => root.backup(target, true),
      close: () => root.close(),
    };
  } catch (error) {
    throw error instanceof AppError || error instanceof ConfigError ? error : unavailable(folder, error);
  }
}
