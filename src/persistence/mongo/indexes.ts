import { mongo, type Schema } from 'mongoose';
import type { Doc } from '../document.js';

/** MongoDB's codes for an index of this name or these fields that is defined otherwise. */
const defined = new Set([85, 86]);

async function replaceIndex(
  collection: mongo.Collection<Doc>,
  key: mongo.IndexSpecification,
  options: mongo.CreateIndexesOptions,
): Promise<void> {
  try {
    await collection.createIndex(key, options, {});
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError) || !defined.has(Number(error.code))) throw error;
    await collection.dropIndex(options.name ?? '');
    await collection.createIndex(key, options, {});
  }
}

/**
 * Makes a collection and builds its indexes; one that is defined otherwise is built again.
 *
 * @param expire - whether the server sweeps by its own clock what has expired.
 * @returns the date field after which a document is gone, or null.
 */
export async function prepareCollection(
  db: mongo.Db,
  name: string,
  schema: Schema,
  expire: boolean,
): Promise<string | null> {
  const collection = db.collection<Doc>(name);
  await db.createCollection(name).catch((error: unknown) => {
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== 'NamespaceExists') throw error;
  });
  let expiry: string | null = null;
  for (const [
    key,
    { name: index, unique, partialFilterExpression, expireAfterSeconds },
  ] of schema.indexes()) {
    if (expireAfterSeconds !== undefined) expiry = Object.keys(key)[0] ?? null;
    await replaceIndex(collection, key as mongo.IndexSpecification, {
      ...(index !== undefined && { name: index }),
      ...(unique === true && { unique }),
      ...(partialFilterExpression && { partialFilterExpression }),
      ...(expire && expireAfterSeconds !== undefined && { expireAfterSeconds }),
    });
  }
  return expiry;
}
