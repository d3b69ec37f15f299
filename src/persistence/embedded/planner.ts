import type { FindOptions, Query } from '../store.js';
import { implies, readConditions, type Bound, type Condition, type Conditions } from './conditions.js';
import type { Collected, Index } from './indexes.js';
import {
  encodeKey,
  endOf,
  extendKey,
  extendKeyByText,
  isInOrder,
  keyValue,
  typeBounds,
  type Comparable,
} from './keys.js';

/** Keys from `start` (inclusive) to `end` (exclusive), all beginning with `prefix`. */
export interface KeyRange {
  prefix: Buffer;
  start: Buffer;
  end: Buffer;
}

/** How documents are found: by a walk over ranges of one index. */
export interface IndexPlan {
  kind: 'index';
  index: Index;
  /** How many leading fields of the index are fixed to one or several values. */
  fixed: number;
  /** What is demanded of the field after those. */
  range: Condition | undefined;
  conditions: Conditions;
  /** Whether walking the ranges side by side gives the documents in the order asked for. */
  ordered: boolean;
  /** Whether that walk goes from the last key to the first. */
  reverse: boolean;
  /** The sort fields that are not the same in all documents found. */
  rest: readonly string[];
  /** Whether no document can be met twice. */
  distinct: boolean;
  /** Whether every document in the ranges matches, so that none needs looking at. */
  exact: boolean;
}

export type Plan =
  | IndexPlan
  /** These documents, by id. */
  | { kind: 'ids'; ids: string[]; exact: boolean }
  /** All that one of the branches finds. */
  | { kind: 'union'; branches: Plan[] }
  /** Everything in the collection, in id order. */
  | { kind: 'scan' };

export type SortOrder = readonly (readonly [field: string, direction: 1 | -1])[];

/** The order asked for, made total: `_id` breaks ties, in the direction of the last field. */
export function sortOrder(sort: FindOptions['sort']): SortOrder {
  const fields = Object.entries(sort ?? {});
  if (fields.some(([field]) => field === '_id')) return fields;
  return [...fields, ['_id', fields.at(-1)?.[1] ?? 1]];
}

/** More points than this are not looked up one by one. */
const mostPoints = 1000;

/** How many leading fields the conditions fix, as long as that makes no more than {@link mostPoints} prefixes. */
function countFixed(index: Index, conditions: Conditions): number {
  let prefixes = 1;
  for (const [i, field] of index.fields.entries()) {
    const points = conditions.fields.get(field)?.points;
    prefixes *= points?.length ?? Infinity;
    if (prefixes > mostPoints) return i;
  }
  return index.fields.length;
}

