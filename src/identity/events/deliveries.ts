import type {
  DeliveryAttempt,
  EventCursorDocument,
  WebhookDeliveryDocument,
  WebhookDocument,
} from '../../persistence/collections/feeds.js';
import type { Query, Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { listTotal } from '../../shared/list-total.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { containingAnyCase } from '../search-text.js';
import { feedDays, readFeed, type PlacedEvent } from './feed.js';
import { typeFilter } from './types.js';
import { getWebhook, requireReader, webhookParty } from './webhooks.js';

export { deliveryStatuses, type WebhookDeliveryDocument } from '../../persistence/collections/feeds.js';

/** Events that become deliveries at once. */
const atOnce = 100;
/** A webhook with so many waiting deliveries gets no more for now: the feed keeps the rest. */
const maxWaiting = 1000;
const keptMs = feedDays * 86_400_000;
/** When a try that failed is repeated, in seconds, after Standard Webhooks; after the last the delivery has failed. */
const retrySeconds = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Longest wait that an endpoint may ask for. */
const maxWaitSeconds = 86_400;
const maxAttemptsKept = 12;

const deliveryId = (webhookId: string, place: number): string =>
  `${webhookId}:${String(place).padStart(12, '0')}`;

function* insertDeliveries(
  tx: Transaction,
  webhook: WebhookDocument,
  events: readonly PlacedEvent[],
  now: Date,
): Step<void> {
  const { _id: webhookId, tenantId } = webhook;
  const deliveries = tx.tenant(tenantId).collection('webhook_deliveries');
  for (const { place, event } of events) {
    const _id = deliveryId(webhookId, place);
    const due = { status: 'waiting' as const, nextAt: now, tries: 0 };
    if (yield* deliveries.update(_id, (stored) => ({ ...stored, ...due }))) continue;
    const expiresAt = new Date(now.getTime() + keptMs);
    const facts = { webhookId, eventId: event._id, type: event.action, attempts: [], expiresAt };
    yield* deliveries.insert({ _id, tenantId, ...facts, ...due });
  }
}

/**
 * Makes deliveries of the next events of a webhook, in one transaction with its place in the feed: none is left out or made twice.
 *
 * @returns whether there may be more.
 */
export async function fanOut(core: Core, webhook: WebhookDocument): Promise<boolean> {
  const { _id, tenantId, types } = webhook;
  const scope = core.store.tenant(tenantId);
  const cursor = await scope.collection('event_cursors').get(_id);
  if (!cursor) return false;
  const due = { webhookId: _id, nextAt: { $gt: new Date(0) } };
  if ((await scope.collection('webhook_deliveries').count(due)) >= maxWaiting) return false;
  const page = await readOn(core, cursor, tenantId, typeFilter(types));
  if (page.upTo === cursor.position) return false;
  const events = page.items.filter(({ event }) => event._id >= cursor.sinceId);
  const now = core.clock.now();
  return core.store.transaction(function* (tx) {
    const cursors = tx.tenant(tenantId).collection('event_cursors');
    const stored = yield* cursors.get(_id);
    // Somebody asked for a replay, or another process was first.
    if (stored?.position !== cursor.position) return true;
    yield* cursors.update(_id, (one) => ({ ...one, position: page.upTo }));
    yield* insertDeliveries(tx, webhook, events, now);
    return true;
  });
}

/** The next page for a cursor; where its place is not kept any more, the oldest is next. */
async function readOn(
  core: Core,
  { position }: EventCursorDocument,
  tenantId: string,
  isWanted: (type: string) => boolean,
) {
  try {
    return await readFeed(core, tenantId, position, atOnce, isWanted);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'event.cursor_expired') throw error;
    return readFeed(core, tenantId, 0, atOnce, isWanted);
  }
}

/** What became of a try. */
export interface Answer extends DeliveryAttempt {
  readonly isTaken: boolean;
  /** The endpoint says it is gone for good (HTTP 410). */
  readonly isGone: boolean;
  /** From `Retry-After`. */
  readonly waitSeconds: number | undefined;
}

