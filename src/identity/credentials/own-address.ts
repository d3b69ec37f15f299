import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { personActor, type Origin } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { parseEmail, type EmailAddress } from '../email.js';
import { languageOf, spanText } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import { enqueueMail } from '../jobs/mails.js';
import { wakeJobs } from '../jobs/queue.js';
import { findConnectionByDomain } from '../sso/by-domain.js';
import { brandOf } from '../tenants/branding.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { addressKeyOf } from '../user-keys.js';
import { changedUser } from '../users/build.js';
import { partyOf } from '../users/change-events.js';
import { inputOf, withProfile } from '../users/input.js';
import { openWrite, saveUser } from '../users/save.js';
import { findUserByLogin, loginDuplicates } from '../users/users.js';
import { findTokenHolder, issueToken, spendToken, type TokenHolder } from './one-time-tokens.js';

/** How long a link that confirms an address is good. */
const ttlSeconds = 86_400;
const maxMails = 5;
const mailSpanMs = 900_000;

const faulty = (detail: string): AppError =>
  new AppError('input.invalid', detail, { errors: [{ pointer: '/email', detail }] });

/** @throws AppError `auth.forbidden`, `user.provisioned`. */
function requireOwn(user: UserDocument, { settings }: TenantConfig): void {
  if (!settings['profile.userCanEditEmail'])
    throw new AppError('auth.forbidden', 'addresses are changed by administrators in this organization');
  if (user.loginType === 'sso')
    throw new AppError('auth.forbidden', 'your company decides which address you have');
  if (user.directoryId !== null && settings['scim.lockAttributes'])
    throw new AppError('user.provisioned', 'the directory that provisions this user owns the address');
}

/** @throws AppError `input.invalid`, `user.name_taken`. */
async function requireFree(core: Core, user: UserDocument, email: EmailAddress): Promise<void> {
  if (email.key === user.emailKey) throw faulty('this is the address already');
  const connection = await findConnectionByDomain(core, email.domain);
  if (connection?.mode === 'required') throw faulty('people of this domain sign in through their company');
  const known = await findUserByLogin(core, user.tenantId, email.key);
  if (known && known._id !== user._id)
    throw new AppError('user.name_taken', 'the address is taken by another user', {
      errors: [{ pointer: '/email', detail: 'is taken by another user' }],
    });
}

/** @throws AppError `rate.limited`: each time is a mail to whatever address. */
async function countMail(core: Core, user: UserDocument): Promise<void> {
  const now = core.clock.now().getTime();
  const end = new Date(now + mailSpanMs);
  const { count, expiresAt } = await core.store.increment(`address-mail:${user._id}`, 1, end);
  if (count <= maxMails) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000));
  throw new AppError('rate.limited', 'too many mails to confirm an address', { retryAfterSeconds });
}

/**
 * People change their own address: it becomes theirs when they confirm it there, by the link that is mailed to it.
 *
 * @param text - as typed.
 * @returns the address, and until when it can be confirmed.
 * @throws AppError `auth.forbidden` where the tenant or the company decides addresses, `user.provisioned`, `user.name_taken`,
 *   `input.invalid`, `rate.limited`.
 */
export async function askAddressChange(
  core: Core,
  actor: Actor,
  user: UserDocument,
  text: string,
): Promise<{ email: string; expiresAt: Date }> {
  const config = await tenantConfig(core, user.tenantId);
  requireOwn(user, config);
  const email = parseEmail(text);
  if (!email) throw faulty('Enter a valid email');
  await requireFree(core, user, email);
  await countMail(core, user);
  const now = core.clock.now();
  const { address } = email;
  await core.store.transaction(function* (tx) {
    const order = { isMailed: false, kind: 'address_confirmation', ttlSeconds, now, address } as const;
    const link = `${core.config.baseUrl}/confirm/${yield* issueToken(tx, user, order)}`;
    const language = languageOf(user, config.settings);
    const brand = brandOf(config.tenant.name, config.settings);
    const span = spanText(ttlSeconds, language);
    const mail = catalogueMail({ to: address, link }, brand, language, ['address_confirmation', { span }]);
    yield* enqueueMail(core, tx, user.tenantId, mail, { trySeconds: ttlSeconds, userId: user._id });
    const changes = [{ path: 'email', before: user.email, after: address }];
    const event = { action: 'user.email_change_requested', target: partyOf(user), changes };
    yield* recordEvent(tx, actor, event, now);
  });
  wakeJobs(core);
  return { email: address, expiresAt: new Date(now.getTime() + ttlSeconds * 1000) };
}

/** Whose address a link confirms. */
export interface AddressHolder extends TokenHolder {
  address: string;
}

/** @returns undefined for a link that is dead, or whose person may no longer change their address. */
export async function findAddressHolder(core: Core, token: string): Promise<AddressHolder | undefined> {
  const holder = await findTokenHolder(core, 'address_confirmation', token);
  const address = holder?.token.address;
  if (!holder || address === undefined || !holder.user.enabled) return undefined;
  const { settings } = await tenantConfig(core, holder.user.tenantId);
  return settings['profile.userCanEditEmail'] ? { ...holder, address } : undefined;
}

/**
 * Makes the confirmed address the person's. Every session ends, as they sign in with the new one from now on (M0-16); the old address gets
 * a mail.
 *
 * @returns undefined when the link was used by another request.
 * @throws AppError `user.name_taken`.
 */
export async function confirmOwnAddress(
  core: Core,
  { address, token, user }: AddressHolder,
  origin: Origin,
): Promise<UserDocument | undefined> {
  const actor = personActor(user, origin);
  const saved = await refuseDuplicates(
    loginDuplicates,
    () =>
      core.store.transaction(function* (tx): Step<UserDocument | undefined> {
        const context = yield* openWrite(tx, core, actor);
        const stored = yield* tx.tenant(user.tenantId).collection('users').get(user._id);
        if (!stored || !(yield* spendToken(tx, token, stored))) return undefined;
        const follows = stored.userNameKey === stored.emailKey;
        const input = {
          ...inputOf(stored),
          ...(follows && { userName: address }),
          attributes: withProfile(stored.attributes, { email: address }),
        };
        const changed = yield* saveUser(context, stored, yield* changedUser(context, stored, input));
        return yield* saveUser(context, changed, { ...changed, verifiedEmailKey: addressKeyOf(changed) });
      }),
    () => Promise.resolve(undefined),
  );
  wakeJobs(core);
  return saved;
}
