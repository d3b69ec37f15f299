import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { tenantConfigStep } from '../tenants/config.js';
import { tenantAccessEndJob } from '../tenants/state.js';

/**
 * Ends every session and token of a tenant, the caller's own too: after a theft, say. Users may sign in again at once. They end with the
 * commit; what hangs on them is removed by a job, which also tells the applications.
 *
 * @throws AppError `user.above_actor` unless the actor holds every permission that a role of the tenant gives.
 */
export async function endEverybody(core: Core, actor: Actor): Promise<void> {
  const { tenantId } = actor;
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const { roles, tenant } = yield* tenantConfigStep(core, tx, tenantId);
    const held = [...roles.values()].flatMap(({ management }) => management);
    const lacking = held.find((permission) => !actor.permissions.has(permission));
    if (lacking !== undefined)
      throw new AppError(
        'user.above_actor',
        `some users may hold ${lacking}, which you do not hold yourself`,
      );
    yield* tx
      .tenant(tenantId)
      .collection('tenants')
      .update(tenantId, (stored) => ({ ...stored, accessRevokedAt: now }));
    yield* enqueueJob(tx, tenantId, { kind: tenantAccessEndJob, payload: {} }, now);
    const target = { type: 'tenant', id: tenantId, label: tenant.slug };
    yield* recordEvent(tx, actor, { action: 'tenant.sessions_ended', target }, now);
  });
  wakeJobs(core);
}
