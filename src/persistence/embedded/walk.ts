import type { FindOptions } from '../store.js';
import type { Database } from './database.js';
import { extendKey, idAtEnd, keyValue } from './keys.js';
import { rangesOf, type IndexPlan, type KeyRange } from './planner.js';

/** Keys or documents read at one time. */
export const chunk = 100;

interface Entry {
  id: string;
  /** What stands after the prefix: its order among the entries of other ranges. */
  rest: Buffer;
}

type Entries = Generator<Entry, void>;

/** What lmdb reads next between two keys, `start` inclusive and `end` exclusive in both directions. */
export function chunkBetween<K>(start: K, end: K, reverse: boolean, limit: number) {
  return reverse
    ? { start: end, end: start, exclusiveStart: true, inclusiveEnd: true, reverse: true, limit }
    : { start, end, limit };
}

function* readRange(database: Database, plan: IndexPlan, range: KeyRange, first: number): Entries {
  let { start, end } = range;
  for (let limit = Math.min(first, chunk); ; limit = chunk) {
    const batch = Array.from(database.entries.getRange(chunkBetween(start, end, plan.reverse, limit)));
    for (const { key, value } of batch) {
      const rest = key.subarray(range.prefix.length);
      if (!plan.index.unique) {
        yield { id: idAtEnd(key, range.prefix.length, plan.index.fields.length - plan.fixed - 1), rest };
      } else yield { id: value, rest: rest.length > 0 ? rest : Buffer.from(value) };
    }
    const last = batch.at(-1);
    if (!last || batch.length < limit) return;
    if (plan.reverse) end = last.key;
    else start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

/** Several ranges side by side, the next in order always first. */
function* merge(streams: Entries[], reverse: boolean): Entries {
  const heads = streams.flatMap((stream) => {
    const next = stream.next();
    return next.done ? [] : [{ stream, entry: next.value }];
  });
  const isBefore = (a: Entry, b: Entry) => {
    const order = Buffer.compare(a.rest, b.rest);
    return reverse ? order > 0 : order < 0;
  };
  for (let [best] = heads; best; [best] = heads) {
    for (const head of heads) if (isBefore(head.entry, best.entry)) best = head;
    yield best.entry;
    const next = best.stream.next();
    if (next.done) heads.splice(heads.indexOf(best), 1);
    else best.entry = next.value;
  }
}

function sideBySide(streams: Entries[], reverse: boolean): Entries[] {
  return streams.length > 1 ? [merge(streams, reverse)] : streams;
}

/** Cuts the ranges so that they begin after (descending: end before) the document of these sort values. */
function rangesAfter(plan: IndexPlan, after: NonNullable<FindOptions['after']>): KeyRange[] {
  const fields = plan.rest.filter((field) => plan.index.fields.includes(field));
  const values = fields.map((field) => keyValue(field, (after as Record<string, unknown>)[field]));
  return rangesOf(plan).map((range) => {
    const key = extendKey(range.prefix, values);
    if (plan.reverse) return Buffer.compare(key, range.end) < 0 ? { ...range, end: key } : range;
    const next = Buffer.concat([key, Buffer.of(0)]);
    return Buffer.compare(next, range.start) > 0 ? { ...range, start: next } : range;
  });
}

function* unlike(ids: Iterable<string>): Generator<string, void> {
  const met = new Set<string>();
  for (const id of ids) {
    if (met.has(id)) continue;
    met.add(id);
    yield id;
  }
}

function* idsIn(streams: readonly Entries[], skip: number): Generator<string, void> {
  let left = skip;
  for (const entries of streams) {
    for (const { id } of entries) {
      if (left > 0) left--;
      else yield id;
    }
  }
}

/** The one id that a unique index holds for this key. */
function* idAt(database: Database, { prefix }: KeyRange): Generator<string, void> {
  const id = database.entries.get(prefix);
  if (id !== undefined) yield id;
}

const isPoint = ({ index, fixed }: IndexPlan) => index.unique && fixed === index.fields.length;

/** The range without its first (descending: last) keys, which are passed over without being read. */
function beyond(database: Database, range: KeyRange, skip: number, reverse: boolean): KeyRange[] {
  const bounds = chunkBetween(range.start, range.end, reverse, 1);
  const [key] = Array.from(database.entries.getKeys({ ...bounds, offset: skip }));
  if (!key) return [];
  return [reverse ? { ...range, end: Buffer.concat([key, Buffer.of(0)]) } : { ...range, start: key }];
}

/** Where the walk of a page that begins after `skip` keys starts, and how many keys are to be left out on the way. */
function seek(database: Database, whole: KeyRange[], skip: number, reverse: boolean) {
  const near = database.ranks.seek(whole, skip, reverse);
  const [only, ...others] = near.ranges;
  if (!only || others.length > 0 || near.skip === 0) return near;
  return { ranges: beyond(database, only, near.skip, reverse), skip: 0 };
}

/**
 * The ids a plan finds: in its order when it has one, and once each.
 *
 * @param options - `skip` only for plans that can meet nothing twice.
 */
export function walk(database: Database, plan: IndexPlan, options: FindOptions): Generator<string, void> {
  const { after, skip: skipped = 0 } = options;
  const whole = plan.ordered && after ? rangesAfter(plan, after) : rangesOf(plan);
  const [only, ...others] = whole;
  if (only && others.length === 0 && isPoint(plan) && !after && !skipped) return idAt(database, only);
  const { ranges, skip } = seek(database, whole, skipped, plan.reverse);
  const first = (options.limit ?? chunk) + skip;
  const streams = ranges.map((range) => readRange(database, plan, range, first));
  const ids = idsIn(plan.ordered ? sideBySide(streams, plan.reverse) : streams, skip);
  return plan.distinct ? ids : unlike(ids);
}