function unlike(keys: Buffer[]): Buffer[] {
  return keys.length < 2 ? keys : [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
}

function rangeOf(prefix: Buffer, field: string, condition: Condition | undefined): KeyRange {
  if (condition?.prefix !== undefined) {
    const start = extendKeyByText(prefix, condition.prefix);
    return { prefix, start, end: endOf(start) };
  }
  const { lower, upper } = condition ?? {};
  const sample = lower?.value ?? upper?.value;
  if (sample === undefined) return { prefix, start: prefix, end: endOf(prefix) };
  const range = { prefix, ...typeBounds(prefix, keyValue(field, sample) as Comparable | Uint8Array) };
  if (lower) range.start = boundKey(prefix, field, lower, !lower.inclusive);
  if (upper && typeof upper.value === typeof sample) {
    range.end = boundKey(prefix, field, upper, upper.inclusive);
  }
  return range;
}

/** The key of a bound, or the end of the keys that begin with it. */
function boundKey(prefix: Buffer, field: string, { value }: Bound, end: boolean): Buffer {
  const key = extendKey(prefix, [keyValue(field, value)]);
  return end ? endOf(key) : key;
}

/** The order without the fields of which all documents found have the same value. */
function wantedOrder(order: SortOrder, fixed: (field: string) => boolean): SortOrder {
  return order.filter(([field]) => field === '_id' || !fixed(field));
}

function isOrdered(index: Index, fixed: number, wanted: SortOrder): boolean {
  const direction = wanted[0]?.[1];
  if (wanted.some(([, other]) => other !== direction)) return false;
  for (const [i, [field]] of wanted.entries()) {
    const own = index.fields[fixed + i];
    // A unique index has no ties left for the id to break.
    if (own === undefined) return field === '_id';
    if (own !== field || index.multiple[fixed + i]) return false;
  }
  return true;
}

/** Whether some document may have several keys in the walked part of the index. */
function meetsTwice(index: Index, fixed: number, isSingle: (field: string) => boolean): boolean {
  return index.fields.some((field, i) => index.multiple[i] === true && !(i < fixed && isSingle(field)));
}

function rangeCondition(conditions: Conditions, field: string | undefined): Condition | undefined {
  if (field === undefined || field === 'tenantId') return undefined;
  const condition = conditions.fields.get(field);
  if (!condition || condition.points) return undefined;
  const { lower, upper, prefix } = condition;
  const bounds = [lower?.value, upper?.value, prefix].filter((value) => value !== undefined);
  return isInOrder(field, bounds) ? condition : undefined;
}

/** The ranges of the index that a plan walks. */
export function rangesOf({ index, fixed, range, conditions }: IndexPlan): KeyRange[] {
  let rows: unknown[][] = [[]];
  for (const field of index.fields.slice(0, fixed)) {
    const points = conditions.fields.get(field)?.points ?? [];
    const values = points.map((point) => keyValue(field, point));
    rows = rows.flatMap((row) => values.map((value) => [...row, value]));
  }
  const prefixes = unlike(rows.map((row) => encodeKey(index.number, row)));
  return prefixes.map((prefix) => rangeOf(prefix, index.fields[fixed] ?? '', range));
}

function planIndex(index: Index, conditions: Conditions, order: SortOrder): IndexPlan | undefined {
  if (index.where && !implies(conditions, index.where)) return undefined;
  const fixed = countFixed(index, conditions);
  const range = rangeCondition(conditions, index.fields[fixed]);
  const isSingle = (field: string) => conditions.fields.get(field)?.points?.length === 1;
  const wanted = wantedOrder(order, (field) => {
    const at = index.fields.indexOf(field);
    return at >= 0 && at < fixed && isSingle(field) && !index.multiple[at];
  });
  const ordered = isOrdered(index, fixed, wanted);
  if (fixed === 0 && !range && !(ordered && wanted[0]?.[0] !== '_id')) return undefined;
  const used = fixed + (range ? 1 : 0);
  return {
    kind: 'index',
    index,
    fixed,
    range,
    conditions,
    ordered,
    reverse: wanted[0]?.[1] === -1,
    rest: wanted.map(([field]) => field),
    distinct: !meetsTwice(index, fixed, isSingle),
    exact: conditions.complete && conditions.alternatives.length === 0 && used === conditions.fields.size,
  };
}

/** More values side by side are not looked into one by one. */
const mostChoices = 16;

/** The one fixed field of a plan that has a few values to choose from; undefined when there is none or several. */
export function choiceOf({ index, fixed, conditions }: IndexPlan): string | undefined {
  const fields = index.fields.slice(0, fixed);
  const several = fields.filter((field) => (conditions.fields.get(field)?.points?.length ?? 0) > 1);
  const [field = ''] = several;
  const count = conditions.fields.get(field)?.points?.length ?? 0;
  return several.length === 1 && count <= mostChoices ? field : undefined;
}

/** The plan split into one for each value of the field. */
export function choicesOf(plan: IndexPlan, field: string): IndexPlan[] {
  const { conditions } = plan;
  return (conditions.fields.get(field)?.points ?? []).map((point) => {
    const fields = new Map(conditions.fields).set(field, { points: [point] });
    return { ...plan, conditions: { ...conditions, fields } };
  });
}

/** A walk in the same order over one range that holds all a plan finds, and what has other values in the field as well. */
export function widerPlan(
  { indexes }: Collected,
  { conditions }: IndexPlan,
  field: string,
  order: SortOrder,
): IndexPlan | undefined {
  const fields = new Map(conditions.fields);
  fields.delete(field);
  const plans = indexes.flatMap((index) => planIndex(index, { ...conditions, fields }, order) ?? []);
  return plans.find((plan) => plan.ordered && plan.exact && plan.distinct && rangesOf(plan).length === 1);
}

/** What a fixed field is worth: most of all one that a query is about, a little one that says whose a document is, as many have the same. */
const worth = (field: string): number => (field === 'tenantId' ? 0 : field === 'directoryId' ? 2 : 10);

/** What a range is worth, and the least worth of a plan that is more than a walk over what somebody has. */
const aimed = 4;

/** How much a plan narrows the search: fixed fields count most, then a range. */
function narrowness({ index, fixed, range, exact, distinct }: IndexPlan): number {
  const complete = index.unique && fixed === index.fields.length ? 100 : 0;
  const fields = index.fields.slice(0, fixed).reduce((sum, field) => sum + worth(field), 0);
  return complete + fields + (range ? aimed : 0) + (exact ? 1 : 0) + (distinct ? 0.5 : 0);
}

function planIds(conditions: Conditions, scope: string | null): Plan | undefined {
  const ids = conditions.fields.get('_id')?.points;
  if (!ids) return undefined;
  const texts = ids.filter((id): id is string => typeof id === 'string').sort();
  const others = conditions.fields.size - 1 - (scope === null ? 0 : 1);
  return {
    kind: 'ids',
    ids: texts,
    exact: conditions.complete && conditions.alternatives.length === 0 && others === 0,
  };
}

/**
 * Chooses how to find what a query matches.
 *
 * @param query - with the tenant in it, when there is one.
 * @param scope - that tenant, null for the whole server.
 * @param isSmall - whether a plan's ranges hold few keys, so that sorting what they find costs little.
 */
export function choosePlan(
  collection: Collected,
  query: Query,
  scope: string | null,
  order: SortOrder,
  isSmall: (plan: IndexPlan) => boolean,
): Plan {
  const conditions = readConditions(query, (field) => collection.multiple.has(field));
  const byId = planIds(conditions, scope);
  if (byId) return byId;
  const plans = collection.indexes.flatMap((index) => planIndex(index, conditions, order) ?? []);
  plans.sort((a, b) => narrowness(b) - narrowness(a) || Number(b.ordered) - Number(a.ordered));
  const [narrowest] = plans;
  if (!narrowest || !isAimed(narrowest)) {
    for (const alternatives of conditions.alternatives) {
      const branches = alternatives.map((branch) =>
        choosePlan(collection, { $and: [query, branch].map(withoutOr(alternatives)) }, scope, order, isSmall),
      );
      if (branches.every(isAimed)) return { kind: 'union', branches };
    }
  }
  if (!narrowest) return { kind: 'scan' };
  const ordered = plans.find((plan) => plan.ordered);
  return !ordered || narrowest.ordered || isSmall(narrowest) ? narrowest : ordered;
}

/** Whether a plan follows what the query is about, and does not walk everything that somebody has. */
function isAimed(plan: Plan): boolean {
  if (plan.kind === 'union') return plan.branches.every(isAimed);
  return plan.kind === 'index' ? narrowness(plan) >= aimed : plan.kind === 'ids';
}

/** The query with these alternatives taken out, so that one of them can stand in their place. */
function withoutOr(alternatives: Query[]): (query: Query) => Query {
  return (query) =>
    Object.fromEntries(
      Object.entries(query).flatMap(([key, value]): [string, unknown][] => {
        if (key === '$or' && value === alternatives) return [];
        if (key === '$and') return [[key, (value as Query[]).map(withoutOr(alternatives))]];
        return [[key, value]];
      }),
    );
}
