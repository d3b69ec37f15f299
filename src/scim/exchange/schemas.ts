import type { Core } from '../../identity/core.js';
import { createSchemaRegistry, type SchemaRegistry } from '../protocol/schema-registry.js';

const registries = new WeakMap<object, SchemaRegistry>();

/** The schemas of a server, compiled once: built-in ones and those of its configuration. */
export function schemasOf({ config }: Core): SchemaRegistry {
  const known = registries.get(config) ?? createSchemaRegistry(config.scim.extensionSchemas);
  registries.set(config, known);
  return known;
}
