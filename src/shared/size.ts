/** About how many characters a value takes as JSON: its texts and names. Cheap; numbers and dates count a little. */
export function roughSize(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Date) return 24;
  let size = 2;
  if (Array.isArray(value)) {
    for (const entry of value) size += roughSize(entry) + 1;
    return size;
  }
  for (const key in value) size += key.length + 4 + roughSize((value as Record<string, unknown>)[key]);
  return size;
}

/** Says when enough has been read. */
export interface SizeLimit {
  /** Asked after each item, in order: whether it is the last one that fits. */
  readonly until: (item: unknown) => boolean;
  readonly isReached: boolean;
  /** So far, in characters; at least 1. */
  readonly read: number;
}

/** @param most - in characters; the item that passes it is the last one. */
export function sizeLimit(most: number): SizeLimit {
  let size = 0;
  return {
    until(item) {
      size += roughSize(item);
      return size >= most;
    },
    get isReached() {
      return size >= most;
    },
    get read() {
      return Math.max(1, size);
    },
  };
}

/** What a page of any list holds at most, in characters, beside its limit on items: one item more than fits ends it. */
export const largestPage = 4 * 2 ** 20;
