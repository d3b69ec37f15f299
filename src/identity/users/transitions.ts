import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { isSelf, isUnderSelfRules, refuseSelf } from './authority.js';
import type { Actor } from '../core.js';
import { groupSource } from '../grants/grants.js';
import { liveGrants, userPermissions } from '../grants/effective-roles.js';
import { isNamed } from '../tenants/break-glass.js';
import type { TenantConfig } from '../tenants/config.js';
import { statusWithoutLock } from '../grants/user-status.js';
import { accessOf } from '../grants/services.js';
import { holdsEverything } from '../permissions.js';
import { isHeld } from './hold.js';
import { hasOwnAccount } from './protection.js';
import { isVisibleTo } from '../visibility.js';

/**
 * How firmly a user is in charge: 2 = an administrator without an end, 1 = one whose access or role ends by itself, 0 = none. A tenant
 * may not lose its last one of the higher kind (F-11).
 */
export function administratorLevel(user: UserDocument, config: TenantConfig, now: Date): 0 | 1 | 2 {
  const status = statusWithoutLock(user, config.settings, now);
  if (status !== 'active') return 0;
  const grants = liveGrants(user, config, now).filter(
    (grant) => config.roles.get(grant.role)?.isAdministrator,
  );
  if (grants.length === 0) return 0;
  return user.accessExpiresAt === null && grants.some((grant) => grant.until === null) ? 2 : 1;
}

/**
 * Users nobody provisions who manage something by a grant no rule gave, and administrators for emergencies: a directory may read them and
 * change nothing.
 */
export function isProtectedFromDirectories(user: UserDocument, config: TenantConfig): boolean {
  if (isNamed(config.tenant, user._id)) return true;
  return (
    user.directoryId === null &&
    user.grants.some(
      ({ role, type, sourceId }) =>
        (type !== 'rule' || sourceId === groupSource) && (config.roles.get(role)?.management.length ?? 0) > 0,
    )
  );
}

const endOf = ({ accessExpiresAt }: UserDocument): number | null => accessExpiresAt?.getTime() ?? null;

function limitsOf(user: UserDocument): string {
  const { limitedProducts, userProfileAccess } = accessOf(user);
  return JSON.stringify([limitedProducts, userProfileAccess]);
}

/** What a change of a user does that users may not do to themselves, as the rest of "you cannot ... your own account". */
function decisionOf(before: UserDocument, after: UserDocument): string | undefined {
  if (before.enabled !== after.enabled) return after.enabled ? 'enable' : 'disable';
  if (isHeld(before) !== isHeld(after)) return 'change the hold on';
  if (before.approved !== after.approved) return after.approved ? 'approve' : 'unapprove';
  if (endOf(before) !== endOf(after)) return 'change the end of access of';
  if (before.loginType !== after.loginType) return 'change the login type of';
  return undefined;
}

/**
 * The self rules (B3): users do not delete themselves, and do not decide whether, until when, how and within which limits they have
 * access, nor give up their last managing role. The limits of administrators are their own: in a tenant with one administrator, another
 * user could not set them.
 *
 * @param after - undefined for a deletion.
 * @throws AppError `user.self_change`.
 */
export function guardSelf(
  actor: Actor,
  before: UserDocument,
  after: UserDocument | undefined,
  config: TenantConfig,
  now: Date,
): void {
  if (!isUnderSelfRules(actor, before)) return;
  if (!after) {
    refuseSelf(actor, before, 'delete');
    return;
  }
  const decision = decisionOf(before, after);
  if (decision !== undefined) refuseSelf(actor, before, decision);
  if (limitsOf(before) !== limitsOf(after) && !holdsEverything(actor)) {
    refuseSelf(actor, before, 'change the limits of');
  }
  if (userPermissions(before, config, now).size > 0 && userPermissions(after, config, now).size === 0) {
    refuseSelf(actor, before, 'take the last managing role from');
  }
}

const isPerson = ({ party }: Actor): boolean => ['user', 'api_key', 'operator'].includes(party.type);

const nameOf = (user: UserDocument): string =>
  JSON.stringify([user.attributes['name'], user.attributes['displayName']]);

/** What a directory owns of a user. What the own extension says is decided by whoever manages the user, here or there. */
function dataOf({ userName, email, externalId, attributes }: UserDocument): string {
  const { gatehouse: _, ...sent } = attributes;
  return JSON.stringify([userName, email, externalId, sent]);
}

/** What of it a directory owns of people who keep their own way in: all but userName and addresses. */
function sentOf(user: UserDocument): string {
  const { emails: _, ...attributes } = user.attributes;
  return dataOf({ ...user, userName: '', email: null, attributes });
}

const changesOwned = (before: UserDocument, after: UserDocument): boolean =>
  before.directoryId !== null && (!hasOwnAccount(before) || sentOf(before) !== sentOf(after));

/**
 * What people may not change of a user's data: what a directory sends, their own too (`scim.lockAttributes`), and of others the names
 * and addresses where the tenant's settings say so (C-2, M3-4).
 *
 * @throws AppError `user.provisioned`, `auth.forbidden`.
 */
export function guardAttributes(
  actor: Actor,
  before: UserDocument,
  after: UserDocument,
  config: TenantConfig,
): void {
  if (!isPerson(actor) || dataOf(before) === dataOf(after)) return;
  const { settings } = config;
  if (settings['scim.lockAttributes'] && changesOwned(before, after)) {
    throw new AppError('user.provisioned', 'the directory that provisions this user owns these fields');
  }
  if (isSelf(actor, before)) return;
  if (nameOf(before) !== nameOf(after) && !settings['profile.adminCanEditName']) {
    throw new AppError('auth.forbidden', 'names are changed by the users themselves');
  }
  const isRenamed = before.userName !== after.userName || before.email !== after.email;
  if (isRenamed && !settings['profile.adminCanEditEmail']) {
    throw new AppError('auth.forbidden', 'addresses are changed by the users themselves');
  }
}

const isExpired = ({ accessExpiresAt }: UserDocument, now: Date): boolean =>
  accessExpiresAt !== null && accessExpiresAt <= now;

/**
 * Whether a change ends the user's sessions and tokens.
 *
 * @returns the reason, or undefined.
 */
export function revocationReason(
  actor: Actor,
  before: UserDocument,
  after: UserDocument,
  config: TenantConfig,
  now: Date,
): 'disabled' | 'email_changed' | 'access_expired' | undefined {
  const { settings } = config;
  const isScim = actor.directoryId !== null;
  if (before.enabled && !after.enabled && (isScim || settings['sessions.revokeOnDisable'])) return 'disabled';
  // M0-16: whoever's address an editor changes signs in again with the new one. A directory renames without asking for that.
  if (!isScim && before.loginKeys.join('\n') !== after.loginKeys.join('\n')) return 'email_changed';
  const isOver = isExpired(after, now) && !isExpired(before, now);
  return isOver && settings['access.endSessionsAtExpiry'] ? 'access_expired' : undefined;
}

/**
 * Whether the actor may write to this user at all.
 *
 * @throws AppError `user.not_found` for what a directory does not see, `user.protected` for local administrators.
 */
export function requireWritable(
  actor: Actor,
  user: UserDocument | undefined,
  config: TenantConfig,
): UserDocument {
  if (!user || !isVisibleTo(user, actor.directoryId))
    throw new AppError('user.not_found', 'there is no such user');
  if (actor.directoryId !== null && isProtectedFromDirectories(user, config)) {
    throw new AppError('user.protected', 'this user manages the tenant and is not changed by a directory');
  }
  return user;
}
