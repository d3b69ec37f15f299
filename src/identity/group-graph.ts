import type { GroupDocument } from '../persistence/collections/groups.js';
import type { Scope, Step, Transaction } from '../persistence/store.js';

const fields = ['displayName', 'externalId', 'groupIds', 'directoryId', 'shownAt'] as const;
export type GroupNode = Pick<GroupDocument, '_id' | (typeof fields)[number]>;

/** The ids a set of groups leads up to that are not known yet. */
function nextIds(level: readonly GroupNode[], known: ReadonlyMap<string, GroupNode>): string[] {
  return [...new Set(level.flatMap((group) => group.groupIds))].filter((id) => !known.has(id));
}

/** Groups by id as far as they were read; undefined for one that is gone. */
export type KnownGroups = Map<string, GroupNode | undefined>;

/**
 * Reads these groups and every group they are nested in, unless they are known: one query a level. A ring ends the walk.
 *
 * @param known - is filled.
 */
export function* knownGroupsStep(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  known: KnownGroups,
): Step<void> {
  const seen = new Set<string>();
  for (let level = [...new Set(ids)]; level.length > 0;) {
    const wanted = level.filter((id) => !known.has(id));
    wanted.forEach((id) => known.set(id, undefined));
    const found =
      wanted.length === 0
        ? []
        : yield* tx
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

/**
 * These groups and every group they are nested in, by id, outside a transaction. Groups that are gone are left out.
 */
export async function groupClosure(scope: Scope, ids: readonly string[]): Promise<Map<string, GroupNode>> {
  const known = new Map<string, GroupNode>();
  for (let wanted = [...new Set(ids)]; wanted.length > 0;) {
    const level = await scope.collection('groups').find({ _id: { $in: wanted } }, { fields });
    level.forEach((group) => known.set(group._id, group));
    wanted = nextIds(level, known);
  }
  return known;
}

/** Whether these groups, or those above them, changed their names or one another at this instant or after it. */
export async function shownSince(scope: Scope, groupIds: readonly string[], instant: Date): Promise<boolean> {
  const groups = await groupClosure(scope, groupIds);
  return [...groups.values()].some(({ shownAt }) => shownAt !== undefined && shownAt >= instant);
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
export function* descendantGroupsStep(tx: Transaction, tenantId: string, groupId: string): Step<string[]> {
  const known = new Set([groupId]);
  for (let level = [groupId]; level.length > 0;) {
    const children: { _id: string }[] = yield* tx
      .tenant(tenantId)
      .collection('groups')
      .find({ groupIds: { $in: level } }, { fields: ['groupIds'] });
    level = children.map(({ _id }) => _id).filter((id) => !known.has(id));
    level.forEach((id) => known.add(id));
  }
  known.delete(groupId);
  return [...known];
}
