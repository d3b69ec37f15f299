import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { coversDomain } from '../domain-match.js';
import { parseEmail } from '../email.js';
import { liveGrants } from '../grants/effective-roles.js';
import { groupSource, heldSource } from '../grants/grants.js';
import { knownGroupsStep, reachable } from '../grants/group-graph.js';
import type { TenantConfig } from '../tenants/config.js';
import { addressKeyOf } from '../user-keys.js';
import type { WriteContext } from './save.js';

/** Whether a change moves how somebody signs in: the names they type, where their mail goes, with a password or at their company. */
function movesSignIn(before: UserDocument, after: UserDocument): boolean {
  const read = ({ userNameKey, emailKey, loginType }: UserDocument): string =>
    JSON.stringify([userNameKey, emailKey, loginType]);
  return read(before) !== read(after);
}

/** Whether a group that somebody put the user into here, and not this directory, lets them manage something. */
function* managesByGroup(context: WriteContext, user: UserDocument, directoryId: string): Step<boolean> {
  const { config, groups, tenantId, tx } = context;
  if (!user.grants.some(({ sourceId }) => sourceId === groupSource)) return false;
  yield* knownGroupsStep(tx, tenantId, user.groupIds, groups);
  const local = user.groupIds.filter((id) => groups.get(id)?.directoryId !== directoryId);
  return reachable(local, groups)
    .flatMap(({ _id }) => config.groupRoles.get(_id) ?? [])
    .some((role) => (config.roles.get(role)?.management.length ?? 0) > 0);
}

/** Whether people made their account here, or by their company's provider, before the directory came that writes to it now. */
export function hasOwnAccount({
  activatedAt,
  directoryId,
  source,
}: Pick<UserDocument, 'activatedAt' | 'directoryId' | 'source'>): boolean {
  return activatedAt !== null && (directoryId === null || source !== 'scim');
}

/** Whether somebody else could now sign in as the user, or be sent their mail. A name that is no address leads nobody there. */
function isHandedOver(before: UserDocument, after: UserDocument, { ssoDomains }: TenantConfig): boolean {
  if (before.loginType !== after.loginType) return true;
  const [had, has] = [addressKeyOf(before), addressKeyOf(after)];
  const added = after.loginKeys.filter((key) => key.includes('@') && !before.loginKeys.includes(key));
  if (had === has && added.length === 0) return false;
  const addresses = [had, has, ...added].filter((key) => key !== null);
  // Where the company's provider decides who somebody is, another address of the company is no other way in.
  return !addresses.every((address) => coversDomain(ssoDomains, parseEmail(address)?.domain ?? ''));
}

/**
 * People who had an account before a directory wrote to it keep their way in: else whoever may make a directory could take over anybody.
 *
 * @throws AppError `user.own_account`.
 */
function requireOwnSignInKept(
  { config }: WriteContext,
  before: UserDocument,
  after: UserDocument,
  isNewPassword: boolean,
): void {
  if (!hasOwnAccount(before) || (!isNewPassword && !isHandedOver(before, after, config))) return;
  throw new AppError(
    'user.own_account',
    'this person had an account before the directory found it: a directory changes neither its password, address nor login type',
  );
}

/**
 * What a directory may do to itself through those it provisions: whoever was put in charge here, by hand and not by its rules, keeps the
 * names they sign in with and their password, whatever the directory sends.
 *
 * @throws AppError `user.protected`, `user.own_account`.
 */
export function* requireSignInKept(
  context: WriteContext,
  before: UserDocument,
  after: UserDocument,
  isNewPassword: boolean,
): Step<void> {
  const { actor, config, now } = context;
  const { directoryId } = actor;
  if (directoryId === null || (!isNewPassword && !movesSignIn(before, after))) return;
  const byHand = liveGrants(before, config, now).some(
    ({ role, type, sourceId }) =>
      sourceId !== groupSource &&
      sourceId !== heldSource &&
      (type !== 'rule' || sourceId !== directoryId) &&
      (config.roles.get(role)?.management.length ?? 0) > 0,
  );
  if (!byHand && !(yield* managesByGroup(context, before, directoryId))) {
    requireOwnSignInKept(context, before, after, isNewPassword);
    return;
  }
  throw new AppError(
    'user.protected',
    'this user manages the tenant by a role given here: a directory changes neither their password, userName, address nor login type',
  );
}
