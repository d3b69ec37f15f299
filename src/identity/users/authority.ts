import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { liveGrants } from '../grants/effective-roles.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { accessOf } from '../grants/services.js';

export const isSelf = (actor: Actor, user: Pick<UserDocument, '_id'>): boolean =>
  actor.party.type === 'user' && actor.party.id === user._id;

/** Whether the self rules hold: the actor is this user, or an API key that this user made. */
export const isUnderSelfRules = (actor: Actor, user: Pick<UserDocument, '_id'>): boolean =>
  isSelf(actor, user) || actor.makerId === user._id;

/** @throws AppError `user.self_change` when the actor is this user, or an API key of theirs. */
export function refuseSelf(actor: Actor, user: Pick<UserDocument, '_id'>, what: string): void {
  if (isUnderSelfRules(actor, user))
    throw new AppError('user.self_change', `you cannot ${what} your own account`);
}

/**
 * The management permissions of a user's roles, whatever the user's status: an administrator who is disabled or not activated yet would
 * have them again.
 */
export function heldPermissions(
  user: Pick<UserDocument, 'grants'>,
  config: TenantConfig,
  now: Date,
): ReadonlySet<string> {
  return new Set(
    liveGrants(user, config, now).flatMap(({ role }) => config.roles.get(role)?.management ?? []),
  );
}

/**
 * No one acts above themself: all who help, change, stop or remove a user hold every management permission that the user holds.
 * People act on themselves by other rules, and so do directories (`user-visibility.ts`).
 *
 * @throws AppError `user.above_actor`.
 */
export function requireAuthority(
  actor: Actor,
  user: Pick<UserDocument, '_id' | 'grants'>,
  config: TenantConfig,
  now: Date,
): void {
  if (actor.directoryId !== null || isSelf(actor, user)) return;
  const lacking = [...heldPermissions(user, config, now)].find(
    (permission) => !actor.permissions.has(permission),
  );
  if (lacking === undefined) return;
  throw new AppError('user.above_actor', `this user holds ${lacking}, which you do not hold yourself`);
}

/** {@link requireAuthority} outside a transaction. */
export async function requireAuthorityOver(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  requireAuthority(actor, user, await tenantConfig(core, user.tenantId), core.clock.now());
}

/** What of a user only those change who stand above: how they sign in, whether and until when they may, what they were given, and within which limits. */
function decidedFields(user: UserDocument): string {
  const { userName, email, emailKeys, loginType, enabled, hold, approved, accessExpiresAt, grants } = user;
  // What rules and groups give follows from other changes, which have guards of their own.
  const given = grants
    .filter(({ type }) => type !== 'rule')
    .map(({ role, type, until }) => `${type} ${role} ${until?.toISOString() ?? ''}`);
  return JSON.stringify([
    ...[userName, email, emailKeys, loginType, enabled, hold ?? null, approved, accessExpiresAt],
    ...[given.sort(), accessOf(user)],
  ]);
}

/** Whether a change of a user needs {@link requireAuthority}. */
export function changesDecided(before: UserDocument, after: UserDocument): boolean {
  return decidedFields(before) !== decidedFields(after);
}

/**
 * Whether a change of a user gives or takes management permissions that whoever makes it does not hold: by a rule that now matches, or no
 * longer does, say.
 */
export function movesBeyond(
  { actor, config, now }: { actor: Actor; config: TenantConfig; now: Date },
  before: Pick<UserDocument, 'grants'>,
  after: Pick<UserDocument, 'grants'>,
): boolean {
  if (actor.directoryId !== null || before.grants === after.grants) return false;
  const had = heldPermissions(before, config, now);
  const has = heldPermissions(after, config, now);
  return [...had, ...has].some(
    (permission) => had.has(permission) !== has.has(permission) && !actor.permissions.has(permission),
  );
}

/** The refusal where a change would move permissions that the actor does not hold. */
export const notGivable = (): AppError =>
  new AppError(
    'role.not_grantable',
    'this would give the user permissions, or take some, that you do not hold yourself',
  );
