/**
 * Counts and positions inside index prefixes, so that counting a big tenant or reading a page in its middle does not walk the index.
 *
 * What is known of a prefix belongs to one state of the database, numbered by a sequence that every write moves by one. Writes of this
 * process leave notes and are caught up with when they have become visible; a number that no note explains was another process's, and
 * everything is forgotten.
 */
import type { Database as Table } from 'lmdb';
import { endOf } from './keys.js';
import type { KeyRange } from './planner.js';

/** Keys in one block when a prefix is first counted. */
const blockSize = 500;
/** Fewer keys are counted as they are. */
const worthKnowing = 2 * blockSize;
/** Prefixes known at one time. */
const mostKnown = 200;
/** More ranges side by side are walked. */
const mostRanges = 16;

/** Consecutive keys of a prefix: `first` bounds them from below, and the next block's from above. */
interface Block {
  first: Buffer;
  count: number;
}

interface Known {
  prefix: Buffer;
  total: number;
  blocks: Block[];
}

/** One entry that came (1) or went (-1). */
interface Note {
  key: Buffer;
  by: 1 | -1;
}

export interface Ranks {
  /** To be called for every entry written, inside the write transaction. */
  note: (key: Buffer, by: 1 | -1) => void;
  /** Runs the work of one write transaction, inside it. */
  record: <R>(work: () => R) => R;
  /** Catches up with what has become visible; before a write, and before a read by {@link count} or {@link seek}. */
  catchUp: () => void;
  forget: () => void;
  /** How many keys are in the range. */
  count: (range: KeyRange) => number;
  /** Cuts whole prefixes, walked side by side, so that at most a few hundred keys of the skipped ones are left. */
  seek: (ranges: KeyRange[], skip: number, reverse: boolean) => { ranges: KeyRange[]; skip: number };
}

const startsWith = (key: Buffer, prefix: Buffer) =>
  key[1] === prefix[1] &&
  key.length >= prefix.length &&
  key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;

