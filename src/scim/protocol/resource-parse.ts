import type { Attribute, AttributeMap, ResourceSchema, SchemaExtension } from './attribute.js';
import { findAttribute } from './attribute.js';
import { readMembers, readValue } from './attribute-value.js';
import type { JsonObject } from './json-value.js';
import { isJsonObject, isUnassigned, jsonEqual, readMember } from './json-value.js';
import type { Resource } from './resource.js';
import { schemasOf } from './resource.js';
import { badRequest } from './scim-error.js';

export type ParseMode = { mode: 'create' } | { mode: 'replace'; existing: Resource };

/**
 * Reads the body of POST or PUT into canonical form (RFC 7644 sections 3.3 and 3.5.1).
 *
 * Unknown attributes and read-only ones are dropped. `replace` clears what is omitted, but for: read-only attributes, `active` (a PUT
 * must neither suspend nor revive by leaving it out), and extensions that are `retained`. A write-only attribute (`password`) is in the
 * result when it was sent.
 *
 * @returns for `replace`, the existing object itself when its content stays the same.
 * @throws ScimError invalidSyntax (shape, `schemas`), invalidValue (types, required attributes), mutability (immutable attributes).
 */
export function parseResource(body: unknown, schema: ResourceSchema, parse: ParseMode): Resource {
  if (!isJsonObject(body)) throw badRequest('invalidSyntax', 'the body must be a JSON object');
  const declared = readSchemas(body, schema);
  const resource: Record<string, unknown> = {};
  for (const name of Object.keys(body)) readTopLevel(resource, name, body[name], schema, declared);
  if (parse.mode === 'replace') carryOver(resource, parse.existing, schema);
  checkRequired(resource, schema);
  const result = { schemas: schemasOf(resource, schema), ...resource };
  return parse.mode === 'replace' &&
    jsonEqual(withoutOrder(result, schema), withoutOrder(parse.existing, schema))
    ? parse.existing
    : result;
}

/** `schemas` compares as a set: it follows from the data. */
function withoutOrder(resource: JsonObject, schema: ResourceSchema): JsonObject {
  return { ...resource, schemas: schemasOf(resource, schema) };
}

/** The declared URNs in lower case. */
function readSchemas(body: JsonObject, schema: ResourceSchema): Set<string> {
  const schemas = readMember(body, 'schemas');
  if (!Array.isArray(schemas) || !schemas.every((urn) => typeof urn === 'string')) {
    throw badRequest('invalidSyntax', '"schemas" must be an array of URNs');
  }
  const declared = new Set(schemas.map((urn) => urn.toLowerCase()));
  if (declared.size !== schemas.length) throw badRequest('invalidSyntax', '"schemas" names a URN twice');
  if (!declared.has(schema.core.id.toLowerCase())) {
    throw badRequest('invalidSyntax', `"schemas" must name ${schema.core.id}`);
  }
  const unknown = schemas.find(
    (urn) =>
      urn.toLowerCase() !== schema.core.id.toLowerCase() && !schema.extensionsByUrn.has(urn.toLowerCase()),
  );
  if (unknown !== undefined) {
    throw badRequest(
      'invalidSyntax',
      `"schemas" names ${unknown.slice(0, 200)}, which is no schema of ${schema.name}`,
    );
  }
  return declared;
}

function readTopLevel(
  resource: Record<string, unknown>,
  name: string,
  value: unknown,
  schema: ResourceSchema,
  declared: ReadonlySet<string>,
): void {
  const attribute = findAttribute(schema.attributes, name);
  if (attribute !== undefined) {
    if (attribute.mutability === 'readOnly') return;
    setOnce(resource, attribute.name, readValue(attribute, value));
    return;
  }
  const extension = schema.extensionsByUrn.get(name.toLowerCase());
  if (extension === undefined || isUnassigned(value)) return;
  if (!declared.has(extension.urn.toLowerCase())) {
    throw badRequest('invalidSyntax', `"schemas" does not name ${extension.urn}, of which there is data`);
  }
  if (!isJsonObject(value)) throw badRequest('invalidValue', `"${extension.urn}" must be an object`);
  setOnce(resource, extension.urn, readMembers(extension.attributes, value));
}

function setOnce(resource: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) return;
  if (Object.hasOwn(resource, name)) throw badRequest('invalidSyntax', `"${name}" is given twice`);
  resource[name] = value;
}

function carryOver(resource: Record<string, unknown>, existing: Resource, schema: ResourceSchema): void {
  carryAttributes(resource, existing, schema.attributes);
  if (resource['active'] === undefined && existing['active'] !== undefined) {
    resource['active'] = existing['active'];
  }
  for (const extension of schema.extensions) carryExtension(resource, existing, extension);
}

function carryExtension(
  resource: Record<string, unknown>,
  existing: Resource,
  { urn, attributes, retained }: SchemaExtension,
): void {
  const stored = existing[urn];
  if (!isJsonObject(stored)) return;
  if (retained && resource[urn] === undefined) {
    resource[urn] = stored;
    return;
  }
  const given = resource[urn];
  const kept: Record<string, unknown> = isJsonObject(given) ? { ...given } : {};
  carryAttributes(kept, stored, attributes);
  if (Object.keys(kept).length > 0) resource[urn] = kept;
}

/** Read-only values stay; an immutable one that is set must be sent as it is, or not at all. */
function carryAttributes(
  target: Record<string, unknown>,
  stored: JsonObject,
  attributes: AttributeMap,
): void {
  for (const name of Object.keys(stored)) {
    const attribute = attributes.get(name);
    if (attribute?.mutability === 'readOnly') target[name] = stored[name];
    if (attribute?.mutability === 'immutable')
      target[name] = keepImmutable(target[name], stored[name], attribute);
  }
}

function keepImmutable(given: unknown, stored: unknown, attribute: Attribute): unknown {
  if (given !== undefined && !jsonEqual(given, stored)) {
    throw badRequest('mutability', `"${attribute.path}" cannot be changed once it is set`);
  }
  return stored;
}

function checkRequired(resource: JsonObject, schema: ResourceSchema): void {
  for (const { name, required } of schema.core.attributes) {
    if (required && resource[name] === undefined) {
      throw badRequest('invalidValue', `"${name}" is required`);
    }
  }
}
