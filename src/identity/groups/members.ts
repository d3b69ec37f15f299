import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { findGroupClash } from '../users/clashes.js';
import { refuseDuplicates } from '../duplicates.js';
import {
  editGroupStep,
  groupDuplicates,
  insertGroupStep,
  requireGroup,
  type GroupEdit,
  type GroupInput,
} from './groups.js';
import { wakeJobs } from '../jobs/queue.js';
import {
  inLine,
  isLarge,
  leaveParts,
  partsOf,
  PendingChangeError,
  refusable,
  requireNoneLeft,
  sizeOf,
  writeParts,
  writePending,
} from './batches.js';
import { changeMembersStep, requireMembers, type Difference } from './member-steps.js';
import { joinEffects, type Outcome } from '../users/effects.js';
import { openWrite } from '../users/save.js';
import { requireVersion, type WriteOptions } from '../versions.js';

/** What to do with a group's members, by the ids of users and groups; first `replaceWith`, then `add`, then `remove`. */
export interface MemberChange {
  add?: readonly string[];
  remove?: readonly string[];
  /** Exactly these; absent: the members that stand. */
  replaceWith?: readonly string[];
}

/** How often a change starts over because another one was written first. */
const maxAttempts = 20;

const isStale = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'resource.version_mismatch';

/** A group before and after a change of its members. */
export type GroupOutcome = Outcome<GroupDocument>;

export interface ChangeOptions extends WriteOptions {
  /** Changes the group's own attributes in the same transaction (the first one, when there are several). */
  edit?: GroupEdit;
}

/** What a group is to be, decided by what it is; it may be asked again. */
export type GroupPlan = (
  stored: GroupDocument,
) => Promise<{ members: readonly string[]; edit?: GroupEdit | undefined }>;

/**
 * Writes a difference: all of it is judged, and certain, with the first transaction; what does not fit into it follows (`member-parts.ts`).
 *
 * @returns `after` is `before` when nothing changed.
 */
async function writeDifference(
  core: Core,
  actor: Actor,
  groupId: string,
  difference: Difference,
  options: ChangeOptions,
): Promise<GroupOutcome> {
  const [first, ...rest] = await judgedParts(core, actor, groupId, difference);
  const write = function* (tx: Transaction): Step<GroupOutcome> {
    const context = yield* openWrite(tx, core, actor);
    const groups = tx.tenant(context.tenantId).collection('groups');
    const stored = requireGroup(yield* groups.get(groupId), actor.directoryId);
    requireNoneLeft(stored);
    requireVersion(stored, options);
    const edited = options.edit ? yield* editGroupStep(context, stored, options.edit) : stored;
    const after = yield* leaveParts(context, yield* changeMembersStep(context, edited, first), rest);
    return { before: stored, after, effects: context.effects };
  };
  const hot = `groups/${groupId}`;
  const outcome = await inLine(core, sizeOf(first), () => core.store.transaction(write, { hot }));
  return rest.length === 0 ? outcome : writeRest(core, actor, outcome);
}

/** Writes the parts that the first transaction left, and adds what they change. */
async function writeRest(
  core: Core,
  actor: Actor,
  { before, after, effects }: GroupOutcome,
): Promise<GroupOutcome> {
  const rest = await writeParts(core, after, actor);
  return { before, after: rest.group, effects: joinEffects([effects, rest.effects]) };
}

/** The parts of a difference, with all that could be refused in the first. */
async function judgedParts(
  core: Core,
  actor: Actor,
  groupId: string,
  difference: Difference,
): Promise<[Difference, ...Difference[]]> {
  if (!isLarge(difference)) return partsOf(difference);
  // A nested group may make a ring.
  const nested = await requireMembers(core, actor, difference.add);
  const refused = await refusable(core, actor, groupId, difference);
  return partsOf(difference, new Set([...nested, ...refused]));
}

async function memberIds(core: Core, tenantId: string, groupId: string): Promise<Set<string>> {
  const scope = core.store.tenant(tenantId);
  const ids = new Set<string>();
  for await (const { _id } of scope.collection('users').iterate({ groupIds: groupId }, { fields: [] }))
    ids.add(_id);
  for await (const { _id } of scope.collection('groups').iterate({ groupIds: groupId }, { fields: [] }))
    ids.add(_id);
  return ids;
}

/** The group changed between reading its members and writing the difference. */
class MembersMoved extends Error {}

