import { sizeLimit } from '../../shared/size.js';
import { requireDefined, type Doc } from '../document.js';
import type { FindOptions, Query } from '../store.js';
import { matcher, valuesAt } from './indexes.js';
import { documentKey, documentRange, orderOf } from './keys.js';
import type { Breathing } from './breath.js';
import {
  choicesOf,
  choiceOf,
  choosePlan,
  rangesOf,
  sortOrder,
  widerPlan,
  type IndexPlan,
  type Plan,
  type SortOrder,
} from './planner.js';
import { getDocument, isVisible, scoped, type View } from './view.js';
import { chunk, chunkBetween, walk } from './walk.js';

/** Documents, and undefined where other work may come in between. */
type Documents = Generator<Doc | undefined, void>;

/** Fewer keys than this are sorted rather than walked in an order that fits but meets other documents too. */
const small = 1000;

/** Of the documents read at one time, in characters. */
const largestBatch = 4 * 2 ** 20;

/** The documents next in line: no more than a few, nor than fit. */
function readBatch({ database }: View, start: string, end: string, reverse: boolean) {
  const size = sizeLimit(largestBatch);
  const batch: { key: string; value: Doc }[] = [];
  for (const entry of database.documents.getRange(chunkBetween(start, end, reverse, chunk))) {
    batch.push(entry);
    if (size.until(entry.value)) break;
  }
  return { batch, isCut: size.isReached };
}

/** Everything in id order. */
function* scan(view: View, after: FindOptions['after'], reverse: boolean): Documents {
  const { name } = view.collection;
  let { start, end } = documentRange(name);
  if (after && reverse) end = documentKey(name, after._id);
  else if (after) start = `${documentKey(name, after._id)}\0`;
  for (;;) {
    const { batch, isCut } = readBatch(view, start, end, reverse);
    for (const { value } of batch) if (isVisible(view, value)) yield value;
    const last = batch.at(-1);
    if (!last || (batch.length < chunk && !isCut)) return;
    if (reverse) end = last.key;
    else start = `${last.key}\0`;
    yield undefined;
  }
}

/** What is read by each id, and undefined where other work may come in between. */
function* readEach<R>(
  ids: Iterable<string>,
  read: (id: string) => R | undefined,
): Generator<R | undefined, void> {
  let seen = 0;
  for (const id of ids) {
    const found = read(id);
    if (found !== undefined) yield found;
    if (++seen % chunk === 0) yield undefined;
  }
}

const load = (view: View, ids: Iterable<string>): Documents => readEach(ids, (id) => getDocument(view, id));

function* unite(view: View, branches: readonly Plan[]): Documents {
  const met = new Set<string>();
  for (const branch of branches) {
    for (const document of candidates(view, branch, {}, false)) {
      if (document && met.has(document._id)) continue;
      if (document) met.add(document._id);
      yield document;
    }
  }
}

/** What a plan finds, each document once, before any look at whether it matches. */
function candidates(view: View, plan: Plan, options: FindOptions, reverse: boolean): Documents {
  switch (plan.kind) {
    case 'scan':
      return scan(view, options.after, reverse);
    case 'ids':
      return load(view, plan.ids);
    case 'index':
      return load(view, walk(view.database, plan, options));
    case 'union':
      return unite(view, plan.branches);
  }
}

function* matches(view: View, plan: Plan, query: Query, options: FindOptions, reverse: boolean): Documents {
  const isExact = (plan.kind === 'index' || plan.kind === 'ids') && plan.exact;
  const test = isExact ? () => true : matcher(query);
  for (const document of candidates(view, plan, options, reverse)) {
    if (document === undefined || test(document)) yield document;
  }
}

/** Of several values in one field, as of an array: the one that comes first in this direction. */
function sortValue(document: Doc, field: string, direction: 1 | -1): unknown {
  const values = valuesAt(document, field);
  if (values.length === 1) return values[0];
  const ranked = values.map((value) => ({ value, at: orderOf([value], [direction]) }));
  return ranked.reduce((best, other) => (other.at < best.at ? other : best)).value;
}

/** Matches sorted after they were found: only their order and ids are kept, and no more of them than are wanted. */
function* sorted(view: View, plan: Plan, query: Query, options: FindOptions, order: SortOrder): Documents {
  const { after, limit = Infinity, skip = 0 } = options;
  const directions = order.map(([, direction]) => direction);
  const orderAt = (valueOf: (field: string, direction: 1 | -1) => unknown) =>
    orderOf(
      order.map(([field, direction]) => valueOf(field, direction)),
      directions,
    );
  const from = after && orderAt((field) => (after as Record<string, unknown>)[field]);
  const rows: { at: string; id: string }[] = [];
  const trim = () => {
    rows.sort((a, b) => (a.at < b.at ? -1 : 1));
    if (rows.length > limit + skip) rows.length = limit + skip;
  };
  for (const document of matches(view, plan, query, {}, false)) {
    if (!document) yield undefined;
    else {
      const at = orderAt((field, direction) => sortValue(document, field, direction));
      if (from === undefined || at > from) rows.push({ at, id: document._id });
      if (rows.length > 2 * (limit + skip) + small) trim();
    }
  }
  trim();
  const test = matcher(query);
  const ids = rows.map(({ id }) => id);
  for (const document of load(view, ids)) if (!document || test(document)) yield document;
}

