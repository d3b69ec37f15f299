import type { AuditEventDocument, AuditParty } from '../../persistence/collections/events.js';
import type { NewDocument, Query, Step, Transaction } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import { cutLong } from '../../shared/cut-values.js';
import { newId } from '../../shared/ids.js';
import type { FieldChange } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { containingAnyCase } from '../search-text.js';

export type { AuditEventDocument } from '../../persistence/collections/events.js';

export interface AuditEventInput {
  /** `noun.verb`, e.g. `user.disabled`. */
  action: string;
  target?: AuditParty | null;
  /** Without secrets. */
  changes?: readonly FieldChange[];
  /** `success` unless said otherwise. */
  result?: 'success' | 'failure';
}

/** The trail is kept for ever: of what is longer, it keeps the length and a digest. */
const maxCharacters = { text: 1000, whole: 16_384 };

function documentOf(actor: Actor, event: AuditEventInput, now: Date): NewDocument<AuditEventDocument> {
  return {
    _id: newId(),
    tenantId: actor.tenantId,
    at: now,
    actor: { type: actor.party.type, id: actor.party.id, label: actor.party.label },
    action: event.action,
    target: event.target ?? null,
    changes: (event.changes ?? []).map(({ path, before, after }) => ({
      path,
      before: cutLong(before, maxCharacters),
      after: cutLong(after, maxCharacters),
    })),
    requestId: actor.requestId,
    ip: actor.ip,
    result: event.result ?? 'success',
  };
}

/** Appends to the audit trail in the transaction of the change it records. */
export function* recordEvent(tx: Transaction, actor: Actor, event: AuditEventInput, now: Date): Step<void> {
  yield* tx
    .tenant(actor.tenantId)
    .collection('audit_events')
    .insert(documentOf(actor, event, now));
}

/** Appends to the audit trail what changed nothing else: sign-ins, refusals, exports. */
export async function writeEvent(core: Core, actor: Actor, event: AuditEventInput): Promise<void> {
  const document = documentOf(actor, event, core.clock.now());
  await core.store.tenant(actor.tenantId).collection('audit_events').insert(document);
}

export interface AuditFilter {
  /** Found anywhere in the name of who did it, of what it was done to, or in the action. */
  q?: string;
  /** Found anywhere in the address it came from, or in what it changed. */
  detail?: string;
  /** One action, or all of a noun: `user.*`. */
  action?: string;
  /** Any of these. */
  actions?: readonly string[];
  actorId?: string;
  targetId?: string;
  ip?: string;
  requestId?: string;
  result?: 'success' | 'failure';
  /** Inclusive. */
  from?: Date;
  /** Exclusive. */
  to?: Date;
}

export interface AuditPage {
  /** Events beyond this one, in the order asked for; absent: from the start. */
  afterId?: string;
  limit: number;
  /** Asked of each item, in order: whether to end with it. */
  until?: (read: unknown) => boolean;
  /** Newest first unless `asc`. */
  order?: 'asc' | 'desc';
}

/** `user.*`: everything from `user.` up to the character after the dot. */
const actionQuery = (action: string): unknown =>
  action.endsWith('.*') ? { $gte: action.slice(0, -1), $lt: `${action.slice(0, -2)}/` } : action;

const anyOf = (text: string, fields: readonly string[]): Query => ({
  $or: fields.map((field) => ({ [field]: containingAnyCase(text) })),
});

const searched = { q: ['actor.label', 'target.label', 'action'], detail: ['ip', 'changes.after'] } as const;

const searchQuery = ({ detail, q }: AuditFilter): Query => ({
  $and: [
    ...(q === undefined ? [] : [anyOf(q, searched.q)]),
    ...(detail === undefined ? [] : [anyOf(detail, searched.detail)]),
  ],
});

const spanOf = ({ from, to }: AuditFilter): Query =>
  from || to ? { at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } } : {};

function queryOf(filter: AuditFilter): Query {
  return {
    ...((filter.q ?? filter.detail) !== undefined && searchQuery(filter)),
    ...(filter.action !== undefined && { action: actionQuery(filter.action) }),
    ...(filter.actions !== undefined && { action: { $in: [...filter.actions] } }),
    ...(filter.actorId !== undefined && { 'actor.id': filter.actorId }),
    ...(filter.targetId !== undefined && { 'target.id': filter.targetId }),
    ...(filter.ip !== undefined && { ip: filter.ip }),
    ...(filter.requestId !== undefined && { requestId: filter.requestId }),
    ...(filter.result !== undefined && { result: filter.result }),
    ...spanOf(filter),
  };
}

/** How many events match. Failures alone are in an index: what went well is all but these. */
export async function countAuditEvents(core: Core, tenantId: string, filter: AuditFilter): Promise<number> {
  const events = core.store.tenant(tenantId).collection('audit_events');
  const { result, ...others } = filter;
  if (result !== 'success') return events.count(queryOf(filter), listTotal);
  const [all, failed] = await Promise.all([
    events.count(queryOf(others), listTotal),
    events.count(queryOf({ ...others, result: 'failure' }), listTotal),
  ]);
  return Math.max(0, all - failed);
}

/** @returns a page of events and how many match in all. */
export async function listAuditEvents(
  core: Core,
  tenantId: string,
  filter: AuditFilter,
  page: AuditPage,
): Promise<{ items: AuditEventDocument[]; total: number }> {
  const events = core.store.tenant(tenantId).collection('audit_events');
  const query = queryOf(filter);
  const direction = page.order === 'asc' ? 1 : -1;
  const [items, total] = await Promise.all([
    events.find(query, {
      sort: { _id: direction },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    countAuditEvents(core, tenantId, filter),
  ]);
  return { items, total };
}

/** Every event that matches, oldest first, for exports. */
export function iterateAuditEvents(
  core: Core,
  tenantId: string,
  filter: AuditFilter,
): AsyncIterable<AuditEventDocument> {
  return core.store.tenant(tenantId).collection('audit_events').iterate(queryOf(filter));
}
