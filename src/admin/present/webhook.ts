import { deliveryStatuses, type WebhookDeliveryDocument } from '../../identity/events/deliveries.js';
import { webhookEndings, type WebhookDocument } from '../../identity/events/webhooks.js';
import type { Core } from '../../identity/core.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const webhookSchema = z
  .strictObject({
    id,
    url: z.string(),
    description: z.string(),
    types: z.array(z.string()),
    enabled: z.boolean(),
    disabledReason: z.enum(webhookEndings).nullable().describe('why the server switched it off'),
    failingSince: instantOrNull.describe('since when its endpoint takes nothing; null: it does'),
    error: z.string().nullable().describe('why the last message was not taken'),
    previousSecretUntil: instantOrNull.describe('until when the secret before signs too'),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Webhook');

export async function presentWebhook(core: Core, webhook: WebhookDocument) {
  const cursor = await core.store.tenant(webhook.tenantId).collection('event_cursors').get(webhook._id);
  const { _id, url, description, types, enabled, disabledReason, previous } = webhook;
  const isOverlap = previous && previous.until > core.clock.now();
  return {
    ...{ id: _id, url, description, types, enabled, disabledReason },
    failingSince: isoOrNull(cursor?.failingSince ?? null),
    error: cursor?.error ?? null,
    previousSecretUntil: isOverlap ? iso(previous.until) : null,
    createdAt: iso(webhook.createdAt),
    updatedAt: iso(webhook.updatedAt),
  };
}

export const attemptSchema = z.strictObject({
  at: instant,
  status: z.number().int().nullable().describe('of HTTP; null: no answer'),
  milliseconds: z.number(),
  answer: z.string().describe('the first 500 characters, or why there was no answer'),
});

export const deliverySchema = z
  .strictObject({
    id: z.string(),
    eventId: id.describe('also the `webhook-id` of the message'),
    type: z.string(),
    status: z.enum(deliveryStatuses),
    nextAt: instantOrNull.describe('when it is tried'),
    attempts: z.array(attemptSchema).describe('the last 12, oldest first'),
    createdAt: instant,
  })
  .openapi('WebhookDelivery');

export function presentDelivery(delivery: WebhookDeliveryDocument) {
  const { _id, eventId, type, status, nextAt, attempts, createdAt } = delivery;
  return {
    ...{ id: _id, eventId, type, status, nextAt: isoOrNull(nextAt), createdAt: iso(createdAt) },
    attempts: attempts.map((attempt) => ({ ...attempt, at: iso(new Date(attempt.at)) })),
  };
}
