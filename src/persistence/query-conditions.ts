import { isPlainObject } from './document.js';
import { isComparable, isInOrder, maxExactCharacters, type Comparable } from './embedded/keys.js';
import type { Query } from './store.js';

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
  /** A string in which this one stands; with `lower`, as it is a string. */
  contains?: string;
}

/** A query taken apart: what all matches must satisfy. */
export interface Conditions {
  fields: Map<string, Condition>;
  /** Each a list of alternatives, one of which must hold. */
  alternatives: Query[][];
  /** Whether the fields say everything the query says. */
  complete: boolean;
}

type Operands = Record<string, unknown>;

/** A condition, and whether it says all the operator says. */
type Reading = readonly [condition: Condition, whole: boolean] | undefined;

function isPoint(value: unknown, field: string): boolean {
  return value === null ? !field.includes('.') : typeof value === 'boolean' || isComparable(value);
}

/** The literal text an anchored pattern begins with, and what follows it. */
function splitPattern(source: string): readonly [text: string, rest: string] {
  const [whole = '', literal = ''] = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[^\w\s])*)/.exec(source) ?? [];
  const rest = source.slice(whole.length);
  const characters = literal.match(/\\?[\s\S]/g) ?? [];
  if (/^[*?{]/.test(rest)) characters.pop();
  return [characters.map((character) => character.at(-1) ?? '').join(''), rest];
}

/** Where all texts begin. */
const anyText: Bound = { value: '', inclusive: true };

/** Characters that keys write otherwise, or that are half a character. */
const unsearchable = /[\0-\x0b]|\p{Surrogate}/u;

/** What a pattern looks for that is a text and nothing else. */
function literalOf(source: string): string | undefined {
  if (!/^(?:[^\\^$.*+?()[\]{}|]|\\[^\w\s])+$/.test(source)) return undefined;
  const text = source.replace(/\\(.)/gs, '$1');
  return unsearchable.test(text) ? undefined : text;
}

function readPattern(pattern: unknown, options: unknown): Reading {
  const isExpression = pattern instanceof RegExp;
  const flags = isExpression ? pattern.flags : (options ?? '');
  const source = isExpression ? pattern.source : String(pattern);
  const contains = flags === '' ? literalOf(source) : undefined;
  if (contains !== undefined) return [{ contains, lower: anyText }, true];
  const [prefix, rest] = splitPattern(source);
  const isIndexed =
    flags === '' && !rest.includes('|') && prefix !== '' && prefix.length <= maxExactCharacters;
  return isIndexed ? [{ prefix }, rest === ''] : undefined;
}

const readBound =
  (end: 'lower' | 'upper', inclusive: boolean) =>
  (value: unknown, field: string): Reading =>
    isComparable(value) && isInOrder(field, value) ? [{ [end]: { value, inclusive } }, true] : undefined;

/** The operators an index can answer. */
const readers: Record<string, (operand: unknown, field: string, all: Operands) => Reading> = {
  $eq: (value, field) => (isPoint(value, field) ? [{ points: [value] }, true] : undefined),
  $in: (values, field) => {
    const points = values as readonly unknown[];
    return points.every((point) => isPoint(point, field)) ? [{ points }, true] : undefined;
  },
  $gt: readBound('lower', false),
  $gte: readBound('lower', true),
  $lt: readBound('upper', false),
  $lte: readBound('upper', true),
  $regex: (pattern, field, all) => (field === '_id' ? undefined : readPattern(pattern, all['$options'])),
};

function operatorsIn(value: unknown): Operands {
  if (value instanceof RegExp) return { $regex: value };
  const isOperators = isPlainObject(value) && Object.keys(value).some((key) => key.startsWith('$'));
  return isOperators ? value : { $eq: value };
}

type IsMultiple = (field: string) => boolean;

function addCondition(into: Conditions, field: string, condition: Condition, isMultiple: IsMultiple): void {
  const known = into.fields.get(field);
  if (!known) {
    into.fields.set(field, condition);
    return;
  }
  // Of an array one item may satisfy one bound and another item the other: only of one value do both bounds make a range.
  const isOpen = !isMultiple(field) && !known.points && known.prefix === undefined;
  if (isOpen && ((condition.upper && !known.upper) ?? (condition.lower && !known.lower))) {
    Object.assign(known, condition);
    return;
  }
  into.complete = false;
  if (condition.points && !known.points) into.fields.set(field, condition);
}

function readField(into: Conditions, field: string, value: unknown, isMultiple: IsMultiple): void {
  const operators = operatorsIn(value);
  for (const [operator, operand] of Object.entries(operators)) {
    if (operator === '$options') continue;
    const [condition, whole] = readers[operator]?.(operand, field, operators) ?? [undefined, false];
    if (condition) addCondition(into, field, condition, isMultiple);
    if (!whole) into.complete = false;
  }
}

/**
 * Takes a query apart.
 *
 * @param isMultiple - whether one document may have several values in this field.
 */
export function readConditions(
  query: Query,
  isMultiple: IsMultiple,
  into: Conditions = { fields: new Map(), alternatives: [], complete: true },
): Conditions {
  for (const [key, value] of Object.entries(query)) {
    if (key === '$and') for (const part of value as Query[]) readConditions(part, isMultiple, into);
    else if (key === '$or') into.alternatives.push(value as Query[]);
    else if (key.startsWith('$')) into.complete = false;
    else readField(into, key, value, isMultiple);
  }
  return into;
}

function isAbove(value: unknown, bound: unknown): boolean {
  if (!isComparable(value) || !isComparable(bound)) return false;
  return typeof value === typeof bound && value > bound;
}

/** Whether every match of the query is in a partial index, whose expression says equality or `$gt` of its fields. */
export function implies({ fields }: Conditions, where: Query): boolean {
  return Object.entries(where).every(([field, demand]) => {
    const { points, lower, prefix } = fields.get(field) ?? {};
    if (!isPlainObject(demand)) return points?.every((point) => point === demand) ?? false;
    const bound = demand['$gt'];
    if (points) return points.every((point) => isAbove(point, bound));
    if (prefix !== undefined) return isAbove(prefix, bound);
    if (!lower) return false;
    const isSame = !lower.inclusive && lower.value.valueOf() === bound?.valueOf();
    return isSame || isAbove(lower.value, bound);
  });
}

/** The query with these alternatives taken out, so that one of them can stand in their place. */
export function withoutOr(query: Query, alternatives: Query[]): Query {
  const entries = Object.entries(query).flatMap(([key, value]): [string, unknown][] => {
    if (key === '$or' && value === alternatives) return [];
    if (key === '$and') return [[key, (value as Query[]).map((part) => withoutOr(part, alternatives))]];
    return [[key, value]];
  });
  return Object.fromEntries(entries);
}
