import type { Attribute, AttributeMap } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import { isPrimary, readList, readSingle, readValue } from '../attribute-value.js';
import { appendElements, distinct } from './element-index.js';
import type { FilterNode } from '../filter/filter.js';
import { compileFilter } from '../filter/match.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject, isUnassigned, jsonEqual, without } from '../json-value.js';
import { requireFewValues, type PatchWork } from './limits.js';
import { isPartOf } from '../read-only-value.js';
import { badRequest } from '../scim-error.js';

export interface AttributeChange {
  readonly op: 'add' | 'remove' | 'replace';
  readonly filter: FilterNode | undefined;
  readonly sub: Attribute | undefined;
  readonly value: unknown;
  /** What the operations of the PATCH have cost so far. */
  readonly work: PatchWork;
}

/**
 * Applies one operation to one attribute of a container: the resource, an extension object, a complex value or an element.
 *
 * @returns the same container when the value stays as it is.
 * @throws ScimError mutability for read-only, immutable and required attributes; invalidValue; noTarget.
 */
export function changeAttribute(
  container: JsonObject,
  attribute: Attribute,
  change: AttributeChange,
): JsonObject {
  const current = container[attribute.name];
  if (attribute.mutability === 'readOnly') return refuseReadOnly(container, attribute, change);
  if (change.op === 'remove' && change.value !== undefined) {
    throw badRequest(
      'invalidValue',
      `"remove" of "${attribute.path}" takes no "value": name what to remove in the path`,
    );
  }
  const next = nextValue(current, attribute, change);
  if (next === current || jsonEqual(next, current)) return container;
  checkMutability(attribute, change, current, next);
  return next === undefined ? without(container, attribute.name) : { ...container, [attribute.name]: next };
}

/**
 * What a client may do with a read-only attribute is to send it, or a part of it, as it is (Okta repeats `id` when it renames a group,
 * ConnId and Syncope `meta` with nothing but its `resourceType`).
 */
function refuseReadOnly(container: JsonObject, attribute: Attribute, change: AttributeChange): JsonObject {
  const { op, filter, sub, value } = change;
  const isWhole = op !== 'remove' && filter === undefined && sub === undefined;
  if (!isWhole || !isPartOf(value, container[attribute.name], attribute)) {
    throw badRequest('mutability', `"${attribute.path}" is read-only`);
  }
  return container;
}

function checkMutability(
  attribute: Attribute,
  change: AttributeChange,
  current: unknown,
  next: unknown,
): void {
  if (attribute.mutability === 'immutable' && current !== undefined) {
    throw badRequest('mutability', `"${attribute.path}" cannot be changed once it is set`);
  }
  if (attribute.required && next === undefined) {
    throw badRequest(
      change.op === 'remove' ? 'mutability' : 'invalidValue',
      `"${attribute.path}" is required`,
    );
  }
}

function nextValue(current: unknown, attribute: Attribute, change: AttributeChange): unknown {
  if (attribute.multiValued) {
    return changeList(Array.isArray(current) ? current : [], attribute, change);
  }
  if (change.sub !== undefined) {
    const object = isJsonObject(current) ? current : {};
    return filled(changeAttribute(object, change.sub, { ...change, sub: undefined }));
  }
  if (change.op === 'remove' || isUnassigned(change.value)) return change.op === 'add' ? current : undefined;
  if (attribute.type !== 'complex') return readValue(attribute, change.value);
  if (!isJsonObject(change.value)) {
    throw badRequest('invalidValue', `"${attribute.path}" must be an object`);
  }
  const object = isJsonObject(current) ? current : {};
  return filled(mergeMembers(object, attribute.subs, change.op, change.value, change.work));
}

