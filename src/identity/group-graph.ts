import type { GroupDocument } from '../persistence/collections/groups.js';
import type { Scope, Step, Transaction } from '../persistence/store.js';

const fields = ['displayName', 'externalId', 'groupIds'] as const;
export type GroupNode = Pick<GroupDocument, '_id' | (typeof fields)[number]>;

/** The ids a set of groups leads up to that are not known yet. */
function nextIds(level: readonly GroupNode[], known: ReadonlyMap<string, GroupNode>): string[] {
  return [...new Set(level.flatMap((group) => group.groupIds))].filter((id) => !known.has(id));
}

/**
 * These groups and every group they are nested in, by id: one query a level. Groups that are gone are left out; a ring ends the walk.
 */
export function* groupClosureStep(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
): Step<Map<string, GroupNode>> {
  const known = new Map<string, GroupNode>();
  for (let wanted = [...new Set(ids)]; wanted.length > 0;) {
    const level = yield* tx
      .tenant(tenantId)
      .collection('groups')
      .find({ _id: { $in: wanted } }, { fields });
    level.forEach((group) => known.set(group._id, group));
    wanted = nextIds(level, known);
  }
  return known;
}

/** {@link groupClosureStep} outside a transaction. */
export async function groupClosure(scope: Scope, ids: readonly string[]): Promise<Map<string, GroupNode>> {
  const known = new Map<string, GroupNode>();
  for (let wanted = [...new Set(ids)]; wanted.length > 0;) {
    const level = await scope.collection('groups').find({ _id: { $in: wanted } }, { fields });
    level.forEach((group) => known.set(group._id, group));
    wanted = nextIds(level, known);
  }
  return known;
}

/** The groups of one user out of a closure that was loaded for many: direct and indirect. */
export function reachable(ids: readonly string[], known: ReadonlyMap<string, GroupNode>): GroupNode[] {
  const found = new Map<string, GroupNode>();
  const walk = [...ids];
  for (let id = walk.pop(); id !== undefined; id = walk.pop()) {
    const group = found.has(id) ? undefined : known.get(id);
    if (!group) continue;
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
