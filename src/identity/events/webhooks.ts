import { randomBytes } from 'node:crypto';
import type { WebhookDocument } from '../../persistence/collections/feeds.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { nearest } from '../../shared/nearest.js';
import { service } from '../../shared/services.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { requirePermission } from '../permissions.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { outboundFault } from '../web-address.js';
import { eventCatalogue } from './catalogue.js';
import { openFeed } from './feed.js';

export { webhookEndings, type WebhookDocument } from '../../persistence/collections/feeds.js';

/** What webhooks' secrets are sealed for. */
const sealPurpose = 'webhook';
/** Most webhooks of a tenant. */
const maxWebhooks = 20;

export interface WebhookInput {
  url: string;
  description: string;
  types: string[];
  enabled: boolean;
}

/** Whether this process changed webhooks since they were read for delivery. */
export const changedHere = service((_core: Core) => ({ isSo: true }));

const partyOf = ({ _id, url }: WebhookDocument) => ({ type: 'webhook', id: _id, label: url });
const factsOf = ({ url, description, types, enabled, disabledReason }: WebhookDocument) => ({
  ...{ url, description, types, enabled, disabledReason },
});

/** A new secret by the rules of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

function requireGoodUrl(core: Core, url: string): void {
  const fault = url.includes('#') ? 'must have no fragment' : outboundFault(core, url);
  if (fault === undefined) return;
  throw new AppError('input.invalid', 'the webhook has faults', {
    errors: [{ pointer: '/url', detail: fault }],
  });
}

/** Types that no event has would wait for ever. */
function requireKnownTypes(types: readonly string[]): void {
  const known = new Set(
    Object.keys(eventCatalogue).flatMap((type) => [type, `${type.split('.')[0] ?? ''}.*`]),
  );
  const errors = types.flatMap((type, index) => {
    if (known.has(type)) return [];
    const near = nearest(type, [...known]);
    const hint = near === undefined ? '' : `: did you mean ${near}?`;
    return [{ pointer: `/types/${index}`, detail: `there are no events of the type ${type}${hint}` }];
  });
  if (errors.length > 0) throw new AppError('input.invalid', 'the webhook has faults', { errors });
}

/**
 * Events hold what the audit trail does: only a reader of it may have them sent somewhere, and see or stop what is sent.
 *
 * @throws AppError `auth.forbidden`.
 */
export const requireReader = (actor: Actor): void => requirePermission(actor, 'audit.read');

/** All of a tenant, oldest first. */
export function listWebhooks(core: Core, tenantId: string): Promise<WebhookDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('webhooks')
    .find({}, { sort: { _id: 1 } });
}

/** @throws AppError `webhook.not_found`. */
export async function getWebhook(core: Core, tenantId: string, id: string): Promise<WebhookDocument> {
  const webhook = await core.store.tenant(tenantId).collection('webhooks').get(id);
  if (!webhook) throw new AppError('webhook.not_found', 'there is no such webhook');
  return webhook;
}

/**
 * Creates a webhook: it gets the events from now on.
 *
 * @returns the webhook and its secret, which is shown this once.
 * @throws AppError `input.invalid`, `webhook.too_many`, `auth.forbidden` without `audit.read`.
 */
export async function createWebhook(
  core: Core,
  actor: Actor,
  input: WebhookInput,
): Promise<{ webhook: WebhookDocument; secret: string }> {
  requireReader(actor);
  requireGoodUrl(core, input.url);
  requireKnownTypes(input.types);
  const { tenantId } = actor;
  const secret = newSecret();
  const _id = newId();
  const sealed = core.secretBox.seal(sealPurpose, secret);
  await openFeed(core, tenantId);
  const webhook = await core.store.transaction(function* (tx): Step<WebhookDocument> {
    const webhooks = tx.tenant(tenantId).collection('webhooks');
    // Touched by each that is made, so that two at once cannot both be the last.
    const feed = yield* tx
      .tenant(tenantId)
      .collection('event_feeds')
      .update(tenantId, (stored) => ({ ...stored }));
    if ((yield* webhooks.count({})) >= maxWebhooks)
      throw new AppError('webhook.too_many', `a tenant has at most ${maxWebhooks} webhooks`);
    const made = yield* webhooks.insert({ _id, tenantId, ...input, disabledReason: null, secret: sealed });
    const position = feed?.position ?? 0;
    const cursor = { _id, tenantId, position, sinceId: _id, failingSince: null, error: null };
    yield* tx.tenant(tenantId).collection('event_cursors').insert(cursor);
    const changes = changesBetween({}, factsOf(made));
    yield* recordEvent(
      tx,
      actor,
      { action: 'webhook.created', target: partyOf(made), changes },
      core.clock.now(),
    );
    return made;
  });
  changedHere(core).isSo = true;
  return { webhook, secret };
}

