import type { AuditParty } from '../../persistence/collections/events.js';
import type { DirectoryPullDocument, PullResult } from '../../persistence/collections/pulls.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { FieldChange } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { requireDirectoryAuthority } from '../groups/authority.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { findTenantConfig, tenantConfigStep } from '../tenants/config.js';
import { isOpen } from '../tenants/state.js';
import type { DirectoryDocument } from './directories.js';

export type { DirectoryPullDocument, PullCounts, PullResult } from '../../persistence/collections/pulls.js';

/** Kind of the job that pulls a directory. Each pulling directory has exactly one: under way, or due next. */
export const pullJob = 'directory.pull';

const minuteMs = 60_000;

const partyOf = ({ _id, name }: Pick<DirectoryDocument, '_id' | 'name'>): AuditParty => ({
  type: 'directory',
  id: _id,
  label: name,
});

const pulls = (directory: Pick<DirectoryDocument, 'enabled' | 'google'>): boolean =>
  directory.enabled && Boolean(directory.google);

/** Where a directory's pulls are at; undefined for one that never pulls. */
export function getPull(
  core: Core,
  tenantId: string,
  directoryId: string,
): Promise<DirectoryPullDocument | undefined> {
  return core.store.tenant(tenantId).collection('directory_pulls').get(directoryId);
}

/** The same of several directories, by their ids. */
export async function getPulls(
  core: Core,
  tenantId: string,
  directoryIds: readonly string[],
): Promise<Map<string, DirectoryPullDocument>> {
  if (directoryIds.length === 0) return new Map();
  const found = await core.store
    .tenant(tenantId)
    .collection('directory_pulls')
    .find({ _id: { $in: directoryIds } });
  return new Map(found.map((pull) => [pull._id, pull]));
}

const blank = {
  nextPullAt: null,
  lastPullAt: null,
  lastResult: null,
  error: null,
  isForced: false,
  isWanted: false,
};

const isUnderWay = ({ leasedUntil }: JobDocument, now: Date): boolean =>
  leasedUntil !== null && leasedUntil > now;

/** Leaves a job that pulls now, as the directory's one. */
function* newJobStep(
  tx: Transaction,
  { _id, tenantId }: DirectoryDocument,
  now: Date,
  isForced: boolean,
): Step<JobDocument | undefined> {
  const scope = tx.tenant(tenantId);
  const states = scope.collection('directory_pulls');
  const jobId = yield* enqueueJob(tx, tenantId, { kind: pullJob, payload: { directoryId: _id } }, now);
  const next = { jobId, nextPullAt: now, isForced };
  const kept = yield* states.update(_id, (stored) => ({ ...stored, ...next }));
  if (!kept) yield* states.insert({ ...blank, ...next, _id, tenantId });
  return yield* scope.collection('jobs').get(jobId);
}

/**
 * Makes the directory's one job due at once. One that is under way goes on, and another one follows it.
 *
 * Call `wakeJobs` after the transaction.
 */
export function* pullAtOnceStep(
  tx: Transaction,
  directory: DirectoryDocument,
  now: Date,
  isForcedNow = false,
): Step<JobDocument | undefined> {
  if (!pulls(directory)) return undefined;
  const scope = tx.tenant(directory.tenantId);
  const jobs = scope.collection('jobs');
  const pull = yield* scope.collection('directory_pulls').get(directory._id);
  const job = pull && (yield* jobs.get(pull.jobId));
  const isForced = isForcedNow || pull?.isForced === true;
  if (!pull || !job || job.failedAt) return yield* newJobStep(tx, directory, now, isForced);
  const isWanted = isUnderWay(job, now);
  const nextPullAt = isWanted ? pull.nextPullAt : now;
  // Always written: of several who ask at the same moment each sees what the one before left.
  yield* scope
    .collection('directory_pulls')
    .update(pull._id, (stored) => ({ ...stored, isForced, isWanted, nextPullAt }));
  if (isWanted || job.runAt <= now) return job;
  return yield* jobs.update(job._id, (stored) => ({ ...stored, runAt: now }));
}

/**
 * Pulls a directory now rather than at its next time.
 *
 * @param options - `force`: many people may leave with it; asks for all that the directory gives, as a new key does.
 * @returns the job, the same one for several who ask.
 * @throws AppError `directory.not_found`, `directory.wrong_kind`, `directory.disabled`, `role.not_grantable`.
 */
