import pLimit from 'p-limit';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { systemActor } from '../actors.js';
import type { Actor, Core } from '../core.js';
import { enqueueJob, type JobDocument } from '../jobs/queue.js';
import { changeMembersStep, type Difference } from './member-steps.js';
import { tenantConfig } from '../tenants/config.js';
import { joinEffects, noEffects, type Effects } from '../users/effects.js';
import { openWrite, type WriteContext } from '../users/save.js';
import { service } from '../../shared/services.js';

/**
 * A change of more members than one transaction should hold. The first transaction judges all of it, writes its first part, and leaves the
 * others as jobs: from its commit on the change is certain. Whoever asked writes the parts one after the other and answers at the end;
 * when the process dies, a worker does, or the next one to change the group's members, before anything of its own.
 */

/** Kind of the job that is one part of a change. */
export const memberPartJob = 'members.change';

/** The embedded database does a transaction in one go, and everybody waits for it. */
const maxPerTransaction = 100;

/** Fewer changes than this do not wait for others. */
const minQueuedChanges = 20;

/** How long a part waits for who asked for it before a worker takes it. */
const workerDelayMs = 30_000;

/** An earlier change of this group still has parts to write. */
export class PendingChangeError extends Error {}

/** The parts in the order they are written; at least one, be it empty. Those named stand in the first, whatever its size. */
export function partsOf(
  { add, remove }: Difference,
  first: ReadonlySet<string> = new Set(),
): [Difference, ...Difference[]] {
  const all = [
    ...remove.map((id) => ({ id, isMember: false })),
    ...add.map((id) => ({ id, isMember: true })),
  ].sort((a, b) => Number(first.has(b.id)) - Number(first.has(a.id)));
  const partAt = (at: number, end: number): Difference => {
    const part = all.slice(at, end);
    return {
      add: part.filter(({ isMember }) => isMember).map(({ id }) => id),
      remove: part.filter(({ isMember }) => !isMember).map(({ id }) => id),
    };
  };
  let at = Math.max(maxPerTransaction, first.size);
  const parts: [Difference, ...Difference[]] = [partAt(0, at)];
  for (; at < all.length; at += maxPerTransaction) parts.push(partAt(at, at + maxPerTransaction));
  return parts;
}

/** Large transactions run one at a time: the database would do several in one go all the same. */
const largeTransactions = service(() => pLimit(1));

/** Runs a transaction of many changes when no other such one runs. */
export async function inLine<R>(core: Core, size: number, work: () => Promise<R>): Promise<R> {
  return size < minQueuedChanges ? work() : largeTransactions(core)(work);
}

export const sizeOf = ({ add, remove }: Difference): number => add.length + remove.length;

/** Whether a change takes more than one transaction. */
export const isLarge = ({ add, remove }: Difference): boolean =>
  add.length + remove.length > maxPerTransaction;

/**
 * Whose joining or leaving may be refused, and with it the whole: nested groups that leave, people who manage something, of whom some stand
 * above the actor and the last administrator stays, and oneself.
 */
export async function refusable(
  core: Core,
  actor: Actor,
  groupId: string,
  { add, remove }: Difference,
): Promise<string[]> {
  const scope = core.store.tenant(actor.tenantId);
  const { roles } = await tenantConfig(core, actor.tenantId);
  const managing = [...roles.values()].filter(({ management }) => management.length > 0);
  const holdsRole = { 'grants.role': { $in: managing.map(({ fullKey }) => fullKey) } };
  const candidates = new Set([actor.party.id]);
  for await (const { _id } of scope.collection('groups').iterate({ groupIds: groupId }, { fields: [] }))
    candidates.add(_id);
  for await (const { _id } of scope.collection('users').iterate(holdsRole, { fields: [] }))
    candidates.add(_id);
  return [...add, ...remove].filter((id) => candidates.has(id));
}

