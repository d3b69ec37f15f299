import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { noteDomains } from './address-domains.js';
import { recordEvent, writeEvent } from '../audit/audit.js';
import { requireAuthority } from './authority.js';
import type { Actor, Core } from '../core.js';
import {
  PasswordUnprepared,
  preparePassword,
  storePassword,
  writeTurn,
  type PreparedPassword,
} from './credentials.js';
import type { Outcome } from './effects.js';
import { findUserClash } from './clashes.js';
import { refuseDuplicates, type Clash } from '../duplicates.js';
import { loginKey } from '../email.js';
import { requireUserLimits } from './input-limits.js';
import { wakeJobs } from '../jobs/queue.js';
import { passwordRule, requireGoodPassword } from '../passwords/policy.js';
import { tenantConfig } from '../tenants/config.js';
import { buildUser, changedUser, requireAddingAllowed, type CreateOptions } from './build.js';
import { activeFor } from './hold.js';
import type { UserInput } from './input.js';
import { noticePassword } from './notices.js';
import { findValueClash } from './own-attributes.js';
import { grantChanges } from './recorded-grants.js';
import { requireSignInKept } from './protection.js';
import { requireWritable } from './transitions.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { requireVisibleNames } from './visible-names.js';
import { isVisibleTo } from '../visibility.js';
import { enqueueExpiry, openWrite, saveUser, type WriteContext } from './save.js';
import { partyOf } from './change-events.js';

export type { UserDocument } from '../../persistence/collections/users.js';
export type { CreateOptions } from './build.js';
export type { UserInput } from './input.js';
export type { WriteOptions } from '../versions.js';

/** What the unique indexes of users mean to a caller. */
export const loginDuplicates = {
  users_login_keys: {
    code: 'user.name_taken',
    message: 'the userName or address is taken by another user',
    pointer: '/userName',
  },
  users_unique_values: {
    code: 'user.value_taken',
    message: 'another user has this value of an attribute that is unique',
    pointer: '/attributes',
  },
} as const;

/** What is in the way of a write: of its names first, then of its unique values. */
async function findClash(
  core: Core,
  tenantId: string,
  wanted: UserInput | undefined,
  ownId?: string,
): Promise<Clash | undefined> {
  const named = await findUserClash(core, tenantId, wanted, ownId);
  if (named) return named;
  return findValueClash(core, await tenantConfig(core, tenantId), wanted?.attributes, ownId);
}

function requireSeen<U extends { directoryId: string | null }>(
  user: U | undefined,
  directoryId: string | null,
): U {
  if (!user || !isVisibleTo(user, directoryId)) throw new AppError('user.not_found', 'there is no such user');
  return user;
}

/**
 * @param directoryId - who asks, when it is a directory: what it may not see is not found either.
 * @throws AppError `user.not_found`.
 */
export async function getUser(
  core: Core,
  tenantId: string,
  id: string,
  directoryId: string | null = null,
): Promise<UserDocument> {
  return requireSeen(await core.store.tenant(tenantId).collection('users').get(id), directoryId);
}

/** The one user of a tenant whose userName or primary address this is, compared as at sign-in. */
export function findUserByLogin(
  core: Core,
  tenantId: string,
  login: string,
): Promise<UserDocument | undefined> {
  return core.store
    .tenant(tenantId)
    .collection('users')
    .findOne({ loginKeys: loginKey(login) });
}

const creationActions: Readonly<Partial<Record<UserDocument['source'], string>>> = {
  invite: 'user.invited',
  self_registration: 'user.self_registered',
};

/**
 * Adds a user, as a step of a transaction; a password comes hashed. See {@link createUser}.
 *
 * @throws AppError `user.adding_off`, `role.not_grantable`, `input.invalid`; the store's `store.duplicate` for a taken name.
 */
export function* createUserStep(
  context: WriteContext,
  input: UserInput,
  options: CreateOptions,
  passwordHash: string | undefined,
): Step<UserDocument> {
  const { tx, actor, now, tenantId } = context;
  requireUserLimits(input);
  requireVisibleNames(input);
  requireAddingAllowed(context);
  const built = yield* buildUser(context, input, options);
  const stored = yield* tx.tenant(tenantId).collection('users').insert(built);
  yield* noteDomains(context.core, tx, tenantId, stored.loginKeys);
  if (passwordHash !== undefined) {
    yield* storePassword(context, stored._id, passwordHash, input.passwordIsTemporary ?? false);
  }
  yield* enqueueExpiry(context, stored);
  const roles = [...new Set(stored.grants.map((grant) => grant.role))];
  const changes =
    roles.length === 0
      ? []
      : [{ path: 'roles', before: [], after: roles }, ...grantChanges([], stored.grants)];
  const action = creationActions[stored.source] ?? 'user.created';
  yield* recordEvent(tx, actor, { action, target: partyOf(stored), changes }, now);
  return stored;
}

/**
 * Adds a user.
 *
 * @throws AppError `user.name_taken`, `user.adding_off`, `role.not_grantable`, `input.invalid`.
 */
