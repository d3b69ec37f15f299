import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthority } from './authority.js';
import type { Actor, Core } from '../core.js';
import { releaseAdministered } from '../grants/group-grants.js';
import { guardedDeletion } from './change-guard.js';
import { withdrawInvitation } from './invitation-status.js';
import { wakeJobs } from '../jobs/queue.js';
import { uniqueKeysField } from './own-attributes.js';
import { guardSelf, requireWritable } from './transitions.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { retired, retiredKeys } from '../visibility.js';
import { enqueueAccessEnd, guardLastAdministrator, openWrite, saveUser, type WriteContext } from './save.js';
import { lastAccess, partyOf } from './change-events.js';

/** Groups whose member list just changed get a new version, and with it a new ETag. */
export function* touchGroups(context: WriteContext, groupIds: readonly string[]): Step<void> {
  for (const groupId of groupIds) {
    yield* context.tx
      .tenant(context.tenantId)
      .collection('groups')
      .update(groupId, (group) => ({ ...group }));
  }
}

/** What a DELETE by a directory does, as a step of a transaction. */
export function* leaveStep(context: WriteContext, user: UserDocument): Step<void> {
  const { settings } = context.config;
  const hides = !settings['users.deletion'] || settings['scim.deleteMode'] === 'hide';
  yield* hides ? retireUser(context, user) : removeUser(context, user);
}

/** SCIM's DELETE where nobody is deleted: disabled, out of every group, unseen by directories, the address free (B4). */
function* retireUser(context: WriteContext, user: UserDocument): Step<void> {
  const hidden: UserDocument = {
    ...user,
    enabled: false,
    directoryId: retired,
    ...(user.heldChange && { heldChange: null }),
    loginKeys: retiredKeys(user._id),
    ...uniqueKeysField([], user),
    groupIds: [],
    grants: user.grants.filter((grant) => grant.type !== 'rule'),
  };
  yield* saveUser(context, user, hidden, 'deleted');
  yield* releaseAdministered(context, user._id);
  yield* touchGroups(context, user.groupIds);
}

/** Deletes a user with everything that hangs on it, as a step of a transaction; see {@link deleteUser}. */
export function* removeUser(context: WriteContext, user: UserDocument): Step<void> {
  const { tx, tenantId, actor, config, now } = context;
  requireAuthority(actor, user, config, now);
  guardSelf(actor, user, undefined, config, now);
  yield* guardLastAdministrator(context, user, undefined);
  const scope = tx.tenant(tenantId);
  yield* scope.collection('users').remove(user._id, { ifVersion: user.version });
  yield* scope.collection('credentials').remove(user._id);
  yield* scope.collection('identities').removeMany({ userId: user._id });
  yield* scope.collection('consents').removeMany({ userId: user._id });
  yield* scope.collection('saved_views').removeMany({ owner: user._id });
  yield* scope.collection('sso_sign_ins').removeMany({ userId: user._id });
  yield* scope.collection('setup_links').removeMany({ 'maker.id': user._id });
  yield* scope.collection('account_clashes').removeMany({ userId: user._id });
  yield* withdrawInvitation(tx, user, now);
  yield* scope.collection('role_requests').removeMany({ 'user.id': user._id });
  yield* touchGroups(context, user.groupIds);
  yield* releaseAdministered(context, user._id);
  const gone = { action: 'user.deleted', target: partyOf(user), changes: lastAccess(user) };
  yield* recordEvent(tx, actor, gone, now);
  yield* enqueueAccessEnd(context, user._id, 'deleted');
}

/**
 * Deletes a user with everything that hangs on it; audit events keep its id and label. Where the tenant deletes nobody, a directory's
 * DELETE hides the user instead and everybody else is refused.
 *
 * @returns the user as it was.
 * @throws AppError `user.not_found`, `user.not_managed`, `user.deletion_off`, `user.protected`, `user.above_actor`, `user.last_administrator`,
 *   `user.self_change`, `resource.version_mismatch`.
 */
export async function deleteUser(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<UserDocument> {
  const removed = await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const { settings } = context.config;
    const stored = yield* tx.tenant(context.tenantId).collection('users').get(id);
    const user = requireWritable(actor, stored, context.config);
    requireVersion(user, options);
    const isScim = actor.directoryId !== null;
    if (isScim && user.directoryId !== actor.directoryId) {
      throw new AppError(
        'user.not_managed',
        'this user is not one that the directory provisions: it may not delete them',
      );
    }
    if (!isScim && !settings['users.deletion']) {
      throw new AppError('user.deletion_off', 'users of this tenant are disabled, not deleted');
    }
    const staying = isScim ? yield* guardedDeletion(context, user) : undefined;
    if (staying) {
      yield* saveUser(context, user, staying);
      yield* touchGroups(context, user.groupIds);
    } else yield* isScim ? leaveStep(context, user) : removeUser(context, user);
    return user;
  });
  wakeJobs(core);
  return removed;
}
