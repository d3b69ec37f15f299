import type { AuditEventDocument } from '../../persistence/collections/events.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Query } from '../../persistence/store.js';
import { idAtMs } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { containing, containingAnyCase } from '../search-text.js';
import { partyOf } from './change-events.js';
import { grantsPath, type RecordedGrant } from './recorded-grants.js';

/** Why a person had a role. `unknown`: the trail of that time has roles without their sources. */
export interface ReviewSource {
  readonly type: RecordedGrant['type'] | 'unknown';
  readonly detail: string;
  readonly since: Date | null;
  readonly until: Date | null;
}

/** What one person had at an instant. */
export interface ReviewedAccess {
  readonly id: string;
  /** Address or userName, as it is now or was last. */
  readonly label: string;
  readonly enabled: boolean;
  readonly accessExpiresAt: Date | null;
  readonly isDeleted: boolean;
  /** By role, sorted. */
  readonly roles: readonly { readonly role: string; readonly sources: readonly ReviewSource[] }[];
}

/** What the trail says of a person's access after the instant, oldest first. */
type Later = readonly AuditEventDocument[];

const created = ['user.created', 'user.invited', 'user.self_registered'];
const ended = ['user.deleted', 'user.erased'];
const telling = [
  ...created,
  ...ended,
  ...['user.roles_changed', 'user.enabled', 'user.disabled', 'user.access_period_changed'],
];
/** An id may have been made so long before the event was. */
const idSlackMs = 3_600_000;
/** Most events of the people of one page that are read at once. */
const maxEvents = 20_000;

const dateOf = (value: unknown): Date | null =>
  value === null || value === undefined ? null : new Date(value as string | Date);

/** The value of a field before the first change after the instant; undefined: it did not change. */
function earlier(later: Later, path: string): { value: unknown } | undefined {
  for (const { changes } of later) {
    const change = changes.find((one) => one.path === path);
    if (change) return { value: change.before };
  }
  return undefined;
}

interface Given extends ReviewSource {
  readonly role: string;
}

const known = ({ role, type, detail, since, until }: RecordedGrant): Given => ({
  ...{ role, type, detail },
  since: new Date(since),
  until: dateOf(until),
});

/** The grants of a person at the instant: those of now, or what the first change after it says was there before. */
function grantsAt(user: UserDocument | undefined, later: Later): Given[] {
  const change = later.find(({ changes }) =>
    changes.some(({ path }) => path === grantsPath || path === 'roles'),
  );
  if (!change) return user?.grants ?? [];
  const recorded = change.changes.find(({ path }) => path === grantsPath)?.before;
  if (Array.isArray(recorded)) return (recorded as RecordedGrant[]).map(known);
  const roles = change.changes.find(({ path }) => path === 'roles')?.before;
  return (Array.isArray(roles) ? (roles as string[]) : []).map((role) => ({
    ...{ role, type: 'unknown' as const, detail: '', since: null, until: null },
  }));
}

function rolesOf(grants: readonly Given[], at: Date): ReviewedAccess['roles'] {
  const live = grants.filter(
    ({ since, until }) => (since === null || since <= at) && (until === null || until > at),
  );
  return [...new Set(live.map(({ role }) => role))].sort().map((role) => ({
    role,
    sources: live
      .filter((grant) => grant.role === role)
      .map(({ type, detail, since, until }) => ({ type, detail, since, until })),
  }));
}

/** @param now - the user; undefined: deleted since. */
function accessAt(
  now: UserDocument | undefined,
  last: { id: string; label: string },
  later: Later,
  at: Date,
): ReviewedAccess {
  const enabled = earlier(later, 'enabled');
  const expiry = earlier(later, 'accessExpiresAt');
  return {
    ...last,
    enabled: enabled ? enabled.value === true : now?.enabled === true,
    accessExpiresAt: expiry ? dateOf(expiry.value) : (now?.accessExpiresAt ?? null),
    isDeleted: now === undefined,
    roles: rolesOf(grantsAt(now, later), at),
  };
}

async function laterEvents(
  core: Core,
  tenantId: string,
  ids: readonly string[],
  at: Date,
): Promise<Map<string, AuditEventDocument[]>> {
  const query = {
    'target.id': { $in: ids },
    action: { $in: telling },
    at: { $gt: at },
    _id: { $gt: idAtMs(at.getTime() - idSlackMs) },
  };
  const events = core.store.tenant(tenantId).collection('audit_events');
  const found = await events.find(query, { sort: { _id: 1 }, limit: maxEvents });
  const byUser = new Map<string, AuditEventDocument[]>();
  for (const event of found) {
    const id = event.target?.id ?? '';
    byUser.set(id, [...(byUser.get(id) ?? []), event]);
  }
  return byUser;
}

