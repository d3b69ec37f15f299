import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { mongo, type Schema } from 'mongoose';
import type { Doc } from '../document.js';
import { otherVersion } from '../format.js';

type SchemaIndexOptions = ReturnType<Schema['indexes']>[number][1];
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

/** An index that is defined otherwise than one of its name stands beside it under another, until that one is dropped. */
const nameBeside = (name: string, wanted: object): string =>
  `${name}@${createHash('sha256').update(JSON.stringify(wanted)).digest('hex').slice(0, 8)}`;

/** The name an index was defined with. */
export const baseName = (name: string): string => name.replace(/@[0-9a-f]{8}$/, '');

async function dropIndex(collection: mongo.Collection<Doc>, name: string): Promise<void> {
  await collection.dropIndex(name).catch((error: unknown) => {
    // Another process was faster, or it is dropped already.
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== 'IndexNotFound') throw error;
  });
}

/**
 * Builds an index that is new or defined otherwise. The old one goes only when the new one stands: what must be unique is so at every
 * moment, and where the new one cannot be built nothing has changed.
 */
async function ensureIndex(
  collection: mongo.Collection<Doc>,
  existing: readonly mongo.IndexDescriptionInfo[],
  key: mongo.IndexSpecification,
  options: Options,
  mayChange: boolean,
): Promise<void> {
  const wanted = nature(key, options);
  const own = existing.filter(({ name }) => baseName(name ?? '') === options.name);
  const found = own.find((index) => isDeepStrictEqual(nature(index.key, index), wanted));
  if (!found) {
    if (!mayChange) throw otherVersion();
    // One that keeps nothing unique may be away for a moment, and the server takes no second one on the same fields.
    const loose = own.filter(({ unique }) => unique !== true);
    for (const { name } of loose) await dropIndex(collection, name ?? '');
    const isTaken = own.some((index) => index.name === options.name && !loose.includes(index));
    const name = isTaken ? nameBeside(options.name, wanted) : options.name;
    await collection.createIndex(key, { ...options, name }, {});
  }
  if (!mayChange) return;
  for (const { name = '' } of own.filter((index) => index !== found)) await dropIndex(collection, name);
}

export interface Preparing {
  /** Whether the server sweeps by its own clock what has expired. */
  expire: boolean;
  /** Whether indexes of a database that stands may be built and dropped. */
  mayChange: boolean;
}

async function makeCollection(db: mongo.Db, name: string): Promise<void> {
  await db.createCollection(name).catch((error: unknown) => {
    // Another process was faster.
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== 'NamespaceExists') throw error;
  });
}

function optionsOf(key: object, definition: SchemaIndexOptions, expire: boolean): Options {
  const { name, unique, partialFilterExpression, expireAfterSeconds } = definition;
  return {
    name: name ?? Object.keys(key).join('_'),
    ...(unique === true && { unique }),
    ...(partialFilterExpression && { partialFilterExpression }),
    ...(expire && expireAfterSeconds !== undefined && { expireAfterSeconds }),
  };
}

async function prepareCollection(
  db: mongo.Db,
  name: string,
  schema: Schema,
  known: ReadonlySet<string>,
  { expire, mayChange }: Preparing,
): Promise<string | null> {
  const collection = db.collection<Doc>(name);
  if (!known.has(name)) {
    if (!mayChange && known.size > 0) throw otherVersion();
    await makeCollection(db, name);
  }
  const isKnown = known.has(name);
  const existing = isKnown ? await collection.listIndexes().toArray() : [];
  // The first process on an empty database makes everything, whatever it is.
  const mayBuild = mayChange || known.size === 0;
  for (const [key, definition] of schema.indexes()) {
    const options = optionsOf(key, definition, expire);
    await ensureIndex(collection, existing, key as mongo.IndexSpecification, options, mayBuild);
  }
  const expiring = schema
    .indexes()
    .findLast(([, { expireAfterSeconds }]) => expireAfterSeconds !== undefined);
  return expiring ? (Object.keys(expiring[0])[0] ?? null) : null;
}

/**
 * Makes the collections and builds their indexes; one that is defined otherwise is built again. What stands as wanted is not touched: a
 * start waits for nobody's transaction.
 *
 * @returns by collection, the date field after which a document is gone, or null.
 */
export async function prepareCollections(
  db: mongo.Db,
  schemas: Readonly<Record<string, Schema>>,
  preparing: Preparing,
): Promise<Map<string, string | null>> {
  const known = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  const prepared = Object.entries(schemas).map(
    async ([name, schema]) => [name, await prepareCollection(db, name, schema, known, preparing)] as const,
  );
  return new Map(await Promise.all(prepared));
}
