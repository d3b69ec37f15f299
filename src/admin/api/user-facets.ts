import { userStatuses } from '../../identity/grants/user-status.js';
import { countEach, type UserFilter } from '../../identity/users/search.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import { loginTypes, userSources } from '../present/user.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { userFilterOf, userFilters } from '../present/user-filter.js';
import { userTag } from './users.js';

const facetNames = ['status', 'loginType', 'source', 'role', 'application'] as const;
type FacetName = (typeof facetNames)[number];

/** Values that are counted of one facet. */
const maxValues = 100;

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

const facetSchema = z
  .strictObject({
    name: z.enum(facetNames),
    values: z.array(z.strictObject({ value: z.string(), count: z.number().int() })),
  })
  .openapi('UserFacet');

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
    facets: z
      .string()
      .default('status,loginType,source')
      .transform((text) => [...new Set(text.split(','))])
      .pipe(z.array(z.enum(facetNames)))
      .describe(`one or several with commas: ${facetNames.join(', ')}`),
  }),
  output: z
    .strictObject({
      total: z.number().int().describe('users that match the filters'),
      facets: z.array(facetSchema),
    })
    .openapi('UserFacets'),
  async handler({ core, actor, config, query: { facets, ...query } }) {
    const filter = userFilterOf(config, query);
    const read = async (name: FacetName) => {
      const values = valuesOf(name, config).slice(0, maxValues);
      // A facet shows what another choice of it would give: its own filter does not count.
      const others = { ...filter, [name]: undefined };
      const filters = values.map(([, own]) => ({ ...others, ...own }));
      const counts = await countEach(core, actor.tenantId, filters);
      return { name, values: values.map(([value], at) => ({ value, count: counts[at] ?? 0 })) };
    };
    const [total = 0] = await countEach(core, actor.tenantId, [filter]);
    const shown = [];
    for (const name of facets) shown.push(await read(name));
    return { body: { total, facets: shown } };
  },
});

export const userFacetRoutes: readonly Route[] = [readFacets];
