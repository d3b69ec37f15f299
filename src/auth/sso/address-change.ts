import type { Actor, Core } from '../../identity/core.js';
import { loginKey, parseEmail, type EmailAddress } from '../../identity/email-domain.js';
import { wakeJobs } from '../../identity/jobs.js';
import { enqueueMail, linkMail } from '../../identity/mails.js';
import { tenantConfig } from '../../identity/tenant-config.js';
import { inputOf, withProfile, type UserInput } from '../../identity/user-input.js';
import { updateUser } from '../../identity/users.js';
import type { SsoConnectionDocument } from '../../persistence/collections/tenants.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';

/**
 * Whether a connection's company decides this person's address: nobody of a directory (SCIM says it there), nobody with a way in of their
 * own, and nobody whose present address is not the company's to change.
 */
function isTheirs({ verifiedDomains }: SsoConnectionDocument, user: UserDocument): boolean {
  const present = parseEmail(user.email ?? user.userName);
  return (
    user.directoryId === null &&
    user.loginType === 'sso' &&
    present !== undefined &&
    verifiedDomains.includes(present.domain)
  );
}

/** The name to sign in with follows the address where it was the address. */
function withAddress(user: UserDocument, address: string): UserInput {
  const isName = user.emailKey !== null && loginKey(user.userName) === user.emailKey;
  return {
    ...inputOf(user),
    attributes: withProfile(user.attributes, { email: address }),
    ...(isName && { userName: address }),
  };
}

async function tellOldAddress(core: Core, user: UserDocument, address: string): Promise<void> {
  if (user.email === null) return;
  const { tenant } = await tenantConfig(core, user.tenantId);
  const subject = `Your address at ${tenant.name} has changed`;
  const link = `${core.config.baseUrl}/account`;
  const mail = linkMail(
    { to: user.email, subject, template: 'address_changed', link },
    [`Your company now knows you as ${address}. Sign in with that address from now on. Your account:`],
    ['If you did not expect this, please tell your administrator.'],
  );
  await core.store.transaction((tx) => enqueueMail(core, tx, user.tenantId, mail));
  wakeJobs(core);
}

/**
 * Takes over the address a company's provider now has for one of its people, within the connection's verified domains and when it is free;
 * the old address is told. Who the person is stays decided by issuer and subject, and a sign-in never fails for this.
 *
 * @param email - asserted by the provider, on a verified domain of the connection.
 */
export async function followAddress(
  core: Core,
  actor: Actor,
  { connection, email, user }: { connection: SsoConnectionDocument; email: EmailAddress; user: UserDocument },
): Promise<void> {
  if (user.emailKey === email.key || !isTheirs(connection, user)) return;
  try {
    await updateUser(core, actor, user._id, (stored) => withAddress(stored, email.address));
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    core.log.warn({ code: error.code, userId: user._id }, 'a new address was not taken over');
    return;
  }
  await tellOldAddress(core, user, email.address);
}
