import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Query, Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { recomputeJob, recomputeUserStep } from '../users/recompute.js';
import { openWrite, type WriteContext } from '../users/save.js';
import { partyOf } from '../users/change-events.js';
import { leavingFrom } from '../visibility.js';
import { releaseGroups } from './orphan-groups.js';

const batchSize = 100;

function queryOf(payload: Record<string, unknown>): Query {
  const { connectionId, directoryId, groupIds, role } = payload;
  if (typeof connectionId === 'string') return { 'grants.sourceId': connectionId };
  if (typeof directoryId === 'string')
    return { directoryId: { $in: [directoryId, leavingFrom(directoryId)] } };
  if (Array.isArray(groupIds)) return { groupIds: { $in: groupIds as string[] } };
  return { 'grants.role': String(role) };
}

/** The last administrator keeps the role that a rule would take: somebody has to be able to mend the rule. */
function* keepLastAdministrator(context: WriteContext, user: UserDocument): Step<void> {
  const event = { action: 'user.roles_changed', target: partyOf(user), result: 'failure' } as const;
  yield* recordEvent(context.tx, context.actor, event, context.now);
}

/** A user's grants without those of a role that the job clears and the tenant does not have. */
function keptGrants({ config }: WriteContext, { grants }: UserDocument, { payload }: JobDocument): Grant[] {
  const { connectionId } = payload;
  if (connectionId !== undefined)
    return grants.filter(({ type, sourceId }) => type !== 'sso' || sourceId !== connectionId);
  if (payload['clears'] !== true) return grants;
  return grants.filter(({ role }) => role !== payload['role'] || config.roles.has(role));
}

async function recomputeBatch(core: Core, job: JobDocument, ids: readonly string[]): Promise<void> {
  const removed = Array.isArray(job.payload['removed']) ? (job.payload['removed'] as string[]) : [];
  await core.store.transaction(function* (tx) {
    const { by } = job.payload;
    const actor = { ...systemActor(job.tenantId), directoryId: typeof by === 'string' ? by : null };
    const context = yield* openWrite(tx, core, actor);
    const users = yield* tx
      .tenant(job.tenantId)
      .collection('users')
      .find({ _id: { $in: ids } });
    for (const user of users) {
      try {
        const groupIds = user.groupIds.filter((id) => !removed.includes(id));
        yield* recomputeUserStep(context, user, { groupIds, grants: keptGrants(context, user, job) });
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

/**
 * The handler of `roles.release`: has the grants of a role that an application of the server had cleared in each tenant where somebody
 * holds it. A tenant that has a role of that name itself keeps its grants.
 */
export async function releaseServerRole(core: Core, job: JobDocument): Promise<void> {
  const role = String(job.payload['role']);
  for await (const { _id } of core.store.server.collection('tenants').iterate({}, { fields: [] })) {
    const holder = await core.store
      .tenant(_id)
      .collection('users')
      .findOne({ 'grants.role': role }, { fields: [] });
    if (!holder) continue;
    const payload = { role, clears: true };
    await core.store.transaction((tx) =>
      enqueueJob(tx, _id, { kind: recomputeJob, payload }, core.clock.now()),
    );
  }
  wakeJobs(core);
}
