import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { liveGrants } from '../grants/effective-roles.js';
import { groupSource } from '../grants/grants.js';
import { knownGroupsStep, reachable } from '../grants/group-graph.js';
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

/**
 * What a directory may do to itself through those it provisions: whoever was put in charge here, by hand and not by its rules, keeps the
 * names they sign in with and their password, whatever the directory sends.
 *
 * @throws AppError `user.protected`.
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
      (type !== 'rule' || sourceId !== directoryId) &&
      (config.roles.get(role)?.management.length ?? 0) > 0,
  );
  if (!byHand && !(yield* managesByGroup(context, before, directoryId))) return;
  throw new AppError(
    'user.protected',
    'this user manages the tenant by a role given here: a directory changes neither their password, userName, address nor login type',
  );
}
