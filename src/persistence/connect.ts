import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../infrastructure/logger.js';
import type { Clock } from '../shared/clock.js';
import { schemas } from './collections/index.js';
import { openEmbeddedStore } from './embedded/store.js';
import { openMongoStore } from './mongo/store.js';
import type { Store } from './store.js';

export interface StoreOptions {
  /** MongoDB's connection string; undefined: the embedded database. */
  mongodbUri: string | undefined;
  /** The folder of the embedded database. */
  dataDir: string;
  clock: Clock;
  log: Logger;
}

/**
 * Opens the database the configuration names, with all its indexes built.
 *
 * @throws AppError `server.unavailable` when it cannot be reached.
 */
export async function openStore({ mongodbUri, dataDir, clock, log }: StoreOptions): Promise<Store> {
  return mongodbUri === undefined
    ? openEmbeddedStore(dataDir, schemas, clock, { log })
    : openMongoStore(mongodbUri, schemas, clock, log);
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
