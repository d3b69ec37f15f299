import { brandOf } from '../../identity/tenants/branding.js';
import type { Actor, Core } from '../../identity/core.js';
import { coversDomain } from '../../identity/domain-match.js';
import { loginKey, parseEmail, type EmailAddress } from '../../identity/email.js';
import { wakeJobs } from '../../identity/jobs/queue.js';
import { languageOf } from '../../identity/jobs/mail-language.js';
import { catalogueMail } from '../../identity/jobs/mail-layout.js';
import { enqueueMail } from '../../identity/jobs/mails.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { inputOf, withProfile, type UserInput } from '../../identity/users/input.js';
import { updateUser } from '../../identity/users/users.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import type { ProviderClaims } from './provider-claims.js';

/**
 * Whether a connection's company decides this person's address and name: nobody of a directory (SCIM says it there), nobody with a way in of their
 * own, and nobody whose present address is not the company's to change.
 */
export function isFollowed({ verifiedDomains }: SsoConnectionDocument, user: UserDocument): boolean {
  const present = parseEmail(user.email ?? user.userName);
  return (
    user.directoryId === null &&
    user.loginType === 'sso' &&
    present !== undefined &&
    coversDomain(verifiedDomains, present.domain)
  );
}

/** The name to sign in with follows the address where it was the address. */
function withAddress(user: UserDocument, input: UserInput, address: string): UserInput {
  const isName = user.emailKey !== null && loginKey(user.userName) === user.emailKey;
  return {
    ...input,
    attributes: withProfile(input.attributes, { email: address }),
    ...(isName && { userName: address }),
  };
}

const isNameless = ({ attributes }: UserDocument): boolean =>
  attributes['name'] === undefined && attributes['displayName'] === undefined;

/** Whoever was made without a name gets one; a name that is there is the person's own. */
function withNames(user: UserDocument, input: UserInput, claims: ProviderClaims): UserInput {
  if (!isNameless(user)) return input;
  const { givenName, familyName, displayName } = claims;
  return { ...input, attributes: withProfile(input.attributes, { givenName, familyName, displayName }) };
}

async function tellOldAddress(core: Core, user: UserDocument, address: string): Promise<void> {
  if (user.email === null) return;
  const { settings, tenant } = await tenantConfig(core, user.tenantId);
  const brand = brandOf(tenant.name, settings);
  const parts = { to: user.email, link: `${core.config.baseUrl}/account` };
  const text = ['address_changed', { address }] as const;
  const mail = catalogueMail(parts, brand, languageOf(user, settings), [...text]);
  await core.store.transaction((tx) => enqueueMail(core, tx, user.tenantId, mail, { userId: user._id }));
  wakeJobs(core);
}

/**
 * Takes over what a company's provider now says of one of its people: the address when it is free, names where there were none; the old
 * address is told. Who the person is stays decided by issuer and subject, and a sign-in never fails for this.
 *
 * @param known - `user`: one whose profile {@link isFollowed}; `email`: asserted by the provider, on a verified domain of the connection;
 *   undefined: none such.
 * @returns whether the user was written.
 */
export async function followProfile(
  core: Core,
  actor: Actor,
  { email, claims, user }: { email: EmailAddress | undefined; claims: ProviderClaims; user: UserDocument },
): Promise<boolean> {
  const isMoved = email !== undefined && user.emailKey !== email.key;
  const { givenName, familyName, displayName } = claims;
  const isNamed = isNameless(user) && (givenName ?? familyName ?? displayName) !== undefined;
  if (!isMoved && !isNamed) return false;
  try {
    await updateUser(core, actor, user._id, (stored) => {
      const input = withNames(stored, inputOf(stored), claims);
      return isMoved ? withAddress(stored, input, email.address) : input;
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    core.log.warn({ code: error.code, userId: user._id }, 'a new address or name was not taken over');
    return false;
  }
  if (isMoved) await tellOldAddress(core, user, email.address);
  return true;
}
