import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { heldSource, withoutRuleGrants } from '../grants/grants.js';
import { changeMembersStep } from '../groups/member-steps.js';
import { wakeJobs } from '../jobs/queue.js';
import { requirePermission } from '../permissions.js';
import { requireAuthority } from '../users/authority.js';
import { changedUser } from '../users/build.js';
import { partyOf } from '../users/change-events.js';
import { endSessionsOf } from '../users/identities.js';
import { requireUserLimits } from '../users/input-limits.js';
import { inputOf, withProfile } from '../users/input.js';
import { recomputeUserStep } from '../users/recompute.js';
import { removeUser } from '../users/removal.js';
import { openWrite, saveUser, type WriteContext } from '../users/save.js';
import { isProtectedFromDirectories } from '../users/transitions.js';
import { requireVisibleNames } from '../users/visible-names.js';
import { loginDuplicates } from '../users/users.js';
import { managerOf } from '../visibility.js';
import { decided, type AccountClashDocument, type ClashDecision } from './account-clashes.js';

/** What is decided on a clash. */
export interface ClashChoice {
  /**
   * `link`: what came is the account it met; `apart`: it is not, and stays out; `merge`: the account it met is another account, which gets
   * what it has; `rename`: the account it met gets another name, so that what came can have its own.
   */
  decision: ClashDecision;
  /** Id of the account that stays; of `merge` alone. */
  into?: string | undefined;
  /** Of `rename` alone. */
  userName?: string | undefined;
  email?: string | undefined;
}

const notFit = (detail: string): AppError => new AppError('account_clash.not_fit', detail);

function* userStep(context: WriteContext, id: string): Step<UserDocument> {
  const user = yield* context.tx.tenant(context.tenantId).collection('users').get(id);
  if (!user) throw new AppError('user.not_found', 'there is no such user');
  requireAuthority(context.actor, user, context.config, context.now);
  return user;
}

/** The identity is this user's from now on; what the user had at the connection before is over, with its sessions. */
function* linkIdentity(context: WriteContext, clash: AccountClashDocument, user: UserDocument): Step<void> {
  const { tx, tenantId, actor, now } = context;
  const scope = tx.tenant(tenantId);
  const connection = yield* scope.collection('sso_connections').get(clash.sourceId);
  if (!connection) throw notFit('the connection is gone');
  const { issuer, subject } = clash;
  if (issuer === null || subject === null) throw notFit('nothing is known of the identity');
  const identities = scope.collection('identities');
  const key = { connectionId: connection._id, issuer, subject };
  const holder = yield* identities.findOne(key);
  if (holder && holder.userId !== user._id) throw notFit('the identity is connected to another user by now');
  for (const earlier of yield* identities.find({ userId: user._id, connectionId: connection._id })) {
    yield* identities.remove(earlier._id);
    yield* endSessionsOf(tx, earlier, now);
  }
  const { providerVersion = 0 } = connection;
  yield* identities.insert({
    ...{ _id: newId(), tenantId, ...key, userId: user._id, providerVersion, lastUsedAt: now },
  });
  const changes = [{ path: 'identity', before: null, after: `${issuer} ${subject}` }];
  yield* recordEvent(tx, actor, { action: 'sso.identity_linked', target: partyOf(user), changes }, now);
}

/** The directory manages this user from now on, and gives roles by its rules. */
function* giveToDirectory(
  context: WriteContext,
  { sourceId }: AccountClashDocument,
  user: UserDocument,
): Step<void> {
  if (!context.config.directories.has(sourceId)) throw notFit('the directory is gone');
  if (isProtectedFromDirectories({ ...user, directoryId: null }, context.config))
    throw notFit('this user manages something by hand: no directory may change them');
  const earlier = managerOf(user.directoryId);
  const grants =
    earlier === null ? user.grants : withoutRuleGrants(withoutRuleGrants(user.grants, earlier), heldSource);
  const known = { ...user, externalId: null, ...(user.heldChange && { heldChange: null }) };
  yield* recomputeUserStep(context, known, { directoryId: sourceId, grants });
}

function* link(context: WriteContext, clash: AccountClashDocument, userId: string): Step<void> {
  const user = yield* userStep(context, userId);
  yield* clash.source === 'sso' ? linkIdentity(context, clash, user) : giveToDirectory(context, clash, user);
}

/** Identities that the staying account has none of move to it. */
function* moveIdentities({ tx, tenantId }: WriteContext, from: string, into: string): Step<void> {
  const identities = tx.tenant(tenantId).collection('identities');
  const there = yield* identities.find({ userId: into });
  const taken = new Set(there.map(({ connectionId }) => connectionId));
  for (const identity of yield* identities.find({ userId: from })) {
    if (taken.has(identity.connectionId)) continue;
    yield* identities.update(identity._id, (stored) => ({ ...stored, userId: into }));
  }
}

