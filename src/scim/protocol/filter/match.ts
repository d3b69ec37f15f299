import { fold } from '../../../shared/fold.js';
import type { AttributePath } from '../attribute-path.js';
import { leafOf } from '../attribute-path.js';
import { parseInstant } from '../date-time.js';
import type { CompareNode, FilterNode } from './filter.js';
import { isJsonObject } from '../json-value.js';

type Test = (value: unknown) => boolean;

/**
 * Turns a bound filter into a predicate over resources in canonical form (or over elements, for the filter of a value path).
 *
 * `ne` holds when the attribute is absent and when any of its values differs; `not (x eq v)` is the form without doubt.
 */
export function compileFilter(node: FilterNode): (resource: unknown) => boolean {
  if (node.op === 'never') return () => false;
  if (node.op === 'pr') return compilePath(node.path, isPresent, false);
  if (node.op === '[]') return compilePath(node.path, compileFilter(node.filter), false);
  if (node.op === 'not') {
    const test = compileFilter(node.filter);
    return (resource) => !test(resource);
  }
  if ('filters' in node) {
    const tests = node.filters.map(compileFilter);
    return node.op === 'and'
      ? (resource) => tests.every((test) => test(resource))
      : (resource) => tests.some((test) => test(resource));
  }
  return compilePath(node.path, compileComparison(node), node.op === 'ne');
}

/** Non-empty: null, "", [], and a complex value without any present sub-attribute are not present. */
function isPresent(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isPresent);
  if (isJsonObject(value)) return Object.values(value).some(isPresent);
  return value !== undefined && value !== null && value !== '';
}

/** Does any value at the path pass? `whenAbsent` is the answer without values. */
function compilePath(path: AttributePath, test: Test, whenAbsent: boolean): (resource: unknown) => boolean {
  const { attribute, sub } = path;
  const urn = path.extension?.urn;
  const read = (resource: unknown): unknown => {
    if (!isJsonObject(resource)) return attribute.name === 'value' ? resource : undefined;
    const container = urn === undefined ? resource : resource[urn];
    return isJsonObject(container) ? container[attribute.name] : undefined;
  };
  const testOne: Test = sub === undefined ? test : (value) => testMember(value, sub.name, test, whenAbsent);
  return (resource) => {
    const value = read(resource);
    if (value === undefined || value === null) return whenAbsent;
    if (!Array.isArray(value)) return testOne(value);
    return value.length === 0 ? whenAbsent : value.some(testOne);
  };
}

function testMember(value: unknown, name: string, test: Test, whenAbsent: boolean): boolean {
  const member = isJsonObject(value) ? value[name] : undefined;
  if (member === undefined || member === null) return whenAbsent;
  // A sub-attribute may have several values itself; a test of one of them looks at each.
  return Array.isArray(member) ? member.some(test) : test(member);
}

function compileComparison({ op, path, value }: CompareNode): Test {
  const leaf = leafOf(path);
  if (typeof value !== 'string') return compileOrder(op, value, (stored) => sameType(stored, value));
  if (leaf.type === 'dateTime' && orderTests[op] !== undefined) {
    return compileOrder(op, parseInstant(value), (stored) => parseInstant(String(stored)));
  }
  const form = leaf.caseExact ? (text: string) => text : fold;
  const read = (stored: unknown): string | undefined =>
    typeof stored === 'string' ? form(stored) : undefined;
  const wanted = form(value);
  if (op === 'co') return (stored) => read(stored)?.includes(wanted) ?? false;
  if (op === 'sw') return (stored) => read(stored)?.startsWith(wanted) ?? false;
  if (op === 'ew') return (stored) => read(stored)?.endsWith(wanted) ?? false;
  return compileOrder(op, wanted, read);
}

type Comparable = string | number | boolean;

function sameType(stored: unknown, value: Comparable): Comparable | undefined {
  return typeof stored === typeof value ? (stored as Comparable) : undefined;
}

/** `undefined` as the wanted value, or as what is read, equals nothing. */
function compileOrder(
  op: CompareNode['op'],
  wanted: Comparable | undefined,
  read: (stored: unknown) => Comparable | undefined,
): Test {
  const compare = orderTests[op];
  return (stored) => {
    const value = read(stored);
    if (value === undefined || wanted === undefined || compare === undefined) return op === 'ne';
    return compare(value, wanted);
  };
}

const orderTests: Partial<Record<CompareNode['op'], (value: Comparable, wanted: Comparable) => boolean>> = {
  eq: (value, wanted) => value === wanted,
  ne: (value, wanted) => value !== wanted,
  gt: (value, wanted) => value > wanted,
  ge: (value, wanted) => value >= wanted,
  lt: (value, wanted) => value < wanted,
  le: (value, wanted) => value <= wanted,
};