/** Makes a group what is planned: the difference is computed for one version and written for that version alone. */
async function replaceMembers(
  core: Core,
  actor: Actor,
  groupId: string,
  plan: GroupPlan,
  options: WriteOptions = {},
): Promise<GroupOutcome> {
  const stored = await core.store.tenant(actor.tenantId).collection('groups').get(groupId);
  const group = requireGroup(stored, actor.directoryId);
  requireNoneLeft(group);
  requireVersion(group, options);
  const { members, edit } = await plan(group);
  const target = new Set(members);
  const current = await memberIds(core, actor.tenantId, groupId);
  const difference = {
    add: [...target].filter((id) => !current.has(id)),
    remove: [...current].filter((id) => !target.has(id)),
  };
  try {
    const ifVersion = group.version;
    return await writeDifference(core, actor, groupId, difference, {
      ...options,
      ifVersion,
      ...(edit && { edit }),
    });
  } catch (error) {
    throw isStale(error) ? new MembersMoved() : error;
  }
}

/**
 * Runs a change until nothing comes between: finishes an earlier change of the group first, and starts over when another one was written
 * in between.
 *
 * @throws AppError `store.conflict` after {@link maxAttempts}.
 */
async function runChange(
  core: Core,
  tenantId: string,
  groupId: string,
  change: () => Promise<GroupOutcome>,
): Promise<GroupOutcome> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      if (error instanceof PendingChangeError) await writePending(core, tenantId, groupId);
      else if (!(error instanceof MembersMoved)) throw error;
    }
  }
  throw new AppError('store.conflict', 'too many changes of this group at once; try again');
}

/**
 * Changes who is in a group: all of it or nothing. Costs what changes, whatever the group's size; up to 100 changes are one transaction, of
 * more the first transaction decides and the others follow, whatever becomes of this process. Readers may see them come.
 *
 * @throws AppError `group.not_found`, `input.invalid` for unknown members and rings, `user.last_administrator`,
 *   `resource.version_mismatch`, `store.conflict`.
 */
export async function changeMembers(
  core: Core,
  actor: Actor,
  groupId: string,
  change: MemberChange,
  options: ChangeOptions = {},
): Promise<GroupOutcome> {
  const remove = new Set(change.remove);
  const add = [...new Set(change.add)].filter((id) => !remove.has(id));
  const { replaceWith } = change;
  const { edit, ...conditions } = options;
  const members = replaceWith && [...replaceWith, ...add].filter((id) => !remove.has(id));
  return writeGroup(
    core,
    actor,
    groupId,
    () =>
      members
        ? replaceMembers(core, actor, groupId, () => Promise.resolve({ members, edit }), conditions)
        : writeDifference(core, actor, groupId, { add, remove: [...remove] }, options),
    (stored) => edit?.(stored)?.displayName,
  );
}

/**
 * Makes a group what its caller decides by what it is, its members included; see {@link changeMembers}.
 *
 * @throws as {@link changeMembers}, and what the plan throws.
 */
export function rewriteGroup(
  core: Core,
  actor: Actor,
  groupId: string,
  plan: GroupPlan,
): Promise<GroupOutcome> {
  return writeGroup(
    core,
    actor,
    groupId,
    () => replaceMembers(core, actor, groupId, plan),
    async (stored) => (await plan(stored)).edit?.(stored)?.displayName,
  );
}

/** @param nameFor - the name the change would give the group, to find whose it is. */
async function writeGroup(
  core: Core,
  actor: Actor,
  groupId: string,
  change: () => Promise<GroupOutcome>,
  nameFor: (stored: GroupDocument) => Promise<string | undefined> | string | undefined,
): Promise<GroupOutcome> {
  const { tenantId } = actor;
  const outcome = await refuseDuplicates(
    groupDuplicates,
    () => runChange(core, tenantId, groupId, change),
    async () => {
      const stored = await core.store.tenant(tenantId).collection('groups').get(groupId);
      return findGroupClash(core, actor, stored && (await nameFor(stored)));
    },
  );
  wakeJobs(core);
  return outcome;
}

/**
 * Adds a group with its members, or neither; see {@link changeMembers} for more than 100.
 *
 * @throws AppError `group.name_taken`, `input.invalid` for unknown members.
 */
export async function createGroupWithMembers(
  core: Core,
  actor: Actor,
  input: GroupInput,
  members: readonly string[],
): Promise<GroupOutcome> {
  const difference = { add: [...new Set(members)], remove: [] };
  if (isLarge(difference)) await requireMembers(core, actor, difference.add);
  const [first, ...rest] = partsOf(difference);
  const write = function* (tx: Transaction): Step<GroupOutcome> {
    const context = yield* openWrite(tx, core, actor);
    const before = yield* insertGroupStep(context, input);
    const after = yield* leaveParts(context, yield* changeMembersStep(context, before, first), rest);
    return { before, after, effects: context.effects };
  };
  const outcome = await refuseDuplicates(
    groupDuplicates,
    () => inLine(core, sizeOf(first), () => core.store.transaction(write)),
    () => findGroupClash(core, actor, input.displayName),
  );
  const whole = await writeRest(core, actor, outcome);
  wakeJobs(core);
  return whole;
}