/** Local groups of the going account, and roles that were given to it by hand. */
function* moveAccess(context: WriteContext, gone: UserDocument, into: string): Step<void> {
  const groups = context.tx.tenant(context.tenantId).collection('groups');
  for (const id of gone.groupIds) {
    const group = yield* groups.get(id);
    if (group?.directoryId !== null) continue;
    yield* changeMembersStep(context, group, { add: [into], remove: [] });
  }
  const staying = yield* userStep(context, into);
  const byHand = (user: UserDocument): string[] =>
    user.grants.filter(({ type }) => type === 'manual' || type === 'invite').map(({ role }) => role);
  const lacking = byHand(gone).filter((role) => !byHand(staying).includes(role));
  if (lacking.length === 0) return;
  requirePermission(context.actor, 'roles.assign');
  const manual = staying.grants.filter(({ type }) => type === 'manual').map(({ role }) => role);
  const roles = [...new Set([...manual, ...lacking])];
  yield* saveUser(context, staying, yield* changedUser(context, staying, { ...inputOf(staying), roles }));
}

function* merge(context: WriteContext, clash: AccountClashDocument, into: string): Step<void> {
  const gone = yield* userStep(context, clash.userId);
  if (into === gone._id) throw notFit('an account is not merged into itself');
  if (gone.directoryId !== null) throw notFit('a directory manages the account that would go');
  if (!context.config.settings['users.deletion'])
    throw new AppError('user.deletion_off', 'users of this tenant are disabled, not deleted');
  requirePermission(context.actor, 'users.delete');
  yield* userStep(context, into);
  yield* moveIdentities(context, gone._id, into);
  yield* moveAccess(context, gone, into);
  const clashes = context.tx.tenant(context.tenantId).collection('account_clashes');
  yield* clashes.update(clash._id, (stored) => ({ ...stored, userId: into }));
  yield* removeUser(context, gone);
  if (clash.source === 'sso') yield* linkIdentity(context, clash, yield* userStep(context, into));
}

function* rename(context: WriteContext, clash: AccountClashDocument, choice: ClashChoice): Step<void> {
  const user = yield* userStep(context, clash.userId);
  if (user.directoryId !== null) throw notFit('a directory says how this user is called: rename them there');
  const { email, userName = user.userName } = choice;
  const attributes = withProfile(user.attributes, email === undefined ? {} : { email });
  const input = { ...inputOf(user), userName, attributes };
  requireUserLimits(input, user);
  requireVisibleNames(input, user);
  const renamed = yield* saveUser(context, user, yield* changedUser(context, user, input));
  if (renamed.version === user.version) throw notFit('give another userName or email');
}

const fault = (pointer: string, detail: string): AppError =>
  new AppError('input.invalid', detail, { errors: [{ pointer, detail }] });

/** @throws AppError `input.invalid` for a choice that lacks something. */
function requireWhole({ decision, email, into, userName }: ClashChoice): void {
  if (decision === 'merge' && into === undefined) throw fault('/into', 'is needed: the account that stays');
  if (decision === 'rename' && email === undefined && userName === undefined)
    throw fault('/userName', 'is needed, or an email');
}

function* apply(context: WriteContext, clash: AccountClashDocument, choice: ClashChoice): Step<void> {
  if (choice.decision === 'link') yield* link(context, clash, clash.userId);
  if (choice.decision === 'merge') yield* merge(context, clash, choice.into ?? '');
  if (choice.decision === 'rename') yield* rename(context, clash, choice);
}

/**
 * Does what was decided on a clash, in one transaction.
 *
 * @throws AppError `account_clash.not_found`, `account_clash.not_fit`, `user.not_found`, `user.above_actor`, `user.name_taken`,
 *   `user.deletion_off`, `auth.forbidden`, `role.not_grantable`, `input.invalid`.
 */
export async function decideClash(
  core: Core,
  actor: Actor,
  id: string,
  choice: ClashChoice,
): Promise<AccountClashDocument> {
  requireWhole(choice);
  const after = await refuseDuplicates(loginDuplicates, () =>
    core.store.transaction(function* (tx) {
      const context = yield* openWrite(tx, core, actor);
      const clashes = tx.tenant(actor.tenantId).collection('account_clashes');
      const clash = yield* clashes.get(id);
      if (!clash) throw new AppError('account_clash.not_found', 'there is no such clash');
      const { decision } = choice;
      if (clash.state === 'decided' && clash.decision !== 'apart') throw notFit('this clash is decided');
      yield* apply(context, clash, choice);
      const target = { type: 'user', id: clash.userId, label: clash.incoming };
      const changes = [{ path: 'decision', before: clash.decision, after: decision }];
      const event = { action: 'user.clash_decided', target, changes };
      yield* recordEvent(tx, actor, event, context.now);
      return (
        (yield* clashes.update(id, (stored) => decided(stored, actor, decision, context.now))) ??
        decided(clash, actor, decision, context.now)
      );
    }),
  );
  wakeJobs(core);
  return after;
}