/** Where a review goes on: after this user, or, once all users of now were looked at, after this event of a deletion. */
export type ReviewPlace = { readonly user: string; readonly key?: string } | { readonly deletion: string };

/** Whom a review is about, and in which order the users of now come. */
export interface ReviewQuestion {
  readonly at: Date;
  /** Found anywhere in name or addresses, any case. */
  readonly q?: string | undefined;
  /** Full key: those who had this role. */
  readonly role?: string | undefined;
  readonly sort: 'createdAt' | 'userName';
  readonly descending: boolean;
}

export interface ReviewPage {
  /** Those who had a role. */
  readonly items: readonly ReviewedAccess[];
  /** Undefined: this was the last page. */
  readonly next: ReviewPlace | undefined;
}

function usersQuery({ at, q }: ReviewQuestion): Query {
  const fields = ['displayNameKey', 'userNameKey', 'emailKeys'];
  return {
    createdAt: { $lte: at },
    ...(q !== undefined && { $or: fields.map((field) => ({ [field]: containing(q) })) }),
  };
}

function deletionsQuery({ at, q }: ReviewQuestion, after = ''): Query {
  const floor = idAtMs(at.getTime() - idSlackMs);
  return {
    action: { $in: ended },
    at: { $gt: at },
    _id: { $gt: after > floor ? after : floor },
    ...(q !== undefined && { 'target.label': containingAnyCase(q) }),
  };
}

async function pageOfUsers(
  core: Core,
  tenantId: string,
  question: ReviewQuestion,
  place: { user: string; key?: string },
  limit: number,
): Promise<ReviewPage> {
  const { at, descending } = question;
  const isByName = question.sort === 'userName';
  const users = await core.store
    .tenant(tenantId)
    .collection('users')
    .find(usersQuery(question), {
      sort: { [isByName ? 'userNameKey' : '_id']: descending ? -1 : 1 },
      limit,
      ...(place.user !== '' && { after: { _id: place.user, ...(isByName && { userNameKey: place.key }) } }),
    });
  const ids = users.map(({ _id }) => _id);
  const later = await laterEvents(core, tenantId, ids, at);
  const last = users.at(-1);
  const next = last && { user: last._id, ...(isByName && { key: last.userNameKey }) };
  return {
    items: users.map((user) => accessAt(user, partyOf(user), later.get(user._id) ?? [], at)),
    next: next && users.length === limit ? next : { deletion: '' },
  };
}

/** People who were deleted after the instant, by the event of that. */
async function pageOfDeleted(
  core: Core,
  tenantId: string,
  question: ReviewQuestion,
  after: string,
  limit: number,
): Promise<ReviewPage> {
  const { at } = question;
  const scope = core.store.tenant(tenantId);
  const deletions = await scope
    .collection('audit_events')
    .find(deletionsQuery(question, after), { sort: { _id: 1 }, limit });
  const targets = deletions.flatMap(({ target }) => target ?? []);
  const ids = targets.map(({ id }) => id);
  const later = await laterEvents(core, tenantId, ids, at);
  const still = await scope.collection('users').find({ _id: { $in: ids } }, { fields: [] });
  const skipped = new Set(still.map(({ _id }) => _id));
  const items = targets.flatMap(({ id, label }) => {
    const events = later.get(id) ?? [];
    if (skipped.has(id) || events.some(({ action }) => created.includes(action))) return [];
    skipped.add(id);
    return [accessAt(undefined, { id, label }, events, at)];
  });
  const last = deletions.at(-1);
  return { items, next: last && deletions.length === limit ? { deletion: last._id } : undefined };
}

/**
 * Who had what at an instant, since when, and by which source: a page of it. Users of now come first, then those deleted since, in the order
 * of that. It is put together from the users and the audit trail, so it goes back as far as that does.
 *
 * @param limit - most people looked at.
 */
export async function reviewAccess(
  core: Core,
  tenantId: string,
  question: ReviewQuestion,
  place: ReviewPlace,
  limit: number,
): Promise<ReviewPage> {
  const page =
    'user' in place
      ? await pageOfUsers(core, tenantId, question, place, limit)
      : await pageOfDeleted(core, tenantId, question, place.deletion, limit);
  const { role: wanted } = question;
  const isMeant = ({ roles }: ReviewedAccess): boolean =>
    wanted === undefined ? roles.length > 0 : roles.some(({ role }) => role === wanted);
  return { ...page, items: page.items.filter(isMeant) };
}

/** How many people a review looks at in all, with a role or without. */
export async function countReviewed(core: Core, tenantId: string, question: ReviewQuestion): Promise<number> {
  const scope = core.store.tenant(tenantId);
  const [present, gone] = await Promise.all([
    scope.collection('users').count(usersQuery(question)),
    scope.collection('audit_events').count(deletionsQuery(question)),
  ]);
  return present + gone;
}