function* stored(
  tx: Transaction,
  tenantId: string,
  id: string,
  options: WriteOptions,
): Step<WebhookDocument> {
  const webhook = yield* tx.tenant(tenantId).collection('webhooks').get(id);
  if (!webhook) throw new AppError('webhook.not_found', 'there is no such webhook');
  requireVersion(webhook, options);
  return webhook;
}

/** Nothing failed at a webhook that was just put right. */
function* forgetFailures(tx: Transaction, tenantId: string, id: string): Step<void> {
  const cursors = tx.tenant(tenantId).collection('event_cursors');
  yield* cursors.update(id, (cursor) => ({ ...cursor, failingSince: null, error: null }));
}

/**
 * Changes a webhook; one that is switched on again gets what happened since, as far as it is kept.
 *
 * @throws AppError `webhook.not_found`, `input.invalid`, `resource.version_mismatch`, `auth.forbidden`.
 */
export async function changeWebhook(
  core: Core,
  actor: Actor,
  id: string,
  input: Partial<WebhookInput>,
  options: WriteOptions = {},
): Promise<WebhookDocument> {
  requireReader(actor);
  if (input.url !== undefined) requireGoodUrl(core, input.url);
  if (input.types !== undefined) requireKnownTypes(input.types);
  const changed = await core.store.transaction(function* (tx) {
    const before = yield* stored(tx, actor.tenantId, id, options);
    const isOn = input.enabled ?? before.enabled;
    const disabledReason = isOn ? null : before.disabledReason;
    const changes = changesBetween(factsOf(before), factsOf({ ...before, ...input, disabledReason }));
    if (changes.length === 0) return before;
    const after = yield* tx
      .tenant(actor.tenantId)
      .collection('webhooks')
      .update(id, (webhook) => ({ ...webhook, ...input, disabledReason }));
    if (isOn) yield* forgetFailures(tx, actor.tenantId, id);
    yield* recordEvent(
      tx,
      actor,
      { action: 'webhook.updated', target: partyOf(before), changes },
      core.clock.now(),
    );
    return after ?? before;
  });
  changedHere(core).isSo = true;
  return changed;
}

/**
 * Removes a webhook with its deliveries.
 *
 * @throws AppError `webhook.not_found`, `resource.version_mismatch`, `auth.forbidden`.
 */
export async function removeWebhook(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<void> {
  requireReader(actor);
  const scope = core.store.tenant(actor.tenantId);
  await core.store.transaction(function* (tx) {
    const webhook = yield* stored(tx, actor.tenantId, id, options);
    yield* tx.tenant(actor.tenantId).collection('webhooks').remove(id);
    yield* tx.tenant(actor.tenantId).collection('event_cursors').remove(id);
    yield* recordEvent(tx, actor, { action: 'webhook.deleted', target: partyOf(webhook) }, core.clock.now());
  });
  await scope.collection('webhook_deliveries').removeMany({ webhookId: id });
}

/**
 * Gives a webhook a new secret. For the overlap its messages are signed with both.
 *
 * @returns the new secret, which is shown this once.
 * @throws AppError `webhook.not_found`, `resource.version_mismatch`, `auth.forbidden`.
 */
export async function rotateSecret(
  core: Core,
  actor: Actor,
  id: string,
  overlapSeconds: number,
  options: WriteOptions = {},
): Promise<{ webhook: WebhookDocument; secret: string }> {
  requireReader(actor);
  const secret = newSecret();
  const sealed = core.secretBox.seal(sealPurpose, secret);
  const now = core.clock.now();
  const until = new Date(now.getTime() + overlapSeconds * 1000);
  const webhook = await core.store.transaction(function* (tx) {
    const before = yield* stored(tx, actor.tenantId, id, options);
    const previous = overlapSeconds > 0 ? { secret: before.secret, until } : null;
    const after = yield* tx
      .tenant(actor.tenantId)
      .collection('webhooks')
      .update(id, (one) => ({ ...one, secret: sealed, previous }));
    yield* recordEvent(tx, actor, { action: 'webhook.secret_changed', target: partyOf(before) }, now);
    return after ?? before;
  });
  return { webhook, secret };
}

/** The secrets a webhook's messages are signed with now: the new one first. */
export function secretsOf(core: Core, { secret, previous }: WebhookDocument): string[] {
  const isOverlap = previous && previous.until > core.clock.now();
  return [secret, ...(isOverlap ? [previous.secret] : [])].map((sealed) =>
    core.secretBox.open(sealPurpose, sealed),
  );
}

/** The webhooks of all tenants that are switched on. */
export function liveWebhooks(core: Core): Promise<WebhookDocument[]> {
  return core.store.server.collection('webhooks').find({ enabled: true });
}

export { partyOf as webhookParty };
