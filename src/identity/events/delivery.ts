import { Webhook } from 'standardwebhooks';
import type { WebhookDeliveryDocument, WebhookDocument } from '../../persistence/collections/feeds.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { createGuardedFetch, nameFault } from '../../infrastructure/guarded-fetch.js';
import { packageVersion } from '../../infrastructure/package-info.js';
import { service } from '../../shared/services.js';
import { newId } from '../../shared/ids.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { spanText } from '../jobs/mail-language.js';
import { wakeJobs } from '../jobs/queue.js';
import { tenantConfigStep } from '../tenants/config.js';
import { mailAdministrators } from '../users/administrator-mails.js';
import { afterAttempt, type Answer } from './deliveries.js';
import { payloadOf, type EventPayload } from './payload.js';
import { requireReader, secretsOf, webhookParty } from './webhooks.js';

/** Longest wait for an endpoint's whole answer. */
const timeoutMs = 10_000;
const largestAnswerBytes = 65_536;
/** What of an answer the log keeps. */
const keptAnswer = 500;

const webhookFetch = service((core: Core) =>
  createGuardedFetch({
    allowPrivate: core.config.allowPrivateIssuers,
    timeoutMs,
    maxBytes: largestAnswerBytes,
  }),
);

/** Seconds of a `Retry-After`; undefined without one. */
function waitOf(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

const reasonOf = (error: unknown): string => {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error));
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  return nameFault(error) ?? (cause instanceof Error ? cause.message : message);
};

/**
 * Sends one message by the rules of Standard Webhooks: id, time and signatures in headers, one signature for each secret that is good now.
 *
 * @param id - the event's: the same with each try, so that a receiver knows what it has.
 */
async function post(
  core: Core,
  webhook: WebhookDocument,
  id: string,
  payload: EventPayload,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const at = core.clock.now();
  const body = JSON.stringify(payload);
  const signatures = secretsOf(core, webhook).map((secret) => new Webhook(secret).sign(id, at, body));
  const headers = {
    'content-type': 'application/json',
    'user-agent': `Gatehouse/${packageVersion}`,
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  };
  const start = performance.now();
  const took = (): number => Math.round(performance.now() - start);
  try {
    const answer = await webhookFetch(core)(webhook.url, {
      method: 'POST',
      headers,
      body,
      ...(signal && { signal }),
    });
    const text = (await answer.text()).slice(0, keptAnswer);
    const facts = { at, status: answer.status, milliseconds: took(), answer: text };
    const waitSeconds = waitOf(answer.headers.get('retry-after'), at);
    return { ...facts, isTaken: answer.ok, isGone: answer.status === 410, waitSeconds };
  } catch (error) {
    const reason = reasonOf(error).slice(0, keptAnswer);
    const facts = { at, status: null, milliseconds: took(), answer: reason };
    return { ...facts, isTaken: false, isGone: false, waitSeconds: undefined };
  }
}

/** @param seconds - for how long it has taken nothing; 0: it said that it is gone. */
function* switchOff(
  core: Core,
  tx: Transaction,
  webhook: WebhookDocument,
  reason: 'failing' | 'gone',
  seconds: number,
): Step<void> {
  const { _id, tenantId } = webhook;
  const webhooks = tx.tenant(tenantId).collection('webhooks');
  const stored = yield* webhooks.get(_id);
  if (!stored?.enabled) return;
  yield* webhooks.update(_id, (one) => ({ ...one, enabled: false, disabledReason: reason }));
  const changes = [{ path: 'reason', before: null, after: reason }];
  const event = { action: 'webhook.disabled', target: webhookParty(webhook), changes };
  yield* recordEvent(tx, systemActor(tenantId), event, core.clock.now());
  yield* mailAdministrators(core, tx, tenantId, {
    path: '/admin',
    template: 'webhook_disabled',
    factsIn: (language) => ({ url: webhook.url, span: seconds === 0 ? '' : spanText(seconds, language) }),
  });
}

