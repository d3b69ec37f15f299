import type { Connection, Model, Schema } from 'mongoose';
import type { Doc } from '../document.js';

/** The mongoose model of every collection, by name. */
export type Models = ReadonlyMap<string, Model<Doc>>;

/** Compiles the models of one connection. Their collections and indexes are made by `prepareCollections`, before anything is read. */
export function createModels(connection: Connection, schemas: Readonly<Record<string, Schema>>): Models {
  const options = { connection, overwriteModels: true };
  return new Map(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      connection.model<Doc>(name, schema, name, options),
    ]),
  );
}
