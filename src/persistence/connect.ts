import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../infrastructure/logger.js';
import type { Clock } from '../shared/clock.js';
import { retiredIndexes, schemas } from './collections/index.js';
import { EmbeddedMigrationTarget } from './migrations/embedded.js';
import type { MigrationTarget } from './migrations/migration.js';
import { openEmbeddedStore } from './embedded/store.js';
import { openMongoMigration, openMongoStore } from './mongo/store.js';
import { databaseFile } from './embedded-file.js';
import type { Opening } from './format.js';
import type { Store } from './store.js';
import type { Validate } from './validation.js';
import { existsSync } from 'node:fs';

export interface StoreOptions {
  /** MongoDB's connection string; undefined: the embedded database. */
  mongodbUri: string | undefined;
  /** The folder of the embedded database. */
  dataDir: string;
  clock: Clock;
  log: Logger;
  /** What for; absent: for a server. */
  opening?: Opening | undefined;
  /** Refuse a MongoDB without transactions; absent: it is only warned of. */
  requiresTransactions?: boolean;
  /** Checks every document before it is written; tests use it. */
  validate?: Validate | undefined;
  /** False: the embedded database does not wait for the disk, which a crash of the machine would show; tests use it. */
  isLasting?: boolean;
  /** The MongoDB database was prepared by this version and nobody else changes it; tests use it. */
  isPrepared?: boolean;
}

/** Whether there is an embedded database in a folder. */
export const hasEmbedded = (dataDir: string): boolean => existsSync(databaseFile(dataDir));

/**
 * Opens the database the configuration names, with all its indexes built.
 *
 * @throws AppError `server.unavailable` when it cannot be reached.
 */
export async function openStore({
  mongodbUri,
  dataDir,
  clock,
  log,
  opening = 'server',
  validate,
  requiresTransactions = false,
  isLasting = true,
  isPrepared = false,
}: StoreOptions): Promise<Store> {
  return mongodbUri === undefined
    ? openEmbeddedStore(dataDir, schemas, clock, { opening, log, validate, isLasting })
    : openMongoStore(mongodbUri, schemas, {
        clock,
        log,
        opening,
        validate,
        retired: retiredIndexes,
        requiresTransactions,
        isPrepared,
      });
}

/** Opens the database the configuration names to migrate it. */
export async function openMigrationTarget({
  mongodbUri,
  dataDir,
}: {
  mongodbUri?: string | undefined;
  dataDir: string;
}): Promise<MigrationTarget> {
  return mongodbUri === undefined
    ? new EmbeddedMigrationTarget(dataDir)
    : openMongoMigration(mongodbUri, schemas, retiredIndexes);
}

/** An empty embedded database that is gone once it is closed: to try something out on. */
export async function openScratchStore(clock: Clock): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-scratch-'));
  const store = openEmbeddedStore(folder, schemas, clock, { isLasting: false });
  return {
    ...store,
    async close() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
