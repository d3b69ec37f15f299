import type { JobDocument } from '../../persistence/collections/events.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { systemActor, type Origin, personActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import { requireAuthorityOver } from '../users/authority.js';
import { brandOf } from '../tenants/branding.js';
import { requiredConnectionOf } from '../sso/company-sign-in.js';
import type { Actor, Core } from '../core.js';
import { inTenantsOfDomain } from '../users/address-domains.js';
import { storePassword, writeTurn } from '../users/credentials.js';
import { loginKey, parseEmail } from '../email.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { languageOf, spanText } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import { enqueueMail } from '../jobs/mails.js';
import { findTokenHolder, issueToken, spendToken, type TokenHolder } from './one-time-tokens.js';
import { passwordFault, passwordRule } from '../passwords/policy.js';
import { tenantConfig } from '../tenants/config.js';
import { settingsOf } from '../tenants/settings.js';
import { isOpen } from '../tenants/state.js';
import { addressKeyOf } from '../user-keys.js';
import { statusWithoutLock } from '../grants/user-status.js';
import { resetAddressOf } from '../users/moved-address.js';
import { openWrite, saveUser, type WriteContext } from '../users/save.js';

const maxMails = 5;
const mailSpanMs = 900_000;

/** Kind of the job that looks who asked for a new password. */
export const forgotJob = 'password_reset.request';

/**
 * Somebody typed an address into "forgot password". Whether anybody has it is found out after the answer, in the background, so that the
 * answer and its time are the same for every address.
 *
 * @param tenantId - look in this tenant only; null: everywhere.
 */
export async function askPasswordReset(core: Core, email: string, tenantId: string | null): Promise<void> {
  const sealed = core.secretBox.seal(forgotJob, JSON.stringify({ email, tenantId }));
  await core.store.transaction((tx) =>
    enqueueJob(tx, tenantId ?? 'server', { kind: forgotJob, payload: { sealed } }, core.clock.now()),
  );
  wakeJobs(core);
}

/** The job {@link askPasswordReset} leaves: one mail for each account of the address that can use one. */
export async function answerPasswordReset(core: Core, job: JobDocument): Promise<void> {
  const opened = JSON.parse(core.secretBox.open(forgotJob, String(job.payload['sealed']))) as {
    email: string;
    tenantId: string | null;
  };
  const scope = opened.tenantId === null ? core.store.server : core.store.tenant(opened.tenantId);
  const domain = parseEmail(opened.email)?.domain ?? '';
  const tenants = opened.tenantId === null ? await inTenantsOfDomain(core, domain) : {};
  const users = await scope
    .collection('users')
    .find({ loginKeys: loginKey(opened.email), ...tenants }, { limit: 10 });
  for (const user of users) {
    if (await isMailDue(core, user)) await sendPasswordReset(core, systemActor(user.tenantId), user);
  }
}

/** Anybody can ask in another's name: a mailbox gets a few mails, not as many as are asked for. */
async function isMailDue(core: Core, user: UserDocument): Promise<boolean> {
  const end = new Date(core.clock.now().getTime() + mailSpanMs);
  const { count } = await core.store.increment(`reset-mail:${user._id}`, 1, end);
  return count <= maxMails;
}

async function mayReset(core: Core, user: UserDocument): Promise<boolean> {
  const { settings, tenant } = await tenantConfig(core, user.tenantId);
  if (!isOpen(tenant)) return false;
  const status = statusWithoutLock(user, settings, core.clock.now());
  return status === 'active' || status === 'pending_approval';
}

/**
 * The mailbox that a link for a new password goes to. Whoever manages the user here vouches for the present address by asking. An old one
 * that is somebody else's now reaches nobody.
 */
async function reachedFor(core: Core, { party }: Actor, user: UserDocument, now: Date) {
  if (party.type !== 'system') {
    const address = parseEmail(user.email ?? user.userName)?.address;
    return address === undefined ? undefined : { address, isPresent: true };
  }
  const reached = resetAddressOf(user, now);
  if (!reached || reached.isPresent) return reached;
  const other = await core.store
    .tenant(user.tenantId)
    .collection('users')
    .findOne({ loginKeys: loginKey(reached.address) });
  return other && other._id !== user._id ? undefined : reached;
}

/**
 * Mails the link to set a new password; people whose company has it are told so instead, and people who may not sign in get nothing.
 *
 * @returns whether a mail was sent.
 * @throws AppError `user.above_actor`.
 */
