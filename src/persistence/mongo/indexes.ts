import { isDeepStrictEqual } from 'node:util';
import { mongo, type Schema } from 'mongoose';
import type { Doc } from '../document.js';

type Options = mongo.CreateIndexesOptions & { name: string };

/** What makes an index the one that is wanted. */
function nature(key: unknown, options: Partial<Options>) {
  const { unique = false, partialFilterExpression = null, expireAfterSeconds = null } = options;
  return {
    key: Object.entries(key as object).map(([field, direction]) => [field, Number(direction)]),
    unique,
    partialFilterExpression: partialFilterExpression as unknown,
    expireAfterSeconds,
  };
}

async function ensureIndex(
  collection: mongo.Collection<Doc>,
  existing: readonly mongo.IndexDescriptionInfo[],
  key: mongo.IndexSpecification,
  options: Options,
): Promise<void> {
  const found = existing.find(({ name }) => name === options.name);
  if (found && isDeepStrictEqual(nature(found.key, found), nature(key, options))) return;
  if (found) await collection.dropIndex(options.name);
  await collection.createIndex(key, options, {});
}

async function makeCollection(db: mongo.Db, name: string): Promise<void> {
  await db.createCollection(name).catch((error: unknown) => {
    // Another process was faster.
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== 'NamespaceExists') throw error;
  });
}

async function prepareCollection(
  db: mongo.Db,
  name: string,
  schema: Schema,
  known: ReadonlySet<string>,
  expire: boolean,
): Promise<string | null> {
  const collection = db.collection<Doc>(name);
  if (!known.has(name)) await makeCollection(db, name);
  const existing = known.has(name) ? await collection.listIndexes().toArray() : [];
  let expiry: string | null = null;
  for (const [
    key,
    { name: index, unique, partialFilterExpression, expireAfterSeconds },
  ] of schema.indexes()) {
    if (expireAfterSeconds !== undefined) expiry = Object.keys(key)[0] ?? null;
    await ensureIndex(collection, existing, key as mongo.IndexSpecification, {
      name: index ?? Object.keys(key).join('_'),
      ...(unique === true && { unique }),
      ...(partialFilterExpression && { partialFilterExpression }),
      ...(expire && expireAfterSeconds !== undefined && { expireAfterSeconds }),
    });
  }
  return expiry;
}

/**
 * Makes the collections and builds their indexes; one that is defined otherwise is built again. What stands as wanted is not touched: a
 * start waits for nobody's transaction.
 *
 * @param expire - whether the server sweeps by its own clock what has expired.
 * @returns by collection, the date field after which a document is gone, or null.
 */
export async function prepareCollections(
  db: mongo.Db,
  schemas: Readonly<Record<string, Schema>>,
  expire: boolean,
): Promise<Map<string, string | null>> {
  const known = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  const preparing = Object.entries(schemas).map(
    async ([name, schema]) => [name, await prepareCollection(db, name, schema, known, expire)] as const,
  );
  return new Map(await Promise.all(preparing));
}