function isSmall({ database }: View): (plan: IndexPlan) => boolean {
  return (plan) => {
    let left = small;
    for (const { start, end } of rangesOf(plan)) {
      left -= database.entries.getKeysCount({ start, end, limit: left });
      if (left <= 0) return false;
    }
    return true;
  };
}

function planFor(view: View, query: Query, order: SortOrder): Plan {
  requireDefined(query);
  return choosePlan(view.collection, scoped(view, query), view.scope, order, isSmall(view));
}

/** Whether the index alone says which documents match, so that they can be counted and skipped by their keys. */
function isByKeys({ collection }: View, plan: Plan): plan is IndexPlan {
  return plan.kind === 'index' && plan.exact && plan.distinct && collection.expiry === null;
}

/**
 * The same with one range instead of several side by side, where one will do: those without keys are left out, and of those that
 * together hold every key of a wider range the wider one is taken. In a single range a skip needs no counting on the way.
 */
function simplified(view: View, plan: IndexPlan, options: FindOptions, order: SortOrder): IndexPlan {
  const { limit = Infinity, skip = 0, after } = options;
  const field = choiceOf(plan);
  if (field === undefined || after || limit + skip < chunk) return plan;
  const { ranks } = view.database;
  const countOf = (one: IndexPlan) => rangesOf(one).reduce((sum, range) => sum + ranks.count(range), 0);
  const choices = choicesOf(plan, field).map((choice) => ({ choice, count: countOf(choice) }));
  const filled = choices.filter(({ count }) => count > 0);
  const [only] = filled;
  if (only && filled.length === 1) return only.choice;
  const total = choices.reduce((sum, { count }) => sum + count, 0);
  const wide = widerPlan(view.collection, plan, field, order);
  return wide && countOf(wide) === total ? wide : plan;
}

function* skipping(documents: Documents, skip: number): Documents {
  let left = skip;
  for (const document of documents) {
    if (document && left > 0) left--;
    else yield document;
  }
}

/** The ids of a page in the order asked for, where keys alone tell which they are. */
function idsByKeys(view: View, plan: Plan, options: FindOptions, order: SortOrder) {
  if (!isByKeys(view, plan) || !plan.ordered) return undefined;
  return walk(view.database, simplified(view, plan, options, order), options);
}

/** Every match after `skip` of them, one at a time, in the order asked for. */
export function stream(view: View, query: Query, options: FindOptions = {}): Documents {
  const order = sortOrder(options.sort);
  const plan = planFor(view, query, order);
  const ids = idsByKeys(view, plan, options, order);
  if (ids) return load(view, ids);
  const isById = plan.kind === 'scan' && order[0]?.[0] === '_id';
  const isOrdered = isById || (plan.kind === 'index' && plan.ordered);
  const found = isOrdered
    ? matches(view, plan, scoped(view, query), { ...options, skip: 0 }, order[0]?.[1] === -1)
    : sorted(view, plan, scoped(view, query), options, order);
  return skipping(found, options.skip ?? 0);
}

function project(document: Doc, fields: readonly string[] | undefined): Doc {
  if (!fields) return document;
  const wanted = ['_id', 'tenantId', 'version', ...fields];
  return Object.fromEntries(
    wanted.flatMap((field) => (field in document ? [[field, document[field]]] : [])),
  ) as Doc;
}

/** As many as are wanted. */
function* take<T, R>(
  items: Generator<T | undefined, void>,
  make: (item: T) => R,
  { limit = Infinity, until }: FindOptions,
): Breathing<R[]> {
  const taken: R[] = [];
  if (limit <= 0) return taken;
  for (const item of items) {
    if (item === undefined) {
      yield undefined;
      continue;
    }
    const made = make(item);
    if (taken.push(made) >= limit || until?.(made)) break;
  }
  return taken;
}

export function find(view: View, query: Query, options: FindOptions = {}): Breathing<Doc[]> {
  return take(stream(view, query, options), (document) => project(document, options.fields), options);
}

export function* count(view: View, query: Query): Breathing<number> {
  const plan = planFor(view, query, sortOrder(undefined));
  if (isByKeys(view, plan)) {
    return rangesOf(plan).reduce((sum, range) => sum + view.database.ranks.count(range), 0);
  }
  let total = 0;
  for (const document of matches(view, plan, scoped(view, query), {}, false)) {
    if (document) total++;
    else yield undefined;
  }
  return total;
}