/** Notes since when an endpoint takes nothing; one that is dead for too long, or says so, is switched off. */
function* noteFailure(core: Core, tx: Transaction, webhook: WebhookDocument, answer: Answer): Step<void> {
  const now = core.clock.now();
  const { settings } = yield* tenantConfigStep(core, tx, webhook.tenantId);
  const cursors = tx.tenant(webhook.tenantId).collection('event_cursors');
  const cursor = yield* cursors.update(webhook._id, (stored) => ({
    ...stored,
    failingSince: stored.failingSince ?? now,
    error: answer.status === null ? answer.answer : `HTTP ${answer.status}`,
  }));
  if (answer.isGone) return yield* switchOff(core, tx, webhook, 'gone', 0);
  const limit = settings['webhooks.disableAfterSeconds'];
  const since = cursor?.failingSince ?? now;
  if (limit === 0 || now.getTime() - since.getTime() < limit * 1000) return;
  yield* switchOff(core, tx, webhook, 'failing', limit);
}

async function settle(
  core: Core,
  webhook: WebhookDocument,
  delivery: WebhookDeliveryDocument,
  answer: Answer,
): Promise<void> {
  const { tenantId, _id } = webhook;
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(tenantId);
    const now = core.clock.now();
    yield* scope
      .collection('webhook_deliveries')
      .update(delivery._id, (stored) => afterAttempt(stored, answer, now));
    if (!answer.isTaken) return yield* noteFailure(core, tx, webhook, answer);
    const cursors = scope.collection('event_cursors');
    const cursor = yield* cursors.get(_id);
    if (cursor && cursor.failingSince !== null)
      yield* cursors.update(_id, (stored) => ({ ...stored, failingSince: null, error: null }));
  });
  if (!answer.isTaken) wakeJobs(core);
}

const notKept = (at: Date): Answer => ({
  ...{ at, status: null, milliseconds: 0, answer: 'the event is not kept any more' },
  ...{ isTaken: true, isGone: false, waitSeconds: undefined },
});

/**
 * Tries one delivery and notes what became of it, unless the webhook was removed or switched off.
 *
 * @param signal - of a stop: the try then counts for nothing.
 * @returns whether it was taken.
 */
export async function deliver(
  core: Core,
  delivery: WebhookDeliveryDocument,
  signal: AbortSignal,
): Promise<boolean> {
  const scope = core.store.tenant(delivery.tenantId);
  const [webhook, event, tenant] = await Promise.all([
    scope.collection('webhooks').get(delivery.webhookId),
    scope.collection('audit_events').get(delivery.eventId),
    scope.collection('tenants').get(delivery.tenantId),
  ]);
  if (!webhook?.enabled) return false;
  const answer = event
    ? await post(core, webhook, event._id, payloadOf(event, tenant?.slug), signal)
    : notKept(core.clock.now());
  if (signal.aborted) return false;
  await settle(core, webhook, delivery, answer);
  return answer.isTaken;
}

/** Sends a message that is no event, at once. @returns what the endpoint said. */
export async function sendTest(core: Core, actor: Actor, webhook: WebhookDocument): Promise<Answer> {
  requireReader(actor);
  const tenant = await core.store.tenant(webhook.tenantId).collection('tenants').get(webhook.tenantId);
  const { type, id, label } = actor.party;
  const payload: EventPayload = {
    type: 'webhook.test',
    timestamp: core.clock.now().toISOString(),
    data: {
      id: newId(),
      tenant: tenant ? { id: tenant._id, slug: tenant.slug } : null,
      actor: { type, id, label },
      target: webhookParty(webhook),
      ...{ changes: [], truncated: false, result: 'success' },
      ...{ requestId: actor.requestId, ip: actor.ip },
    },
  };
  return post(core, webhook, payload.data.id, payload, undefined);
}
