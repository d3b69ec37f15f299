import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { Query } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { countMembersOfEach } from './member-list.js';
import { administratorIdsOf } from '../grants/group-grants.js';
import { containing } from '../search-text.js';
import { tenantConfig } from '../tenants/config.js';
import { displayNameOf } from '../user-keys.js';

export type { GroupDocument } from '../../persistence/collections/groups.js';

export interface GroupFilter {
  /** Found anywhere in the name, any case. */
  q?: string | undefined;
  /** A directory's id; null: the groups made here. */
  directoryId?: string | null | undefined;
}

export interface GroupPageRequest {
  sort: 'displayName' | 'createdAt';
  descending: boolean;
  limit: number;
  /** Asked of each item, in order: whether to end with it. */
  until?: (read: unknown) => boolean;
  after?: GroupPosition | undefined;
}

export interface GroupPosition {
  key: string;
  id: string;
}

/** A group with what other collections say about it. */
export interface GroupView {
  group: GroupDocument;
  memberCount: number;
  directory: { id: string; name: string } | null;
  administrators: { id: string; displayName: string }[];
}

function queryOf({ q, directoryId }: GroupFilter): Query {
  return {
    ...(q !== undefined && { displayNameKey: containing(q) }),
    ...(directoryId !== undefined && { directoryId }),
  };
}

/** Every group that matches, in the order of their making. */
export function iterateGroups(
  core: Core,
  tenantId: string,
  filter: GroupFilter,
): AsyncIterable<GroupDocument> {
  return core.store.tenant(tenantId).collection('groups').iterate(queryOf(filter));
}

/** How many groups match. */
export function countGroups(core: Core, tenantId: string, filter: GroupFilter): Promise<number> {
  return core.store.tenant(tenantId).collection('groups').count(queryOf(filter), listTotal);
}

/** The list of groups as administrators search it: a page and how many match in all. */
export async function searchGroups(
  core: Core,
  tenantId: string,
  filter: GroupFilter,
  page: GroupPageRequest,
): Promise<{ items: GroupDocument[]; total: number }> {
  const groups = core.store.tenant(tenantId).collection('groups');
  const query = queryOf(filter);
  const direction = page.descending ? -1 : 1;
  const byName = page.sort === 'displayName';
  const [items, total] = await Promise.all([
    groups.find(query, {
      sort: byName ? { displayNameKey: direction } : { _id: direction },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.after && {
        after: { ...(byName && { displayNameKey: page.after.key }), _id: page.after.id },
      }),
    }),
    groups.count(query, listTotal),
  ]);
  return { items, total };
}

async function namesOf(core: Core, tenantId: string, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const users = core.store.tenant(tenantId).collection('users');
  const fields = ['userName', 'attributes'];
  const found = await users.find({ _id: { $in: [...new Set(ids)] } }, { fields });
  return new Map(found.map(({ _id, userName, attributes }) => [_id, displayNameOf(userName, attributes)]));
}

/** Groups as the API shows them: with the name of the directory, the administrators and the count of members; three queries for all. */
export async function viewGroups(
  core: Core,
  tenantId: string,
  groups: readonly GroupDocument[],
): Promise<GroupView[]> {
  const ids = [...new Set(groups.map((group) => group.directoryId).filter((id) => id !== null))];
  const [directories, names, counts] = await Promise.all([
    ids.length === 0
      ? []
      : core.store
          .tenant(tenantId)
          .collection('directories')
          .find({ _id: { $in: ids } }, { fields: ['name'] }),
    namesOf(core, tenantId, groups.flatMap(administratorIdsOf)),
    countMembersOfEach(
      core,
      tenantId,
      groups.map((group) => group._id),
    ),
  ]);
  return groups.map((group, index) => {
    const directory = directories.find(({ _id }) => _id === group.directoryId);
    return {
      group,
      memberCount: counts[index] ?? 0,
      directory: directory ? { id: directory._id, name: directory.name } : null,
      administrators: administratorIdsOf(group).flatMap((id) => {
        const displayName = names.get(id);
        return displayName === undefined ? [] : [{ id, displayName }];
      }),
    };
  });
}

/**
 * A group that a directory pushes is changed there, unless `scim.lockAttributes` is off.
 *
 * @throws AppError `group.provisioned`.
 */
export async function requireUnprovisioned(core: Core, group: GroupDocument): Promise<void> {
  if (group.directoryId === null) return;
  const { settings } = await tenantConfig(core, group.tenantId);
  if (!settings['scim.lockAttributes']) return;
  throw new AppError('group.provisioned', 'the directory that provisions this group owns it');
}
