import { Schema, type SchemaDefinitionProperty } from 'mongoose';
import type { StoredDocument } from '../store.js';

type OwnField<T extends StoredDocument> = Exclude<keyof T & string, keyof StoredDocument>;

/** One index. Every unique one starts with `tenantId`, unless its key is random or belongs to the whole server. */
export interface IndexDefinition {
  name: string;
  /** One that is neither unique nor for expiry ends with `_id` (added here), so that a sort by it is total. */
  key: Readonly<Record<string, 1 | -1>>;
  unique?: boolean;
  /**
   * Only documents that match are in the index: equality, `$exists: true` and `$gt`. MongoDB uses it only for queries that imply this
   * expression, which is why "is a string" is written `{ $gt: '' }`: an equality implies that, but not a `$type`.
   */
  where?: Readonly<Record<string, unknown>>;
  /** The key's one date field says when a document may be swept away. */
  expires?: boolean;
}

/**
 * A collection: its mongoose schema, which is the one definition both adapters read (names, fields, indexes).
 *
 * @param fields - every field of its own; nested values are validated at the door and stored as they are (`Mixed`).
 */
export function defineCollection<T extends StoredDocument>(
  name: string,
  fields: Record<OwnField<T>, SchemaDefinitionProperty>,
  indexes: readonly IndexDefinition[],
): Schema {
  const schema = new Schema(
    {
      ...fields,
      _id: { type: String, required: true },
      tenantId: { type: String, required: true, immutable: true },
      version: { type: Number, required: true },
      createdAt: { type: Date, required: true },
      updatedAt: { type: Date, required: true },
    },
    { collection: name, strict: 'throw', minimize: false, versionKey: false, id: false },
  );
  for (const index of indexes) {
    const isOrder = !index.unique && !index.expires && !('_id' in index.key);
    schema.index(isOrder ? { ...index.key, _id: 1 } : index.key, {
      name: index.name,
      ...(index.unique && { unique: true }),
      ...(index.where && { partialFilterExpression: index.where }),
      ...(index.expires && { expireAfterSeconds: 0 }),
    });
  }
  return schema;
}

export const { Mixed } = Schema.Types;