export async function createUser(
  core: Core,
  actor: Actor,
  input: UserInput,
  options: CreateOptions = {},
): Promise<UserDocument> {
  // Nothing is hashed that will not be taken.
  if (input.password !== undefined) {
    requireUserLimits(input);
    const config = await tenantConfig(core, actor.tenantId);
    requireGoodPassword(input.password, passwordRule(config, actor.directoryId !== null), input);
  }
  const turn = writeTurn(actor.tenantId);
  const passwordHash =
    input.password === undefined ? options.passwordHash : await core.passwords.hash(input.password, turn);
  return refuseDuplicates(
    loginDuplicates,
    () =>
      core.store.transaction(function* (tx) {
        const context = yield* openWrite(tx, core, actor);
        const stored = yield* createUserStep(context, input, options, passwordHash);
        if (options.also) yield* options.also(context, stored);
        return stored;
      }),
    () => findClash(core, actor.tenantId, input),
  );
}

function* changePassword(
  context: WriteContext,
  user: UserDocument,
  input: UserInput,
  prepared: PreparedPassword | undefined,
): Step<boolean> {
  if (input.password === undefined) return false;
  if (prepared?.password !== input.password) throw new PasswordUnprepared(input.password, input);
  if (prepared.hash === undefined) return false;
  yield* storePassword(context, user._id, prepared.hash, input.passwordIsTemporary ?? false);
  yield* recordEvent(
    context.tx,
    context.actor,
    { action: 'password.changed', target: partyOf(user) },
    context.now,
  );
  yield* noticePassword(context, user);
  return true;
}

/**
 * Where a disable in the console leaves sessions open, a directory that then says the same ends them: its `active: false` always does.
 */
function* sessionsLeftOpen(
  context: WriteContext,
  before: UserDocument,
  after: UserDocument,
): Step<'disabled' | undefined> {
  const { actor, config, tx, tenantId } = context;
  if (actor.directoryId === null || before.enabled || activeFor(after)) return undefined;
  if (config.settings['sessions.revokeOnDisable']) return undefined;
  const session = yield* tx.tenant(tenantId).collection('sessions').findOne({ userId: before._id });
  return session ? 'disabled' : undefined;
}

/** @param input - undefined for nothing to do. @returns the user as stored now; `before` when nothing changed. */
function* changeStep(
  context: WriteContext,
  before: UserDocument,
  input: UserInput | undefined,
  prepared: PreparedPassword | undefined,
): Step<UserDocument> {
  if (!input)
    return yield* saveUser(context, before, before, yield* sessionsLeftOpen(context, before, before));
  requireUserLimits(input, before);
  requireVisibleNames(input, before);
  const isNewPassword = yield* changePassword(context, before, input, prepared);
  const changed = yield* changedUser(context, before, input);
  yield* requireSignInKept(context, before, changed, isNewPassword);
  const leftOpen = yield* sessionsLeftOpen(context, before, changed);
  return yield* saveUser(context, before, changed, isNewPassword ? 'password_changed' : leftOpen);
}

export interface UpdateOptions extends WriteOptions {
  /** The change says what only somebody above may say of a user, be it what stands already: judged before anything else. */
  decides?: boolean | undefined;
}

/** A directory that tried to take somebody's account over is told to the audit trail, by which webhooks tell it further. */
async function noteTakeover(core: Core, actor: Actor, id: string, error: unknown): Promise<void> {
  if (!(error instanceof AppError) || error.code !== 'user.own_account') return;
  const user = await core.store.tenant(actor.tenantId).collection('users').get(id);
  if (!user) return;
  const event = { action: 'user.takeover_refused', target: partyOf(user), result: 'failure' } as const;
  await writeEvent(core, actor, event);
}

/**
 * Changes a user: guards, roles by rule, the end of sessions and the audit trail in one transaction.
 *
 * @param change - a pure function of the stored user, which may run several times; undefined for nothing to do.
 * @throws AppError `user.not_found`, `user.name_taken`, `user.protected`, `user.own_account`, `user.above_actor`, `user.last_administrator`,
 *   `user.self_change`, `user.provisioned`, `role.not_grantable`, `resource.version_mismatch`, `input.invalid`.
 */
export async function updateUser(
  core: Core,
  actor: Actor,
  id: string,
  change: (stored: UserDocument) => UserInput | undefined,
  options: UpdateOptions = {},
): Promise<Outcome<UserDocument>> {
  const attempt = (prepared?: PreparedPassword): Promise<Outcome<UserDocument>> =>
    refuseDuplicates(
      loginDuplicates,
      () =>
        core.store.transaction(function* (tx) {
          const context = yield* openWrite(tx, core, actor);
          const stored = yield* tx.tenant(context.tenantId).collection('users').get(id);
          const before = requireWritable(actor, stored, context.config);
          requireVersion(before, options);
          if (options.decides) requireAuthority(actor, before, context.config, context.now);
          const after = yield* changeStep(context, before, change(before), prepared);
          return { before, after, effects: context.effects };
        }),
      async () => {
        const stored = await core.store.tenant(actor.tenantId).collection('users').get(id);
        return findClash(core, actor.tenantId, stored && change(stored), id);
      },
    );
  let prepared: PreparedPassword | undefined;
  for (;;) {
    try {
      const outcome = await attempt(prepared);
      wakeJobs(core);
      return outcome;
    } catch (error) {
      await noteTakeover(core, actor, id, error);
      if (!(error instanceof PasswordUnprepared)) throw error;
      prepared = await preparePassword(core, actor, id, error);
    }
  }
}
