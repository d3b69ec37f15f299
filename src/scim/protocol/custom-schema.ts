import type { AttributeDefinition, SchemaDefinition } from './attribute.js';
import { defineAttribute } from './attribute.js';
import type { JsonObject } from './json-value.js';
import { isJsonObject } from './json-value.js';
import { groupSchema } from './schemas/group.js';
import { userSchema } from './schemas/user.js';

/** An extension schema of the configuration. */
export interface CustomSchema {
  alias: string;
  resource: 'User' | 'Group';
  schema: SchemaDefinition;
}

/** Extension data is stored under its alias beside the core attributes. */
const reserved = new Set([
  'enterprise',
  'gatehouse',
  'tenant',
  '__proto__',
  'constructor',
  'prototype',
  ...[...userSchema.attributes, ...groupSchema.attributes].map(({ name }) => name),
]);
/** The URNs of RFC 7643 and RFC 7644 and Gatehouse's own; providers name custom schemas after the former (Entra, SAP, Oracle). */
const taken =
  /^urn:(?:gatehouse:|ietf:(?!params:scim:schemas:[^:]+:)|ietf:params:scim:schemas:(?:core|extension:enterprise)(?::|$))/i;
const attributeName = /^[A-Za-z][\w-]{0,63}$/;
const types = new Set([
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'binary',
  'reference',
  'complex',
]);
const choices = {
  multiValued: [true, false],
  caseExact: [true, false],
  mutability: ['readOnly', 'readWrite', 'immutable'],
  returned: ['never', 'default', 'request'],
  uniqueness: ['none'],
} as const;

/**
 * Reads `scim.extensionSchemas` (RFC 7643 section 7 form, defaults of section 2.2).
 *
 * @throws Error naming every fault, so that the server does not start with half a schema.
 */
export function parseCustomSchemas(entries: readonly unknown[]): CustomSchema[] {
  const faults: string[] = [];
  const schemas = entries.map((entry, index) =>
    readEntry(isJsonObject(entry) ? entry : {}, `scim.extensionSchemas[${index}]`, faults),
  );
  const aliases = schemas.map(({ alias }) => alias.toLowerCase());
  const urns = schemas.map(({ schema, resource }) => `${resource} ${schema.id.toLowerCase()}`);
  for (const names of [aliases, urns]) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) faults.push(`scim.extensionSchemas: "${twice}" is given twice`);
  }
  const begun = schemas.find(({ schema: { id } }) =>
    schemas.some((other) => id.toLowerCase().startsWith(`${other.schema.id.toLowerCase()}:`)),
  );
  if (begun) faults.push(`scim.extensionSchemas: "${begun.schema.id}" begins with another URN`);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return schemas;
}

function readEntry(entry: JsonObject, where: string, faults: string[]): CustomSchema {
  const { alias, resource, schema } = entry;
  if (typeof alias !== 'string' || !attributeName.test(alias) || reserved.has(alias)) {
    faults.push(`${where}.alias: must be a short name of its own, without dots`);
  }
  if (resource !== 'User' && resource !== 'Group') faults.push(`${where}.resource: must be User or Group`);
  return {
    alias: String(alias),
    resource: resource === 'Group' ? 'Group' : 'User',
    schema: readSchema(isJsonObject(schema) ? schema : {}, `${where}.schema`, faults),
  };
}

function readSchema(schema: JsonObject, where: string, faults: string[]): SchemaDefinition {
  const { id, name, description, attributes } = schema;
  if (typeof id !== 'string' || !/^urn:[\w:.-]+$/i.test(id) || taken.test(id)) {
    faults.push(`${where}.id: must be a URN that is not taken by SCIM or Gatehouse`);
  }
  if (typeof name !== 'string') faults.push(`${where}.name: is required`);
  return {
    id: String(id),
    name: String(name),
    description: typeof description === 'string' ? description : String(name),
    attributes: readAttributes(attributes, `${where}.attributes`, faults),
  };
}

function readAttributes(list: unknown, where: string, faults: string[]): AttributeDefinition[] {
  if (!Array.isArray(list) || list.length === 0) {
    faults.push(`${where}: must be a list of at least one attribute`);
    return [];
  }
  const attributes = list.map((item, index) =>
    readAttribute(isJsonObject(item) ? item : {}, `${where}[${index}]`, faults),
  );
  const names = attributes.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) faults.push(`${where}: "${twice}" is given twice`);
  return attributes;
}

function readAttribute(input: JsonObject, where: string, faults: string[]): AttributeDefinition {
  const { name, type = 'string', description = name, subAttributes, canonicalValues, referenceTypes } = input;
  checkAttribute(input, String(type), where, faults);
  return {
    ...defineAttribute(String(name), String(description), pickGiven(input)),
    type: type as AttributeDefinition['type'],
    ...(isStrings(canonicalValues) ? { canonicalValues } : {}),
    ...(isStrings(referenceTypes) ? { referenceTypes } : {}),
    ...(type === 'complex'
      ? { subAttributes: readAttributes(subAttributes, `${where}.subAttributes`, faults) }
      : {}),
  };
}

function checkAttribute(input: JsonObject, type: string, where: string, faults: string[]): void {
  const { name } = input;
  if (typeof name !== 'string' || !attributeName.test(name)) {
    faults.push(`${where}.name: is not an attribute name`);
  }
  if (!types.has(type)) faults.push(`${where}.type: "${type}" is unknown`);
  if (input['required'] === true) faults.push(`${where}.required: an extension cannot require attributes`);
  if (type === 'complex' && where.includes('.subAttributes[')) {
    faults.push(`${where}.type: complex attributes do not nest`);
  }
  for (const [key, allowed] of Object.entries(choices)) {
    const value = input[key];
    if (value !== undefined && !(allowed as readonly unknown[]).includes(value)) {
      faults.push(`${where}.${key}: must be one of ${allowed.join(', ')}`);
    }
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** The characteristics that are given; the others keep their defaults. */
function pickGiven(input: JsonObject): Partial<AttributeDefinition> {
  const names = ['multiValued', 'caseExact', 'mutability', 'returned'];
  return Object.fromEntries(
    names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]),
  );
}
