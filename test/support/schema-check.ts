import { Ajv, type ErrorObject, type SchemaObject } from 'ajv';
import type { Schema } from 'mongoose';
import { schemas } from '../../src/persistence/collections/index.js';
import { validatorOf, type Validate } from '../../src/persistence/validation.js';

const isNumber = (value: unknown) => typeof value === 'number';

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  // The driver picks the BSON type of a number.
  int: isNumber,
  long: isNumber,
  double: isNumber,
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  array: Array.isArray,
  object: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date),
  null: (value) => value === null,
};

function isOfKind(wanted: string | readonly string[], value: unknown): boolean {
  return [wanted].flat().some((kind) => kinds[kind]?.(value) ?? false);
}

/** The same schema, which also refuses fields it does not name. */
function closed(schema: SchemaObject): SchemaObject {
  const { properties, items } = schema as { properties?: Record<string, SchemaObject>; items?: SchemaObject };
  return {
    ...schema,
    ...(items && { items: closed(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, closed(inner)]),
      ),
      additionalProperties: false,
    }),
  };
}

const explain = ({ instancePath, message, params }: ErrorObject): string =>
  `${instancePath || 'the document'} ${message ?? ''} ${JSON.stringify(params)}`;

/** Makes a check of documents against these schemas: MongoDB's own check, and no field beyond those of the schema. */
export function schemaCheck(all: Readonly<Record<string, Schema>>): Validate {
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addKeyword({ keyword: 'bsonType', validate: isOfKind });
  const checks = new Map(
    Object.entries(all).map(([name, schema]) => [name, ajv.compile(closed(validatorOf(schema).$jsonSchema))]),
  );
  return (collection, document) => {
    const check = checks.get(collection);
    if (!check) throw new Error(`there is no collection ${collection}`);
    if (!check(document)) throw new Error(`${collection}: ${(check.errors ?? []).map(explain).join('; ')}`);
  };
}

const check = schemaCheck(schemas);
const faults: string[] = [];

/** Checks what tests write. A fault fails the write, and the test even when the write's error is swallowed. */
export const validateInTests: Validate = (collection, document) => {
  try {
    check(collection, document);
  } catch (error) {
    faults.push(String(error));
    throw error;
  }
};

/** The faults since the last call. */
export const takeSchemaFaults = (): string[] => faults.splice(0);
