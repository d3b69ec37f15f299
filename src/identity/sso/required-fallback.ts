import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Reader, Step, Transaction } from '../../persistence/store.js';
import { newId } from '../../shared/ids.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { touchTenant } from '../tenants/config.js';
import { mailAdministrators } from '../users/administrator-mails.js';

/** Kind of the job that looks whether people come in since a connection is required. */
export const requiredFallbackJob = 'sso.required_fallback';

/** A sign-in that began within this time may still succeed. */
const underWayMs = 5 * 60_000;

export type Guarded = Pick<SsoConnectionDocument, 'mode' | 'fallbackMinutes' | 'enforcement'>;

/**
 * A connection as a change of its mode leaves it: one that becomes required is watched if it has `fallbackMinutes`; the very same one if
 * nothing of that changed.
 *
 * @param before - undefined: it is new.
 */
export function withEnforcement<T extends Guarded>(before: Guarded | undefined, after: T, now: Date): T {
  const minutes = after.mode === 'required' ? (after.fallbackMinutes ?? null) : null;
  if (minutes === null) return after.enforcement ? { ...after, enforcement: null } : after;
  if (before?.mode === 'required' && before.fallbackMinutes === minutes) return after;
  return { ...after, enforcement: { id: newId(), since: now } };
}

/** Leaves the job of a connection that is watched anew. */
export function* enqueueFallback(
  tx: Transaction,
  { _id, enforcement, fallbackMinutes, tenantId }: SsoConnectionDocument,
  now: Date,
  before?: SsoConnectionDocument,
): Step<void> {
  if (!enforcement || !fallbackMinutes || enforcement.id === before?.enforcement?.id) return;
  const payload = { connectionId: _id, enforcementId: enforcement.id };
  const runAt = new Date(now.getTime() + fallbackMinutes * 60_000);
  yield* enqueueJob(tx, tenantId, { kind: requiredFallbackJob, payload, runAt }, now);
}

/** What became of sign-ins since then: somebody came in, people tried and none did, or nobody tried. */
function* outcomeSince(
  tx: Reader,
  { _id, tenantId }: SsoConnectionDocument,
  since: Date,
  now: Date,
): Step<'admitted' | 'refused' | 'none'> {
  const signIns = tx.tenant(tenantId).collection('sso_sign_ins');
  const latest = { sort: { _id: -1 }, limit: 1 } as const;
  const ofConnection = { connectionId: _id, kind: 'sign_in' };
  const admitted = { ...ofConnection, state: 'admitted', finishedAt: { $gte: since } };
  if ((yield* signIns.find(admitted, latest)).length > 0) return 'admitted';
  const startedAt = { $gte: since, $lte: new Date(now.getTime() - underWayMs) };
  const tried = yield* signIns.find({ ...ofConnection, startedAt }, latest);
  return tried.length > 0 ? 'refused' : 'none';
}

function* toOptional(core: Core, tx: Transaction, before: SsoConnectionDocument, now: Date): Step<void> {
  const { _id, name, tenantId } = before;
  const scope = tx.tenant(tenantId).collection('sso_connections');
  yield* scope.update(_id, (stored) => ({ ...stored, mode: 'optional', enforcement: null }));
  yield* touchTenant(tx, tenantId);
  const target = { type: 'sso_connection', id: _id, label: name };
  const changes = [{ path: 'mode', before: 'required', after: 'optional' }];
  yield* recordEvent(tx, systemActor(tenantId, name), { action: 'sso.fell_back', target, changes }, now);
  yield* mailAdministrators(core, tx, tenantId, {
    path: `/admin/sso-connections/${_id}`,
    template: 'sso_fell_back',
    factsIn: () => ({ connection: name }),
  });
}

/**
 * The handler of {@link requiredFallbackJob}: if people tried and none came in since the connection is required, it becomes optional. If
 * nobody tried, it looks again after the same time; if somebody came in, never again.
 */
export async function fallBack(core: Core, job: JobDocument): Promise<void> {
  const { connectionId, enforcementId } = job.payload;
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(job.tenantId).collection('sso_connections');
    const connection = yield* scope.get(String(connectionId));
    const enforcement = connection?.enforcement;
    if (!connection || !enforcement || enforcement.id !== enforcementId) return;
    const outcome = yield* outcomeSince(tx, connection, enforcement.since, now);
    if (outcome === 'refused') yield* toOptional(core, tx, connection, now);
    else if (outcome === 'none') yield* enqueueFallback(tx, connection, now);
    else yield* scope.update(connection._id, (stored) => ({ ...stored, enforcement: null }));
  });
  wakeJobs(core);
}
