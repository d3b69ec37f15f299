import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Origin } from '../actors.js';
import { requiredConnectionOf } from '../sso/company-sign-in.js';
import type { Actor, Core } from '../core.js';
import { parseEmail } from '../email.js';
import { requireAuthority } from '../users/authority.js';
import { prepareEntry } from './mail.js';
import { sendAgain } from './invitations.js';
import { wakeJobs } from '../jobs/queue.js';
import { findTokenHolder, issueToken, type TokenHolder } from '../credentials/one-time-tokens.js';
import { setPasswordByToken, type PasswordSetting } from '../credentials/reset.js';
import { tenantSettings } from '../tenants/settings.js';
import { activated } from '../users/actions.js';
import { statusWithoutLock } from '../grants/user-status.js';
import type { UserInput } from '../users/input.js';
import { openWrite, type WriteContext } from '../users/save.js';
import { withAcceptedTerms } from '../users/terms.js';
import { createUser } from '../users/users.js';

/**
 * Mails a person who is not activated yet the way in, again or for the first time; what an older mail held dies.
 *
 * @throws AppError `input.invalid` when the user has no address, or nothing to activate; `user.above_actor`.
 */
export async function sendActivation(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  const settings = await tenantSettings(core, user.tenantId);
  const entry = await prepareEntry(core, settings, user.loginType);
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const stored = yield* tx.tenant(user.tenantId).collection('users').get(user._id);
    if (!stored) throw new AppError('user.not_found', 'there is no such user');
    requireAuthority(actor, stored, context.config, context.now);
    if (stored.activatedAt !== null) throw new AppError('input.invalid', 'the user is activated already');
    yield* sendAgain(context, stored, entry);
  });
  wakeJobs(core);
}

/**
 * Adds a user and mails who has to activate the account the way in, or does neither: nobody types a password for somebody else, so without
 * the mail there would be no way in (M3-12).
 *
 * @throws AppError as {@link createUser}; `input.invalid` when there is no address to mail to.
 */
export async function createUserWithMail(core: Core, actor: Actor, input: UserInput): Promise<UserDocument> {
  const settings = await tenantSettings(core, actor.tenantId);
  const local = await prepareEntry(core, settings, 'local');
  const user = await createUser(core, actor, input, {
    *also(context, stored) {
      if (stored.activatedAt !== null || !stored.enabled) return;
      yield* sendAgain(context, stored, stored.loginType === 'sso' ? { kind: 'company' } : local);
    },
  });
  wakeJobs(core);
  return user;
}

/** Mails the way in to a person whom a directory has just added, where the tenant says so. The mail goes out within half a second. */
export function* mailProvisioned(context: WriteContext, user: UserDocument): Step<void> {
  if (!context.config.settings['invites.provisioned']) return;
  if (user.activatedAt !== null || !user.enabled || user.loginType === 'sso') return;
  if (!parseEmail(user.email ?? user.userName)) return;
  yield* sendAgain(context, user, { kind: 'link' });
}

/** Whom an activation link is for. */
export interface ActivationHolder extends TokenHolder {
  /** Their company's provider signs them in: a sign-in there activates, a password opens nothing. */
  connectionId: string | null;
}

/** @returns undefined when the link is dead, or the person is activated, disabled or expired by now. */
export async function findActivationHolder(core: Core, token: string): Promise<ActivationHolder | undefined> {
  const holder = await findTokenHolder(core, 'activation', token);
  if (!holder) return undefined;
  const { user } = holder;
  const settings = await tenantSettings(core, user.tenantId);
  const status = statusWithoutLock(user, settings, core.clock.now());
  if (status !== 'pending_activation') return undefined;
  const connection = await requiredConnectionOf(core, user);
  return { ...holder, connectionId: connection?._id ?? null };
}

/** Sets the first password and activates the account. */
export async function activateByToken(
  core: Core,
  token: string,
  password: string,
  origin: Origin,
): Promise<PasswordSetting> {
  const holder = await findActivationHolder(core, token);
  if (holder?.connectionId !== null) return { kind: 'dead' };
  return setPasswordByToken(core, holder, password, origin, { change: activatedWithTerms });
}

/** The form shows the tenant's terms, where there are some, and is not taken without them. */
function* activatedWithTerms(context: WriteContext, user: UserDocument): Step<UserDocument> {
  return yield* withAcceptedTerms(context, yield* activated(context, user));
}

/** How long somebody who signed in with a temporary password may take to choose their own. */
const choosingSeconds = 900;

/**
 * A temporary password opens nothing but the way to a password of one's own (requirement B2).
 *
 * @param user - who has just typed their right password and waits for activation.
 * @returns the path at which to choose one; undefined when the password is not a temporary one, or its time is over.
 */
export async function beginActivation(core: Core, user: UserDocument): Promise<string | undefined> {
  const now = core.clock.now();
  const settings = await tenantSettings(core, user.tenantId);
  const oldest = new Date(now.getTime() - settings['invites.ttlSeconds'] * 1000);
  return core.store.transaction(function* (tx) {
    const credential = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    if (!credential?.passwordIsTemporary) return undefined;
    if (credential.passwordChangedAt === null) return undefined;
    const invitation = yield* tx
      .tenant(user.tenantId)
      .collection('invitations')
      .findOne({ userId: user._id, respondedAt: null, revokedAt: null });
    const isLate = invitation ? invitation.expiresAt <= now : credential.passwordChangedAt <= oldest;
    if (isLate) return undefined;
    const order = { isMailed: false, kind: 'activation', ttlSeconds: choosingSeconds, now } as const;
    return `/activate/${yield* issueToken(tx, user, order)}`;
  });
}
