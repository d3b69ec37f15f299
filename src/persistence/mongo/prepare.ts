import type { mongo, Schema } from 'mongoose';
import {
  databaseNewer,
  needsMigration,
  requireFormat,
  storeFormat,
  unprepared,
  type Opening,
} from '../format.js';
import { schemaChanges, type RetiredIndexes, type SchemaChange } from './indexes.js';

/** Where a database says in which format its documents are. */
export interface AboutDocument {
  _id: string;
  format?: number;
  /** Of the migration's lock: who holds it, and until when. */
  owner?: string;
  expiresAt?: Date;
}

export const aboutOf = (db: mongo.Db): mongo.Collection<AboutDocument> =>
  db.collection<AboutDocument>('about');

/** The first format had no number at its beginning. */
const firstFormat = 1;

/** @returns the format of what is stored; undefined: nothing is. */
export async function storedFormat(db: mongo.Db): Promise<number | undefined> {
  const about = await aboutOf(db).findOne({ _id: 'store' });
  if (about?.format !== undefined) return about.format;
  const tenants = await db.listCollections({ name: 'tenants' }).toArray();
  return tenants.length > 0 ? firstFormat : undefined;
}

export async function writeFormat(db: mongo.Db): Promise<void> {
  await aboutOf(db).updateOne({ _id: 'store' }, { $set: { format: storeFormat } }, { upsert: true });
}

export interface Preparing {
  schemas: Readonly<Record<string, Schema>>;
  /** Whether the server removes expired documents by its own clock. */
  expire: boolean;
  retired: RetiredIndexes;
}

/** Applies the changes of one collection in their order, and those of different collections side by side. */
async function applyChanges(changes: readonly SchemaChange[]): Promise<void> {
  const byCollection = new Map<string, SchemaChange[]>();
  for (const change of changes) {
    byCollection.set(change.collection, [...(byCollection.get(change.collection) ?? []), change]);
  }
  const runs = [...byCollection.values()].map(async (own) => {
    for (const change of own) await change.apply();
  });
  await Promise.all(runs);
}

/**
 * Makes the collections and indexes that a database lacks. It drops and replaces nothing.
 *
 * @throws ConfigError when the database needs `gatehouse migrate`, or was written by a newer version.
 */
export async function prepareDatabase(db: mongo.Db, opening: Opening, preparing: Preparing): Promise<void> {
  const format = await storedFormat(db);
  requireFormat(format, 'MONGODB_URI');
  const changes = await schemaChanges(db, preparing.schemas, preparing);
  const newer = changes.filter(({ kind }) => kind === 'newer');
  if (newer.length > 0) throw databaseNewer(newer.map(({ title }) => title));
  const replacing = changes.filter(({ kind }) => kind === 'replace');
  if (replacing.length > 0) throw needsMigration(replacing.map(({ title }) => title));
  // The first process on an empty database makes everything, whatever it is.
  if (changes.length > 0 && opening !== 'server' && format !== undefined) throw unprepared();
  await applyChanges(changes);
  if (format === undefined) await writeFormat(db);
}
