import { isDeepStrictEqual } from 'node:util';
import { mongo, type Schema } from 'mongoose';
import type { Doc } from '../document.js';
import { baseName } from '../store.js';
import { validatorOf } from '../validation.js';

type IndexOptions = mongo.CreateIndexesOptions & { name: string };

/** An index as a schema defines it. */
interface WantedIndex {
  readonly key: mongo.IndexSpecification;
  readonly options: IndexOptions;
}

/** One thing that a database lacks or has too much, and how to change that. */
export interface SchemaChange {
  /** What a person reads, e.g. `build index users_login_keys_v2`. */
  readonly title: string;
  readonly collection: string;
  /** `create`: a start does it by itself. `replace`: only `gatehouse migrate` does. `newer`: a newer version made it. */
  readonly kind: 'create' | 'replace' | 'newer';
  apply(): Promise<void>;
}

const versionOf = (name: string): number => Number(/_v(\d+)$/.exec(name)?.[1] ?? 1);

/** Whether one name is that of a later version of the other's index. */
const isNewer = (name: string, than: string): boolean =>
  baseName(name) === baseName(than) && versionOf(name) > versionOf(than);

/** What makes two indexes the same. */
function definitionOf(key: unknown, options: Partial<mongo.IndexDescriptionInfo>) {
  const { unique = false, partialFilterExpression = null } = options;
  return {
    key: Object.entries(key as object).map(([field, direction]) => [field, Number(direction)]),
    unique,
    partialFilterExpression: partialFilterExpression as unknown,
  };
}

/** @param expire - whether the server removes expired documents by its own clock. */
function wantedIndexes(schema: Schema, expire: boolean): WantedIndex[] {
  return schema.indexes().map(([key, definition]) => {
    const { name, unique, partialFilterExpression, expireAfterSeconds } = definition;
    const options = {
      name: name ?? Object.keys(key).join('_'),
      ...(unique === true && { unique }),
      ...(partialFilterExpression && { partialFilterExpression }),
      ...(expire && expireAfterSeconds !== undefined && { expireAfterSeconds }),
    };
    return { key: key as mongo.IndexSpecification, options };
  });
}

const isOf =
  (codeName: string) =>
  (error: unknown): void => {
    // Another process did the same a moment before.
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== codeName) throw error;
  };

async function createCollection(db: mongo.Db, name: string, schema: Schema): Promise<void> {
  const options = { validator: validatorOf(schema), validationLevel: 'moderate', validationAction: 'error' };
  await db.createCollection(name, options).catch(isOf('NamespaceExists'));
}

function dropChange(collection: mongo.Collection<Doc>, name: string): SchemaChange {
  const apply = async () => {
    await collection.dropIndex(name).catch(isOf('IndexNotFound'));
  };
  return { collection: collection.collectionName, title: `drop index ${name}`, kind: 'replace', apply };
}

/** What a wanted index needs: nothing, to be built, or a newer version of Gatehouse. */
function buildChange(
  collection: mongo.Collection<Doc>,
  existing: readonly mongo.IndexDescriptionInfo[],
  { key, options }: WantedIndex,
): SchemaChange[] {
  const { name } = options;
  const of = { collection: collection.collectionName };
  const newer = existing.find((other) => isNewer(other.name ?? '', name));
  if (newer) return [{ ...of, title: newer.name ?? '', kind: 'newer', apply: () => Promise.resolve() }];
  const found = existing.find((other) => other.name === name);
  if (!found) {
    const apply = async () => {
      await collection.createIndex(key, options, {});
    };
    return [{ ...of, title: `build index ${name}`, kind: 'create', apply }];
  }
  if (isDeepStrictEqual(definitionOf(found.key, found), definitionOf(key, options))) return [];
  throw new Error(
    `index ${name} has another definition in the database: an index that changes needs a new version`,
  );
}

/** Finds what an existing collection's indexes differ in. An index that is replaced is dropped only after its successor is built. */
function indexChanges(
  collection: mongo.Collection<Doc>,
  existing: readonly mongo.IndexDescriptionInfo[],
  schema: Schema,
  expire: boolean,
): SchemaChange[] {
  const wanted = wantedIndexes(schema, expire);
  const current = new Set(wanted.map(({ options }) => options.name));
  const ours = new Set(wanted.map(({ options }) => baseName(options.name)));
  const isOld = (name: string) => !current.has(name) && ours.has(baseName(name));
  return [
    ...wanted.flatMap((index) => buildChange(collection, existing, index)),
    ...existing.filter(({ name = '' }) => isOld(name)).map(({ name = '' }) => dropChange(collection, name)),
  ];
}

function validatorChange(
  db: mongo.Db,
  name: string,
  schema: Schema,
  options: mongo.Document | undefined,
): SchemaChange[] {
  const validator = validatorOf(schema);
  if (isDeepStrictEqual(options?.['validator'], validator)) return [];
  const apply = async () => {
    await db.command({ collMod: name, validator, validationLevel: 'moderate', validationAction: 'error' });
  };
  return [{ collection: name, title: `set the validator of ${name}`, kind: 'replace', apply }];
}

/** The names of indexes that earlier versions made and that no version needs any more, by collection. */
export type RetiredIndexes = Readonly<Partial<Record<string, readonly string[]>>>;

/** What the collections, validators and indexes of a database differ in from their definition. It changes nothing by itself. */
export async function schemaChanges(
  db: mongo.Db,
  schemas: Readonly<Record<string, Schema>>,
  { expire, retired }: { expire: boolean; retired: RetiredIndexes },
): Promise<SchemaChange[]> {
  const listed = (await db.listCollections().toArray()) as mongo.CollectionInfo[];
  const known = new Map(listed.map((info) => [info.name, info]));
  const changes = Object.entries(schemas).map(async ([name, schema]): Promise<SchemaChange[]> => {
    const info = known.get(name);
    const collection = db.collection<Doc>(name);
    if (!info) {
      const make: SchemaChange = {
        collection: name,
        title: `create collection ${name}`,
        kind: 'create',
        apply: () => createCollection(db, name, schema),
      };
      return [make, ...indexChanges(collection, [], schema, expire)];
    }
    const existing = (await collection.listIndexes().toArray()) as mongo.IndexDescriptionInfo[];
    const gone = (retired[name] ?? []).filter((index) => existing.some((other) => other.name === index));
    return [
      ...validatorChange(db, name, schema, info.options),
      ...indexChanges(collection, existing, schema, expire),
      ...gone.map((index) => dropChange(collection, index)),
    ];
  });
  return (await Promise.all(changes)).flat();
}

/** By collection, the date field after which a document is gone, or null. */
export function expiryFields(schemas: Readonly<Record<string, Schema>>): Map<string, string | null> {
  const expiryOf = (schema: Schema): string | null => {
    const index = schema.indexes().findLast(([, { expireAfterSeconds }]) => expireAfterSeconds !== undefined);
    return (index && Object.keys(index[0])[0]) ?? null;
  };
  return new Map(Object.entries(schemas).map(([name, schema]) => [name, expiryOf(schema)]));
}
