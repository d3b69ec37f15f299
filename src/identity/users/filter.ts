import { loginTypes, type UserDocument } from '../../persistence/collections/users.js';
import type { Query } from '../../persistence/store.js';
import { fold } from '../../shared/fold.js';
import type { UserStatus } from '../grants/user-status.js';
import { containing, containingAnyCase } from '../search-text.js';
import type { TenantConfig } from '../tenants/config.js';

/** M4-8: holders of an administrator's role, members of a group, and people in no group. They may overlap. */
export const accessLevels = ['account', 'group', 'unassigned'] as const;
export type AccessLevel = (typeof accessLevels)[number];

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
  /** An application's key: users with a role there. */
  application?: string | undefined;
  accessLevel?: AccessLevel | undefined;
  loginType?: UserDocument['loginType'] | undefined;
  source?: UserDocument['source'] | undefined;
  directoryId?: string | undefined;
  /** Inclusive. */
  createdFrom?: Date | undefined;
  /** Exclusive. */
  createdTo?: Date | undefined;
  /** Users whose access ends before that. */
  expiresBefore?: Date | undefined;
  /** Absent: as the tenant's `list.showDisabled` says; a filter by status stands above both. */
  showDisabled?: boolean | undefined;
  showNonActivated?: boolean | undefined;
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

/** What a search finds, as queries of which no two find the same user: most by the index of what is searched. */
export function searchQueries(q: string, config: TenantConfig): [byText: Query, ...others: Query[]] {
  const folded = fold(q);
  const anywhere = containing(q);
  const roles = [...config.roles.values()]
    .filter((role) => role.fullKey.toLowerCase().includes(folded) || role.name.toLowerCase().includes(folded))
    .map((role) => role.fullKey);
  const fields = [
    { displayNameKey: anywhere },
    { userNameKey: anywhere },
    { emailKeys: anywhere },
    { 'attributes.phoneNumbers.value': containingAnyCase(q) },
  ];
  // A line break is no part of a name, and stands between two of them.
  const byText = q.includes('\n') ? { _id: { $in: [] } } : { searchKey: anywhere };
  const byFields = { $and: [{ searchKey: null }, { $or: fields }] };
  const others = [...(roles.length > 0 ? [{ 'grants.role': { $in: roles } }] : []), ...createdThen(q)];
  const apart = others.map((query, at) => ({
    $and: [query, { $nor: [byText, byFields, ...others.slice(0, at)] }],
  }));
  return [byText, byFields, ...apart];
}

/** The end of access is in the past; the first bound is the one of the index. */
const endedBy = (now: Date): Query => ({ accessExpiresAt: { $gt: new Date(0), $lte: now } });

/** The conditions of each status, in the order in which they are judged (requirement B2): each takes what the ones before left. */
export function statusQuery(
  status: UserStatus,
  config: TenantConfig,
  lockedIds: readonly string[],
  now: Date,
): Query {
  const judged: readonly (readonly [UserStatus, Query, Query])[] = [
    ['disabled', { enabled: false }, { enabled: true }],
    ['expired', endedBy(now), { $or: [{ accessExpiresAt: null }, { accessExpiresAt: { $gt: now } }] }],
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
function heldNow(role: string, now: Date): Query {
  const held = [{ until: null }, { until: { $gt: now } }];
  return { $or: held.map((until) => ({ grants: { $elemMatch: { role, ...until } } })) };
}

/** Who had the role for a time that is over, and has it for no other reason: they are few, as a job takes such grants away. */
export function lapsedQuery(role: string, now: Date): Query {
  return {
    'grants.until': { $gt: new Date(0), $lte: now },
    'grants.role': role,
    $nor: [heldNow(role, now)],
  };
}

/** Login type and source as the index of both has them: with every value of the fields before them. */
function standingQuery({ loginType, source }: UserFilter): Query {
  if (loginType === undefined && source === undefined) return {};
  return {
    enabled: { $in: [false, true] },
    loginType: loginType ?? { $in: [...loginTypes] },
    ...(source !== undefined && { source }),
  };
}

function rolesOfApplication(config: TenantConfig, key: string): string[] {
  return [...config.roles.values()]
    .filter(({ applicationKey }) => applicationKey === key)
    .map(({ fullKey }) => fullKey);
}

function accessLevelQuery(level: AccessLevel, config: TenantConfig): Query {
  if (level === 'account') return { 'grants.role': { $in: [...config.administratorRoles] } };
  const inGroup = { groupIds: { $gt: '' } };
  return level === 'group' ? inGroup : { $nor: [inGroup] };
}

function spanQueries({ createdFrom, createdTo, expiresBefore }: UserFilter): Query[] {
  const created = { ...(createdFrom && { $gte: createdFrom }), ...(createdTo && { $lt: createdTo }) };
  return [
    ...(Object.keys(created).length > 0 ? [{ createdAt: created }] : []),
    ...(expiresBefore ? [{ accessExpiresAt: { $gt: new Date(0), $lt: expiresBefore } }] : []),
  ];
}

/**
 * The conditions of a filter but those of status and of what the list hides.
 *
 * @param exact - whether a role for a time that is over counts as not held; {@link lapsedQuery} finds those.
 */
export function filterQueries(filter: UserFilter, config: TenantConfig, now: Date, exact: boolean): Query[] {
  const { accessLevel, application, directoryId, group, q, role } = filter;
  return [
    ...(q === undefined ? [] : [{ $or: searchQueries(q, config) }]),
    ...(role === undefined ? [] : [{ 'grants.role': role }]),
    ...(role !== undefined && exact ? [heldNow(role, now)] : []),
    ...(application === undefined
      ? []
      : [{ 'grants.role': { $in: rolesOfApplication(config, application) } }]),
    ...(accessLevel === undefined ? [] : [accessLevelQuery(accessLevel, config)]),
    ...(group === undefined ? [] : [{ groupIds: group }]),
    standingQuery(filter),
    ...(directoryId === undefined ? [] : [{ directoryId }]),
    ...spanQueries(filter),
  ].filter((query) => Object.keys(query).length > 0);
}

/** What the list leaves out: nothing where a status is asked for. */
export function hiddenBy(
  filter: UserFilter,
  { settings }: Pick<TenantConfig, 'settings'>,
): { disabled: boolean; nonActivated: boolean } {
  if (filter.status !== undefined) return { disabled: false, nonActivated: false };
  return {
    disabled: !(filter.showDisabled ?? settings['list.showDisabled']),
    nonActivated: !(filter.showNonActivated ?? settings['list.showNonActivated']),
  };
}