/** A delivery after a try. */
export function afterAttempt(
  delivery: WebhookDeliveryDocument,
  { isTaken, waitSeconds = 0, at, status, milliseconds, answer }: Answer,
  now: Date,
): WebhookDeliveryDocument {
  const tries = delivery.tries + 1;
  const attempts = [...delivery.attempts, { at, status, milliseconds, answer }].slice(-maxAttemptsKept);
  if (isTaken) return { ...delivery, tries, attempts, status: 'delivered', nextAt: null };
  const pause = retrySeconds[tries - 1];
  if (pause === undefined) return { ...delivery, tries, attempts, status: 'failed', nextAt: null };
  const seconds = Math.max(pause, Math.min(waitSeconds, maxWaitSeconds));
  return { ...delivery, tries, attempts, nextAt: new Date(now.getTime() + seconds * 1000) };
}

export interface DeliveryFilter {
  /** Found anywhere in the type or the id of the event. */
  q?: string | undefined;
  status?: WebhookDeliveryDocument['status'] | undefined;
}

/**
 * A page of a webhook's deliveries in the order of their events, and how many match in all.
 *
 * @throws AppError `auth.forbidden`.
 */
export async function listDeliveries(
  core: Core,
  actor: Actor,
  webhook: WebhookDocument,
  { q, status }: DeliveryFilter,
  page: {
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    afterId?: string | undefined;
  },
): Promise<{ items: WebhookDeliveryDocument[]; total: number }> {
  requireReader(actor);
  const deliveries = core.store.tenant(webhook.tenantId).collection('webhook_deliveries');
  const query: Query = {
    webhookId: webhook._id,
    ...(status && { status }),
    ...(q !== undefined && { $or: ['type', 'eventId'].map((field) => ({ [field]: containingAnyCase(q) })) }),
  };
  const { afterId, descending, ...limits } = page;
  const after = afterId === undefined ? {} : { after: { _id: afterId } };
  const [items, total] = await Promise.all([
    deliveries.find(query, { sort: { _id: descending ? -1 : 1 }, ...limits, ...after }),
    deliveries.count(query, listTotal),
  ]);
  return { items, total };
}

function requireLive({ enabled }: WebhookDocument): void {
  if (!enabled) throw new AppError('webhook.disabled', 'the webhook is switched off: switch it on first');
}

/**
 * Delivers one event again.
 *
 * @throws AppError `webhook.delivery_not_found`, `webhook.disabled`, `auth.forbidden`.
 */
export async function replayDelivery(
  core: Core,
  actor: Actor,
  webhook: WebhookDocument,
  id: string,
): Promise<WebhookDeliveryDocument> {
  requireReader(actor);
  requireLive(webhook);
  const now = core.clock.now();
  return core.store.transaction(function* (tx) {
    const deliveries = tx.tenant(actor.tenantId).collection('webhook_deliveries');
    const known = yield* deliveries.get(id);
    const after =
      known?.webhookId === webhook._id
        ? yield* deliveries.update(id, (stored) => ({ ...stored, status: 'waiting', nextAt: now, tries: 0 }))
        : undefined;
    if (!after) throw new AppError('webhook.delivery_not_found', 'there is no such delivery');
    const changes = [{ path: 'event', before: null, after: after.eventId }];
    yield* recordEvent(
      tx,
      actor,
      { action: 'webhook.replayed', target: webhookParty(webhook), changes },
      now,
    );
    return after;
  });
}

/** The place before the first event since then. */
async function placeBefore(core: Core, tenantId: string, since: Date): Promise<number> {
  for (let after = 0; ;) {
    const { items, upTo } = await readFeed(core, tenantId, after, atOnce, () => true);
    const first = items.find(({ event }) => event.at >= since);
    if (first) return first.place - 1;
    if (upTo === after) return upTo;
    after = upTo;
  }
}

/**
 * Delivers every event since an instant again, in order, as far as it is kept.
 *
 * @throws AppError `webhook.disabled`, `webhook.not_found`, `auth.forbidden`.
 */
export async function replaySince(core: Core, actor: Actor, id: string, since: Date): Promise<void> {
  requireReader(actor);
  const webhook = await getWebhook(core, actor.tenantId, id);
  requireLive(webhook);
  const position = await placeBefore(core, actor.tenantId, since);
  await core.store.transaction(function* (tx) {
    const cursors = tx.tenant(actor.tenantId).collection('event_cursors');
    yield* cursors.update(id, (one) => ({ ...one, position: Math.min(one.position, position), sinceId: '' }));
    const changes = [{ path: 'since', before: null, after: since.toISOString() }];
    const event = { action: 'webhook.replayed', target: webhookParty(webhook), changes };
    yield* recordEvent(tx, actor, event, core.clock.now());
  });
}
