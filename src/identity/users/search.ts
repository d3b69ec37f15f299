import type { UserDocument } from '../../persistence/collections/users.js';
import type { Collection, Query } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import type { Core } from '../core.js';
import { userStatuses } from '../grants/user-status.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import {
  filterQueries,
  hiddenBy,
  lapsedQuery,
  searchQueries,
  statusQuery,
  type UserFilter,
} from './filter.js';

export type { UserFilter } from './filter.js';

export const userSorts = [
  'displayName',
  'userName',
  'email',
  'familyName',
  'createdAt',
  'updatedAt',
] as const;
export type UserSort = (typeof userSorts)[number];

const sortFields = {
  displayName: 'displayNameKey',
  userName: 'userNameKey',
  email: 'emailKey',
  familyName: 'familyNameKey',
  createdAt: '_id',
  updatedAt: 'updatedAt',
} as const satisfies Record<UserSort, keyof UserDocument>;

/** Where a page ended: the sort field's value of its last user, and the id. */
export interface UserPosition {
  value: string | null;
  id: string;
}

export interface UserPageRequest {
  sort: UserSort;
  descending: boolean;
  limit: number;
  /** Asked of each item, in order: whether to end with it. */
  until?: (read: unknown) => boolean;
  after?: UserPosition | undefined;
}

/** The ids of those who are locked out now: few, and only asked for when the status matters. */
async function lockedUserIds(core: Core, tenantId: string, now: Date): Promise<string[]> {
  const locked = await core.store
    .tenant(tenantId)
    .collection('credentials')
    .find({ lockedUntil: { $gt: now } }, { fields: ['lockedUntil'] });
  return locked.map((credential) => credential._id);
}

/** What a search works with. */
interface Search {
  users: Collection<UserDocument>;
  config: TenantConfig;
  now: Date;
  lockedIds: readonly string[];
}

async function openSearch(core: Core, tenantId: string, filter: UserFilter): Promise<Search> {
  const now = core.clock.now();
  const config = await tenantConfig(core, tenantId);
  const lockedIds = filter.status === undefined ? [] : await lockedUserIds(core, tenantId, now);
  return { users: core.store.tenant(tenantId).collection('users'), config, now, lockedIds };
}

const all = (queries: readonly Query[]): Query => (queries.length === 0 ? {} : { $and: queries });

const whenHidden = { disabled: { enabled: true }, nonActivated: { activatedAt: { $ne: null } } } as const;

function queriesOf({ config, lockedIds, now }: Search, filter: UserFilter): Query[] {
  const hidden = hiddenBy(filter, config);
  return [
    ...filterQueries(filter, config, now, true),
    ...(hidden.disabled ? [whenHidden.disabled] : []),
    ...(hidden.nonActivated ? [whenHidden.nonActivated] : []),
    ...(filter.status === undefined
      ? []
      : [{ $or: filter.status.map((status) => statusQuery(status, config, lockedIds, now)) }]),
  ];
}

const queryOf = (search: Search, filter: UserFilter): Query => all(queriesOf(search, filter));

/**
 * What is to be added and taken away to count the matches of a filter, each of it a look at an index: most people are active, so they are
 * counted as all but the others.
 */
function partsOf(search: Search, filter: UserFilter): { added: Query[][]; taken: Query[][] } {
  const { config, lockedIds, now } = search;
  const hidden = hiddenBy(filter, config);
  const { status } = filter;
  const statusOf = (name: (typeof userStatuses)[number]): Query[] => [
    statusQuery(name, config, lockedIds, now),
  ];
  if (status?.includes('active'))
    return { added: [[]], taken: userStatuses.filter((name) => !status.includes(name)).map(statusOf) };
  if (status) return { added: status.map(statusOf), taken: [] };
  if (filter.q !== undefined && hidden.disabled)
    return {
      added: [[]],
      taken: [
        [{ enabled: false }],
        ...(hidden.nonActivated ? [[whenHidden.disabled, { activatedAt: null }]] : []),
      ],
    };
  const shown = hidden.disabled ? [whenHidden.disabled] : [];
  return { added: [shown], taken: hidden.nonActivated ? [[...shown, { activatedAt: null }]] : [] };
}

/** How many match a filter. */
async function countMatches(search: Search, filter: UserFilter): Promise<number> {
  const { config, now, users } = search;
  const { q, ...others } = filter;
  const base = filterQueries(others, config, now, false);
  const found: Query[] = q === undefined ? [{}] : searchQueries(q, config);
  const lapsed = filter.role === undefined ? undefined : lapsedQuery(filter.role, now);
  const { added, taken } = partsOf(search, filter);
  const countOne = async (part: readonly Query[]): Promise<number> => {
    const counted = await users.count(all([...base, ...part]), listTotal);
    return lapsed ? counted - (await users.count(all([lapsed, ...base, ...part]))) : counted;
  };
  const count = async (part: readonly Query[]): Promise<number> => {
    const counts = await Promise.all(found.map((one) => countOne([...part, one])));
    return counts.reduce((total, one) => total + one, 0);
  };
  const sum = async (parts: readonly Query[][]): Promise<number> =>
    (await Promise.all(parts.map(count))).reduce((total, one) => total + one, 0);
  const [more, less] = await Promise.all([sum(added), sum(taken)]);
  return Math.max(0, more - less);
}

