import { userStatuses } from '../../identity/grants/user-status.js';
import { countEach, type UserFilter } from '../../identity/users/search.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import { countFacets, facetsOf, facetsParameter } from '../facets.js';
import { loginTypes, userSources } from '../present/user.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { userFilterOf, userFilters } from '../present/user-filter.js';
import { userTag } from './users.js';

const facetNames = ['status', 'loginType', 'source', 'role', 'application'] as const;
type FacetName = (typeof facetNames)[number];

/** The values a facet has, and the filter of each. */
function valuesOf(name: FacetName, config: TenantConfig): readonly (readonly [string, UserFilter])[] {
  const roles = [...config.roles.values()];
  if (name === 'status')
    return userStatuses.flatMap((status) =>
      status === 'deleted' ? [] : [[status, { status: [status] }] as const],
    );
  if (name === 'loginType') return loginTypes.map((loginType) => [loginType, { loginType }] as const);
  if (name === 'source') return userSources.map((source) => [source, { source }] as const);
  if (name === 'role') return roles.map(({ fullKey }) => [fullKey, { role: fullKey }] as const);
  const keys = new Set(roles.flatMap(({ applicationKey }) => applicationKey ?? []));
  return [...keys].map((application) => [application, { application }] as const);
}

const readFacets = route({
  method: 'get',
  path: '/users/facets',
  id: 'getUserFacets',
  summary:
    'How many users there are of each status, login type, source, role and application, under the same filters as the list',
  tag: userTag,
  permission: 'users.read',
  query: z.strictObject({
    ...userFilters,
    facets: facetsParameter(facetNames, 'status,loginType,source'),
  }),
  output: facetsOf(facetNames).openapi('UserFacets'),
  async handler({ core, actor, config, query: { facets, ...query } }) {
    const body = await countFacets(facets, {
      filter: userFilterOf(config, query),
      valuesOf: (name) => valuesOf(name, config),
      count: async (filter) => (await countEach(core, actor.tenantId, [filter]))[0] ?? 0,
    });
    return { body };
  },
});

export const userFacetRoutes: readonly Route[] = [readFacets];
