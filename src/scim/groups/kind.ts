import { isVisibleTo, visibleTo } from '../../identity/visibility.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { ScimContext } from '../exchange/request.js';
import { groupFilterTable } from './filter.js';
import { membersOfEach } from './members.js';
import { toScimGroup } from './resource.js';
import type { ResourceKind } from '../list/page-search.js';

const storedSorts: ReadonlyMap<string, string> = new Map([
  ['id', '_id'],
  ['displayName', 'displayNameKey'],
  ['meta.created', 'createdAt'],
  ['meta.lastModified', 'updatedAt'],
]);

/** Groups as one directory finds and reads them. */
export function groupKind(context: ScimContext): ResourceKind<GroupDocument> {
  const { core, tenantId, schemas, baseUrl } = context;
  return {
    schema: schemas.group,
    collection: core.store.tenant(tenantId).collection('groups'),
    visible: context.directoryId === null ? {} : visibleTo(context.directoryId),
    isVisible: (row) => isVisibleTo(row, context.directoryId),
    table: groupFilterTable(context),
    storedSorts,
    linked: 'members',
    async toResources(groups, { links }) {
      const members = links ? await membersOfEach(context, groups) : undefined;
      const known = members ? groups.filter((group) => members.has(group._id)) : groups;
      return known.map((group) => toScimGroup(group, schemas.group, baseUrl, members?.get(group._id)));
    },
  };
}
