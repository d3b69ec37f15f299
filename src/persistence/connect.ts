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
    ? openEmbeddedStore(dataDir, schemas, clock)
    : openMongoStore(mongodbUri, schemas, clock, log);
}
