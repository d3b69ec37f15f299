import type { Attribute, AttributeMap } from './attribute.js';
import { findAttribute } from './attribute.js';
import { parseInstant } from './date-time.js';
import { distinct } from './patch/element-index.js';
import { isJsonObject, isUnassigned, isWellFormed } from './json-value.js';
import { badRequest } from './scim-error.js';

/**
 * Reads what a client sent for an attribute: canonical names, no nulls, no unknown and no read-only sub-attributes.
 *
 * @returns undefined for null, [] and complex values with nothing in them: unassigned (RFC 7643 section 2.5).
 * @throws ScimError invalidValue when the type does not fit.
 */
export function readValue(attribute: Attribute, value: unknown): unknown {
  if (isUnassigned(value)) return undefined;
  if (!attribute.multiValued) return readSingle(attribute, value);
  if (!Array.isArray(value)) throw badRequest('invalidValue', `"${attribute.path}" must be an array`);
  return readList(attribute, value);
}

/**
 * Reads the elements of a multi-valued attribute, each value of one type once (RFC 7643 section 2.4); nulls among them are left out.
 *
 * @throws ScimError invalidValue, also when more than one is primary, and for an element without what makes it one.
 */
export function readList(attribute: Attribute, values: readonly unknown[]): unknown[] | undefined {
  const elements: unknown[] = [];
  for (const value of values) {
    const element = value === null ? readNothing(attribute) : readSingle(attribute, value);
    if (element !== undefined) elements.push(element);
  }
  const once = distinct(elements, attribute);
  if (attribute.hasPrimary && once.filter(isPrimary).length > 1) {
    throw badRequest('invalidValue', `"${attribute.path}" has more than one primary value`);
  }
  return once.length === 0 ? undefined : once;
}

/** Is this element the preferred one? */
export function isPrimary(element: unknown): boolean {
  return isJsonObject(element) && element['primary'] === true;
}

/**
 * Reads one value: that of a single-valued attribute, or one element.
 *
 * @throws ScimError invalidValue.
 */
export function readSingle(attribute: Attribute, value: unknown): unknown {
  if (attribute.type === 'complex') return readComplex(attribute, value);
  if (!isOfType(attribute, value)) {
    throw badRequest('invalidValue', `"${attribute.path}" must be ${typeNames[attribute.type]}`);
  }
  if (attribute.required && typeof value === 'string' && value.trim() === '') {
    throw badRequest('invalidValue', `"${attribute.path}" must not be empty`);
  }
  return value;
}

function readComplex(attribute: Attribute, value: unknown): unknown {
  if (!isJsonObject(value)) throw badRequest('invalidValue', `"${attribute.path}" must be an object`);
  const members = readMembers(attribute.subs, value);
  if (members === undefined) return readNothing(attribute);
  const missing = attribute.requiredSubs.find(({ name }) => members[name] === undefined);
  if (missing) throw badRequest('invalidValue', `"${missing.path}" is required`);
  return members;
}

/**
 * An element with nothing in it says nothing, so it is left out; but one of whom something is required was meant: to leave a member out of
 * its group in silence would take access away.
 */
function readNothing({ requiredSubs: [missing] }: Attribute): unknown {
  if (missing) throw badRequest('invalidValue', `every element needs a "${missing.path}"`);
  return undefined;
}

/** Reads the members of an object by its attributes; undefined when nothing is left. */
export function readMembers(
  attributes: AttributeMap,
  object: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const result: Record<string, unknown> = {};
  let isEmpty = true;
  for (const name of Object.keys(object)) {
    const attribute = findAttribute(attributes, name);
    if (attribute === undefined || attribute.mutability === 'readOnly') continue;
    const value = readValue(attribute, object[name]);
    if (value === undefined) continue;
    if (Object.hasOwn(result, attribute.name)) {
      throw badRequest('invalidSyntax', `"${attribute.path}" is given twice`);
    }
    result[attribute.name] = value;
    isEmpty = false;
  }
  return isEmpty ? undefined : result;
}

const base64 = /^[\w+/=\s-]*$/;

function isOfType({ type }: Attribute, value: unknown): boolean {
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'decimal') return Number.isFinite(value);
  return typeof value === 'string' && isText(type, value);
}

function isText(type: Attribute['type'], value: string): boolean {
  if (type === 'dateTime') return parseInstant(value) !== undefined;
  if (type === 'binary') return base64.test(value);
  return isWellFormed(value);
}

const typeNames: Record<Exclude<Attribute['type'], 'complex'>, string> = {
  string: 'a string',
  boolean: 'true or false',
  decimal: 'a number',
  integer: 'an integer',
  dateTime: 'a dateTime such as "2026-01-05T09:00:00Z"',
  binary: 'a base64 string',
  reference: 'a URI',
};
