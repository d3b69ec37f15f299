import type { Schema } from 'mongoose';
import type { Doc } from './document.js';

/** Refuses a document that is not as its collection's schema says. */
export type Validate = (collection: string, document: Doc) => void;

type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema as MongoDB checks it at every write. */
export interface CollectionValidator {
  readonly $jsonSchema: JsonSchema;
}

/** The driver picks one of these for a JavaScript number. Named one by one: not every server knows the alias `number` here. */
const numberTypes = ['int', 'long', 'double'];

function nameNumberTypes(bsonType: unknown): unknown {
  const types = [bsonType].flat();
  return types.includes('number') ? [...types.filter((type) => type !== 'number'), ...numberTypes] : bsonType;
}

function serverSchema(schema: JsonSchema): JsonSchema {
  const { bsonType, items, properties, ...rest } = schema;
  const fields =
    properties === undefined ? undefined : Object.entries(properties as Record<string, JsonSchema>);
  return {
    ...(bsonType !== undefined && { bsonType: nameNumberTypes(bsonType) }),
    ...rest,
    ...(items !== undefined && { items: serverSchema(items as JsonSchema) }),
    ...(fields && {
      properties: Object.fromEntries(fields.map(([name, field]) => [name, serverSchema(field)])),
    }),
  };
}

/** Generates the check of a collection from its mongoose schema. */
export function validatorOf(schema: Schema): CollectionValidator {
  return { $jsonSchema: serverSchema({ bsonType: 'object', ...schema.toJSONSchema({ useBsonType: true }) }) };
}
