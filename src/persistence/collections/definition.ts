import { Schema, type SchemaDefinition, type SchemaDefinitionProperty } from 'mongoose';
import type { StoredDocument } from '../store.js';

// An empty text is a value too: `required` asks for a text, not for characters in it.
Schema.Types.String.checkRequired((value: unknown) => typeof value === 'string');

export const requiredText = { type: String, required: true } as const;

/** What stands inside a document and has no id of its own. */
export function nestedSchema(fields: SchemaDefinition): Schema {
  return new Schema(fields, { _id: false, id: false, strict: 'throw', minimize: false });
}

/** Who acted, or what was acted on. */
export const partySchema = nestedSchema({ type: { ...requiredText }, id: requiredText, label: requiredText });

type OwnField<T extends StoredDocument> = Exclude<keyof T & string, keyof StoredDocument>;

/** One index. Every unique one starts with `tenantId`, unless its key is random or belongs to the whole server. */
export interface IndexDefinition {
  name: string;
  /** One more with each change of the definition; absent: 1. The index then has another name, so that both can exist for a while. */
  version?: number;
  /** One that is neither unique nor for expiry ends with `_id` (added here), so that a sort by it is total. */
  key: Readonly<Record<string, 1 | -1>>;
  unique?: boolean;
  /**
   * Only documents that match are in the index: equality and `$gt`. MongoDB uses it only for queries that imply this
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
      name: index.version === undefined ? index.name : `${index.name}_v${index.version}`,
      ...(index.unique && { unique: true }),
      ...(index.where && { partialFilterExpression: index.where }),
      ...(index.expires && { expireAfterSeconds: 0 }),
    });
  }
  return schema;
}

export const { Mixed } = Schema.Types;
