import type { UserDocument } from '../../persistence/collections/users.js';
import type { Collection, Query } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import type { Core } from '../core.js';
import { fold } from '../../shared/fold.js';
import { containing, containingAnyCase } from '../search-text.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import type { UserStatus } from '../grants/user-status.js';

/** What the list of users can be narrowed by; what is given must all hold. */
export interface UserFilter {
  /** Found anywhere in name, userName, addresses, phone numbers, role names, or the day of creation. Any case. */
  q?: string | undefined;
  /** Any of these. */
  status?: readonly UserStatus[] | undefined;
  /** A role's full key: users who are granted it now. */
  role?: string | undefined;
  /** A group's id: its direct members. */
  group?: string | undefined;
  loginType?: UserDocument['loginType'] | undefined;
  source?: UserDocument['source'] | undefined;
  directoryId?: string | undefined;
  /** Inclusive. */
  createdFrom?: Date | undefined;
  /** Exclusive. */
  createdTo?: Date | undefined;
  /** Absent: as the tenant's `list.showDisabled` says; a filter by status stands above both. */
  showDisabled?: boolean | undefined;
  showNonActivated?: boolean | undefined;
}

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

/** `2026`, `2026-03` or `2026-03-14`: created then (UTC). */
function createdThen(q: string): Query[] {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(q);
  if (!match) return [];
  const [, year, month, day] = match.map(Number) as [number, number, number, number];
  // A part that was not given is NaN.
  const from = new Date(Date.UTC(year, (month || 1) - 1, day || 1));
  const to = new Date(from);
  if (day) to.setUTCDate(to.getUTCDate() + 1);
  else if (month) to.setUTCMonth(to.getUTCMonth() + 1);
  else to.setUTCFullYear(to.getUTCFullYear() + 1);
  return [{ createdAt: { $gte: from, $lt: to } }];
}

function searchQuery(q: string, config: TenantConfig): Query {
  const folded = fold(q);
  const anywhere = containing(q);
  const roles = [...config.roles.values()]
    .filter((role) => role.fullKey.toLowerCase().includes(folded) || role.name.toLowerCase().includes(folded))
    .map((role) => role.fullKey);
  return {
    $or: [
      { displayNameKey: anywhere },
      { userNameKey: anywhere },
      { emailKeys: anywhere },
      { 'attributes.phoneNumbers.value': containingAnyCase(q) },
      ...(roles.length > 0 ? [{ 'grants.role': { $in: roles } }] : []),
      ...createdThen(q),
    ],
  };
}

/** The conditions of each status, in the order in which they are judged (requirement B2): each takes what the ones before left. */
function statusQuery(
  status: UserStatus,
  config: TenantConfig,
  lockedIds: readonly string[],
  now: Date,
): Query {
  const judged: readonly (readonly [UserStatus, Query, Query])[] = [
    ['disabled', { enabled: false }, { enabled: true }],
    [
      'expired',
      { accessExpiresAt: { $lte: now } },
      { $or: [{ accessExpiresAt: null }, { accessExpiresAt: { $gt: now } }] },
    ],
    ['locked', { _id: { $in: lockedIds } }, { _id: { $nin: lockedIds } }],
    ['pending_activation', { activatedAt: null }, { activatedAt: { $ne: null } }],
    ...(config.settings['approval.required']
      ? ([['pending_approval', { approved: false }, { approved: true }]] as const)
      : []),
  ];
  const at = judged.findIndex(([name]) => name === status);
  if (at === -1 && status !== 'active') return { _id: { $in: [] } };
  const before = (at === -1 ? judged : judged.slice(0, at)).map(([, , otherwise]) => otherwise);
  const own = judged[at]?.[1];
  return { $and: own ? [...before, own] : before };
}

/** Held now: forever, or until an instant that has not come. */
function roleQuery(role: string, now: Date): Query {
  const held = [{ until: null }, { until: { $gt: now } }];
  return {
    'grants.role': role,
    $or: held.map((until) => ({ grants: { $elemMatch: { role, ...until } } })),
  };
}

function visibilityQueries(filter: UserFilter, config: TenantConfig): Query[] {
  if (filter.status !== undefined) return [];
  const { settings } = config;
  return [
    ...((filter.showDisabled ?? settings['list.showDisabled']) ? [] : [{ enabled: true }]),
    ...((filter.showNonActivated ?? settings['list.showNonActivated'])
      ? []
      : [{ activatedAt: { $ne: null } }]),
  ];
}

function filterQueries(filter: UserFilter, config: TenantConfig, now: Date): Query[] {
  const created = {
    ...(filter.createdFrom && { $gte: filter.createdFrom }),
    ...(filter.createdTo && { $lt: filter.createdTo }),
  };
  return [
    ...(filter.q === undefined ? [] : [searchQuery(filter.q, config)]),
    ...(filter.role === undefined ? [] : [roleQuery(filter.role, now)]),
    ...(filter.group === undefined ? [] : [{ groupIds: filter.group }]),
    ...(filter.loginType === undefined ? [] : [{ loginType: filter.loginType }]),
    ...(filter.source === undefined ? [] : [{ source: filter.source }]),
    ...(filter.directoryId === undefined ? [] : [{ directoryId: filter.directoryId }]),
    ...(Object.keys(created).length > 0 ? [{ createdAt: created }] : []),
    ...visibilityQueries(filter, config),
  ];
}

/** The ids of those who are locked out now: few, and only asked for when the status matters. */
async function lockedUserIds(core: Core, tenantId: string, now: Date): Promise<string[]> {
  const locked = await core.store
    .tenant(tenantId)
    .collection('credentials')
    .find({ lockedUntil: { $gt: now } }, { fields: ['lockedUntil'] });
  return locked.map((credential) => credential._id);
}

async function queryOf(core: Core, tenantId: string, filter: UserFilter): Promise<Query> {
  const now = core.clock.now();
  const config = await tenantConfig(core, tenantId);
  const queries = filterQueries(filter, config, now);
  if (filter.status !== undefined) {
    const lockedIds = await lockedUserIds(core, tenantId, now);
    queries.push({ $or: filter.status.map((status) => statusQuery(status, config, lockedIds, now)) });
  }
  return queries.length === 0 ? {} : { $and: queries };
}

/** More matches than these are counted, and found in their order. */
const maxKnownIds = 500;

/**
 * The ids of all matches, where they are few. No index knows the middle of a name, so a search looks at every user: one look then gives
 * both the page and the total.
 */
async function findFewIds(users: Collection<UserDocument>, query: Query): Promise<string[] | undefined> {
  const found = await users.find(query, { fields: [], limit: maxKnownIds + 1 });
  return found.length > maxKnownIds ? undefined : found.map(({ _id }) => _id);
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
  const users = core.store.tenant(tenantId).collection('users');
  const query = await queryOf(core, tenantId, filter);
  const field = sortFields[page.sort];
  const direction = page.descending ? -1 : 1;
  const options = {
    sort: { [field]: direction },
    limit: page.limit,
    ...(page.until && { until: page.until }),
    ...(page.after && { after: positionOf(page.sort, page.after) }),
  } as const;
  const ids = filter.q === undefined ? undefined : await findFewIds(users, query);
  if (ids) {
    const items = await users.find({ $and: [{ _id: { $in: ids } }, query] }, options);
    return { items, total: ids.length };
  }
  const [items, total] = await Promise.all([users.find(query, options), users.count(query, listTotal)]);
  return { items, total };
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
    .iterate(await queryOf(core, tenantId, filter), options);
}
