/**
 * Format 1 of the embedded database, read once and written again. It held a document as a row of values; a layout, kept beside, says which
 * field stands where.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Schema } from 'mongoose';
import { ConfigError } from '../../infrastructure/config.js';
import { systemClock } from '../../shared/clock.js';
import type { Doc } from '../document.js';
import { checkDatabaseFile, databaseFile } from '../embedded-file.js';
import { openEmbeddedStore } from '../embedded/store.js';
import { isOpenElsewhere } from '../embedded/tables.js';
import { firstFormat } from '../format.js';
import type { Collection, Store, StoredDocument } from '../store.js';

/** The number of the layout; the fields it does not know, if any; the values of those it knows. */
type Row = readonly [layout: number, others: Record<string, unknown> | null, ...values: unknown[]];

interface Counter {
  count: number;
  expiresAt: number;
}

/** Documents written at one time. */
const batchSize = 1000;

const msgpack = { encoding: 'msgpack', useRecords: false } as const;

function openOldFile(dataDir: string): RootDatabase {
  return open({
    path: databaseFile(dataDir),
    readOnly: true,
    maxDbs: 5,
    mapSize: 2 ** 34,
    encoding: 'msgpack',
  });
}

/** @returns the format of the embedded database in a folder; undefined where there is none. */
export async function readFileFormat(dataDir: string): Promise<number | undefined> {
  if (!checkDatabaseFile(dataDir)) return undefined;
  const root = openOldFile(dataDir);
  try {
    return (root.get('format') as number | undefined) ?? firstFormat;
  } finally {
    await root.close();
  }
}

/** All documents, by collection. */
function* readDocuments(root: RootDatabase): Generator<[collection: string, document: Doc]> {
  const layouts = root.get('layouts') as string[][];
  const table = root.openDB<Row, string>({ name: 'documents', ...msgpack });
  for (const { key, value } of table.getRange({})) {
    const [layout, others, ...values] = value;
    const fields = (layouts[layout] ?? []).map((field, i) => [field, values[i]] as const);
    const known = fields.filter(([, field]) => field !== undefined);
    yield [key.slice(0, key.indexOf('/')), { ...Object.fromEntries(known), ...others } as Doc];
  }
}

type AnyCollection = Collection<StoredDocument>;

async function copyDocuments(root: RootDatabase, store: Store): Promise<void> {
  let batch: Doc[] = [];
  let current = '';
  const write = async () => {
    // The collections of the file are those of the schemas.
    if (batch.length > 0)
      await (store.server.collection(current as never) as AnyCollection).insertMany(batch);
    batch = [];
  };
  for (const [collection, document] of readDocuments(root)) {
    if (collection !== current || batch.length === batchSize) await write();
    current = collection;
    batch.push(document);
  }
  await write();
}

async function copyCounters(root: RootDatabase, store: Store): Promise<void> {
  const counters = root.openDB<Counter, string>({ name: 'counters', ...msgpack });
  const now = systemClock.now().getTime();
  for (const { key, value } of counters.getRange({})) {
    if (value.expiresAt > now) await store.increment(key, value.count, new Date(value.expiresAt));
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** Copies what the file holds into a new one of the present format. */
async function writeNewFile(root: RootDatabase, schemas: Readonly<Record<string, Schema>>, target: string) {
  const folder = mkdtempSync(`${target}-`);
  const store = openEmbeddedStore(folder, schemas, systemClock, { isLasting: false });
  try {
    await copyDocuments(root, store);
    await copyCounters(root, store);
    rmSync(target, { force: true });
    await store.backup?.(target);
    syncFile(target);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Writes the embedded database of a folder again in the present format. The file it was stays beside it as `store.mdb.format-1`. At every
 * moment there is a whole file under the name of the database; interrupted, it is to be run again.
 *
 * @throws ConfigError while another process has the database open.
 */
export async function migrateFile(dataDir: string, schemas: Readonly<Record<string, Schema>>): Promise<void> {
  if ((await readFileFormat(dataDir)) !== firstFormat) return;
  const path = databaseFile(dataDir);
  const [kept, fresh] = [`${path}.format-1`, join(dataDir, 'store.mdb.migrating')];
  const root = openOldFile(dataDir);
  try {
    if (isOpenElsewhere(root)) {
      throw new ConfigError([
        'DATA_DIR: another process has the database open. Stop it, then migrate. Nothing was changed',
      ]);
    }
    await writeNewFile(root, schemas, fresh);
  } finally {
    await root.close();
  }
  if (!existsSync(kept)) {
    copyFileSync(path, `${kept}.part`);
    syncFile(`${kept}.part`);
    renameSync(`${kept}.part`, kept);
  }
  renameSync(fresh, path);
  rmSync(`${path}-lock`, { force: true });
}
