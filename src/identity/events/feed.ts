import type { AuditEventDocument } from '../../persistence/collections/events.js';
import type { EventFeedDocument, EventRunDocument } from '../../persistence/collections/feeds.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { idAtMs, idSince, msOfId, newId } from '../../shared/ids.js';
import type { Core } from '../core.js';

/**
 * The audit trail is the log of domain events: each is written in the transaction of its change. A feed gives them an order to read by.
 * Ids alone are not one: a transaction may commit after another whose id is higher, and a reader would be past it. So events get their
 * places once they are committed, a run of them at a time, away from the writes; one that is committed late gets a later place.
 */

/** The feed of all tenants together. */
export const serverFeed = 'server';
/** How long events are read by a feed, in days. */
export const feedDays = 30;
const dayMs = 86_400_000;
/** Most events that get their places at once. */
const runSize = 500;
/** At each look so far back from the newest for events committed late, milliseconds: more than a transaction or a clock is behind. */
const nearMs = 5_000;
/** So far back once in a while, for a process that was held up. */
const farMs = 600_000;
const farEveryMs = 60_000;

const eventsOf = (core: Core, key: string) =>
  (key === serverFeed ? core.store.server : core.store.tenant(key)).collection('audit_events');
const eventsIn = (tx: Transaction, key: string) =>
  (key === serverFeed ? tx.server : tx.tenant(key)).collection('audit_events');
const runsOf = (core: Core, key: string) => core.store.tenant(key).collection('event_runs');

const notOlder = (a: string, b: string): string => (a > b ? a : b);

/** The feed of a tenant, from its first use on; it begins with the events of the last 30 days, that of the server with the next event. */
export async function openFeed(core: Core, key: string): Promise<EventFeedDocument> {
  const feeds = core.store.tenant(key).collection('event_feeds');
  const stored = await feeds.get(key);
  if (stored) return stored;
  const beginId = key === serverFeed ? newId() : idSince(feedDays * dayMs);
  const checkedAt = core.clock.now();
  const fresh = { _id: key, tenantId: key, position: 0, beginId, newestId: beginId, checkedAt };
  try {
    return await feeds.insert(fresh);
  } catch (error) {
    const other =
      error instanceof AppError && error.code === 'store.duplicate' ? await feeds.get(key) : undefined;
    if (other) return other;
    throw error;
  }
}

/** Ids below the newest that have no place: their transactions ended after those of later ids. */
async function findLate(core: Core, key: string, feed: EventFeedDocument, backMs: number): Promise<string[]> {
  const floor = notOlder(feed.beginId, idAtMs(msOfId(feed.newestId) - backMs));
  const range = { $gt: floor, $lte: feed.newestId };
  const runs = await runsOf(core, key).find({ maxId: { $gt: floor } }, { fields: ['ids'] });
  const known = new Set(runs.flatMap(({ ids }) => ids).filter((id) => id > floor));
  const events = eventsOf(core, key);
  if ((await events.count({ _id: range })) <= known.size) return [];
  const found = await events.find({ _id: range }, { fields: [] });
  return found.map(({ _id }) => _id).filter((id) => !known.has(id));
}

/** How far back this look goes; 0: nothing can be late any more. */
function lookBack(core: Core, feed: EventFeedDocument): { ms: number; isFar: boolean } {
  const now = core.clock.now().getTime();
  const age = Date.now() - msOfId(feed.newestId);
  const isFar = now - feed.checkedAt.getTime() >= farEveryMs && age < farMs + 2 * farEveryMs;
  return { isFar, ms: isFar ? farMs : age < 2 * nearMs ? nearMs : 0 };
}

