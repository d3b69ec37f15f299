import { LRUCache } from 'lru-cache';
import type { FindOptions, Query } from '../store.js';

/** Lists remembered at one time, over all collections and tenants. */
const maxLists = 1000;
/** Positions remembered of one list. */
const maxPositions = 64;
/** How long a walk may pause and still continue at the last document of its page. */
const maxPositionAgeMs = 60_000;

/** Keys beside those of tenants: writes to some tenant, and writes to all of them. */
const anyTenant = 'any';
const allTenants = 'all';

type After = NonNullable<FindOptions['after']>;

/** One list: what is asked for, and by whom. */
export interface ListQuestion {
  readonly collection: string;
  /** Null: all tenants. */
  readonly scope: string | null;
  readonly query: Query;
  readonly sort?: FindOptions['sort'];
}

interface RememberedList {
  /** The writes this process had done when the list was read. */
  readonly writes: number;
  total?: { count: number; at: number };
  /** By position in the list, the document before it. */
  readonly positions: LRUCache<number, After>;
}

const keyOf = ({ collection, scope, query, sort }: ListQuestion): string =>
  JSON.stringify([collection, scope, query, sort ?? null], (_key, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );

/**
 * Remembers where pages of lists ended and how many documents the lists had, so that a walk through a long list neither skips nor counts
 * again for each page.
 *
 * Every write of this process makes it forget the lists of that collection and tenant. What other processes write can be missing from a
 * total for as long as its reader allows.
 */
export class PageMemory {
  readonly #lists = new LRUCache<string, RememberedList>({ max: maxLists });
  readonly #writes = new Map<string, number>();
  readonly #now: () => number;

  /** @param now - milliseconds; the machine's steady clock unless a test gives another. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many writes there were so far: to be asked before a read, and given with what was read. */
  writes({ collection, scope }: Pick<ListQuestion, 'collection' | 'scope'>): number {
    const own = this.#writes.get(`${collection}/${scope ?? anyTenant}`) ?? 0;
    return scope === null ? own : own + (this.#writes.get(`${collection}/${allTenants}`) ?? 0);
  }

  /** Notes a write to the documents of one tenant; null: of all. */
  noteWrite(collection: string, tenantId: string | null): void {
    for (const key of [`${collection}/${tenantId ?? allTenants}`, `${collection}/${anyTenant}`]) {
      this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1);
    }
  }

  /** @param maxAgeMs - how long ago it may have been counted. */
  total(question: ListQuestion, maxAgeMs: number): number | undefined {
    const total = this.#find(question)?.total;
    return total && this.#now() - total.at <= maxAgeMs ? total.count : undefined;
  }

  rememberTotal(question: ListQuestion, writes: number, count: number): void {
    const list = this.#open(question, writes);
    if (list) list.total = { count, at: this.#now() };
  }

  /** The nearest known position at or before this one, and the document before it. */
  positionBefore(question: ListQuestion, skip: number): { position: number; after: After } | undefined {
    const positions = this.#find(question)?.positions;
    if (!positions) return undefined;
    const nearest = Math.max(...[...positions.keys()].filter((position) => position <= skip), 0);
    const after = positions.get(nearest);
    return after && { position: nearest, after };
  }

  rememberPosition(question: ListQuestion, writes: number, position: number, after: After): void {
    this.#open(question, writes)?.positions.set(position, after);
  }

  #find(question: ListQuestion): RememberedList | undefined {
    const list = this.#lists.get(keyOf(question));
    return list?.writes === this.writes(question) ? list : undefined;
  }

  /** @returns undefined when there was a write since the read began. */
  #open(question: ListQuestion, writes: number): RememberedList | undefined {
    if (writes !== this.writes(question)) return undefined;
    const known = this.#find(question);
    if (known) return known;
    const positions = new LRUCache<number, After>({
      max: maxPositions,
      ttl: maxPositionAgeMs,
      perf: { now: this.#now },
    });
    const list: RememberedList = { writes, positions };
    this.#lists.set(keyOf(question), list);
    return list;
  }
}
