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
import type { IdentityDocument } from '../../persistence/collections/identities.js';
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

export const isNameless = ({ attributes }: UserDocument): boolean =>
  attributes['name'] === undefined && attributes['displayName'] === undefined;

/** What a provider said that was taken over. */
export type Said = NonNullable<IdentityDocument['said']>;
type Names = Omit<Said, 'email'>;

const nameFields = ['givenName', 'familyName', 'displayName'] as const;

/** A provider's whole word, to compare the next one with. */
export function saidOf(claims: ProviderClaims, email: EmailAddress | undefined): Said {
  const names = nameFields.flatMap((field) => (claims[field] === undefined ? [] : [[field, claims[field]]]));
  return { ...(email && { email: email.key }), ...(Object.fromEntries(names) as Names) };
}

/**
 * New names at the provider: a person without a name gets them, and a name that came from the provider follows it. One that was changed
 * here stays.
 */
function newNames(user: UserDocument, claims: ProviderClaims, said: Said | undefined): Names {
  const { name, displayName } = user.attributes as { name?: Names; displayName?: string };
  const present: Names = { ...name, ...(displayName !== undefined && { displayName }) };
  const isOpen = (field: keyof Names): boolean =>
    isNameless(user) || (said !== undefined && present[field] === said[field]);
  const fields = nameFields.filter(
    (field) => claims[field] !== undefined && claims[field] !== present[field] && isOpen(field),
  );
  return Object.fromEntries(fields.map((field) => [field, claims[field]]));
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

/** A person's known address and names, and what a provider says of them now. */
interface Word {
  /** One whose profile {@link isFollowed}. */
  user: UserDocument;
  /** Asserted by the provider, on a verified domain of the connection; undefined: none such. */
  email: EmailAddress | undefined;
  claims: ProviderClaims;
  /** undefined: not known. */
  said: Said | undefined;
}

/** Whether the provider says another address than before, and than the person has: a first link rewrites none. */
const isNewAddress = ({ email, said, user }: Word): boolean =>
  email !== undefined && user.emailKey !== email.key && said?.email !== email.key;

/**
 * Takes over what a company's provider now says of one of its people: an address when it is another than before and free, names where there
 * were none or they came from it; the old address gets a mail. Who the person is stays decided by issuer and subject, and a sign-in never fails
 * for this.
 *
 * @returns whether the user was written, and what the next word is compared with.
 */
export async function followProfile(
  core: Core,
  actor: Actor,
  word: Word,
): Promise<{ isWritten: boolean; said: Said }> {
  const { email, claims, user, said } = word;
  const names = newNames(user, claims, said);
  const isMoved = isNewAddress(word);
  const next = { ...said, ...saidOf(claims, email) };
  if (!isMoved && Object.keys(names).length === 0) return { isWritten: false, said: next };
  try {
    await updateUser(core, actor, user._id, (stored) => {
      const input = { ...inputOf(stored), attributes: withProfile(inputOf(stored).attributes, names) };
      return isMoved && email ? withAddress(stored, input, email.address) : input;
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    core.log.warn({ code: error.code, userId: user._id }, 'a new address or name was not taken over');
    return { isWritten: false, said: said ?? {} };
  }
  if (isMoved && email) await tellOldAddress(core, user, email.address);
  return { isWritten: true, said: next };
}
