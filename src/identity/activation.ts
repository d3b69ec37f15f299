import type { UserDocument } from '../persistence/collections/users.js';
import { AppError } from '../shared/errors.js';
import type { Origin } from './actors.js';
import { recordEvent } from './audit.js';
import type { Actor, Core } from './core.js';
import { parseEmail } from './email-domain.js';
import { wakeJobs } from './jobs.js';
import { enqueueMail, linkMail, spanText } from './mails.js';
import { findTokenHolder, issueToken, type TokenHolder } from './one-time-tokens.js';
import { holderActor, setPasswordByToken, type PasswordSetting } from './password-reset.js';
import { findConnectionByDomain } from './sso-connections.js';
import { settingsOf, tenantSettings } from './tenant-settings.js';
import { activateUser } from './user-actions.js';
import { deriveStatus } from './user-status.js';

/**
 * Mails the link a new user activates the account with; an older link dies.
 *
 * @throws AppError `input.invalid` when the user has no address, or nothing to activate.
 */
export async function sendActivation(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  const to = parseEmail(user.email ?? user.userName)?.address;
  if (to === undefined) throw new AppError('input.invalid', 'the user has no email address');
  if (user.activatedAt !== null) throw new AppError('input.invalid', 'the user is activated already');
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const tenant = yield* tx.tenant(user.tenantId).collection('tenants').get(user.tenantId);
    if (!tenant) throw new AppError('tenant.not_found', 'there is no such tenant');
    const ttlSeconds = settingsOf(tenant)['invites.ttlSeconds'];
    const token = yield* issueToken(tx, user, { kind: 'activation', ttlSeconds, now });
    const link = `${core.config.baseUrl}/activate/${token}`;
    const parts = { to, subject: `Your account at ${tenant.name}`, template: 'activation', link };
    const mail = linkMail(
      parts,
      [`${actor.party.label} has made an account for you at ${tenant.name}. Activate it here:`],
      [`The link is good once, for ${spanText(ttlSeconds)}.`],
    );
    yield* enqueueMail(core, tx, user.tenantId, mail);
    const target = { type: 'user', id: user._id, label: to };
    yield* recordEvent(tx, actor, { action: 'invitation.sent', target }, now);
  });
  wakeJobs(core);
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
  const status = deriveStatus(user, {
    now: core.clock.now(),
    approvalRequired: settings['approval.required'],
  });
  if (status !== 'pending_activation') return undefined;
  const domain = parseEmail(user.email ?? user.userName)?.domain;
  const connection = domain === undefined ? undefined : await findConnectionByDomain(core, domain);
  const isTheirs = connection?.mode === 'required' && connection.tenantId === user.tenantId;
  return { ...holder, connectionId: isTheirs ? connection._id : null };
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
  const result = await setPasswordByToken(core, holder, password, origin);
  if (result.kind !== 'done') return result;
  const actor = holderActor(result.user, origin);
  return { kind: 'done', user: await activateUser(core, actor, result.user._id) };
}
