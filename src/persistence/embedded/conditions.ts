import { isPlainObject } from '../document.js';
import type { Query } from '../store.js';
import { isComparable, longestExactString, type Comparable } from './keys.js';

/** One end of a range. */
export interface Bound {
  value: Comparable;
  inclusive: boolean;
}

/** What a query demands of one field, in terms an index can answer. */
export interface Condition {
  /** One of these values. */
  points?: readonly unknown[];
  lower?: Bound;
  upper?: Bound;
  /** A string that begins so. */
  prefix?: string;
}

/** A query taken apart: what all matches must satisfy. */
export interface Conditions {
  fields: Map<string, Condition>;
  /** Each a list of alternatives, one of which must hold. */
  alternatives: Query[][];
  /** Whether the fields and alternatives say everything the query says. */
  complete: boolean;
}

function isPoint(value: unknown, field: string): boolean {
  if (value === null) return !field.includes('.');
  if (typeof value === 'string') return value.length <= longestExactString;
  return typeof value === 'boolean' || isComparable(value);
}

/** The literal text an anchored pattern begins with, and whether that text is all of it. */
function literalPrefix(pattern: string): { text: string; whole: boolean } | undefined {
  const found = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[^\w\s])*)/.exec(pattern);
  if (!found) return undefined;
  const [matched, literal = ''] = found;
  const rest = pattern.slice(matched.length);
  if (rest.includes('|')) return undefined;
  const pieces = literal.match(/\\?[\s\S]/g) ?? [];
  if (/^[*?{]/.test(rest)) pieces.pop();
  const text = pieces.map((piece) => piece.at(-1) ?? '').join('');
  return text === '' || text.length > longestExactString ? undefined : { text, whole: rest === '' };
}

function prefixCondition(pattern: unknown, options: unknown): { prefix: string; whole: boolean } | undefined {
  const flags = pattern instanceof RegExp ? pattern.flags : (options ?? '');
  if (flags !== '') return undefined;
  const source = pattern instanceof RegExp ? pattern.source : pattern;
  const prefix = typeof source === 'string' ? literalPrefix(source) : undefined;
  return prefix && { prefix: prefix.text, whole: prefix.whole };
}

interface Reading {
  condition: Condition;
  /** Whether the condition says all the operator says. */
  whole: boolean;
}

type Operands = Record<string, unknown>;

const bound =
  (end: 'lower' | 'upper', inclusive: boolean) =>
  (value: unknown): Reading | undefined =>
    isComparable(value) ? { condition: { [end]: { value, inclusive } }, whole: true } : undefined;

/** The operators an index can answer. */
const readers: Record<string, (operand: unknown, field: string, all: Operands) => Reading | undefined> = {
  $eq: (value, field) =>
    isPoint(value, field) ? { condition: { points: [value] }, whole: true } : undefined,
  $in: (values, field) => {
    const points = values as readonly unknown[];
    return points.every((point) => isPoint(point, field))
      ? { condition: { points }, whole: true }
      : undefined;
  },
  $gt: bound('lower', false),
  $gte: bound('lower', true),
  $lt: bound('upper', false),
  $lte: bound('upper', true),
  $regex: (pattern, _field, all) => {
    const found = prefixCondition(pattern, all['$options']);
    return found && { condition: { prefix: found.prefix }, whole: found.whole };
  },
};

function join(into: Conditions, field: string, condition: Condition, multiple: (f: string) => boolean): void {
  const known = into.fields.get(field);
  if (!known) {
    into.fields.set(field, condition);
    return;
  }
  // Of an array one item may satisfy one bound and another item the other: only of one value do both bounds make a range.
  const makesRange =
    !multiple(field) &&
    !known.points &&
    known.prefix === undefined &&
    ((condition.upper && !known.upper) ?? (condition.lower && !known.lower));
  if (makesRange) Object.assign(known, condition);
  else {
    into.complete = false;
    if (condition.points && !known.points) into.fields.set(field, condition);
  }
}

function operatorsIn(value: unknown): Operands {
  if (value instanceof RegExp) return { $regex: value };
  const isOperators = isPlainObject(value) && Object.keys(value).some((key) => key.startsWith('$'));
  return isOperators ? value : { $eq: value };
}

function readField(into: Conditions, field: string, value: unknown, multiple: (f: string) => boolean): void {
  const operators = operatorsIn(value);
  for (const [operator, operand] of Object.entries(operators)) {
    if (operator === '$options') continue;
    const found = readers[operator]?.(operand, field, operators);
    if (found) join(into, field, found.condition, multiple);
    if (!found?.whole) into.complete = false;
  }
}

/**
 * Takes a query apart.
 *
 * @param multiple - whether one document may have several values in this field.
 */
export function readConditions(
  query: Query,
  multiple: (field: string) => boolean,
  into: Conditions = { fields: new Map(), alternatives: [], complete: true },
): Conditions {
  for (const [key, value] of Object.entries(query)) {
    if (key === '$and') for (const part of value as Query[]) readConditions(part, multiple, into);
    else if (key === '$or') into.alternatives.push(value as Query[]);
    else if (key.startsWith('$')) into.complete = false;
    else readField(into, key, value, multiple);
  }
  return into;
}

function comparesAs(value: unknown, operator: string, than: unknown): boolean {
  if (!isComparable(value) || !isComparable(than)) return false;
  if (typeof value !== typeof than || value instanceof Date !== than instanceof Date) return false;
  return operator === '$gt' ? value > than : value >= than;
}

function impliesOperator(condition: Condition, operator: string, operand: unknown): boolean {
  const { points, lower, prefix } = condition;
  if (operator === '$exists') {
    return (
      operand === true && (points?.every((p) => p !== null) ?? (lower !== undefined || prefix !== undefined))
    );
  }
  if (operator !== '$gt' && operator !== '$gte') return false;
  if (points) return points.every((point) => comparesAs(point, operator, operand));
  if (prefix !== undefined) return comparesAs(prefix, operator, operand);
  return lower !== undefined && comparesAs(lower.value, lower.inclusive ? operator : '$gte', operand);
}

/** Whether every match of the query is in a partial index: only what its expression says outright counts. */
export function implies(conditions: Conditions, where: Query): boolean {
  return Object.entries(where).every(([field, demand]) => {
    const condition = conditions.fields.get(field);
    if (!condition) return false;
    if (!isPlainObject(demand)) return condition.points?.every((point) => point === demand) ?? false;
    return Object.entries(demand).every(([operator, operand]) =>
      impliesOperator(condition, operator, operand),
    );
  });
}
