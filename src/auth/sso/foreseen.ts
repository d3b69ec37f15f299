import type { Core } from '../../identity/core.js';
import { awaitsRelink } from '../../identity/sso/connection-change.js';
import { jitNow, jitOf } from '../../identity/sso/jit.js';
import { isSaml } from '../../identity/sso/saml/saml-settings.js';
import { isCompanyAccount, isOfTenant } from '../../identity/sso/shared-issuers.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { isOpen } from '../../identity/tenants/state.js';
import { ssoRolesOf } from '../../identity/users/sso-grants.js';
import type { IdentityDocument } from '../../persistence/collections/identities.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { mayEnter, readAdmission } from '../admission.js';
import { addressOf, linkFault, type SsoArrival, type SsoRefusal } from './link-rules.js';
import { invitedAddress } from './invited.js';
import { lackingOf, type Lacking } from './lacking-claims.js';
import type { ProviderClaims } from './provider-claims.js';

/** What a sign-in would do, which is not done. */
export interface Foreseen {
  /** `known`: an account that is connected already. */
  account: 'known' | 'link' | 'create' | 'refused';
  reason: SsoRefusal | null;
  user: { id: string; label: string } | null;
  /** What the rules of the connection give, and why. */
  roles: { role: string; because: string }[];
  /** What the provider does not say, and how it is made to. */
  lacking: Lacking[];
  /** As the connection reads them. */
  person: Record<string, string | null>;
  /** What the provider sent, bounded. */
  claims: { name: string; value: string }[];
}

type Account = Pick<Foreseen, 'account' | 'reason'> & { user: UserDocument | null };

const refused = (reason: SsoRefusal, user: UserDocument | null = null): Account => ({
  ...{ account: 'refused', reason, user },
});

/** A person known by their identity, as far as they may come in. */
async function knownAccount(
  core: Core,
  { connection, device }: SsoArrival,
  identity: IdentityDocument,
): Promise<Account | undefined> {
  const admission = await readAdmission(core, connection.tenantId, identity.userId, device);
  if (!admission) return undefined;
  const { status, user } = admission;
  if (awaitsRelink(connection, identity)) return refused('relink_needed', user);
  if (status !== 'pending_activation' && !mayEnter(status)) return refused(status as SsoRefusal, user);
  return { account: 'known', reason: null, user };
}

async function newAccount(core: Core, arrival: SsoArrival, claims: ProviderClaims): Promise<Account> {
  const { connection, word } = arrival;
  if (!isSaml(connection) && !isCompanyAccount(connection, word.idToken)) return refused('account_foreign');
  const config = await tenantConfig(core, connection.tenantId);
  const jit = jitNow(connection, config);
  const own = await addressOf(core, connection, claims);
  const invited = 'refused' in own ? await invitedAddress(core, connection, claims) : undefined;
  const address = invited ? { email: invited } : own;
  if ('refused' in address) return refused(address.refused);
  const now = core.clock.now();
  return core.store.read(function* (reader) {
    const query = { loginKeys: address.email.key };
    const user = yield* reader.tenant(connection.tenantId).collection('users').findOne(query);
    if (!user) {
      if (jit !== jitOf(connection)) return refused('directory_adds');
      if (jit !== 'create') return refused('user_unknown');
      return { account: 'create' as const, reason: null, user: null };
    }
    const fault = yield* linkFault(reader, user, arrival, { config, now });
    return fault ? refused(fault, user) : { account: 'link' as const, reason: null, user };
  });
}

async function accountOf(core: Core, arrival: SsoArrival, claims: ProviderClaims): Promise<Account> {
  const { connection, word } = arrival;
  if (!isOfTenant(connection, word.idToken)) return refused('tenant_foreign');
  if (word.sessionEndsAt !== null && word.sessionEndsAt <= core.clock.now()) return refused('session_over');
  const { tenant } = await tenantConfig(core, connection.tenantId);
  if (!isOpen(tenant)) return refused('suspended');
  const { issuer, subject } = word.claims;
  const identities = core.store.tenant(connection.tenantId).collection('identities');
  const identity = await identities.findOne({ connectionId: connection._id, issuer, subject });
  const known = identity && (await knownAccount(core, arrival, identity));
  return known ?? newAccount(core, arrival, claims);
}

const most = { claims: 100, characters: 500 };

/** Claims that say nothing of a person. */
const ofTheToken = new Set(['nonce', 'at_hash', 'c_hash', 's_hash', 'jti']);

function shownClaims(said: Readonly<Record<string, unknown>>): Foreseen['claims'] {
  return Object.entries(said)
    .filter(([name]) => !ofTheToken.has(name))
    .slice(0, most.claims)
    .map(([name, value]) => ({
      name: name.slice(0, 200),
      value: (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, most.characters),
    }));
}

/**
 * What a sign-in of this person would do. Nothing is written.
 *
 * @throws `ProviderFault` when userinfo is asked and does not answer.
 */
export async function foreseeSignIn(core: Core, arrival: SsoArrival): Promise<Foreseen> {
  const { connection, word } = arrival;
  const isBrief = word.claims.email === undefined || word.claims.givenName === undefined;
  const claims = isBrief ? await word.ask() : word.claims;
  const { account, reason, user } = await accountOf(core, arrival, claims);
  const view = { claims, groups: word.groups };
  const { email, emailVerified, givenName, familyName, displayName, subject } = claims;
  return {
    account,
    reason,
    user: user && { id: user._id, label: user.email ?? user.userName },
    roles: await ssoRolesOf(core, connection, view),
    lacking: lackingOf(connection, { claims, word }),
    person: {
      subject,
      email: email ?? null,
      emailVerified: emailVerified === undefined ? null : String(emailVerified),
      givenName: givenName ?? null,
      familyName: familyName ?? null,
      displayName: displayName ?? null,
      groups: word.groups.join(', ').slice(0, 2000),
      signedInAt: word.authTime?.toISOString() ?? null,
      acr: word.acr,
    },
    claims: shownClaims(word.said),
  };
}