export async function requestPull(
  core: Core,
  actor: Actor,
  directoryId: string,
  { force = false }: { force?: boolean } = {},
): Promise<JobDocument> {
  const now = core.clock.now();
  const job = await core.store.transaction(function* (tx) {
    const directory = yield* tx.tenant(actor.tenantId).collection('directories').get(directoryId);
    if (!directory) throw new AppError('directory.not_found', 'there is no such directory');
    if (!directory.google)
      throw new AppError('directory.wrong_kind', 'only a directory of the kind google pulls');
    if (!directory.enabled)
      throw new AppError('directory.disabled', 'the directory is disabled: enable it first');
    if (force)
      yield* requireDirectoryAuthority(
        tx,
        actor,
        yield* tenantConfigStep(core, tx, actor.tenantId),
        directory,
      );
    const found = yield* pullAtOnceStep(tx, directory, now, force);
    if (!found) throw new AppError('store.conflict', 'the job of the directory is gone: try again');
    const changes = [{ path: 'force', before: null, after: force }];
    const event = { action: 'directory.pull_requested', target: partyOf(directory), changes };
    yield* recordEvent(tx, actor, event, now);
    return found;
  });
  wakeJobs(core);
  return job;
}

/** A pull that may begin. */
export interface BegunPull {
  directory: DirectoryDocument;
  pull: DirectoryPullDocument;
}

/**
 * What a job of {@link pullJob} is to do.
 *
 * @returns undefined for nothing: the directory is gone or disabled, has another job by now, or its tenant is suspended.
 */
export async function beginPull(core: Core, job: JobDocument): Promise<BegunPull | undefined> {
  const directoryId = String(job.payload['directoryId']);
  const scope = core.store.tenant(job.tenantId);
  const directory = await scope.collection('directories').get(directoryId);
  const pull = await scope.collection('directory_pulls').get(directoryId);
  if (!directory || pull?.jobId !== job._id) return undefined;
  const config = await findTenantConfig(core, job.tenantId);
  if (!config) return undefined;
  if (!isOpen(config.tenant)) {
    await endPull(core, job, undefined);
    return undefined;
  }
  if (pulls(directory)) return { directory, pull };
  await scope
    .collection('directory_pulls')
    .update(directoryId, (stored) =>
      stored.jobId === job._id ? { ...stored, nextPullAt: null } : undefined,
    );
  return undefined;
}

/** How a pull ended. */
export interface EndedPull {
  result: PullResult;
  /** In words, with the remedy; null: all went well. */
  error: string | null;
  /** Of a stop: how many people would have left, and of how many. */
  leaving?: { people: number; of: number } | undefined;
}

/** What the audit trail tells of a pull: that it stopped or failed, once and not with each pull after it. */
function* recordEnd(
  tx: Transaction,
  directory: DirectoryDocument,
  before: DirectoryPullDocument,
  ended: EndedPull,
  now: Date,
): Step<void> {
  const { result, error, leaving } = ended;
  const isKnown = before.lastResult?.outcome === result.outcome && before.error === error;
  if (result.outcome === 'done' || isKnown) return;
  const changes: FieldChange[] = [{ path: 'error', before: null, after: error }];
  if (leaving) changes.push({ path: 'leaving', before: leaving.of, after: leaving.people });
  const action = result.outcome === 'stopped' ? 'directory.pull_stopped' : 'directory.pull_failed';
  const event = { action, target: partyOf(directory), changes, result: 'failure' as const };
  yield* recordEvent(tx, systemActor(directory.tenantId), event, now);
}

/**
 * Keeps how a pull ended, and leaves the job of the next one: in one transaction, so that there is always exactly one.
 *
 * @param ended - undefined: it was none, as its tenant is suspended.
 */
export async function endPull(core: Core, job: JobDocument, ended: EndedPull | undefined): Promise<void> {
  const directoryId = String(job.payload['directoryId']);
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(job.tenantId);
    const directory = yield* scope.collection('directories').get(directoryId);
    const before = yield* scope.collection('directory_pulls').get(directoryId);
    if (!directory?.google || before?.jobId !== job._id) return;
    const runAt = before.isWanted ? now : new Date(now.getTime() + directory.google.pullMinutes * minuteMs);
    const payload = { directoryId };
    const jobId = yield* enqueueJob(tx, job.tenantId, { kind: pullJob, payload, runAt }, now);
    if (ended) yield* recordEnd(tx, directory, before, ended, now);
    const kept = ended && {
      lastPullAt: now,
      lastResult: ended.result,
      error: ended.error,
      isForced: ended.result.outcome !== 'done' && before.isForced,
    };
    yield* scope.collection('directory_pulls').update(directoryId, (stored) => ({
      ...stored,
      ...kept,
      jobId,
      nextPullAt: runAt,
      isWanted: false,
    }));
  });
  wakeJobs(core);
}
