import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { heldSource, withoutRuleGrants } from '../grants/grants.js';
import { enqueueJob } from '../jobs/queue.js';
import { managerOf, retired } from '../visibility.js';
import { regrantStep, saveUser, type WriteContext } from './save.js';

/**
 * Kind of the job that works out many users' roles again. Its payload names the users: by `directoryId`, `groupIds` or `role`. With `clears`
 * it takes the role from them as well, however they got it, when the tenant has no such role any more.
 */
export const recomputeJob = 'grants.recompute';

/** Kind of the job that has the grants of a role of the server cleared in all tenants. */
export const releaseRoleJob = 'roles.release';

/** As many users are recomputed within the transaction of the change; more are left to a job. */
export const maxInTransaction = 200;

/** How long a write that began under the old rules may still be under way. */
const lateWriteMs = 10_000;

/**
 * Has a job work out many users' roles again: now, and once more a little later. On MongoDB a write that read the old rules may commit after
 * the first run has passed its user.
 */
export function* enqueueRecompute(
  tx: Transaction,
  tenantId: string,
  payload: Record<string, unknown>,
  now: Date,
): Step<void> {
  yield* enqueueJob(tx, tenantId, { kind: recomputeJob, payload }, now);
  const runAt = new Date(now.getTime() + lateWriteMs);
  yield* enqueueJob(tx, tenantId, { kind: recomputeJob, payload, runAt }, now);
}

/**
 * One user's roles worked out again. A user whose directory is gone becomes one nobody provisions.
 *
 * @param moved - what becomes of the user's direct groups and of who manages the user; what is absent stays.
 */
export function* recomputeUserStep(
  context: WriteContext,
  user: UserDocument,
  moved: Partial<Pick<UserDocument, 'groupIds' | 'directoryId' | 'broughtInto' | 'grants'>> = {},
): Step<UserDocument> {
  const { directoryId, grants } = { ...user, ...moved };
  const manager = managerOf(directoryId);
  const isManaged = manager !== null && manager !== retired;
  const isOrphan = isManaged && !context.config.directories.has(manager);
  const known: UserDocument = {
    ...user,
    ...moved,
    directoryId: isOrphan ? null : directoryId,
    grants: isOrphan ? withoutRuleGrants(withoutRuleGrants(grants, manager), heldSource) : grants,
    ...(isOrphan && user.heldChange && { heldChange: null }),
  };
  const regranted = (yield* regrantStep(context, known)).filter(
    (grant) => grant.type !== 'rule' || context.config.roles.has(grant.role),
  );
  return yield* saveUser(context, user, { ...known, grants: regranted });
}
