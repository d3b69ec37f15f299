import type { DirectoryGuardDocument } from '../../persistence/collections/directory-guards.js';
import type { ChangeGuard, DirectoryDocument } from '../../persistence/collections/directories.js';
import type { Grant, HeldChange, UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { recordEvent } from '../audit/audit.js';
import type { FieldChange } from '../changes.js';
import { heldSource, withGrants } from '../grants/grants.js';
import { enqueueJob } from '../jobs/queue.js';
import { mailAdministrators } from './administrator-mails.js';
import { partyOf } from './change-events.js';
import type { WriteContext } from './save.js';
import { leavingFrom } from '../visibility.js';

/** Kind of the job that releases what is undecided for too long. */
export const heldReleaseJob = 'held_changes.release';

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** How long a count of a directory's people is used. */
const countKeptMs = 10 * minuteMs;
/** The most people who may lose access in one window, whatever their share: each loss is kept by name. */
const maxCounted = 1000;

/** A directory that speaks, and its guard. */
interface Guarded {
  directory: DirectoryDocument;
  guard: ChangeGuard;
}

function guardedOf({ actor, config }: WriteContext): Guarded | undefined {
  const directory = actor.directoryId === null ? undefined : config.directories.get(actor.directoryId);
  return directory?.changeGuard ? { directory, guard: directory.changeGuard } : undefined;
}

/** Has a job that continues a directory's change work under its guard. */
export function guardedBy(context: WriteContext): { by?: string } {
  const guarded = guardedOf(context);
  return guarded ? { by: guarded.directory._id } : {};
}

const rolesOf = (grants: readonly Grant[]): Set<string> => new Set(grants.map(({ role }) => role));

/** The roles that a change takes. */
function lostRoles(before: readonly Grant[], after: readonly Grant[]): string[] {
  if (before === after) return [];
  const kept = rolesOf(after);
  return [...rolesOf(before)].filter((role) => !kept.has(role));
}

export const isHeldGrant = ({ type, sourceId }: Grant): boolean => type === 'rule' && sourceId === heldSource;

/** Without what is held back no more: a role that is given again, a disable that was made since. */
function settled(wanted: UserDocument): UserDocument {
  if (!wanted.heldChange) return wanted;
  const given = rolesOf(wanted.grants.filter((grant) => !isHeldGrant(grant)));
  const grants = wanted.grants.filter((grant) => !isHeldGrant(grant) || !given.has(grant.role));
  const heldChange = { ...wanted.heldChange, disables: wanted.heldChange.disables && wanted.enabled };
  const isOpen = heldChange.disables || heldChange.deletes || grants.some(isHeldGrant);
  const isSame = grants.length === wanted.grants.length;
  return { ...wanted, ...(!isSame && { grants }), heldChange: isOpen ? heldChange : null };
}

/**
 * How many people may lose access in one window (rule of the change guard).
 *
 * @param people - whom the directory manages.
 */
function allowedLosses({ percent, people: most }: ChangeGuard, people: number): number {
  const share = percent === null ? Infinity : Math.max(1, Math.floor((people * percent) / 100));
  return Math.min(share, most ?? Infinity, maxCounted);
}

/** The losses that still count at an instant. */
const recentLosses = (
  losses: DirectoryGuardDocument['losses'],
  { windowMinutes }: ChangeGuard,
  now: Date,
): DirectoryGuardDocument['losses'] =>
  losses.filter(({ at }) => now.getTime() - at.getTime() < windowMinutes * minuteMs);

const guardsOf = ({ tx, tenantId }: WriteContext) => tx.tenant(tenantId).collection('directory_guards');

function* readGuard(context: WriteContext, { directory }: Guarded): Step<DirectoryGuardDocument> {
  const guards = guardsOf(context);
  const { _id, tenantId } = directory;
  return (
    (yield* guards.get(_id)) ??
    (yield* guards.insert({ _id, tenantId, losses: [], people: 0, countedAt: null, heldSince: null }))
  );
}

/** Counts a directory's people where the last count is too old; while losses count, the larger number counts. */
function* counted(
  context: WriteContext,
  stored: DirectoryGuardDocument,
  hasLosses: boolean,
): Step<Pick<DirectoryGuardDocument, 'people' | 'countedAt'>> {
  const { people, countedAt } = stored;
  const { now, tenantId, tx } = context;
  if (countedAt && now.getTime() - countedAt.getTime() < countKeptMs) return { people, countedAt };
  const found = yield* tx.tenant(tenantId).collection('users').count({ directoryId: stored._id });
  return { people: hasLosses ? Math.max(people, found) : found, countedAt: now };
}

/** Whether another user who is let in has the role. */
function* hasOtherHolder({ tx, tenantId }: WriteContext, user: UserDocument, role: string): Step<boolean> {
  const query = { 'grants.role': role, enabled: true, _id: { $ne: user._id } };
  const other = yield* tx.tenant(tenantId).collection('users').findOne(query, { fields: [] });
  return other !== undefined;
}

/**
 * Whether a user may lose access without a person's word. Each loss writes the one document of the directory, so that of several at once
 * no more pass than may.
 */
function* mayLose(
  context: WriteContext,
  guarded: Guarded,
  user: UserDocument,
  roles: Iterable<string>,
): Step<boolean> {
  const { guard } = guarded;
  const { now } = context;
  if (guard.lastHolders)
    for (const role of roles) if (!(yield* hasOtherHolder(context, user, role))) return false;
  const stored = yield* readGuard(context, guarded);
  const recent = recentLosses(stored.losses, guard, now);
  const count = yield* counted(context, stored, recent.length > 0);
  const isKnown = recent.some(({ userId }) => userId === user._id);
  const may = isKnown || recent.length < allowedLosses(guard, count.people);
  const losses = may && !isKnown ? [...recent, { userId: user._id, at: now }] : recent;
  yield* guardsOf(context).update(stored._id, (document) => ({ ...document, ...count, losses }));
  return may;
}

const directoryParty = ({ _id: id, name: label }: DirectoryDocument) => ({ type: 'directory', id, label });

/** Informs administrators once that changes wait, with the first of them. */
function* openHold(context: WriteContext, { directory, guard }: Guarded): Step<void> {
  const { actor, core, now, tenantId, tx } = context;
  const guards = guardsOf(context);
  const stored = yield* readGuard(context, { directory, guard });
  if (stored.heldSince !== null) return;
  yield* guards.update(directory._id, (document) => ({ ...document, heldSince: now }));
  const target = directoryParty(directory);
  yield* recordEvent(tx, actor, { action: 'directory.changes_held', target }, now);
  yield* mailAdministrators(core, tx, tenantId, {
    path: `/admin/directories/${directory._id}?tab=guard`,
    template: 'changes_held',
    factsIn: () => ({ directory: directory.name, hours: guard.releaseAfterHours }),
  });
  yield* enqueueRelease(context, directory, now);
}

/** Leaves the job that releases what is held since then, where the guard says so. */
export function* enqueueRelease(
  { now, tenantId, tx }: Pick<WriteContext, 'now' | 'tenantId' | 'tx'>,
  { _id: directoryId, changeGuard }: DirectoryDocument,
  since: Date,
): Step<void> {
  const hours = changeGuard?.releaseAfterHours ?? null;
  if (hours === null) return;
  const runAt = new Date(since.getTime() + hours * hourMs);
  yield* enqueueJob(tx, tenantId, { kind: heldReleaseJob, payload: { directoryId }, runAt }, now);
}

/** What one request takes of a user. */
interface Loss {
  disables: boolean;
  deletes: boolean;
  roles: readonly string[];
}

function changesOf(before: UserDocument, { deletes, disables, roles }: Loss): FieldChange[] {
  const had = [...rolesOf(before.grants)].sort();
  return [
    ...(disables ? [{ path: 'enabled', before: true, after: false }] : []),
    ...(deletes ? [{ path: 'deleted', before: false, after: true }] : []),
    ...(roles.length > 0
      ? [{ path: 'roles', before: had, after: had.filter((role) => !roles.includes(role)) }]
      : []),
  ];
}

const newHold = ({ directory }: Guarded, { actor, now }: WriteContext): HeldChange => ({
  ...{ directoryId: directory._id, at: now, requestId: actor.requestId },
  disables: false,
  deletes: false,
});

/** The user as the change leaves them without what it takes, which is noted. */
function* withHeld(
  context: WriteContext,
  guarded: Guarded,
  { before, wanted }: { before: UserDocument; wanted: UserDocument },
  loss: Loss,
): Step<UserDocument> {
  const { actor, now, tx } = context;
  const known = wanted.heldChange ?? before.heldChange ?? newHold(guarded, context);
  yield* openHold(context, guarded);
  const event = { action: 'user.change_held', target: partyOf(wanted), changes: changesOf(before, loss) };
  yield* recordEvent(tx, actor, event, now);
  const taken = before.grants.filter(({ role }) => loss.roles.includes(role));
  const grants = taken.map((grant) => ({ ...grant, type: 'rule' as const, sourceId: heldSource }));
  return {
    ...wanted,
    enabled: wanted.enabled || loss.disables,
    grants: grants.length === 0 ? wanted.grants : withGrants(wanted.grants, grants),
    heldChange: {
      ...known,
      disables: loss.disables || known.disables,
      deletes: loss.deletes || known.deletes,
    },
  };
}

/**
 * What becomes of a change of a user under the change guard of the directory that makes it: what gives access and what changes data is done,
 * what takes access away may be held back. Costs nothing where nothing is taken or there is no guard.
 */
export function* guardedChange(
  context: WriteContext,
  before: UserDocument,
  changed: UserDocument,
): Step<UserDocument> {
  const wanted = settled(changed);
  const guarded = guardedOf(context);
  if (!guarded || !before.enabled) return wanted;
  const loss = {
    disables: !wanted.enabled,
    deletes: false,
    roles: lostRoles(before.grants, wanted.grants),
  };
  if (!loss.disables && loss.roles.length === 0) return wanted;
  const atStake = loss.disables ? rolesOf(before.grants) : loss.roles;
  if (!before.heldChange && (yield* mayLose(context, guarded, before, atStake))) return wanted;
  return yield* withHeld(context, guarded, { before, wanted }, loss);
}

/**
 * A deletion by a directory under its guard.
 *
 * @returns the user whom the directory sees no more, and who stays otherwise; undefined: they may go.
 */
export function* guardedDeletion(context: WriteContext, user: UserDocument): Step<UserDocument | undefined> {
  const guarded = guardedOf(context);
  if (!guarded) return undefined;
  const atStake = user.enabled ? rolesOf(user.grants) : [];
  if (!user.heldChange && (yield* mayLose(context, guarded, user, atStake))) return undefined;
  const loss = { disables: false, deletes: true, roles: [] };
  const kept = yield* withHeld(context, guarded, { before: user, wanted: user }, loss);
  return { ...kept, directoryId: leavingFrom(guarded.directory._id) };
}
