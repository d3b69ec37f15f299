import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { Reader, Step, Store, Transaction } from '../../persistence/store.js';

const fields = ['displayName', 'externalId', 'groupIds', 'directoryId', 'shownAt'] as const;
/** How many groups may stand above one another over a group. What is nested deeper is not looked at. */
export const deepestNesting = 32;

export type GroupNode = Pick<GroupDocument, '_id' | (typeof fields)[number]>;

/** Groups by id as far as they were read; undefined for one that is gone. */
export type KnownGroups = Map<string, GroupNode | undefined>;

/**
 * Reads these groups and every group they are nested in, unless they are known: one query a level. A ring ends the walk.
 *
 * @param known - is filled.
 */
export function* knownGroupsStep(
  reader: Reader,
  tenantId: string,
  ids: readonly string[],
  known: KnownGroups,
): Step<void> {
  const seen = new Set<string>();
  let depth = 0;
  for (let level = [...new Set(ids)]; level.length > 0 && depth <= deepestNesting; depth += 1) {
    const wanted = level.filter((id) => !known.has(id));
    wanted.forEach((id) => known.set(id, undefined));
    const found =
      wanted.length === 0
        ? []
        : yield* reader
            .tenant(tenantId)
            .collection('groups')
            .find({ _id: { $in: wanted } }, { fields });
    found.forEach((group) => known.set(group._id, group));
    level.forEach((id) => seen.add(id));
    level = [...new Set(level.flatMap((id) => known.get(id)?.groupIds ?? []))].filter((id) => !seen.has(id));
  }
}

/** The ids of these groups and of every group they are nested in, as they stand in the transaction. */
export function* groupsAboveStep(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
): Step<Set<string>> {
  const known: KnownGroups = new Map();
  yield* knownGroupsStep(tx, tenantId, ids, known);
  return new Set(reachable(ids, known).map(({ _id }) => _id));
}

/** These groups and every group they are nested in, by id, read outside a transaction. */
export function groupClosure(store: Store, tenantId: string, ids: readonly string[]): Promise<KnownGroups> {
  return store.read(function* (reader): Step<KnownGroups> {
    const known: KnownGroups = new Map();
    yield* knownGroupsStep(reader, tenantId, ids, known);
    return known;
  });
}

/** Whether these groups, or those above them, changed their names or one another at this instant or after it. */
export async function shownSince(
  store: Store,
  tenantId: string,
  groupIds: readonly string[],
  instant: Date,
): Promise<boolean> {
  const groups = await groupClosure(store, tenantId, groupIds);
  return [...groups.values()].some((group) => group?.shownAt !== undefined && group.shownAt >= instant);
}

/**
 * The groups of one user out of a closure that was loaded for many: direct and indirect.
 *
 * @param directoryId - only groups of this directory, and only by way of such; absent: all.
 */
export function reachable(
  ids: readonly string[],
  known: ReadonlyMap<string, GroupNode | undefined>,
  directoryId?: string | null,
): GroupNode[] {
  const found = new Map<string, GroupNode>();
  const walk = [...ids];
  for (let id = walk.pop(); id !== undefined; id = walk.pop()) {
    const group = found.has(id) ? undefined : known.get(id);
    if (!group || (directoryId !== undefined && group.directoryId !== directoryId)) continue;
    found.set(id, group);
    walk.push(...group.groupIds);
  }
  return [...found.values()];
}

/** The groups nested in this one at any depth, without itself. */
export function* descendantGroupsStep(reader: Reader, tenantId: string, groupId: string): Step<string[]> {
  const known = new Set([groupId]);
  let depth = 0;
  for (let level = [groupId]; level.length > 0 && depth < deepestNesting; depth += 1) {
    const children: { _id: string }[] = yield* reader
      .tenant(tenantId)
      .collection('groups')
      .find({ groupIds: { $in: level } }, { fields: [] });
    level = children.map(({ _id }) => _id).filter((id) => !known.has(id));
    level.forEach((id) => known.add(id));
  }
  known.delete(groupId);
  return [...known];
}

/**
 * How many groups stand above one another over (or, nested, below) a group, along the longest way.
 *
 * @param next - the groups one step further.
 * @returns one more than {@link deepestNesting} for anything deeper.
 */
function* reachStep(
  groupId: string,
  next: (level: readonly string[]) => Step<readonly string[]>,
): Step<number> {
  let level: readonly string[] = [groupId];
  for (let steps = 0; steps <= deepestNesting; steps += 1) {
    level = [...new Set(yield* next(level))];
    if (level.length === 0) return steps;
  }
  return deepestNesting + 1;
}

/** How deep groups would nest with one group put into another; {@link deepestNesting} is the most that is taken. */
export function* nestingStep(
  tx: Transaction,
  tenantId: string,
  childId: string,
  groupId: string,
): Step<number> {
  const groups = tx.tenant(tenantId).collection('groups');
  const known = new Map<string, readonly string[]>();
  const above = yield* reachStep(groupId, function* (level): Step<readonly string[]> {
    const wanted = level.filter((id) => !known.has(id));
    const found =
      wanted.length === 0 ? [] : yield* groups.find({ _id: { $in: wanted } }, { fields: ['groupIds'] });
    for (const group of found) known.set(group._id, group.groupIds);
    return level.flatMap((id) => known.get(id) ?? []);
  });
  if (above >= deepestNesting) return above + 1;
  const below = yield* reachStep(childId, function* (level): Step<readonly string[]> {
    const found = yield* groups.find({ groupIds: { $in: [...level] } }, { fields: [] });
    return found.map(({ _id }) => _id);
  });
  return above + 1 + below;
}
