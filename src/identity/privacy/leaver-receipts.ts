import { listAuditEvents, type AuditEventDocument, type AuditPage } from '../audit/audit.js';
import type { Core } from '../core.js';
import type { AccessEndDocument, LogoutDeliveryDocument } from '../../persistence/collections/leavers.js';
import { AppError } from '../../shared/errors.js';
import { accessEndId } from '../users/save.js';
import { isRevoked } from '../users/session-end.js';

/** Events by which a person leaves. */
export const leavingActions = ['user.disabled', 'user.deleted', 'user.expired', 'user.erased'] as const;

/** What the records of these ends of access call them. */
const leavingReasons = ['disabled', 'deleted', 'access_expired', 'erased'];

/** What a notice to an application came to. */
export interface ReceiptNotice {
  applicationId: string;
  application: string;
  sessionId: string;
  status: LogoutDeliveryDocument['status'];
  attempts: number;
  answer: string | null;
  sentAt: string;
  confirmedAt: string | null;
}

/** How a person's access ended; all times are ISO 8601. */
export interface LeaverReceipt {
  /** That of the event. */
  id: string;
  tenant: { id: string; slug: string; name: string };
  user: { id: string; label: string };
  by: AuditEventDocument['actor'];
  action: string;
  /** When the call came: nothing of the person's counted from then on. */
  calledAt: string;
  /** When all of it had been removed; null: not yet. */
  endedAt: string | null;
  sessions: { sessionId: string; method: string; ip: string; signedInAt: string }[];
  sessionCount: number;
  /** Sessions that go on, where the tenant lets a disabled person's run out (`sessions.revokeOnDisable`). */
  openSessions: number;
  tokenCount: number;
  notices: ReceiptNotice[];
  /** The next try to sign in that was refused; null: there was none. */
  refusedAt: string | null;
  /** Whether sessions, tokens and all applications that are to be told are done with. */
  isComplete: boolean;
  /** From the call to the last end or confirmation; null: not complete. */
  secondsToZero: number | null;
}

const iso = (date: Date | null): string | null => (date === null ? null : date.toISOString());

/** From the call to the last that ended or was confirmed, in seconds; null while something is open. Pure. */
export function secondsToZero(
  calledAt: Date,
  end: Pick<AccessEndDocument, 'endedAt'> | undefined,
  notices: readonly Pick<LogoutDeliveryDocument, 'status' | 'settledAt'>[],
): number | null {
  // Without a record there was nothing to end.
  if (!end) return 0;
  if (end.endedAt === null || notices.some(({ status }) => status !== 'confirmed')) return null;
  const times = [end.endedAt, ...notices.flatMap(({ settledAt }) => settledAt ?? [])];
  const last = Math.max(...times.map((time) => time.getTime()));
  return Math.max(0, last - calledAt.getTime()) / 1000;
}

/** Notices about the sessions that ended, of those to the person's applications. */
const noticesOf = <N extends Pick<LogoutDeliveryDocument, 'createdAt'>>(
  calledAt: Date,
  all: readonly N[],
  until: Date | null,
): N[] => all.filter(({ createdAt }) => createdAt >= calledAt && (until === null || createdAt < until));

/** A page of the events by which people left, newest first. */
export function listLeavers(core: Core, tenantId: string, q: string | undefined, page: AuditPage) {
  return listAuditEvents(core, tenantId, { actions: leavingActions, ...(q !== undefined && { q }) }, page);
}

/** @throws AppError `leaver.not_found`. */
async function leavingEvent(core: Core, tenantId: string, id: string): Promise<AuditEventDocument> {
  const event = await core.store.tenant(tenantId).collection('audit_events').get(id);
  if (!event?.target || !leavingActions.some((action) => action === event.action)) {
    throw new AppError('leaver.not_found', 'there is no such event of a person who left');
  }
  return event;
}

/** When the same person left the next time, which has its own notices. */
async function nextCall(core: Core, event: AuditEventDocument): Promise<Date | null> {
  const events = core.store.tenant(event.tenantId).collection('audit_events');
  const later = await events.find(
    { 'target.id': event.target?.id ?? '', action: { $in: [...leavingActions] }, at: { $gt: event.at } },
    { sort: { _id: 1 }, limit: 1 },
  );
  return later[0]?.at ?? null;
}

/** Sessions from before that still count. */
async function openSince(core: Core, { tenantId, target, at }: AuditEventDocument): Promise<number> {
  const scope = core.store.tenant(tenantId);
  const userId = target?.id ?? '';
  const [user, sessions] = await Promise.all([
    scope.collection('users').get(userId),
    scope.collection('sessions').find({ userId }),
  ]);
  const now = core.clock.now();
  return sessions.filter(
    (session) =>
      session.signedInAt <= at && session.expiresAt > now && user !== undefined && !isRevoked(session, user),
  ).length;
}

