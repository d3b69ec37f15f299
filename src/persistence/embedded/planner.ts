import type { FindOptions, Query } from '../store.js';
import { implies, readConditions, withoutOr, type Condition, type Conditions } from '../query-conditions.js';
import { uniqueKeys, type Collected, type Index } from './indexes.js';
import { encodeKey, endOf, endOfText, extendKey, keyAfter, keyValue, typeBounds } from './keys.js';

/** Keys from `start` (inclusive) to `end` (exclusive), all beginning with `prefix`. */
export interface KeyRange {
  prefix: Buffer;
  start: Buffer;
  end: Buffer;
}

/** A walk over ranges of one index: of the primary one where nothing serves better. */
export interface IndexPlan {
  kind: 'index';
  index: Index;
  conditions: Conditions;
  /** How many leading fields of the index are fixed to one or several values. */
  fixed: number;
  /** What is demanded of the field after those. */
  range: Condition | undefined;
  /** The sort fields that are not the same in all documents found. */
  order: SortOrder;
  /** Whether walking the ranges side by side gives the documents in that order; from the last key to the first, if `reverse`. */
  ordered: boolean;
  reverse: boolean;
}

/** A look at documents by their ids, which are in the order asked for where that is one of ids. */
export interface IdsPlan {
  kind: 'ids';
  ids: string[];
  conditions: Conditions;
  ordered: boolean;
  reverse: boolean;
}

/** How the documents are found that a query may match. */
export type Plan =
  | IndexPlan
  | IdsPlan
  /** All that one of the branches finds. */
  | { kind: 'union'; branches: Plan[] };

export type SortOrder = readonly (readonly [field: string, direction: 1 | -1])[];

/** Counts the keys of a plan, up to a limit. */
export type CountKeys = (plan: IndexPlan, limit: number) => number;

/** The order asked for, made total: `_id` breaks ties, in the direction of the last field. */
export function sortOrder(sort: FindOptions['sort']): SortOrder {
  const fields = Object.entries(sort ?? {});
  if (fields.some(([field]) => field === '_id')) return fields;
  return [...fields, ['_id', fields.at(-1)?.[1] ?? 1]];
}

/** More points than this are not looked up one by one. */
const maxPoints = 1000;
/** Keys up to which plans are compared. */
const maxComparedKeys = 10_000;
/** Fewer keys are sorted rather than walked in an order that fits but meets other documents too. */
const maxSortedKeys = 1000;

/** The ranges of the index that a plan walks. */
export function rangesOf({ index, fixed, range, conditions }: IndexPlan): KeyRange[] {
  let rows: unknown[][] = [[index.number]];
  for (let i = 0; i < fixed; i++) {
    const field = index.fields[i] ?? '';
    const points = (conditions.fields.get(field)?.points ?? []).map((point) => keyValue(field, point));
    rows = rows.flatMap((row) => points.map((point) => [...row, point]));
  }
  return uniqueKeys(rows.map(encodeKey)).map((prefix) => rangeOf(prefix, index.fields[fixed] ?? '', range));
}

function rangeOf(prefix: Buffer, field: string, { lower, upper, prefix: text }: Condition = {}): KeyRange {
  const keyOf = (value: unknown) => extendKey(prefix, [keyValue(field, value)]);
  if (text !== undefined) return { prefix, start: keyOf(text), end: endOfText(keyOf(text)) };
  const sample = lower?.value ?? upper?.value;
  if (sample === undefined) return { prefix, start: keyAfter(prefix), end: endOf(prefix) };
  const range = { prefix, ...typeBounds(prefix, keyValue(field, sample)) };
  if (lower) range.start = lower.inclusive ? keyOf(lower.value) : endOf(keyOf(lower.value));
  if (upper && typeof upper.value === typeof sample) {
    range.end = upper.inclusive ? endOf(keyOf(upper.value)) : keyOf(upper.value);
  }
  return range;
}

/** How many leading fields the conditions fix, as long as that makes no more than {@link maxPoints} prefixes. */
function countFixed({ fields }: Index, conditions: Conditions): number {
  let prefixes = 1;
  const end = fields.findIndex((field) => {
    prefixes *= conditions.fields.get(field)?.points?.length ?? Infinity;
    return prefixes > maxPoints;
  });
  return end === -1 ? fields.length : end;
}

const isSingle = ({ fields }: Conditions, field: string) => fields.get(field)?.points?.length === 1;

function planIndex(index: Index, conditions: Conditions, wanted: SortOrder): IndexPlan {
  const fixed = countFixed(index, conditions);
  const next = conditions.fields.get(index.fields[fixed] ?? '');
  // Of these fields all documents found have the same value.
  const isSame = (field: string) => {
    const at = index.fields.indexOf(field);
    return at !== -1 && at < fixed && !index.multiple[at] && isSingle(conditions, field);
  };
  const order = wanted.length === 1 ? wanted : wanted.filter(([field]) => field === '_id' || !isSame(field));
  const reverse = order[0]?.[1] === -1;
  const ordered = order.every(([field, direction], i) => {
    const at = fixed + i;
    return (direction === -1) === reverse && index.fields[at] === field && !index.multiple[at];
  });
  const isText = next?.contains !== undefined;
  const isShown = index.whole[fixed] === true && index.fields.slice(0, fixed).every(isSame);
  const range = next?.points || (isText && !isShown) ? undefined : next;
  return { kind: 'index', index, conditions, fixed, range, order, ordered, reverse };
}

