import type { AuditParty } from '../../persistence/collections/events.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween, type FieldChange } from '../changes.js';
import { servicesOf } from '../grants/services.js';
import { activeFor, isHeld } from './hold.js';
import { grantChanges } from './recorded-grants.js';
import type { WriteContext } from './save.js';
import { managerOf } from '../visibility.js';

export function partyOf(user: Pick<UserDocument, '_id' | 'email' | 'userName'>): AuditParty {
  return { type: 'user', id: user._id, label: user.email ?? user.userName };
}

const endPrefix = 'roleEnds.';

/** When each role given for a time ends. */
function endsOf({ grants }: UserDocument): Record<string, string> {
  const ending = grants.flatMap(({ role, until }) => (until ? [{ role, until }] : []));
  return Object.fromEntries(ending.map(({ role, until }) => [`${endPrefix}${role}`, until.toISOString()]));
}

/** What the audit trail says about a user: everything but derived keys, grants' details and memberships. */
function auditable(user: UserDocument): Record<string, unknown> {
  const { userName, externalId, attributes, enabled, approved, activatedAt } = user;
  const { accessExpiresAt, loginType } = user;
  const directoryId = managerOf(user.directoryId);
  const { serviceAssignments: _, ...gatehouse } = (attributes['gatehouse'] ?? {}) as Record<string, unknown>;
  return {
    ...attributes,
    gatehouse,
    services: servicesByKey(user),
    ...{ userName, externalId, enabled, approved, activatedAt, accessExpiresAt, loginType, directoryId },
    ...(user.signature && { signature: user.signature }),
    ...(isHeld(user) && { held: true, active: activeFor(user) }),
    roles: [...new Set(user.grants.map((grant) => grant.role))].sort(),
    ...endsOf(user),
    ...(Array.isArray(attributes['roles']) && { 'attributes.roles': attributes['roles'] }),
  };
}

/** The event of a changed field; all others are a `user.updated`. */
function actionOf(change: FieldChange): string {
  switch (change.path) {
    case 'enabled':
      return change.after === true ? 'user.enabled' : 'user.disabled';
    case 'approved':
      return change.after === true ? 'user.approved' : 'user.unapproved';
    case 'accessExpiresAt':
      return 'user.access_period_changed';
    case 'activatedAt':
      return 'user.activated';
    case 'emails':
    case 'userName':
      return 'user.email_changed';
    case 'roles':
      return 'user.roles_changed';
    default:
      if (change.path.startsWith(endPrefix)) return 'user.roles_changed';
      return change.path.startsWith('services.') ? serviceActionOf(change) : 'user.updated';
  }
}

/** Who begins to be held is disabled once more, be it that the directory had done so already. */
function standingAction(before: UserDocument, after: UserDocument): string {
  if (before.enabled !== after.enabled) return after.enabled ? 'user.enabled' : 'user.disabled';
  return isHeld(after) ? 'user.disabled' : 'user.updated';
}

function serviceActionOf({ before, after }: FieldChange): string {
  if (before === null) return 'service.assigned';
  return after === null ? 'service.removed' : 'service.roles_changed';
}

/** Keys of applications may hold what separates paths: they are no part of one. */
function servicesByKey(user: UserDocument): Record<string, unknown> {
  return Object.fromEntries(servicesOf(user).map(({ application, roles }) => [application, roles]));
}

/** What a user had who is no more: the access review of an earlier day asks for it. */
export function lastAccess({ accessExpiresAt, enabled, grants }: UserDocument): FieldChange[] {
  return [
    ...grantChanges(grants, []),
    { path: 'enabled', before: enabled, after: null },
    ...(accessExpiresAt ? [{ path: 'accessExpiresAt', before: accessExpiresAt, after: null }] : []),
  ];
}

/** One event for each kind of change. */
export function* recordUserChanges(
  context: WriteContext,
  before: UserDocument,
  after: UserDocument,
): Step<void> {
  const byAction = new Map<string, FieldChange[]>();
  const found = changesBetween(auditable(before), auditable(after));
  const moves = found.some(({ path }) => path === 'enabled' || path === 'held');
  for (const change of found) {
    const isPart = change.path === 'held' || (change.path === 'active' && moves);
    const action = isPart ? standingAction(before, after) : actionOf(change);
    byAction.set(action, [...(byAction.get(action) ?? []), change]);
  }
  const given = grantChanges(before.grants, after.grants);
  if (given.length > 0)
    byAction.set('user.roles_changed', [...(byAction.get('user.roles_changed') ?? []), ...given]);
  for (const [action, changes] of byAction) {
    yield* recordEvent(context.tx, context.actor, { action, target: partyOf(after), changes }, context.now);
  }
}
