import type { FilterNode } from '../filter/filter.js';
import { isJsonObject, readMember } from '../json-value.js';
import { badRequest } from '../scim-error.js';

/** Operations of one PATCH, as the client sent them. */
const maxOperations = 500;
/** Of a group: providers bring members in and out one by one. */
const maxGroupOperations = 10_000;
/** Values of one attribute; the members of a group are not counted. */
const maxValues = 500;

/** Characters of path that each operation may have on average; one alone may be as long as a filter. */
const pathLength = 200;
/** Values that removals of a user list; each becomes an operation. */
const maxListed = 2 * maxValues;

/** How often the operations of one PATCH may look at a value; some tenths of a second at the very most. */
const maxLooks = 600_000;
/** Text of this length costs as much as one more value. */
const lookLength = 100;

/**
 * Refuses a PATCH of too many operations before anything looks at them.
 *
 * @throws ScimError tooMany.
 */
export function requireFewOperations(operations: unknown, resourceType: string): void {
  if (!Array.isArray(operations)) return;
  const isGroup = resourceType === 'Group';
  const most = isGroup ? maxGroupOperations : maxOperations;
  const refuse = (count: number, unit: string, limit: number): void => {
    if (count <= limit) return;
    const detail = `a PATCH of one ${resourceType} takes at most ${limit} ${unit}, not ${count}: send them in several requests`;
    throw badRequest('tooMany', detail);
  };
  refuse(operations.length, 'operations', most);
  const [paths, listed] = measure(operations);
  refuse(paths, 'characters of paths', most * pathLength);
  if (!isGroup) refuse(listed, 'values to remove', maxListed);
}

/** The length of all paths, and how many values removals list. */
function measure(operations: readonly unknown[]): [paths: number, listed: number] {
  let [paths, listed] = [0, 0];
  for (const operation of operations.filter(isJsonObject)) {
    const [path, op, value] = ['path', 'op', 'value'].map((name) => readMember(operation, name));
    if (typeof path === 'string') paths += path.length;
    const isRemoval = typeof op === 'string' && op.toLowerCase() === 'remove';
    if (isRemoval && Array.isArray(value)) listed += value.length;
  }
  return [paths, listed];
}

/** Counts what the operations of one PATCH look at, so that many operations on many values cannot stop the server. */
export class PatchWork {
  #looks = 0;

  /**
   * @param filter - each of its comparisons looks at each value.
   * @throws ScimError tooMany.
   */
  spend(values: readonly unknown[], filter: FilterNode | undefined): void {
    const passes = filter === undefined ? 1 : 1 + comparisonsOf(filter);
    this.#looks += passes * weigh(values);
    if (this.#looks <= maxLooks) return;
    throw badRequest(
      'tooMany',
      'the operations of this PATCH look at too many values: send them in several requests',
    );
  }
}

function weigh(values: readonly unknown[]): number {
  let weight = 1;
  for (const value of values) weight += 1 + lengthOf(value) / lookLength;
  return weight;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (!isJsonObject(value)) return 0;
  let length = 0;
  for (const name in value) {
    const member = value[name];
    if (typeof member === 'string') length += member.length;
  }
  return length;
}

function comparisonsOf(node: FilterNode): number {
  if ('filters' in node) return node.filters.reduce((sum, part) => sum + comparisonsOf(part), 0);
  return 'filter' in node ? comparisonsOf(node.filter) : 1;
}

/**
 * Refuses values beyond the limit before the next operation looks at them. What was stored with more stays.
 *
 * @throws ScimError invalidValue.
 */
export function requireFewValues(path: string, count: number, before = 0): void {
  if (path === 'members' || count <= maxValues || count <= before) return;
  throw badRequest('invalidValue', `${path} has ${count} values, at most ${maxValues} are taken`);
}
