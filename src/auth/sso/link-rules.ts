import { systemActor } from '../../identity/actors.js';
import { heldPermissions } from '../../identity/users/authority.js';
import { isOfEarlierProvider, mayRelink, needsRelink } from '../../identity/sso/connection-change.js';
import type { Actor, Core } from '../../identity/core.js';
import { answersFor } from '../../identity/sso/by-domain.js';
import { parseEmail, type EmailAddress } from '../../identity/email.js';
import { type TenantConfig } from '../../identity/tenants/config.js';
import { statusOf } from '../../identity/grants/user-status.js';
import { hasPasskey } from '../../identity/users/second-factor.js';
import { isProtectedFromDirectories } from '../../identity/users/transitions.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Reader, Step } from '../../persistence/store.js';
import { mayEnter, type EntryStatus } from '../admission.js';
import type { KnownDevice } from '../devices.js';
import { lockedFor } from '../local/failure-places.js';
import type { ProviderClaims, ProviderWord } from './provider-claims.js';

/** Why a person whom their provider let in is not let in here. */
export type SsoRefusal =
  | 'email_missing'
  | 'email_unverified'
  | 'domain_foreign'
  | 'account_foreign'
  | 'tenant_foreign'
  | 'user_unknown'
  | 'directory_adds'
  | 'identity_taken'
  | 'relink_needed'
  | 'proof_needed'
  | 'session_over'
  | Exclude<EntryStatus, 'active' | 'pending_approval'>;

export interface SsoArrival {
  connection: SsoConnectionDocument;
  word: ProviderWord;
  /** The user this browser is signed in as by other means: proof that an existing account is theirs. */
  provenUserId: string | null;
  /** A lock that strangers caused does not hold at a device of the account's own. */
  device: KnownDevice;
  /** For the audit trail. */
  origin: { requestId: string; ip: string };
}

/** The address a provider asserts counts only when it does not say it is unverified, and on the connection's own verified domains. */
export async function addressOf(
  core: Core,
  connection: SsoConnectionDocument,
  claims: ProviderClaims,
): Promise<{ email: EmailAddress } | { refused: SsoRefusal }> {
  // Entra and most company providers send no `email_verified`: the verified domain is the gate, an explicit false closes it.
  if (claims.emailVerified === false) return { refused: 'email_unverified' };
  if (claims.email === undefined) return { refused: 'email_missing' };
  const email = parseEmail(claims.email);
  return email && (await answersFor(core, connection, email.domain))
    ? { email }
    : { refused: 'domain_foreign' };
}

/**
 * An account with a password or passkey that manages something here is not taken over because an optional provider says so; whoever is
 * signed in to it already may connect it. Where the provider is required there is no other way in, and the company has proved the domain.
 * Nobody who manages something is connected to a provider that came in the place of another, before an administrator has said so.
 */
function proofFault(
  user: UserDocument,
  hasOwnWayIn: boolean,
  { connection, provenUserId }: SsoArrival,
  { config, now }: { config: TenantConfig; now: Date },
): SsoRefusal | undefined {
  if (provenUserId === user._id) return undefined;
  if (needsRelink(connection) && heldPermissions(user, config, now).size > 0) return 'relink_needed';
  const isOptional = connection.mode === 'optional' && hasOwnWayIn;
  // What a directory did to an address is no word of the person's: the next one at it may be somebody else.
  const needsProof = isProtectedFromDirectories(user, config) || user.movedAddress !== undefined;
  return isOptional && needsProof ? 'proof_needed' : undefined;
}

export const identityKey = ({ connection, word }: SsoArrival) => ({
  connectionId: connection._id,
  issuer: word.claims.issuer,
  subject: word.claims.subject,
});

export function ssoActor({ connection, origin }: SsoArrival): Actor {
  return { ...systemActor(connection.tenantId, connection.name), ...origin };
}

/** May this user get this identity? @returns the reason why not. */
export function* linkFault(
  tx: Reader,
  user: UserDocument,
  arrival: SsoArrival,
  { config, now }: { config: TenantConfig; now: Date },
): Step<SsoRefusal | undefined> {
  const scope = tx.tenant(user.tenantId);
  const other = yield* scope
    .collection('identities')
    .findOne({ userId: user._id, connectionId: arrival.connection._id });
  if (other && !mayRelink(arrival.connection, other)) {
    return isOfEarlierProvider(arrival.connection, other) ? 'relink_needed' : 'identity_taken';
  }
  const credential = yield* scope.collection('credentials').get(user._id);
  const status = statusOf(
    user,
    config.settings,
    now,
    lockedFor(credential, config.settings, arrival.device.at(user._id)),
  );
  if (status !== 'pending_activation' && !mayEnter(status)) return status as SsoRefusal;
  const hasOwnWayIn = Boolean(credential?.passwordHash) || hasPasskey(credential);
  return proofFault(user, hasOwnWayIn, arrival, { config, now });
}
