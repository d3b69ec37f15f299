import { groupsOf } from '../../identity/groups/groups-of.js';
import { isVisibleTo, visibleTo } from '../../identity/visibility.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { ScimContext } from '../exchange/request.js';
import { managerIdOf, managersOf, withManager } from '../derived/managers.js';
import type { ResourceKind } from '../list/page-search.js';
import { userFilterTable } from './filter.js';
import { toScimUser } from './resource.js';
import { standingsOf } from '../derived/user-status.js';

const storedSorts: ReadonlyMap<string, string> = new Map([
  ['id', '_id'],
  ['userName', 'userNameKey'],
  ['meta.created', 'createdAt'],
  ['meta.lastModified', 'updatedAt'],
]);

/** Users as one directory finds and reads them. */
export function userKind(context: ScimContext): ResourceKind<UserDocument> {
  const { core, tenantId, schemas, baseUrl } = context;
  return {
    schema: schemas.user,
    collection: core.store.tenant(tenantId).collection('users'),
    visible: context.directoryId === null ? {} : visibleTo(context.directoryId),
    isVisible: (row) => isVisibleTo(row, context.directoryId),
    table: userFilterTable(context),
    storedSorts,
    linked: 'groups',
    async toResources(users, wanted) {
      const groups = wanted.links ? await groupsOf(core, tenantId, users, context.directoryId) : undefined;
      const standings = wanted.standing ? await standingsOf(context, users) : undefined;
      const managers = await managersOf(context, wanted.managers ? users.map(managerIdOf) : []);
      return users.map((user) => {
        const own = [groups?.get(user._id), standings?.get(user._id)] as const;
        return withManager(
          toScimUser(user, schemas.user, baseUrl, ...own),
          managers.get(managerIdOf(user) ?? ''),
        );
      });
    },
  };
}