function* givePlaces(
  core: Core,
  tx: Transaction,
  key: string,
  read: EventFeedDocument,
  late: readonly string[],
  isFar: boolean,
): Step<number> {
  const scope = tx.tenant(key);
  const feed = yield* scope.collection('event_feeds').get(key);
  // Another process was first: what it saw is not known here.
  if (feed?.version !== read.version) return 0;
  const options = { sort: { _id: 1 }, limit: runSize, fields: [] } as const;
  const fresh = yield* eventsIn(tx, key).find({ _id: { $gt: feed.newestId } }, options);
  const ids = [...late.slice(0, runSize), ...fresh.map(({ _id }) => _id)].slice(0, runSize);
  if (ids.length === 0 && !isFar) return 0;
  const newestId = ids.reduce(notOlder, feed.newestId);
  const now = core.clock.now();
  const position = feed.position + ids.length;
  const checkedAt = isFar ? now : feed.checkedAt;
  yield* scope
    .collection('event_feeds')
    .update(key, (stored) => ({ ...stored, position, newestId, checkedAt }));
  if (ids.length === 0) return 0;
  const first = feed.position + 1;
  const run = { _id: `${key}:${String(first).padStart(12, '0')}`, tenantId: key, first, last: position, ids };
  const maxId = ids.reduce(notOlder);
  const expiresAt = new Date(now.getTime() + feedDays * dayMs);
  yield* scope.collection('event_runs').insert({ ...run, maxId, expiresAt });
  return ids.length;
}

/**
 * Gives the next events their places, at most 500.
 *
 * @returns how many.
 */
export async function advanceFeed(core: Core, key: string): Promise<number> {
  const feed = await openFeed(core, key);
  const { ms, isFar } = lookBack(core, feed);
  const late = ms > 0 && feed.newestId > feed.beginId ? await findLate(core, key, feed, ms) : [];
  const newer = await eventsOf(core, key).findOne({ _id: { $gt: feed.newestId } }, { fields: [] });
  if (late.length === 0 && !newer && !isFar) return 0;
  return core.store.transaction((tx) => givePlaces(core, tx, key, feed, late, isFar));
}

/** An event with its place in a feed. */
export interface PlacedEvent {
  readonly place: number;
  readonly event: AuditEventDocument;
}

export interface FeedPage {
  readonly items: readonly PlacedEvent[];
  /** Everything up to this place was looked at: the next page begins after it. */
  readonly upTo: number;
  /** Whether there may be more right now. */
  readonly isMore: boolean;
}

/** Places looked at for one page: most of them may be of other types. */
const maxLookedAt = 5_000;

/** Where a feed begins now: places before this one are not kept any more. */
function requireKept(run: EventRunDocument | undefined, feed: EventFeedDocument, after: number): void {
  const isGone = after > 0 && (run ? run.first > after + 1 : after < feed.position);
  if (!isGone && after <= feed.position) return;
  throw new AppError(
    'event.cursor_expired',
    'events after this one are not kept any more: begin without `after`',
  );
}

/** The feed, with the next events in it where all that had places were read. */
async function feedBeyond(core: Core, key: string, upTo: number): Promise<EventFeedDocument> {
  const feed = await openFeed(core, key);
  if (feed.position > upTo) return feed;
  await advanceFeed(core, key);
  return openFeed(core, key);
}

/**
 * Reads on in a feed; events that have no place yet get theirs first.
 *
 * @param after - the last place that was read; 0: the oldest that is kept.
 * @throws AppError `event.cursor_expired`.
 */
export async function readFeed(
  core: Core,
  key: string,
  after: number,
  limit: number,
  isWanted: (type: string) => boolean,
): Promise<FeedPage> {
  const items: PlacedEvent[] = [];
  let upTo = after;
  let isFirst = true;
  let isMore = true;
  while (items.length < limit && upTo - after < maxLookedAt) {
    const feed = await feedBeyond(core, key, upTo);
    if (feed.position <= upTo) {
      if (isFirst) requireKept(undefined, feed, after);
      isMore = false;
      break;
    }
    const run = await runsOf(core, key).findOne({ last: { $gt: upTo } }, { sort: { last: 1 } });
    if (isFirst) requireKept(run, feed, after);
    isFirst = false;
    isMore = run !== undefined;
    if (!run) break;
    const ids = run.ids.slice(Math.max(0, upTo + 1 - run.first));
    const from = Math.max(upTo + 1, run.first);
    const found = await eventsOf(core, key).find({ _id: { $in: ids } });
    const byId = new Map(found.map((event) => [event._id, event]));
    for (const [index, id] of ids.entries()) {
      if (items.length === limit) break;
      const event = byId.get(id);
      upTo = from + index;
      if (event && isWanted(event.action)) items.push({ place: upTo, event });
    }
  }
  return { items, upTo, isMore };
}