async function refusedSince(core: Core, { tenantId, target, at }: AuditEventDocument): Promise<Date | null> {
  const query = {
    'target.id': target?.id ?? '',
    action: { $in: ['login.refused', 'login.failed'] },
    at: { $gte: at },
  };
  const found = await core.store
    .tenant(tenantId)
    .collection('audit_events')
    .find(query, { sort: { _id: 1 }, limit: 1 });
  return found[0]?.at ?? null;
}

type Ended = Pick<LeaverReceipt, 'endedAt' | 'sessions' | 'sessionCount' | 'tokenCount'>;

/** Without a record there was nothing to end, or what there was goes on. */
function endedOf(end: AccessEndDocument | undefined, calledAt: Date, openSessions: number): Ended {
  if (!end) {
    const endedAt = openSessions > 0 ? null : calledAt.toISOString();
    return { endedAt, sessions: [], sessionCount: 0, tokenCount: 0 };
  }
  const sessions = end.sessions.map(({ sessionId, method, ip, signedInAt }) => ({
    ...{ sessionId, method, ip },
    signedInAt: signedInAt.toISOString(),
  }));
  const { sessionCount, tokenCount } = end;
  return { endedAt: iso(end.endedAt), sessions, sessionCount, tokenCount };
}

/** The notices with the names of their applications. */
async function namedNotices(
  core: Core,
  notices: readonly LogoutDeliveryDocument[],
): Promise<ReceiptNotice[]> {
  const ids = [...new Set(notices.map(({ applicationId }) => applicationId))];
  const applications = await core.store.server.collection('applications').find({ _id: { $in: ids } });
  const names = new Map(applications.map(({ _id, name }) => [_id, name]));
  return notices.map(
    ({ applicationId, clientId, sessionId, status, attempts, answer, createdAt, settledAt }) => ({
      ...{ applicationId, application: names.get(applicationId) ?? clientId },
      ...{ sessionId, status, attempts, answer },
      sentAt: createdAt.toISOString(),
      confirmedAt: status === 'confirmed' ? iso(settledAt) : null,
    }),
  );
}

/** Who left, and of which tenant. */
async function leaverOf(core: Core, { tenantId, target }: AuditEventDocument) {
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  return {
    tenant: { id: tenantId, slug: tenant?.slug ?? '', name: tenant?.name ?? '' },
    user: { id: target?.id ?? '', label: target?.label ?? '' },
  };
}

/**
 * How one person's access ended, from what stands in the store now.
 *
 * @param id - of the event by which they left.
 * @throws AppError `leaver.not_found`.
 */
export async function leaverReceipt(core: Core, tenantId: string, id: string): Promise<LeaverReceipt> {
  const event = await leavingEvent(core, tenantId, id);
  const scope = core.store.tenant(tenantId);
  const leaver = await leaverOf(core, event);
  const userId = leaver.user.id;
  const [end, all, until, refusedAt, openSessions] = await Promise.all([
    scope.collection('access_ends').get(accessEndId(userId, event.at)),
    scope.collection('logout_deliveries').find({ userId }, { sort: { _id: 1 } }),
    nextCall(core, event),
    refusedSince(core, event),
    openSince(core, event),
  ]);
  const notices = end ? noticesOf(event.at, all, until) : [];
  const seconds = openSessions > 0 ? null : secondsToZero(event.at, end, notices);
  const { type, id: by, label } = event.actor;
  return {
    id,
    ...leaver,
    by: { type, id: by, label },
    action: event.action,
    calledAt: event.at.toISOString(),
    ...endedOf(end, event.at, openSessions),
    openSessions,
    notices: await namedNotices(core, notices),
    refusedAt: iso(refusedAt),
    isComplete: seconds !== null,
    secondsToZero: seconds,
  };
}

/** The value below which a share of the values lies (nearest rank); null of none. Pure. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

const spanMs = 30 * 24 * 3600 * 1000;
const mostCounted = 1000;

/** How fast access ended in the last 30 days, for the latest 1,000 people who had something to end. */
export async function leaverTimes(core: Core, tenantId: string) {
  const scope = core.store.tenant(tenantId);
  const since = new Date(core.clock.now().getTime() - spanMs);
  const ends = await scope
    .collection('access_ends')
    .find(
      { calledAt: { $gte: since }, reason: { $in: leavingReasons } },
      { sort: { calledAt: -1 }, limit: mostCounted },
    );
  const users = [...new Set(ends.map(({ userId }) => userId))];
  const all = await scope.collection('logout_deliveries').find({ userId: { $in: users } });
  const seconds = ends.map((end) => {
    const own = all.filter(({ userId }) => userId === end.userId);
    const next = ends
      .filter(({ userId, calledAt }) => userId === end.userId && calledAt > end.calledAt)
      .map(({ calledAt }) => calledAt.getTime());
    const until = next.length === 0 ? null : new Date(Math.min(...next));
    return secondsToZero(end.calledAt, end, noticesOf(end.calledAt, own, until));
  });
  const done = seconds.filter((value) => value !== null);
  return {
    leavers: ends.length,
    open: ends.length - done.length,
    p50Seconds: percentile(done, 0.5),
    p99Seconds: percentile(done, 0.99),
  };
}
