import type { FindOptions, Query } from '../store.js';
import { requireDefined, type Doc } from '../document.js';
import type { Database } from './database.js';
import { isExpired, matcher, valuesAt, type Collected } from './indexes.js';
import { documentKey, documentRange, extendKey, idAtEnd, orderOf } from './keys.js';
import {
  choosePlan,
  sortOrder,
  type IndexPlan,
  type KeyRange,
  type Plan,
  type SortOrder,
} from './planner.js';

/** Work that may take long: it yields where other work may come in between, and returns its result. */
export type Breathing<R> = Generator<undefined, R>;

/** Documents, and undefined where other work may come in between. */
type Documents = Generator<Doc | undefined, void>;

export interface Reader {
  get(id: string): Doc | undefined;
  find(query: Query, options?: FindOptions): Breathing<Doc[]>;
  count(query: Query): Breathing<number>;
  /** Every match, one at a time. */
  stream(query: Query, options?: FindOptions): Documents;
}

const chunk = 100;
/** Fewer keys than this are sorted rather than walked in an order that fits but finds other documents too. */
const small = 1000;

interface Entry {
  id: string;
  /** What stands after the prefix: its order among entries of other ranges. */
  rest: Buffer;
}

function* readRange(
  database: Database,
  plan: IndexPlan,
  range: KeyRange,
  reverse: boolean,
  first: number,
): Generator<Entry, void> {
  let { start, end } = range;
  for (let limit = Math.min(first, chunk); ; limit = chunk) {
    const options = reverse
      ? { start: end, end: start, exclusiveStart: true, inclusiveEnd: true, reverse: true, limit }
      : { start, end, limit };
    const batch = Array.from(database.entries.getRange(options));
    for (const { key, value } of batch) {
      const rest = key.subarray(range.prefix.length);
      yield plan.index.unique
        ? { id: value, rest: rest.length > 0 ? rest : Buffer.from(value) }
        : { id: idAtEnd(key, range.prefix.length, plan.fieldsBeforeId), rest };
    }
    const last = batch.at(-1);
    if (!last || batch.length < limit) return;
    if (reverse) end = last.key;
    else start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

/** Several ranges side by side, the next in order always first. */
function* merge(streams: Generator<Entry, void>[], reverse: boolean): Generator<Entry, void> {
  const heads = streams.flatMap((stream) => {
    const next = stream.next();
    return next.done ? [] : [{ stream, entry: next.value }];
  });
  while (heads.length > 0) {
    let best = heads[0];
    for (const head of heads) {
      if (!best) break;
      const order = Buffer.compare(head.entry.rest, best.entry.rest);
      if (reverse ? order > 0 : order < 0) best = head;
    }
    if (!best) return;
    yield best.entry;
    const next = best.stream.next();
    if (next.done) heads.splice(heads.indexOf(best), 1);
    else best.entry = next.value;
  }
}

function sortKeyOf(document: Doc, order: SortOrder): string {
  const values = order.map(([field, direction]) => {
    const all = valuesAt(document, field);
    if (all.length === 1) return all[0];
    const ranked = all.map((value) => ({ value, at: orderOf([value], [1]) }));
    ranked.sort((a, b) => (a.at < b.at ? -direction : direction));
    return ranked[0]?.value;
  });
  return orderOf(
    values,
    order.map(([, direction]) => direction),
  );
}

function project(document: Doc, fields: readonly string[] | undefined): Doc {
  if (!fields) return document;
  const wanted = ['_id', 'tenantId', 'version', ...fields];
  return Object.fromEntries(wanted.flatMap((f) => (f in document ? [[f, document[f]]] : []))) as Doc;
}

/** Cuts the ranges so that they begin after (descending: end before) the document of these sort values. */
function rangesAfter(plan: IndexPlan, after: FindOptions['after'], reverse: boolean): KeyRange[] {
  if (!after) return plan.ranges;
  return plan.ranges.map((range) => {
    const fields = plan.index.unique
      ? plan.rest.filter((field) => plan.index.fields.includes(field))
      : plan.rest;
    const key = extendKey(
      range.prefix,
      fields.map((field) => after[field]),
    );
    if (reverse) return Buffer.compare(key, range.end) < 0 ? { ...range, end: key } : range;
    const next = Buffer.concat([key, Buffer.of(0)]);
    return Buffer.compare(next, range.start) > 0 ? { ...range, start: next } : range;
  });
}

/** Reads one collection as one tenant sees it (scope null: as the server does). */
export function createReader(
  database: Database,
  collection: Collected,
  scope: string | null,
  now: () => Date,
): Reader {
  const get = (id: string) => {
    const document = database.documents.get(documentKey(collection.name, id));
    if (!document || (scope !== null && document.tenantId !== scope)) return undefined;
    return isExpired(collection, document, now()) ? undefined : document;
  };

  const isSmall = (plan: IndexPlan) => {
    let left = small;
    for (const { start, end } of plan.ranges) {
      left -= database.entries.getKeysCount({ start, end, limit: left });
      if (left <= 0) return false;
    }
    return true;
  };

  function* entriesIn(plan: IndexPlan, options: FindOptions, reverse: boolean): Generator<Entry, void> {
    const ranges = plan.ordered ? rangesAfter(plan, options.after, reverse) : plan.ranges;
    const first = (options.limit ?? chunk) + (options.skip ?? 0);
    const streams = ranges.map((range) => readRange(database, plan, range, reverse, first));
    if (plan.ordered && streams.length > 1) yield* merge(streams, reverse);
    else for (const stream of streams) yield* stream;
  }

  /** Everything in id order, from one id on. */
  function* scan(options: FindOptions, reverse: boolean): Documents {
    let { start, end } = documentRange(collection.name);
    if (options.after && reverse) end = documentKey(collection.name, options.after._id);
    else if (options.after) start = `${documentKey(collection.name, options.after._id)}\0`;
    for (;;) {
      const bounds = reverse
        ? { start: end, end: start, exclusiveStart: true, inclusiveEnd: true, reverse: true, limit: chunk }
        : { start, end, limit: chunk };
      const batch = Array.from(database.documents.getRange(bounds));
      for (const { value } of batch) {
        if (scope !== null && value.tenantId !== scope) continue;
        if (!isExpired(collection, value, now())) yield value;
      }
      const last = batch.at(-1);
      if (!last || batch.length < chunk) return;
      if (reverse) end = last.key;
      else start = `${last.key}\0`;
      yield undefined;
    }
  }

  function* load(ids: Iterable<string>): Documents {
    let seen = 0;
    for (const id of ids) {
      const document = get(id);
      if (document) yield document;
      if (++seen % chunk === 0) yield undefined;
    }
  }

  /** What a plan finds, each document once, before any look at whether it matches. */
  function* candidates(plan: Plan, options: FindOptions, reverse: boolean): Documents {
    switch (plan.kind) {
      case 'scan':
        return yield* scan(options, reverse);
      case 'ids':
        return yield* load(plan.ids);
      case 'index':
        return yield* load(idsOf(entriesIn(plan, options, reverse), plan.distinct));
      case 'union': {
        const met = new Set<string>();
        for (const branch of plan.branches) {
          for (const document of candidates(branch, {}, false)) {
            if (document && met.has(document._id)) continue;
            if (document) met.add(document._id);
            yield document;
          }
        }
      }
    }
  }

  function* matches(plan: Plan, query: Query, options: FindOptions, reverse: boolean): Documents {
    const exact = (plan.kind === 'index' || plan.kind === 'ids') && plan.exact;
    const test = exact ? () => true : matcher(query);
    for (const document of candidates(plan, options, reverse)) {
      if (document === undefined || test(document)) yield document;
    }
  }

  /** Matches sorted after they were found: only their order and ids are kept, and no more of them than are wanted. */
  function* sorted(plan: Plan, query: Query, options: FindOptions, order: SortOrder): Documents {
    const keep = options.limit === undefined ? Infinity : options.limit + (options.skip ?? 0);
    const directions = order.map(([, direction]) => direction);
    const after = options.after;
    const from =
      after &&
      orderOf(
        order.map(([field]) => after[field]),
        directions,
      );
    const rows: { at: string; id: string }[] = [];
    const trim = () => {
      rows.sort((a, b) => (a.at < b.at ? -1 : 1));
      if (rows.length > keep) rows.length = keep;
    };
    for (const document of matches(plan, query, {}, false)) {
      if (!document) {
        yield undefined;
        continue;
      }
      const at = sortKeyOf(document, order);
      if (from !== undefined && at <= from) continue;
      rows.push({ at, id: document._id });
      if (rows.length > 2 * keep + small) trim();
    }
    trim();
    const test = matcher(query);
    for (const document of load(rows.map(({ id }) => id))) {
      if (!document || test(document)) yield document;
    }
  }

  function* stream(query: Query, options: FindOptions = {}): Documents {
    requireDefined(query);
    const whole = scope === null ? query : { $and: [{ tenantId: scope }, query] };
    const order = sortOrder(options.sort);
    const plan = choosePlan(collection, whole, scope, order, isSmall);
    const reverse = order[0]?.[1] === -1;
    const byId = order[0]?.[0] === '_id';
    const ordered = plan.kind === 'index' ? plan.ordered : byId && plan.kind === 'scan';
    if (ordered) yield* matches(plan, whole, options, reverse);
    else yield* sorted(plan, whole, options, order);
  }

  function* find(query: Query, options: FindOptions = {}): Breathing<Doc[]> {
    const found: Doc[] = [];
    const limit = options.limit ?? Infinity;
    let skip = options.skip ?? 0;
    if (limit <= 0) return found;
    for (const document of stream(query, options)) {
      if (!document) yield undefined;
      else if (skip > 0) skip--;
      else {
        found.push(project(document, options.fields));
        if (found.length >= limit) break;
      }
    }
    return found;
  }

  function* count(query: Query): Breathing<number> {
    requireDefined(query);
    const whole = scope === null ? query : { $and: [{ tenantId: scope }, query] };
    const plan = choosePlan(collection, whole, scope, sortOrder(undefined), isSmall);
    if (plan.kind === 'index' && plan.exact && plan.distinct && collection.expiry === null) {
      return plan.ranges.reduce(
        (sum, { start, end }) => sum + database.entries.getKeysCount({ start, end }),
        0,
      );
    }
    let total = 0;
    for (const document of matches(plan, whole, {}, false)) {
      if (document) total++;
      else yield undefined;
    }
    return total;
  }

  return { get, find, count, stream };
}

function* idsOf(entries: Iterable<Entry>, distinct: boolean): Generator<string, void> {
  const met = new Set<string>();
  for (const { id } of entries) {
    if (!distinct) {
      if (met.has(id)) continue;
      met.add(id);
    }
    yield id;
  }
}
