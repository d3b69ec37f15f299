import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { groupClosure, reachable } from '../grants/group-graph.js';
import { isVisibleTo } from '../visibility.js';

/** A group that a user is in. */
export interface GroupRef {
  id: string;
  displayName: string;
  externalId: string | null;
  /** `indirect`: through a group that is a member of this one. */
  type: 'direct' | 'indirect';
}

/**
 * The groups of many users at once, nested ones too: as many queries as the nesting is deep.
 *
 * @param viewerId - the directory that looks: groups of others are left out; null: all are shown.
 */
export async function groupsOf(
  core: Core,
  tenantId: string,
  users: readonly Pick<UserDocument, '_id' | 'groupIds'>[],
  viewerId: string | null = null,
): Promise<Map<string, GroupRef[]>> {
  const known = await groupClosure(
    core.store,
    tenantId,
    users.flatMap((user) => user.groupIds),
  );
  return new Map(
    users.map((user) => {
      const seen = reachable(user.groupIds, known).filter((group) => isVisibleTo(group, viewerId));
      const refs = seen.map(({ _id, displayName, externalId }) => ({
        id: _id,
        displayName,
        externalId,
        type: user.groupIds.includes(_id) ? ('direct' as const) : ('indirect' as const),
      }));
      return [user._id, refs];
    }),
  );
}
