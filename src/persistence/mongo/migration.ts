import { hostname } from 'node:os';
import type { mongo } from 'mongoose';
import { AppError } from '../../shared/errors.js';
import { requireFormat, storeFormat } from '../format.js';
import type { MigrationStep, MigrationTarget } from '../migrations/migration.js';
import { databaseNewer } from '../format.js';
import { isDuplicate } from './failures.js';
import { schemaChanges } from './indexes.js';
import { aboutOf, storedFormat, writeFormat, type Preparing } from './prepare.js';

/** How long the lock holds without being renewed: after a crash another migration waits so long. */
const lockMs = 60_000;
const renewMs = 15_000;

/** Takes the lock of a database. @throws AppError `store.conflict` while another process holds it. */
async function takeLock(db: mongo.Db, owner: string): Promise<() => Promise<void>> {
  const about = aboutOf(db);
  const now = new Date();
  const lease = () => ({ owner, expiresAt: new Date(Date.now() + lockMs) });
  const free = { _id: 'migration', expiresAt: { $lte: now } };
  await about.updateOne(free, { $set: lease() }, { upsert: true }).catch(async (error: unknown) => {
    if (!isDuplicate(error)) throw error;
    const held = await about.findOne({ _id: 'migration' });
    throw new AppError(
      'store.conflict',
      `another migration of this database is running (${held?.owner ?? 'unknown'}); wait for its end`,
    );
  });
  const renewing = setInterval(() => {
    about.updateOne({ _id: 'migration', owner }, { $set: lease() }).catch(() => undefined);
  }, renewMs).unref();
  return async () => {
    clearInterval(renewing);
    await about.deleteOne({ _id: 'migration', owner });
  };
}

/** A MongoDB database as `gatehouse migrate` sees it. */
export class MongoMigrationTarget implements MigrationTarget {
  readonly to = storeFormat;
  readonly #db: mongo.Db;
  readonly #preparing: Preparing;
  readonly #close: () => Promise<void>;

  constructor(db: mongo.Db, preparing: Preparing, close: () => Promise<void>) {
    this.#db = db;
    this.#preparing = preparing;
    this.#close = close;
  }

  format(): Promise<number | undefined> {
    return storedFormat(this.#db);
  }

  lock(): Promise<() => Promise<void>> {
    return takeLock(this.#db, `${hostname()}, process ${process.pid}`);
  }

  /** What is done already is no step any more, so that an interrupted migration continues where it ended. */
  async steps(): Promise<MigrationStep[]> {
    const format = await this.format();
    if (format === undefined) return [];
    if (format > storeFormat) requireFormat(format, 'MONGODB_URI');
    const changes = await schemaChanges(this.#db, this.#preparing.schemas, this.#preparing);
    const newer = changes.filter(({ kind }) => kind === 'newer');
    if (newer.length > 0) throw databaseNewer(newer.map(({ title }) => title));
    const last: MigrationStep = {
      title: `set the format to ${storeFormat}`,
      apply: () => writeFormat(this.#db),
    };
    return format === storeFormat ? changes : [...changes, last];
  }

  close(): Promise<void> {
    return this.#close();
  }
}
