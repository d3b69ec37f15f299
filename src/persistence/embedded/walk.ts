import type { Database as Table } from 'lmdb';
import type { FindOptions } from '../store.js';
import type { Database } from './database.js';
import { extendKey, holdsText, idOf, keyAfter, keyValue } from './keys.js';
import { isDistinct, rangesOf, type IndexPlan, type KeyRange } from './planner.js';

/** Keys or documents read at one time. */
export const chunk = 100;
/** Fewer keys are passed over one by one. */
const minSeekKeys = 50;
/** More ranges side by side are passed over one key after the other. */
const maxSeekRanges = 16;

/** Only the keys are read: of documents and of index entries alike. */
export type Keys = Pick<Table<unknown, Buffer>, 'getKeys' | 'getKeysCount'>;

type KeyStream = Generator<Buffer, void>;

/** What lmdb reads next between two keys, `start` inclusive and `end` exclusive in both directions. */
function between({ start, end }: KeyRange, reverse: boolean, limit: number) {
  return reverse
    ? { start: end, end: start, exclusiveStart: true, inclusiveEnd: true, reverse: true, limit }
    : { start, end, limit };
}

/** The range without this key and all before it. */
function after(range: KeyRange, key: Buffer, reverse: boolean): KeyRange {
  return reverse ? { ...range, end: key } : { ...range, start: keyAfter(key) };
}

function* readRange(keys: Keys, whole: KeyRange, reverse: boolean, first: number): KeyStream {
  let range = whole;
  for (let limit = Math.min(first, chunk); ; limit = chunk) {
    const batch = Array.from(keys.getKeys(between(range, reverse, limit)));
    yield* batch;
    const last = batch.at(-1);
    if (!last || batch.length < limit) return;
    range = after(range, last, reverse);
  }
}

/** Compares two keys of different ranges by what stands behind their prefixes: their order in a walk side by side. */
function isBefore(a: Buffer, b: Buffer, ranges: readonly [KeyRange, KeyRange], reverse: boolean): boolean {
  const [from, to] = [ranges[0].prefix.length, ranges[1].prefix.length];
  const order = a.compare(b, to, b.length, from, a.length);
  return reverse ? order > 0 : order < 0;
}

/** Several ranges one after the other. */
function* readRanges(keys: Keys, ranges: readonly KeyRange[], reverse: boolean, first: number): KeyStream {
  for (const range of ranges) yield* readRange(keys, range, reverse, first);
}

/** Several ranges side by side, the next in order always first. */
function* mergeRanges(keys: Keys, ranges: readonly KeyRange[], reverse: boolean, first: number): KeyStream {
  const heads = ranges.flatMap((range) => {
    const stream = readRange(keys, range, reverse, first);
    const next = stream.next();
    return next.done ? [] : [{ range, stream, key: next.value }];
  });
  for (let [best] = heads; best; [best] = heads) {
    for (const head of heads) {
      if (head !== best && isBefore(head.key, best.key, [head.range, best.range], reverse)) best = head;
    }
    yield best.key;
    const next = best.stream.next();
    if (next.done) heads.splice(heads.indexOf(best), 1);
    else best.key = next.value;
  }
}

/**
 * Passes over the first keys of a walk without reading them. Of each range the key is looked at that its share of the keys lies before:
 * where that key comes first among all ranges, its share surely belongs to what is skipped.
 *
 * @returns the ranges from there, and how many keys are left to skip.
 */
function seek(keys: Keys, whole: readonly KeyRange[], skip: number, reverse: boolean) {
  let ranges = whole.filter((range) => Array.from(keys.getKeys(between(range, reverse, 1))).length > 0);
  let left = skip;
  const enough = () => (ranges.length === 1 ? 1 : minSeekKeys);
  while (ranges.length > 0 && ranges.length <= maxSeekRanges && left >= enough()) {
    const share = Math.floor(left / ranges.length);
    let best: { range: KeyRange; key: Buffer } | undefined;
    for (const range of ranges) {
      const [key] = Array.from(keys.getKeys({ ...between(range, reverse, 1), offset: share - 1 }));
      if (key && (!best || isBefore(key, best.key, [range, best.range], reverse))) best = { range, key };
    }
    // No range has so many keys: all together have no more than are skipped.
    if (!best) return { ranges: [], left: 0 };
    const { range: from, key } = best;
    ranges = ranges.map((range) => (range === from ? after(range, key, reverse) : range));
    left -= share;
  }
  return { ranges, left };
}

/** Cuts a range so that it begins after (descending: ends before) the document of these sort values. */
function cutRange(range: KeyRange, plan: IndexPlan, last: NonNullable<FindOptions['after']>): KeyRange {
  const values = plan.order.map(([field]) => keyValue(field, (last as Record<string, unknown>)[field]));
  const cut = after(range, extendKey(range.prefix, values), plan.reverse);
  return {
    ...range,
    start: Buffer.compare(cut.start, range.start) > 0 ? cut.start : range.start,
    end: Buffer.compare(cut.end, range.end) < 0 ? cut.end : range.end,
  };
}

/** The ids a plan may find; undefined where other work may come in between. */
type Ids = Generator<string | undefined, void>;

function* walkRanges(database: Database, plan: IndexPlan, options: FindOptions): Ids {
  const { after: last, skip = 0, limit = chunk } = options;
  const { ordered, reverse } = plan;
  const keys = database.keysOf(plan.index);
  const whole = rangesOf(plan).map((range) => (ordered && last ? cutRange(range, plan, last) : range));
  const { ranges, left } = skip > 0 ? seek(keys, whole, skip, reverse) : { ranges: whole, left: 0 };
  const read = ordered && ranges.length > 1 ? mergeRanges : readRanges;
  const met = isDistinct(plan) ? undefined : new Set<string>();
  let skipped = 0;
  for (const key of read(keys, ranges, reverse, limit + left)) {
    const id = idOf(key);
    if (skipped < left) skipped += 1;
    else if (!met?.has(id)) {
      met?.add(id);
      yield id;
    }
  }
}

/** The keys that hold a text: such a plan has one range. */
export function* walkText(database: Database, plan: IndexPlan, { after: last }: FindOptions) {
  const sought = Buffer.from(plan.range?.contains ?? '');
  let seen = 0;
  for (const range of rangesOf(plan)) {
    const left = plan.ordered && last ? cutRange(range, plan, last) : range;
    for (const key of readRange(database.keysOf(plan.index), left, plan.reverse, chunk)) {
      if (holdsText(key, range.prefix.length, sought)) yield key;
      if (++seen % chunk === 0) yield undefined;
    }
  }
}

function* idsOf(keys: Iterable<Buffer | undefined>): Ids {
  for (const key of keys) yield key && idOf(key);
}

/**
 * The ids a plan finds: in its order when it has one, and once each.
 *
 * @param options - `skip` only for plans that can meet nothing twice.
 */
export function walk(database: Database, plan: IndexPlan, options: FindOptions): Ids {
  const isText = plan.range?.contains !== undefined;
  return isText ? idsOf(walkText(database, plan, options)) : walkRanges(database, plan, options);
}

/** How many keys the ranges of a plan have, up to a limit. */
export function countKeys(database: Database, plan: IndexPlan, limit: number): number {
  let left = limit;
  for (const { start, end } of rangesOf(plan)) {
    if (left <= 0) return limit;
    left -= database.keysOf(plan.index).getKeysCount({ start, end, limit: left });
  }
  return limit - Math.max(0, left);
}