/** More matches than these are counted, and found in their order. */
const maxKnownIds = 2000;

/** The ids of all that a search finds, where they are few: one look then gives both the page and the total. */
async function findFewIds(search: Search, filter: UserFilter): Promise<string[] | undefined> {
  const { q = '', ...others } = filter;
  const rest = queriesOf(search, others);
  const ids: string[] = [];
  for (const [at, query] of searchQueries(q, search.config).entries()) {
    const options = {
      fields: [],
      limit: maxKnownIds + 1,
      ...(at === 0 && { sort: { searchKey: 1 } as const }),
    };
    ids.push(...(await search.users.find(all([...rest, query]), options)).map(({ _id }) => _id));
    if (ids.length > maxKnownIds) return undefined;
  }
  return ids;
}

/**
 * The list of users as administrators search it.
 *
 * @returns a page and how many match in all.
 */
export async function searchUsers(
  core: Core,
  tenantId: string,
  filter: UserFilter,
  page: UserPageRequest,
): Promise<{ items: UserDocument[]; total: number }> {
  const search = await openSearch(core, tenantId, filter);
  const { users } = search;
  const query = queryOf(search, filter);
  const field = sortFields[page.sort];
  const direction = page.descending ? -1 : 1;
  const options = {
    sort: { [field]: direction },
    limit: page.limit,
    ...(page.until && { until: page.until }),
    ...(page.after && { after: positionOf(page.sort, page.after) }),
  } as const;
  const ids = filter.q === undefined ? undefined : await findFewIds(search, filter);
  if (ids) {
    const items = await users.find({ $and: [{ _id: { $in: ids } }, query] }, options);
    return { items, total: ids.length };
  }
  const [items, total] = await Promise.all([users.find(query, options), countMatches(search, filter)]);
  return { items, total };
}

/** How many users the list leaves out, though they match: those disabled, and of the others those not activated. */
export async function countHidden(
  core: Core,
  tenantId: string,
  filter: UserFilter,
): Promise<{ disabled: number; nonActivated: number }> {
  const search = await openSearch(core, tenantId, filter);
  const hidden = hiddenBy(filter, search.config);
  const base = filterQueries(filter, search.config, search.now, true);
  const count = (part: Query): Promise<number> => search.users.count(all([...base, part]), listTotal);
  const [disabled, nonActivated] = await Promise.all([
    hidden.disabled ? count({ enabled: false }) : 0,
    hidden.nonActivated ? count({ enabled: true, activatedAt: null }) : 0,
  ]);
  return { disabled, nonActivated };
}

/** How many match each of these filters. */
export async function countEach(
  core: Core,
  tenantId: string,
  filters: readonly UserFilter[],
): Promise<number[]> {
  const counts: number[] = [];
  for (const filter of filters)
    counts.push(await countMatches(await openSearch(core, tenantId, filter), filter));
  return counts;
}

/** How many users hold each of these roles, by full key, for any reason. */
export function countHolders(core: Core, tenantId: string, roles: readonly string[]): Promise<number[]> {
  const shown = { showDisabled: true, showNonActivated: true };
  return countEach(
    core,
    tenantId,
    roles.map((role) => ({ role, ...shown })),
  );
}

function positionOf(sort: UserSort, { value, id }: UserPosition): Record<string, unknown> & { _id: string } {
  const field = sortFields[sort];
  if (field === '_id') return { _id: id };
  return { [field]: field === 'updatedAt' && value !== null ? new Date(value) : value, _id: id };
}

/** What {@link searchUsers} needs to go on after this user. */
export function userPosition(user: UserDocument, sort: UserSort): UserPosition {
  const value = user[sortFields[sort]];
  return { value: value instanceof Date ? value.toISOString() : value, id: user._id };
}

/** How many users wait for approval now; by an index of those who are not approved, so that a page may ask with every view. */
export async function countPendingApprovals(core: Core, config: TenantConfig): Promise<number> {
  if (!config.settings['approval.required']) return 0;
  const now = core.clock.now();
  const tenantId = config.tenant._id;
  const lockedIds = await lockedUserIds(core, tenantId, now);
  const waiting = statusQuery('pending_approval', config, lockedIds, now);
  return core.store
    .tenant(tenantId)
    .collection('users')
    .count({ approved: false, ...waiting });
}

/** Every match in the order of creation, for exports. */
export async function* iterateUsers(
  core: Core,
  tenantId: string,
  filter: UserFilter,
  options?: { fields: readonly string[] },
): AsyncGenerator<UserDocument> {
  yield* core.store
    .tenant(tenantId)
    .collection('users')
    .iterate(queryOf(await openSearch(core, tenantId, filter), filter), options);
}