/** Leaves the later parts of a change behind with the first. @returns the group with their ids. */
export function* leaveParts(
  context: WriteContext,
  group: GroupDocument,
  parts: readonly Difference[],
): Step<GroupDocument> {
  if (parts.length === 0) return group;
  const { actor, now, tenantId, tx } = context;
  const { party, directoryId, requestId, ip } = actor;
  const runAt = new Date(now.getTime() + workerDelayMs);
  const ids: string[] = [];
  for (const { add, remove } of parts) {
    const payload = { groupId: group._id, add, remove, actor: { party, directoryId, requestId, ip } };
    ids.push(yield* enqueueJob(tx, tenantId, { kind: memberPartJob, payload, runAt }, now));
  }
  const groups = tx.tenant(tenantId).collection('groups');
  return (yield* groups.update(group._id, (stored) => ({ ...stored, pendingParts: ids }))) ?? group;
}

/** @throws PendingChangeError while an earlier change of the group has parts to write. */
export function requireNoneLeft(group: GroupDocument): void {
  if (group.pendingParts && group.pendingParts.length > 0) throw new PendingChangeError();
}

type PartPayload = Pick<Difference, 'add' | 'remove'> & {
  groupId: string;
  actor: Pick<Actor, 'party' | 'directoryId' | 'requestId' | 'ip'>;
};

/** What was permitted when the change was committed is permitted now. */
function actorOf(job: JobDocument): Actor {
  const { actor } = job.payload as PartPayload;
  return { ...systemActor(job.tenantId), ...actor };
}

function* writePartStep(
  tx: Transaction,
  core: Core,
  group: GroupDocument,
  job: JobDocument,
  actor: Actor,
): Step<Effects> {
  const context = yield* openWrite(tx, core, actor);
  const { add, remove } = job.payload as PartPayload;
  yield* changeMembersStep(context, group, { add, remove }, true);
  return context.effects;
}

/**
 * Writes one part, once: its job goes in the same transaction.
 *
 * @param actor - who asked, when it is they who write; absent: as the job names them.
 * @returns the group afterwards; undefined when it is gone, and its members with it.
 */
async function writePart(
  core: Core,
  tenantId: string,
  groupId: string,
  partId: string,
  actor?: Actor,
): Promise<WrittenPart | undefined> {
  const write = function* (tx: Transaction): Step<WrittenPart | undefined> {
    const scope = tx.tenant(tenantId);
    const [jobs, groups] = [scope.collection('jobs'), scope.collection('groups')];
    const job = yield* jobs.get(partId);
    const group = yield* groups.get(groupId);
    if (job) yield* jobs.remove(partId);
    if (!group) return undefined;
    if (!group.pendingParts?.includes(partId)) return { group, effects: noEffects() };
    const effects = job ? yield* writePartStep(tx, core, group, job, actor ?? actorOf(job)) : noEffects();
    const after = yield* groups.update(groupId, (stored) => ({
      ...stored,
      pendingParts: (stored.pendingParts ?? []).filter((id) => id !== partId),
    }));
    return { group: after ?? group, effects };
  };
  return inLine(core, maxPerTransaction, () => core.store.transaction(write));
}

/** A group after a part was written, and what the part changed. */
interface WrittenPart {
  group: GroupDocument;
  effects: Effects;
}

/** Writes the parts of a change that are left. @returns the group afterwards; as it was given when there are none. */
export async function writeParts(core: Core, group: GroupDocument, actor?: Actor): Promise<WrittenPart> {
  const parts: WrittenPart[] = [];
  for (const partId of group.pendingParts ?? []) {
    const written = await writePart(core, group.tenantId, group._id, partId, actor);
    if (!written) break;
    parts.push(written);
  }
  return { group: parts.at(-1)?.group ?? group, effects: joinEffects(parts.map(({ effects }) => effects)) };
}

/** Finishes an earlier change of this group that still has parts to write. */
export async function writePending(core: Core, tenantId: string, groupId: string): Promise<void> {
  const group = await core.store.tenant(tenantId).collection('groups').get(groupId);
  if (group) await writeParts(core, group);
}

/** The handler of {@link memberPartJob}. */
export async function writeLeftPart(core: Core, job: JobDocument): Promise<void> {
  const { groupId } = job.payload as PartPayload;
  await writePart(core, job.tenantId, groupId, job._id);
}