export async function sendPasswordReset(core: Core, actor: Actor, user: UserDocument): Promise<boolean> {
  await requireAuthorityOver(core, actor, user);
  const now = core.clock.now();
  const reached = await reachedFor(core, actor, user, now);
  if (!reached || !(await mayReset(core, user))) return false;
  const { address: to, isPresent } = reached;
  const { baseUrl } = core.config;
  const isTheirs = (await requiredConnectionOf(core, user)) !== undefined;
  const userId = user._id;
  await core.store.transaction(function* (tx) {
    const target = { type: 'user', id: userId, label: to };
    const tenant = yield* tx.tenant(user.tenantId).collection('tenants').get(user.tenantId);
    if (!tenant) return;
    const settings = settingsOf(tenant);
    const brand = brandOf(tenant.name, settings);
    const language = languageOf(user, settings);
    if (isTheirs) {
      const link = `${baseUrl}/signin?tenant=${encodeURIComponent(tenant.slug)}`;
      const mail = catalogueMail({ to, link }, brand, language, ['password_reset_sso', {}]);
      yield* enqueueMail(core, tx, user.tenantId, mail, { userId });
      return;
    }
    const ttlSeconds = settings['password.resetTtlSeconds'];
    const token = yield* issueToken(tx, user, {
      isMailed: isPresent,
      kind: 'password_reset',
      ttlSeconds,
      now,
    });
    const mail = catalogueMail({ to, link: `${baseUrl}/reset/${token}` }, brand, language, [
      'password_reset',
      { span: spanText(ttlSeconds, language) },
    ]);
    yield* enqueueMail(core, tx, user.tenantId, mail, { trySeconds: ttlSeconds, userId });
    yield* recordEvent(tx, actor, { action: 'password.reset_requested', target }, now);
  });
  wakeJobs(core);
  return true;
}

/** Whom a reset link is for; undefined when the link is dead or the person may no longer use it. */
export async function findResetHolder(core: Core, token: string): Promise<TokenHolder | undefined> {
  const holder = await findTokenHolder(core, 'password_reset', token);
  if (!holder || !(await mayReset(core, holder.user)) || (await requiredConnectionOf(core, holder.user)))
    return undefined;
  return holder;
}

export type PasswordSetting =
  { kind: 'done'; user: UserDocument } | { kind: 'weak'; fault: string } | { kind: 'dead' };

/** What goes with a new password in the same transaction. */
interface PasswordExtras {
  /** What else becomes of the user. */
  change?: (context: WriteContext, stored: UserDocument) => Step<UserDocument>;
  /** The event that tells of it, beside `password.changed`. */
  action?: string;
}

/**
 * Sets a password for the holder of a token: the token's end, the password and what comes with it are one step. Every session of theirs
 * ends, a lockout stays (M0-32).
 *
 * @returns `dead` when somebody else was faster, or the password or address changed in the meantime.
 */
export async function setPasswordByToken(
  core: Core,
  { token, user }: TokenHolder,
  password: string,
  origin: Origin,
  { action, change }: PasswordExtras = {},
): Promise<PasswordSetting> {
  const rule = passwordRule(await tenantConfig(core, user.tenantId));
  const fault = passwordFault(password, rule, user);
  if (fault !== undefined) return { kind: 'weak', fault };
  const hash = await core.passwords.hash(password, writeTurn(user.tenantId));
  const actor = personActor(user, origin);
  const saved = await core.store.transaction(function* (tx): Step<UserDocument | undefined> {
    const context = yield* openWrite(tx, core, actor);
    const { now } = context;
    const scope = tx.tenant(user.tenantId);
    const stored = yield* scope.collection('users').get(user._id);
    if (!stored || !(yield* spendToken(tx, token, stored))) return undefined;
    yield* storePassword(context, user._id, hash, false);
    for (const name of ['password.changed', ...(action === undefined ? [] : [action])]) {
      yield* recordEvent(tx, actor, { action: name, target: actor.party }, now);
    }
    const changed = change ? yield* change(context, stored) : stored;
    const reached = token.isMailed === true && { verifiedEmailKey: addressKeyOf(stored) };
    return yield* saveUser(context, stored, { ...changed, ...reached }, 'password_changed');
  });
  wakeJobs(core);
  return saved ? { kind: 'done', user: saved } : { kind: 'dead' };
}

/**
 * Sets a new password by a reset link.
 *
 * @param token - from the link.
 */
export async function resetPassword(
  core: Core,
  token: string,
  password: string,
  origin: Origin,
): Promise<PasswordSetting> {
  const holder = await findResetHolder(core, token);
  if (!holder) return { kind: 'dead' };
  return setPasswordByToken(core, holder, password, origin, { action: 'password.reset' });
}
