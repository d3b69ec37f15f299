/**
 * Finds what names one person in stored values, and puts a pseudonym in its place. `strong` marks are the person's alone (addresses, user
 * names, ids at their directory): a document that holds one is about the person. `weak` ones (names, telephone numbers) others may have too:
 * they are replaced only in documents that are about the person.
 */
export interface Marks {
  readonly userId: string;
  readonly strong: readonly string[];
  readonly weak: readonly string[];
}

/** Shorter texts are no marks: they would be found everywhere. */
const shortest = 4;
/** A shorter text that is no address may be anybody's. */
const minOwnLength = 8;

/** Stands in the trail for the person who is gone. */
export const pseudonymOf = (userId: string): string => `erased-${userId.slice(-8)}`;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Marks without duplicates, the longest first, so that none is cut into by a shorter one. */
export function marksOf(userId: string, strong: Iterable<string>, weak: Iterable<string>): Marks {
  const tidy = (texts: Iterable<string>): string[] =>
    [...new Set([...texts].map((text) => text.trim().toLowerCase()))]
      .filter((text) => text.length >= shortest && text !== userId)
      .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const all = tidy(strong);
  const own = all.filter((text) => text.includes('@') || text.length >= minOwnLength);
  return { userId, strong: own, weak: tidy([...all, ...weak]).filter((text) => !own.includes(text)) };
}

/** A word is not cut out of a longer one: `ada@acme.test` is not in `granada@acme.test`. */
function patternOf(texts: readonly string[]): RegExp | undefined {
  if (texts.length === 0) return undefined;
  return new RegExp(`(?<![\\p{L}\\p{N}_.+-])(?:${texts.map(escaped).join('|')})(?![\\p{L}\\p{N}_])`, 'giu');
}

/** Judges and masks the documents of one erasure. */
export interface Masker {
  readonly pseudonym: string;
  /** Whether a value is about the person. */
  mentions(value: unknown): boolean;
  /** The value with the pseudonym in place of every mark; the very same when nothing is found. Ids, dates and numbers stay. */
  mask<T>(value: T): T;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Date);

function someText(value: unknown, test: (text: string) => boolean): boolean {
  if (typeof value === 'string') return test(value);
  if (Array.isArray(value)) return value.some((entry) => someText(entry, test));
  if (!isPlain(value)) return false;
  return Object.entries(value).some(([name, entry]) => test(name) || someText(entry, test));
}

function eachText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) {
    const next = value.map((entry) => eachText(entry, change));
    return next.every((entry, index) => entry === value[index]) ? value : next;
  }
  if (!isPlain(value)) return value;
  const entries = Object.entries(value);
  const next = entries.map(([name, entry]) => [change(name), eachText(entry, change)] as const);
  const isSame = next.every(([name, entry], at) => name === entries[at]?.[0] && entry === entries[at][1]);
  return isSame ? value : Object.fromEntries(next);
}

/** Finds and replaces what names one person. @param marks - texts that mean them alone (strong), and texts that others may share (weak). */
export function createMasker({ userId, strong, weak }: Marks): Masker {
  const pseudonym = pseudonymOf(userId);
  const own = patternOf(strong);
  const all = patternOf([...strong, ...weak]);
  const isOwn = (text: string): boolean =>
    text.includes(userId) || (own !== undefined && text.search(own) >= 0);
  return {
    pseudonym,
    mentions: (value) => someText(value, isOwn),
    mask: <T>(value: T): T =>
      all === undefined ? value : (eachText(value, (text) => text.replace(all, pseudonym)) as T),
  };
}
