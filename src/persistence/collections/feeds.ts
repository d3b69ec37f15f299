import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

/**
 * The order of a tenant's audit events for those who read them one after another; `_id` is the tenant's id, `server` for all tenants
 * together. It begins with its first reader.
 */
export interface EventFeedDocument extends StoredDocument {
  /** Events with a place so far: the newest has this one, the first had 1. */
  position: number;
  /** Events up to this id were before the feed. */
  beginId: string;
  /** The highest id that has a place. */
  newestId: string;
  /** When it was looked far back for events that were committed late. */
  checkedAt: Date;
}

export const eventFeedSchema = defineCollection<EventFeedDocument>(
  'event_feeds',
  {
    position: { type: Number, required: true },
    beginId: { type: String, required: true },
    newestId: { type: String, required: true },
    checkedAt: { type: Date, required: true },
  },
  [],
);

/** Events that got their places together: `ids[0]` has the place `first`. */
export interface EventRunDocument extends StoredDocument {
  first: number;
  last: number;
  ids: string[];
  /** The highest of the ids. */
  maxId: string;
  expiresAt: Date;
}

export const eventRunSchema = defineCollection<EventRunDocument>(
  'event_runs',
  {
    first: { type: Number, required: true },
    last: { type: Number, required: true },
    ids: { type: [String], required: true },
    maxId: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'event_runs_place', key: { tenantId: 1, last: 1 } },
    { name: 'event_runs_ids', key: { tenantId: 1, maxId: 1 } },
    { name: 'event_runs_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

/** How far a webhook or a stream has read; `_id` is the webhook's id, or `stream:` and a digest of its address. */
export interface EventCursorDocument extends StoredDocument {
  position: number;
  /** Events with ids below this one were before it. */
  sinceId: string;
  /** Since when nothing was taken; null: the last was. */
  failingSince: Date | null;
  /** Why the last was not taken, in words. */
  error: string | null;
}

export const eventCursorSchema = defineCollection<EventCursorDocument>(
  'event_cursors',
  {
    position: { type: Number, required: true },
    sinceId: { type: String, required: true },
    failingSince: Date,
    error: String,
  },
  [],
);

export const webhookEndings = ['failing', 'gone'] as const;

/** Where a tenant's events are sent to. */
export interface WebhookDocument extends StoredDocument {
  url: string;
  description: string;
  /** `user.created`, `user.*`; empty: all. */
  types: string[];
  enabled: boolean;
  /** Why the server switched it off; null: it did not. */
  disabledReason: (typeof webhookEndings)[number] | null;
  /** Encrypted by the secret box. */
  secret: string;
  /** The secret before, which signs too until then. */
  previous?: { secret: string; until: Date } | null;
}

export const webhookSchema = defineCollection<WebhookDocument>(
  'webhooks',
  {
    url: { type: String, required: true },
    description: { type: String, required: true },
    types: { type: [String], required: true },
    enabled: { type: Boolean, required: true },
    disabledReason: { type: String, enum: [...webhookEndings, null] },
    secret: { type: String, required: true },
    previous: nestedSchema({ secret: requiredText, until: { type: Date, required: true } }),
  },
  [{ name: 'webhooks_by_id', key: { tenantId: 1, _id: 1 } }],
);

/** One try to deliver an event. */
export interface DeliveryAttempt {
  at: Date;
  /** The HTTP status; null: there was no answer. */
  status: number | null;
  milliseconds: number;
  /** The beginning of the answer, or why there was none. */
  answer: string;
}

export const deliveryStatuses = ['waiting', 'delivered', 'failed'] as const;

/** One event on its way to one webhook; `_id` is `<webhook>:<place in the feed>`, so that it is made once. */
export interface WebhookDeliveryDocument extends StoredDocument {
  webhookId: string;
  eventId: string;
  type: string;
  status: (typeof deliveryStatuses)[number];
  /** When it is tried; null: not any more. */
  nextAt: Date | null;
  /** Tries since it was made or asked for again. */
  tries: number;
  /** The last of them. */
  attempts: DeliveryAttempt[];
  expiresAt: Date;
}

export const webhookDeliverySchema = defineCollection<WebhookDeliveryDocument>(
  'webhook_deliveries',
  {
    webhookId: { type: String, required: true },
    eventId: { type: String, required: true },
    type: { type: String, required: true },
    status: { type: String, required: true, enum: deliveryStatuses },
    nextAt: Date,
    tries: { type: Number, required: true },
    attempts: { type: [Mixed], required: true },
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'webhook_deliveries_log', key: { tenantId: 1, webhookId: 1, _id: 1 } },
    {
      name: 'webhook_deliveries_due',
      key: { tenantId: 1, webhookId: 1, nextAt: 1 },
      where: { nextAt: { $gt: new Date(0) } },
    },
    { name: 'webhook_deliveries_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