const usesField = ({ index, fixed, range }: IndexPlan, field: string) => {
  const at = index.fields.indexOf(field);
  return at !== -1 && at < (range ? fixed + 1 : fixed);
};

/** Whether every document that a plan finds and that belongs to the tenant matches, so that none needs a further look. */
export function isExact(plan: Plan, scope: string | null): boolean {
  if (plan.kind === 'union' || !plan.conditions.complete || plan.conditions.alternatives.length > 0)
    return false;
  const isMet = (field: string) => (plan.kind === 'ids' ? field === '_id' : usesField(plan, field));
  return [...plan.conditions.fields.keys()].every(
    (field) => isMet(field) || (field === 'tenantId' && scope !== null),
  );
}

/** Whether no document can be met twice. */
export const isDistinct = ({ index, fixed, conditions }: IndexPlan): boolean =>
  index.fields.every((field, i) => !index.multiple[i] || (i < fixed && isSingle(conditions, field)));

const saysAll = (plan: IndexPlan, scope: string | null): boolean =>
  isExact(plan, scope) && isDistinct(plan) && (scope === null || usesField(plan, 'tenantId'));

/** Whether the keys alone say which documents match, so that they can be counted and skipped without a look at these. */
export const isByKeys = (plan: IndexPlan, scope: string | null): boolean =>
  plan.range?.contains === undefined && saysAll(plan, scope);

/** Whether those keys say it that hold a text. */
export const isTextPlan = (plan: Plan, scope: string | null): plan is IndexPlan =>
  plan.kind === 'index' && plan.range?.contains !== undefined && saysAll(plan, scope);

function planIds(points: readonly string[], conditions: Conditions, [first]: SortOrder): IdsPlan {
  const ids = [...new Set(points)].sort();
  const reverse = first?.[1] === -1;
  return {
    kind: 'ids',
    ids: reverse ? ids.reverse() : ids,
    conditions,
    ordered: first?.[0] === '_id',
    reverse,
  };
}

/** The longest equality prefix first, then a range, then the order asked for. */
function byPrefix(a: IndexPlan, b: IndexPlan): number {
  const lengthOf = ({ fixed, range, ordered }: IndexPlan) => fixed + (range ? 0.5 : 0) + (ordered ? 0.25 : 0);
  return lengthOf(b) - lengthOf(a);
}

/** Those of the plans that use a field which none before them uses. */
function differentPlans(plans: readonly IndexPlan[]): IndexPlan[] {
  const kept: IndexPlan[] = [];
  for (const plan of plans) {
    const used = plan.index.fields.slice(0, plan.range ? plan.fixed + 1 : plan.fixed);
    if (!kept.some((other) => used.every((field) => usesField(other, field)))) kept.push(plan);
  }
  return kept;
}

/** The plan with the fewest keys. They are counted only where there is a choice. */
function smallestPlan(plans: readonly IndexPlan[], countKeys: CountKeys): IndexPlan | undefined {
  const [first, ...others] = plans;
  let best = first;
  let keys = best && others.length > 0 ? countKeys(best, maxComparedKeys) : 0;
  for (const plan of others) {
    const count = keys === 0 ? 0 : countKeys(plan, keys);
    if (count < keys) [best, keys] = [plan, count];
  }
  return best;
}

function countPlan(plan: Plan, countKeys: CountKeys): number {
  if (plan.kind === 'ids') return plan.ids.length;
  if (plan.kind === 'index') return countKeys(plan, maxComparedKeys);
  return plan.branches.reduce((sum, branch) => sum + countPlan(branch, countKeys), 0);
}

/**
 * Chooses how to find what a query matches: by ids; by the longest equality prefix of an index and one range after it, and of several such
 * plans by the one with the fewest keys; by a plan for each alternative of an `$or`, where that has fewer keys; by a scan.
 *
 * @param query - with the tenant in it, when there is one.
 */
export function choosePlan(
  collection: Collected,
  query: Query,
  order: SortOrder,
  countKeys: CountKeys,
): Plan {
  const conditions = readConditions(query, collection.isMultiple);
  const ids = conditions.fields.get('_id')?.points?.filter((id) => typeof id === 'string');
  if (ids) return planIds(ids, conditions, order);
  const plans = collection.indexes
    .filter(({ where }) => !where || implies(conditions, where))
    .map((index) => planIndex(index, conditions, order))
    .filter(({ fixed, range, ordered }) => fixed > 0 || range !== undefined || ordered)
    .sort(byPrefix);
  const scan = planIndex(collection.primary, conditions, order);
  const best = smallestPlan(differentPlans(plans), countKeys) ?? scan;
  for (const alternatives of conditions.alternatives) {
    const rest = withoutOr(query, alternatives);
    const branches = alternatives.map((branch) =>
      choosePlan(collection, { $and: [rest, branch] }, order, countKeys),
    );
    const union: Plan = { kind: 'union', branches };
    if (countPlan(union, countKeys) < countPlan(best, countKeys)) return union;
  }
  const ordered = best.ordered ? undefined : plans.find((plan) => plan.ordered);
  return ordered && countKeys(best, maxSortedKeys) === maxSortedKeys ? ordered : best;
}
