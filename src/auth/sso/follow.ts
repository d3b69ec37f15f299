import type { Core } from '../../identity/core.js';
import { confirmAddress } from '../../identity/users/actions.js';
import type { IdentityDocument } from '../../persistence/collections/identities.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { followProfile, isFollowed, isNameless, saidOf, type Said } from './address-change.js';
import { addressOf, identityKey, ssoActor, type SsoArrival } from './link-rules.js';
import type { ProviderClaims } from './provider-claims.js';

type Named = { readonly [K in keyof Omit<Said, 'email'>]?: string | undefined };

export const isNamed = ({ givenName, familyName, displayName }: Named): boolean =>
  (givenName ?? familyName ?? displayName) !== undefined;

/** Userinfo is asked for what would be good to know: without it the sign-in goes on. */
export async function askIfLacking(
  core: Core,
  { word }: SsoArrival,
  isLacking: boolean,
): Promise<ProviderClaims> {
  if (!isLacking) return word.claims;
  return word.ask().catch((error: unknown) => {
    core.log.warn({ err: error }, 'the userinfo request failed; the sign-in continues without it');
    return word.claims;
  });
}

/** Whether userinfo may say something that the ID token does not and that would be followed. */
function isLacking(
  user: UserDocument,
  { word }: SsoArrival,
  isTheirs: boolean,
  said: Said | undefined,
): boolean {
  const { claims } = word;
  if (claims.email === undefined && (isTheirs || user.verifiedEmailKey !== user.emailKey)) return true;
  return isTheirs && !isNamed(claims) && (isNameless(user) || (said !== undefined && isNamed(said)));
}

/**
 * A new address or name of a known person is followed where it may be, and the address counts as theirs; it is no reason to refuse them.
 *
 * @param identity - by which the person is known.
 * @returns whether the user was written, and what the provider's word is compared with the next time.
 */
async function follow(
  core: Core,
  arrival: SsoArrival,
  user: UserDocument,
  identity: IdentityDocument | undefined,
): Promise<{ isWritten: boolean; said: Said }> {
  const { connection } = arrival;
  const isTheirs = isFollowed(connection, user);
  const before = identity?.said;
  const claims = await askIfLacking(core, arrival, isLacking(user, arrival, isTheirs, before));
  const address = await addressOf(core, connection, claims);
  const email = 'email' in address ? address.email : undefined;
  const followed = isTheirs
    ? await followProfile(core, ssoActor(arrival), { email, claims, user, said: before })
    : { isWritten: false, said: before ?? saidOf(claims, email) };
  if (!email || user.verifiedEmailKey === email.key) return followed;
  await confirmAddress(core, ssoActor(arrival), user._id, email.key);
  return { ...followed, isWritten: true };
}

/**
 * What the provider says again of a person who is let in; their identity is in use, at the provider as it is now.
 *
 * @returns whether the user was written.
 */
export async function followWord(core: Core, arrival: SsoArrival, user: UserDocument): Promise<boolean> {
  const { connection } = arrival;
  const identities = core.store.tenant(connection.tenantId).collection('identities');
  const identity = await identities.findOne(identityKey(arrival));
  const { isWritten, said } = await follow(core, arrival, user, identity);
  const { providerVersion = 0 } = connection;
  const lastUsedAt = core.clock.now();
  if (identity)
    await identities.update(identity._id, (stored) => ({ ...stored, providerVersion, lastUsedAt, said }));
  return isWritten;
}
