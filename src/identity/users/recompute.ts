import type { UserDocument } from '../../persistence/collections/users.js';
import type { Query, Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { withoutRuleGrants } from '../grants/grants.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { releaseGroups } from '../directories/orphan-groups.js';
import { retired } from '../visibility.js';
import { directoryStep, openWrite, partyOf, regrantStep, saveUser, type WriteContext } from './save.js';

/** Kind of the job that works out many users' roles anew. Its payload names the users: by `directoryId`, `groupIds` or `role`. */
export const recomputeJob = 'grants.recompute';

/** As many users are recomputed within the transaction of the change; more are left to a job. */
export const mostInTransaction = 200;

const batchSize = 100;

/** How long a write that began under the old rules may still be under way. */
const lateWriteMs = 10_000;

/**
 * Has a job work out many users' roles anew: now, and once more a little later. On MongoDB a write that read the old rules may commit after
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
 * One user's roles worked out anew. A user whose directory is gone becomes one nobody provisions.
 *
 * @param moved - what becomes of the user's direct groups and of who manages the user; what is absent stays.
 */
export function* recomputeUserStep(
  context: WriteContext,
  user: UserDocument,
  moved: Partial<Pick<UserDocument, 'groupIds' | 'directoryId' | 'broughtInto'>> = {},
): Step<UserDocument> {
  const { directoryId } = { ...user, ...moved };
  const isManaged = directoryId !== null && directoryId !== retired;
  const directory = isManaged ? yield* directoryStep(context, directoryId) : undefined;
  const isOrphan = isManaged && !directory;
  const known: UserDocument = {
    ...user,
    ...moved,
    directoryId: isOrphan ? null : directoryId,
    grants: isOrphan ? withoutRuleGrants(user.grants, directoryId) : user.grants,
  };
  const grants = (yield* regrantStep(context, known)).filter(
    (grant) => grant.type !== 'rule' || context.config.roles.has(grant.role),
  );
  return yield* saveUser(context, user, { ...known, grants });
}

function queryOf(payload: Record<string, unknown>): Query {
  const { directoryId, groupIds, role } = payload;
  if (typeof directoryId === 'string') return { directoryId };
  if (Array.isArray(groupIds)) return { groupIds: { $in: groupIds as string[] } };
  return { 'grants.role': String(role) };
}

/** The last administrator keeps the role that a rule would take: somebody has to be able to mend the rule. */
function* keepLastAdministrator(context: WriteContext, user: UserDocument): Step<void> {
  const event = { action: 'user.roles_changed', target: partyOf(user), result: 'failure' } as const;
  yield* recordEvent(context.tx, context.actor, event, context.now);
}

async function recomputeBatch(core: Core, job: JobDocument, ids: readonly string[]): Promise<void> {
  const removed = Array.isArray(job.payload['removed']) ? (job.payload['removed'] as string[]) : [];
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, systemActor(job.tenantId));
    const users = yield* tx
      .tenant(job.tenantId)
      .collection('users')
      .find({ _id: { $in: ids } });
    for (const user of users) {
      try {
        const groupIds = user.groupIds.filter((id) => !removed.includes(id));
        yield* recomputeUserStep(context, user, { groupIds });
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'user.last_administrator') throw error;
        yield* keepLastAdministrator(context, user);
      }
    }
  });
}

/**
 * The handler of {@link recomputeJob}: batch by batch, each in a transaction of its own, so that other work goes on between them. What a
 * directory leaves behind that is gone, users and groups, becomes nobody's.
 */
export async function recomputeGrants(core: Core, job: JobDocument): Promise<void> {
  const { directoryId } = job.payload;
  if (typeof directoryId === 'string') await releaseGroups(core, job.tenantId, directoryId);
  const users = core.store.tenant(job.tenantId).collection('users');
  let ids: string[] = [];
  for await (const { _id } of users.iterate(queryOf(job.payload), { fields: [] })) {
    ids.push(_id);
    if (ids.length < batchSize) continue;
    await recomputeBatch(core, job, ids);
    ids = [];
  }
  if (ids.length > 0) await recomputeBatch(core, job, ids);
  wakeJobs(core);
}
