import { getLastVersion } from 'lmdb';
import { project, requireDefined, type Doc } from '../document.js';
import { matcher, valuesAt } from '../matching.js';
import type { FindOptions, Query } from '../store.js';
import type { Sliced } from '../../infrastructure/time-slices.js';
import { orderOf, readingKey } from './keys.js';
import {
  choosePlan,
  isByKeys,
  isExact,
  isTextPlan,
  rangesOf,
  sortOrder,
  type IdsPlan,
  type IndexPlan,
  type Plan,
  type SortOrder,
} from './planner.js';
import { getDocument, scoped, type View } from './view.js';
import { chunk, countKeys, walk, walkText } from './walk.js';

/** Documents, and undefined where other work may come in between. */
type Documents = Generator<Doc | undefined, void>;

/** Places kept beyond those wanted before they are sorted and cut. */
const maxSpareRows = 1000;

function* load(view: View, ids: Iterable<string | undefined>, read = getDocument): Documents {
  let seen = 0;
  for (const id of ids) {
    const document = id === undefined ? undefined : read(view, id);
    if (document) yield document;
    if (id === undefined || ++seen % chunk === 0) yield undefined;
  }
}

/** The document without its fields: the version stands in front of what would have to be decoded. */
function readHead(view: View, id: string): Doc | undefined {
  const { database, collection, scope } = view;
  if (scope === null || view.seen) return getDocument(view, id);
  if (database.documents.getBinaryFast(readingKey(collection.name, id)) === undefined) return undefined;
  return { _id: id, tenantId: scope, version: getLastVersion() } as Doc;
}

function idsAfter({ ids, ordered, reverse }: IdsPlan, after: FindOptions['after']): string[] {
  return after && ordered ? ids.filter((id) => (reverse ? id < after._id : id > after._id)) : ids;
}

function* unite(view: View, branches: readonly Plan[]): Documents {
  const met = new Set<string>();
  for (const branch of branches) {
    for (const document of candidates(view, branch, {})) {
      if (document && met.has(document._id)) continue;
      if (document) met.add(document._id);
      yield document;
    }
  }
}

/** What a plan finds, each document once, before any look at whether it matches. */
function candidates(view: View, plan: Plan, options: FindOptions): Documents {
  if (plan.kind === 'ids') return load(view, idsAfter(plan, options.after));
  if (plan.kind === 'union') return unite(view, plan.branches);
  return load(view, walk(view.database, plan, options));
}

function* matches(view: View, plan: Plan, query: Query, options: FindOptions): Documents {
  const test = isExact(plan, view.scope) ? () => true : matcher(query);
  for (const document of candidates(view, plan, options)) {
    if (document === undefined || test(document)) yield document;
  }
}

/** Documents by their ids, in this order: those already read as they are, else what still matches. */
function* readAgain(view: View, ids: string[], read: Map<string, Doc> | undefined, query: Query): Documents {
  const test = read ? () => true : matcher(query);
  for (const document of load(view, ids, read && ((_, id) => read.get(id))))
    if (!document || test(document)) yield document;
}

/** Matches sorted after they were found: only their order and ids are kept, and no more of them than are wanted. */
function* sorted(view: View, plan: Plan, query: Query, options: FindOptions, order: SortOrder): Documents {
  const { after, limit = Infinity, skip = 0 } = options;
  const [fields, directions] = [order.map(([field]) => field), order.map(([, direction]) => direction)];
  const placeOf = (valueOf: (field: string) => unknown) => orderOf(fields.map(valueOf), directions);
  const from = after && placeOf((field) => (after as Record<string, unknown>)[field]);
  const rows: { at: string; id: string }[] = [];
  const trim = () => {
    rows.sort((a, b) => (a.at < b.at ? -1 : 1));
    if (rows.length > limit + skip) rows.length = limit + skip;
  };
  // As long as nothing came in between, what was read is what there is.
  let read: Map<string, Doc> | undefined = new Map();
  for (const document of matches(view, plan, query, {})) {
    if (!document) yield (read = undefined);
    else {
      read?.set(document._id, document);
      const at = placeOf((field) => valuesAt(document, field)[0]);
      if (from === undefined || at > from) rows.push({ at, id: document._id });
      if (rows.length > 2 * (limit + skip) + maxSpareRows) trim();
    }
  }
  trim();
  const ids = rows.map(({ id }) => id);
  yield* readAgain(view, ids, read, query);
}

function planFor(view: View, query: Query, order: SortOrder): Plan {
  requireDefined(query);
  const count = (plan: IndexPlan, limit: number) => countKeys(view.database, plan, limit);
  return choosePlan(view.collection, scoped(view, query), order, count);
}

/** Whether what a plan finds can be counted and skipped by its keys. */
const canCountKeys = ({ collection, scope }: View, plan: Plan): plan is IndexPlan =>
  plan.kind === 'index' && collection.expiry === null && isByKeys(plan, scope);

function* skipFirst(documents: Documents, skip = 0): Documents {
  let left = skip;
  for (const document of documents) {
    if (document && left > 0) left--;
    else yield document;
  }
}

/** Every match after `skip` of them, one at a time, in the order asked for. */
export function stream(view: View, query: Query, options: FindOptions = {}): Documents {
  const order = sortOrder(options.sort);
  const plan = planFor(view, query, order);
  if (canCountKeys(view, plan) && plan.ordered) {
    const read = options.fields?.length === 0 ? readHead : getDocument;
    return load(view, walk(view.database, plan, options), read);
  }
  const whole = scoped(view, query);
  const found =
    plan.kind !== 'union' && plan.ordered
      ? matches(view, plan, whole, { ...options, skip: 0 })
      : sorted(view, plan, whole, options, order);
  return skipFirst(found, options.skip);
}

export function* find(view: View, query: Query, options: FindOptions = {}): Sliced<Doc[]> {
  const { limit = Infinity, until, fields } = options;
  const found: Doc[] = [];
  if (limit <= 0) return found;
  for (const document of stream(view, query, options)) {
    const shown = document && project(document, fields);
    if (!shown) yield undefined;
    else if (found.push(shown) >= limit || until?.(shown)) break;
  }
  return found;
}

export function* count(view: View, query: Query): Sliced<number> {
  const { database, collection } = view;
  // In any order: none is asked for.
  const plan = planFor(view, query, []);
  if (canCountKeys(view, plan)) {
    const keys = database.keysOf(plan.index);
    return rangesOf(plan).reduce((sum, range) => sum + database.known.count(collection.name, keys, range), 0);
  }
  let total = 0;
  const byText = collection.expiry === null && isTextPlan(plan, view.scope);
  for (const one of byText ? walkText(database, plan, {}) : matches(view, plan, scoped(view, query), {})) {
    if (one) total++;
    else yield undefined;
  }
  return total;
}