/** An object with nothing in it is an unassigned attribute. */
function filled(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

/**
 * Sets the given members and leaves the others (RFC 7644 sections 3.5.2.1 and 3.5.2.3); unknown and read-only ones are ignored.
 *
 * @returns the same container when nothing changes.
 */
export function mergeMembers(
  container: JsonObject,
  attributes: AttributeMap,
  op: 'add' | 'replace' | 'remove',
  value: JsonObject,
  work: PatchWork,
): JsonObject {
  let merged = container;
  for (const name of Object.keys(value)) {
    const attribute = findAttribute(attributes, name);
    if (attribute === undefined || attribute.mutability === 'readOnly') continue;
    merged = changeAttribute(merged, attribute, {
      op,
      filter: undefined,
      sub: undefined,
      value: value[name],
      work,
    });
  }
  return merged;
}

/**
 * Applies one operation to a multi-valued attribute.
 *
 * @returns the elements afterwards, undefined for none.
 * @throws ScimError noTarget when `replace` with a filter finds nothing (RFC 7644 section 3.5.2.3).
 */
function changeList(
  current: readonly unknown[],
  attribute: Attribute,
  change: AttributeChange,
): unknown[] | undefined {
  const { op, filter, sub, value, work } = change;
  if (filter !== undefined || sub !== undefined) {
    work.spend(current, filter);
    return settle(changeElements(current, attribute, change), current, attribute);
  }
  if (op === 'remove') return undefined;
  const values = isUnassigned(value) ? [] : Array.isArray(value) ? value : [value];
  requireFewValues(attribute.path, values.length);
  work.spend(values, undefined);
  const elements = readList(attribute, values);
  if (op === 'replace') return elements;
  // To find what is there already costs more than a look.
  work.spend([...current, ...current], undefined);
  return settle(appendElements(current, elements ?? [], attribute), current, attribute);
}

/**
 * What an operation leaves: not too many elements, and no second primary one, as a new primary element makes the others not primary
 * (RFC 7644 section 3.5.2). New are those that are not among the former ones.
 */
function settle(
  elements: readonly unknown[],
  former: readonly unknown[],
  attribute: Attribute,
): unknown[] | undefined {
  if (elements.length === 0) return undefined;
  requireFewValues(attribute.path, elements.length, former.length);
  if (elements === former) return [...elements];
  return distinct(onePrimary(elements, former, attribute), attribute);
}

function onePrimary(
  elements: readonly unknown[],
  former: readonly unknown[],
  attribute: Attribute,
): readonly unknown[] {
  if (!attribute.hasPrimary || elements.filter(isPrimary).length < 2) return elements;
  const known = new Set(former);
  const preferred = elements.findLast((element) => isPrimary(element) && !known.has(element));
  if (preferred === undefined) return elements;
  return elements.map((element) =>
    element !== preferred && isPrimary(element) ? { ...(element as JsonObject), primary: false } : element,
  );
}

function changeElements(
  current: readonly unknown[],
  attribute: Attribute,
  change: AttributeChange,
): readonly unknown[] {
  const isMatch = change.filter === undefined ? () => true : compileFilter(change.filter);
  let matches = 0;
  const elements = current.flatMap((element) => {
    if (!isMatch(element)) return [element];
    matches += 1;
    const changed = changeElement(element, attribute, change);
    return changed === undefined ? [] : [changed];
  });
  return matches > 0 || change.op === 'remove' ? elements : createElement(current, attribute, change);
}

function changeElement(element: unknown, attribute: Attribute, change: AttributeChange): unknown {
  const { op, sub, value, work } = change;
  if (sub !== undefined && isJsonObject(element)) {
    return meaningful(
      changeAttribute(element, sub, { op, filter: undefined, sub: undefined, value, work }),
      attribute,
      sub,
    );
  }
  if (op === 'remove' || isUnassigned(value)) return undefined;
  if (op === 'add' && isJsonObject(element) && isJsonObject(value)) {
    return mergeMembers(element, attribute.subs, op, value, work);
  }
  return readSingle(attribute, value);
}

const labels: ReadonlySet<string> = new Set(['type', 'primary', 'display']);

/** An element that has just lost its `value` and is left with labels only says nothing: it goes. */
function meaningful(element: JsonObject, attribute: Attribute, changed: Attribute): JsonObject | undefined {
  const names = Object.keys(element);
  const isSpent =
    names.length === 0 || (changed === attribute.valueSub && names.every((name) => labels.has(name)));
  return isSpent ? undefined : element;
}

/** `add emails[type eq "work"].value` without a work address makes one; the filter gives its other sub-attributes. */
function createElement(
  current: readonly unknown[],
  attribute: Attribute,
  change: AttributeChange,
): readonly unknown[] {
  const { op, filter, sub, value } = change;
  // Where there is nothing, nothing is to be unassigned.
  if (op === 'replace' && isUnassigned(value)) return current;
  const described = filter === undefined ? {} : describe(filter);
  if (described === undefined || (op === 'replace' && filter !== undefined)) {
    throw badRequest('noTarget', `no value of "${attribute.path}" matches the filter`);
  }
  // Nothing is described by no value, or by an empty one that a mapping sends when it has none.
  if (isUnassigned(value) || (sub !== undefined && value === '')) return current;
  const element = readDescribed(described, attribute, sub === undefined ? value : { [sub.name]: value });
  return element === undefined ? current : [...current, element];
}

function readDescribed(described: JsonObject, attribute: Attribute, given: unknown): unknown {
  return readSingle(attribute, isJsonObject(given) ? { ...described, ...given } : given);
}

/** The element a conjunction of `eq` describes; undefined for any other filter. */
function describe(filter: FilterNode): Record<string, unknown> | undefined {
  if (filter.op === 'eq') return { [filter.path.attribute.name]: filter.value };
  if (filter.op !== 'and') return undefined;
  const parts = filter.filters.map(describe);
  return parts.every((part) => part !== undefined)
    ? (Object.assign({}, ...parts) as Record<string, unknown>)
    : undefined;
}