/** The last block that begins at or before the key; the first begins at the prefix itself. */
function blockAt({ blocks }: Known, key: Buffer): number {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const block = blocks[middle];
    if (block && Buffer.compare(block.first, key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

function divide(entries: Table<string, Buffer>, prefix: Buffer): Known {
  const end = endOf(prefix);
  const blocks: Block[] = [];
  let first = prefix;
  for (;;) {
    const [next] = Array.from(entries.getKeys({ start: first, end, offset: blockSize, limit: 1 }));
    if (!next) break;
    blocks.push({ first, count: blockSize });
    first = next;
  }
  blocks.push({ first, count: entries.getKeysCount({ start: first, end }) });
  return { prefix, blocks, total: blocks.reduce((sum, { count }) => sum + count, 0) };
}

/** What is known, by prefix. The longest unused is forgotten first. */
function createMemory() {
  const byPrefix = new Map<string, Known>();
  return {
    get(prefix: Buffer): Known | undefined {
      const name = prefix.toString('latin1');
      const known = byPrefix.get(name);
      if (known && byPrefix.delete(name)) byPrefix.set(name, known);
      return known;
    },
    put(known: Known): void {
      const [oldest] = byPrefix.keys();
      if (byPrefix.size >= mostKnown && oldest !== undefined) byPrefix.delete(oldest);
      byPrefix.set(known.prefix.toString('latin1'), known);
    },
    clear: () => byPrefix.clear(),
    apply(notes: readonly Note[]): void {
      for (const [name, known] of byPrefix) {
        for (const { key, by } of notes) {
          if (!startsWith(key, known.prefix)) continue;
          const block = known.blocks[blockAt(known, key)];
          known.total += by;
          if (block && (block.count += by) > 4 * blockSize) byPrefix.delete(name);
        }
      }
    },
  };
}

type Memory = ReturnType<typeof createMemory>;

/** The notes of this process's writes, in the order of the sequence, and how far they have been caught up with. */
function createJournal(sequence: Table<number, string>, memory: Memory) {
  const visible = () => sequence.get('writes') ?? 0;
  let seen = visible();
  let writing: Note[] | undefined;
  let waiting: { number: number; notes: Note[] }[] = [];
  const forget = () => {
    waiting = [];
    memory.clear();
    seen = visible();
  };
  return {
    forget,
    isWriting: () => writing !== undefined,
    note: (key: Buffer, by: 1 | -1) => void writing?.push({ key, by }),
    record: <R>(work: () => R): R => {
      const notes: Note[] = (writing = []);
      try {
        const result = work();
        if (notes.length > 0) {
          const number = visible() + 1;
          void sequence.put('writes', number);
          waiting.push({ number, notes });
        }
        return result;
      } finally {
        writing = undefined;
      }
    },
    catchUp: (): void => {
      const now = visible();
      if (now === seen) return;
      const due = waiting.filter(({ number }) => number <= now);
      const isOurs = due.length === now - seen && due.every(({ number }, i) => number === seen + 1 + i);
      if (isOurs) for (const { notes } of due) memory.apply(notes);
      else memory.clear();
      waiting = waiting.slice(due.length);
      seen = now;
    },
  };
}

/** Where a position is looked for: all places where a known block begins, relative to their prefixes. */
function places(ranges: readonly KeyRange[], memory: Memory): Buffer[] {
  const found = ranges.flatMap(({ prefix }) => {
    const blocks = memory.get(prefix)?.blocks.slice(1) ?? [];
    return blocks.map(({ first }) => first.subarray(prefix.length));
  });
  return found.sort((a, b) => Buffer.compare(a, b));
}

/** The last place with no more than `target` keys before it; descending, the first with no fewer. */
function placeFor(
  places: readonly Buffer[],
  before: (place: Buffer) => number,
  target: number,
  reverse: boolean,
): Buffer | undefined {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const rank = before(places[middle] ?? Buffer.alloc(0));
    if (reverse ? rank < target : rank <= target) low = middle + 1;
    else high = middle;
  }
  return places[reverse ? low : low - 1];
}

/**
 * @param entries - the index entries.
 * @param sequence - holds the number of the last write.
 */
export function createRanks(entries: Table<string, Buffer>, sequence: Table<number, string>): Ranks {
  const memory = createMemory();
  const journal = createJournal(sequence, memory);

  /** What is known of a whole prefix, found out if it is worth that; undefined inside a write, whose state has no number yet. */
  const know = ({ prefix, start, end }: KeyRange): Known | undefined => {
    if (journal.isWriting() || start !== prefix) return undefined;
    journal.catchUp();
    const known = memory.get(prefix);
    if (known) return known;
    if (entries.getKeysCount({ start, end, limit: worthKnowing }) < worthKnowing) return undefined;
    const fresh = divide(entries, prefix);
    memory.put(fresh);
    return fresh;
  };
  const count = (range: KeyRange) =>
    know(range)?.total ?? entries.getKeysCount({ start: range.start, end: range.end });
  /** How many keys of a prefix stand before this place in it. */
  const countBefore = (range: KeyRange, place: Buffer) => {
    const end = Buffer.concat([range.prefix, place]);
    const known = know(range);
    if (!known) return entries.getKeysCount({ start: range.start, end });
    const at = blockAt(known, end);
    const before = known.blocks.slice(0, at).reduce((sum, block) => sum + block.count, 0);
    return before + entries.getKeysCount({ start: known.blocks[at]?.first ?? range.start, end });
  };

  const seek: Ranks['seek'] = (ranges, skip, reverse) => {
    const unchanged = { ranges, skip };
    if (skip < worthKnowing || ranges.length > mostRanges || journal.isWriting()) return unchanged;
    const total = ranges.reduce((sum, range) => sum + count(range), 0);
    const before = (place: Buffer) => ranges.reduce((sum, range) => sum + countBefore(range, place), 0);
    const target = reverse ? total - skip : skip;
    const place = placeFor(places(ranges, memory), before, target, reverse);
    if (!place) return unchanged;
    const end = reverse ? 'end' : 'start';
    return {
      ranges: ranges.map((range) => ({ ...range, [end]: Buffer.concat([range.prefix, place]) })),
      skip: skip - (reverse ? total - before(place) : before(place)),
    };
  };
  return { ...journal, count, seek };
}
