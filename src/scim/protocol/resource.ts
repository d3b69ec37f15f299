import type { ResourceSchema } from './attribute.js';
import type { JsonObject } from './json-value.js';
import { isJsonObject } from './json-value.js';

/**
 * A resource in canonical form: plain JSON, canonical attribute names, extensions under their URN, no nulls and no empty values.
 * Never changed in place.
 */
export type Resource = JsonObject;

/** The `schemas` a resource must show: its core schema and each extension it has data of. */
export function schemasOf(resource: JsonObject, schema: ResourceSchema): string[] {
  const present = schema.extensions.filter(({ urn }) => isJsonObject(resource[urn])).map(({ urn }) => urn);
  return [schema.core.id, ...present];
}
