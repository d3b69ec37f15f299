import { userStatuses } from '../../identity/grants/user-status.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import type { UserFilter } from '../../identity/users/search.js';
import { searchParameter } from '../list.js';
import { fullKeysOf } from '../role-names.js';
import { z } from '../schema.js';
import { loginTypes, userSources } from './user.js';

/** `active` or `active,locked`. */
const statusList = z
  .string()
  .transform((text) => [...new Set(text.split(','))])
  .pipe(z.array(z.enum(userStatuses)))
  .describe(`one status or several with commas: ${userStatuses.join(', ')}`);

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

export const instantOrDay = z.iso.datetime({ offset: true }).or(z.iso.date());

export const userFilters = {
  q: searchParameter.describe('found anywhere in name, address, phone, role, or the day of creation'),
  status: statusList.optional(),
  role: z.string().max(200).optional().describe('key or id of a role'),
  group: z.string().max(200).optional().describe('id of a group: its direct members'),
  loginType: z.enum(loginTypes).optional(),
  source: z.enum(userSources).optional(),
  directory: z.string().max(200).optional().describe('id of the directory that manages them'),
  createdFrom: instantOrDay.optional().describe('not before'),
  createdTo: instantOrDay.optional().describe('before; a day counts whole'),
  application: z.string().max(200).optional().describe('key of an application: users with a role there'),
  accessLevel: z
    .enum(['account', 'group', 'unassigned'])
    .optional()
    .describe('holders of an administrator’s role, members of a group, or people in no group'),
  expiresBefore: instantOrDay.optional().describe('users whose access ends before that'),
  showDisabled: flag.optional().describe('as the tenant’s setting says when absent'),
  showNonActivated: flag.optional().describe('as the tenant’s setting says when absent'),
};

type FilterQuery = z.output<z.ZodObject<typeof userFilters>>;

/** The end of a range: a bare day is meant whole. */
export function endOf(text: string): Date {
  const date = new Date(text);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(date.getTime() + 86_400_000) : date;
}

/** The query's filters as the search wants them. */
export function userFilterOf(config: TenantConfig, query: FilterQuery): UserFilter {
  return {
    q: query.q,
    status: query.status,
    role: query.role === undefined ? undefined : (fullKeysOf(config, [query.role])[0] ?? query.role),
    group: query.group,
    loginType: query.loginType,
    source: query.source,
    directoryId: query.directory,
    application: query.application,
    accessLevel: query.accessLevel,
    expiresBefore: query.expiresBefore === undefined ? undefined : new Date(query.expiresBefore),
    createdFrom: query.createdFrom === undefined ? undefined : new Date(query.createdFrom),
    createdTo: query.createdTo === undefined ? undefined : endOf(query.createdTo),
    showDisabled: query.showDisabled,
    showNonActivated: query.showNonActivated,
  };
}
