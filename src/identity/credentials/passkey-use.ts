import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { CredentialDocument, Passkey } from '../../persistence/collections/credentials.js';
import type { Core } from '../core.js';
import { makeChallenge, takeChallenge, type ChallengePurpose } from './passkey-challenge.js';
import { accountOfHandle, library, siteOf, unlessOurs } from './passkeys.js';

/**
 * What a browser needs to ask for a passkey (`navigator.credentials.get`).
 *
 * @param holder - the sign-in under way, or the session.
 * @param known - the passkeys that will do; none: any of this site, whose user handle says whose account it is.
 */
export function passkeyRequest(
  core: Core,
  purpose: Exclude<ChallengePurpose, 'add'>,
  holder: string,
  known: readonly Passkey[] = [],
): Record<string, unknown> {
  return {
    challenge: makeChallenge(core, purpose, holder),
    rpId: siteOf(core).rpId,
    timeout: 300_000,
    userVerification: 'required',
    allowCredentials: known.map(({ id, transports }) => ({ id, transports, type: 'public-key' })),
  };
}

/** A passkey that has just signed, and for which account. */
export interface PasskeyUse {
  tenantId: string;
  userId: string;
  passkeyId: string;
  /** The authenticator's count of signatures now. */
  counter: number;
}

/**
 * Judges the answer to a {@link passkeyRequest}. Nothing is stored yet but that the challenge is used up: see {@link usedPasskey}.
 *
 * @param account - whose passkey it must be; absent: the user handle names the account.
 * @param credential - the JSON form of the browser's `PublicKeyCredential`.
 * @returns undefined for everything that is not right: the reason is not shown.
 */
export async function judgePasskey(
  core: Core,
  answer: { purpose: Exclude<ChallengePurpose, 'add'>; holder: string; credential: unknown },
  account?: { tenantId: string; userId: string },
): Promise<PasskeyUse | undefined> {
  const response = answer.credential as Partial<AuthenticationResponseJSON> | null;
  const handle = response?.response?.userHandle;
  const owner = account ?? (typeof handle === 'string' ? accountOfHandle(handle) : undefined);
  if (!owner) return undefined;
  const stored = await core.store.tenant(owner.tenantId).collection('credentials').get(owner.userId);
  const passkey = stored?.passkeys?.find(({ id }) => id === response?.id);
  if (!passkey) return undefined;
  const { verifyAuthenticationResponse } = await library();
  const { origin, rpId } = siteOf(core);
  const verified = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: (challenge) => takeChallenge(core, answer.purpose, answer.holder, challenge),
    expectedOrigin: origin,
    expectedRPID: rpId,
    credential: {
      id: passkey.id,
      publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
      counter: passkey.counter,
    },
    requireUserVerification: true,
  }).catch(unlessOurs);
  if (!verified?.verified) return undefined;
  return { ...owner, passkeyId: passkey.id, counter: verified.authenticationInfo.newCounter };
}

/**
 * The credentials after a use of a passkey, as stored in this transaction.
 *
 * @returns undefined when the passkey was removed since it was judged, or has counted on elsewhere: it may have been copied.
 */
export function usedPasskey(
  stored: CredentialDocument | undefined,
  { counter, passkeyId }: PasskeyUse,
  now: Date,
): CredentialDocument | undefined {
  const passkey = stored?.passkeys?.find(({ id }) => id === passkeyId);
  if (!stored || !passkey || (passkey.counter > 0 && counter <= passkey.counter)) return undefined;
  const used = { ...passkey, counter, lastUsedAt: now };
  return { ...stored, passkeys: (stored.passkeys ?? []).map((one) => (one.id === passkeyId ? used : one)) };
}
