import { isDeepStrictEqual } from 'node:util';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { newId } from '../../shared/ids.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { dateText } from '../jobs/mail-language.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { mailAdministrators } from '../users/administrator-mails.js';
import { expiriesOf, remindersAt, type Expiring, type Reminder } from './expiries.js';

/** Kind of the job that reminds of what expires. */
export const expiryReminderJob = 'sso.expiry';

const soonestOf = (connection: Expiring): Date | null =>
  expiriesOf(connection)
    .map(({ expiresAt }) => expiresAt)
    .sort((a, b) => a.getTime() - b.getTime())[0] ?? null;

/**
 * A connection whose reminders fit to what expires there; the very same one where they do.
 *
 * @param before - as it was; undefined: it is new, or was made by an earlier version.
 */
export function withReminders<T extends Expiring & Pick<SsoConnectionDocument, 'reminders'>>(
  before: Expiring | undefined,
  after: T,
): T {
  const expiries = expiriesOf(after);
  if (after.reminders ? before && isDeepStrictEqual(expiriesOf(before), expiries) : expiries.length === 0)
    return after;
  const told = after.reminders?.told ?? [];
  return { ...after, reminders: { id: newId(), told, soonestAt: soonestOf(after) } };
}

/** Leaves the job of a connection whose reminders are new. */
export function* enqueueReminders(
  tx: Transaction,
  connection: SsoConnectionDocument,
  now: Date,
  before?: SsoConnectionDocument,
): Step<void> {
  const { _id, reminders, tenantId } = connection;
  if (!reminders || reminders.id === before?.reminders?.id) return;
  const { due, nextAt } = remindersAt(expiriesOf(connection), reminders.told, now);
  const runAt = due.length > 0 ? now : nextAt;
  if (!runAt) return;
  const payload = { connectionId: _id, remindersId: reminders.id };
  yield* enqueueJob(tx, tenantId, { kind: expiryReminderJob, payload, runAt }, now);
}

function* tell(
  core: Core,
  tx: Transaction,
  connection: SsoConnectionDocument,
  { days, expiry }: Reminder,
): Step<void> {
  const { _id, name, tenantId } = connection;
  const changes = [
    { path: 'what', before: null, after: expiry.what },
    { path: 'expiresAt', before: null, after: expiry.expiresAt.toISOString() },
  ];
  const target = { type: 'sso_connection', id: _id, label: name };
  const actor = systemActor(tenantId, name);
  const now = core.clock.now();
  if (days === 0) yield* recordEvent(tx, actor, { action: 'sso.credential_expired', target, changes }, now);
  else yield* recordEvent(tx, actor, { action: 'sso.credential_expires', target, changes }, now);
  yield* mailAdministrators(core, tx, tenantId, {
    path: `/admin/sso-connections/${_id}`,
    template: 'sso_expiry',
    factsIn: (language) => ({
      ...{ connection: name, what: expiry.what, isOver: days === 0 },
      day: dateText(expiry.expiresAt, language),
    }),
  });
}

/** The handler of {@link expiryReminderJob}: reminds administrators by mail and event, once each, and comes again. */
export async function remindOfExpiry(core: Core, job: JobDocument): Promise<void> {
  const { connectionId, remindersId } = job.payload;
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(job.tenantId).collection('sso_connections');
    const connection = yield* scope.get(String(connectionId));
    if (connection?.reminders?.id !== remindersId || !connection) return;
    const { reminders } = connection;
    const { due, told } = remindersAt(expiriesOf(connection), reminders?.told ?? [], now);
    for (const reminder of due) yield* tell(core, tx, connection, reminder);
    const next = { id: newId(), told, soonestAt: soonestOf(connection) };
    const after = { ...connection, reminders: next };
    yield* scope.update(connection._id, () => after);
    yield* enqueueReminders(tx, after, now, connection);
  });
  wakeJobs(core);
}

/** Begins to watch the certificates of connections that an earlier version made. */
export async function watchOlderConnections(core: Core): Promise<void> {
  const older = await core.store.server
    .collection('sso_connections')
    .find({ protocol: 'saml', reminders: null });
  for (const { _id, tenantId } of older) {
    await core.store.transaction(function* (tx) {
      const scope = tx.tenant(tenantId).collection('sso_connections');
      const before = yield* scope.get(_id);
      if (!before || before.reminders) return;
      const after = withReminders(undefined, before);
      yield* scope.update(_id, () => after);
      yield* enqueueReminders(tx, after, core.clock.now());
    });
  }
}

const monthMs = 30 * 86_400_000;

/** How many connections have something that expired, or expires within 30 days, over all tenants. */
export async function countExpiring(core: Core): Promise<{ state: 'expired' | 'soon'; count: number }[]> {
  const connections = core.store.server.collection('sso_connections');
  const now = core.clock.now();
  const until = (end: Date) => connections.count({ 'reminders.soonestAt': { $lte: end } });
  const [expired, all] = await Promise.all([until(now), until(new Date(now.getTime() + monthMs))]);
  return [
    { state: 'expired', count: expired },
    { state: 'soon', count: Math.max(0, all - expired) },
  ];
}
