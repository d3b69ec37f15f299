import type { ScimHandler } from '../exchange/request.js';
import * as groups from '../groups/routes.js';
import * as users from '../users/routes.js';
import { entitlementMethods, roleMethods, type CatalogueMethods } from './catalogue-routes.js';

/** Methods of one address; what is absent is answered 405. */
export type Methods = Readonly<Record<string, ScimHandler>>;

/** What can be done with one resource type. */
export interface ResourceMethods {
  readonly collection: Methods;
  readonly search: Methods;
  readonly item: Methods;
}

const readOnly = ({ list, read }: CatalogueMethods): ResourceMethods => ({
  collection: { GET: list },
  search: { POST: list },
  item: { GET: read },
});

/** By endpoint, without the slash. */
export const resourceMethods: ReadonlyMap<string, ResourceMethods> = new Map([
  [
    'Users',
    {
      collection: { GET: users.listUsers, POST: users.postUser },
      search: { POST: users.listUsers },
      item: { GET: users.getUser, PUT: users.putUser, PATCH: users.patchUser, DELETE: users.deleteUser },
    },
  ],
  [
    'Groups',
    {
      collection: { GET: groups.listGroups, POST: groups.postGroup },
      search: { POST: groups.listGroups },
      item: {
        GET: groups.getGroup,
        PUT: groups.putGroup,
        PATCH: groups.patchGroup,
        DELETE: groups.deleteGroup,
      },
    },
  ],
  ['Roles', readOnly(roleMethods)],
  ['Entitlements', readOnly(entitlementMethods)],
]);
