import type { Attribute, ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { AttributePath } from '../attribute-path.js';
import { findAttributePath, leafOf, toAttributePath } from '../attribute-path.js';
import { parseInstant } from '../date-time.js';
import type { CompareOperator, FilterNode } from './filter.js';
import type { FilterLiteral, FilterSyntax } from './syntax.js';
import { parseFilterSyntax } from './syntax.js';
import { badRequest } from '../scim-error.js';

export interface FilterOptions {
  /** An attribute the resource type does not have: refuse (default), or let the comparison be false (root searches over several types). */
  unknown?: 'refuse' | 'never';
}

/** How names are looked up: at the resource, or inside `[ ]`. */
interface Scope {
  find(name: string): AttributePath | undefined;
  unknown: 'refuse' | 'never';
  isElement: boolean;
}

/**
 * Parses a filter and binds it to a resource type (RFC 7644 section 3.4.2.2).
 *
 * @throws ScimError invalidFilter: syntax, unknown attribute, wrong type, an attribute that is never returned (no oracle for passwords).
 */
export function parseFilter(text: string, schema: ResourceSchema, options: FilterOptions = {}): FilterNode {
  return bind(parseFilterSyntax(text), {
    find: (name) => findAttributePath(name, schema),
    unknown: options.unknown ?? 'refuse',
    isElement: false,
  });
}

/**
 * Parses the part between the brackets of a value path.
 *
 * @throws ScimError invalidFilter.
 */
export function parseElementFilter(text: string, attribute: Attribute): FilterNode {
  return bind(parseFilterSyntax(text), elementScope(attribute, 'refuse'));
}

/** Elements of a simple multi-valued attribute are addressed as `value` (RFC 7643 section 2.4). */
function elementScope(attribute: Attribute, unknown: Scope['unknown']): Scope {
  const find = (name: string): AttributePath | undefined => {
    if (attribute.type !== 'complex') {
      return name.toLowerCase() === 'value'
        ? toAttributePath(undefined, elementOf(attribute), undefined)
        : undefined;
    }
    const sub = findAttribute(attribute.subs, name);
    return sub && toAttributePath(undefined, sub, undefined);
  };
  return { find, unknown, isElement: true };
}

function elementOf(attribute: Attribute): Attribute {
  return { ...attribute, name: 'value', multiValued: false };
}

function bind(node: FilterSyntax, scope: Scope): FilterNode {
  if ('filters' in node) {
    return { op: node.op, filters: node.filters.map((filter) => bind(filter, scope)) };
  }
  if (node.op === 'not') return { op: 'not', filter: bind(node.filter, scope) };
  if (node.op === '[]') return bindElement(node.name, node.filter, scope);
  const path = resolve(node.name, scope);
  if (path === undefined) return { op: 'never' };
  return node.op === 'pr' ? { op: 'pr', path } : bindComparison(node.op, path, node.value);
}

function resolve(name: string, scope: Scope): AttributePath | undefined {
  const path = scope.find(name);
  if (path === undefined) {
    if (scope.unknown === 'never') return undefined;
    throw badRequest('invalidFilter', `"${name.slice(0, 100)}" is not an attribute that can be filtered by`);
  }
  if (leafOf(path).returned === 'never') {
    throw badRequest('invalidFilter', `"${path.name}" cannot be filtered by`);
  }
  return path;
}

function bindElement(name: string, filter: FilterSyntax, scope: Scope): FilterNode {
  const path = scope.isElement ? undefined : resolve(name, scope);
  if (path === undefined && !scope.isElement) return { op: 'never' };
  if (
    path === undefined ||
    path.sub !== undefined ||
    !(path.attribute.multiValued || path.attribute.type === 'complex')
  ) {
    throw badRequest('invalidFilter', `"${name.slice(0, 100)}" has no elements to filter by`);
  }
  return { op: '[]', path, filter: bind(filter, elementScope(path.attribute, scope.unknown)) };
}

function bindComparison(op: CompareOperator, named: AttributePath, value: FilterLiteral): FilterNode {
  if (value === null) {
    if (op === 'ne') return { op: 'pr', path: named };
    if (op === 'eq') return { op: 'not', filter: { op: 'pr', path: named } };
    throw badRequest('invalidFilter', `"${op}" does not compare with null`);
  }
  const path = withDefaultValue(named);
  checkOperator(op, path);
  checkLiteral(op, path, value);
  return { op, path, value };
}

/** A multi-valued complex attribute compared as a whole means its `value` (RFC 7644 section 3.4.2.2). */
function withDefaultValue(path: AttributePath): AttributePath {
  const leaf = leafOf(path);
  if (leaf.type !== 'complex') return path;
  if (leaf.multiValued && leaf.valueSub !== undefined) {
    return toAttributePath(path.extension, leaf, leaf.valueSub);
  }
  throw badRequest('invalidFilter', `"${path.name}" is complex: name one of its sub-attributes`);
}

const textOperators: ReadonlySet<CompareOperator> = new Set(['co', 'sw', 'ew']);
const orderOperators: ReadonlySet<CompareOperator> = new Set(['gt', 'ge', 'lt', 'le']);

function checkOperator(op: CompareOperator, path: AttributePath): void {
  const { type } = leafOf(path);
  const isRefused =
    (textOperators.has(op) && (type === 'boolean' || type === 'integer' || type === 'decimal')) ||
    (orderOperators.has(op) && (type === 'boolean' || type === 'binary'));
  if (isRefused) throw badRequest('invalidFilter', `"${op}" does not apply to the ${type} "${path.name}"`);
}

function checkLiteral(op: CompareOperator, path: AttributePath, value: string | number | boolean): void {
  const { type } = leafOf(path);
  const isFit =
    type === 'boolean'
      ? typeof value === 'boolean'
      : type === 'integer' || type === 'decimal'
        ? typeof value === 'number'
        : typeof value === 'string';
  if (!isFit) throw badRequest('invalidFilter', `"${path.name}" is a ${type}: the value is of another type`);
  if (type === 'dateTime' && !textOperators.has(op) && parseInstant(String(value)) === undefined) {
    throw badRequest(
      'invalidFilter',
      `"${path.name}" compares with a dateTime such as "2026-01-05T09:00:00Z"`,
    );
  }
}
