import { setTimeout as delay } from 'node:timers/promises';
import { recordEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import { type EmailAddress } from '../../identity/email.js';
import { noteClash } from '../../identity/sso/account-clashes.js';
import { awaitsRelink } from '../../identity/sso/connection-change.js';
import { jitNow, jitOf } from '../../identity/sso/jit.js';
import { isSaml } from '../../identity/sso/saml/saml-settings.js';
import { isCompanyAccount, isOfTenant } from '../../identity/sso/shared-issuers.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { isOpen } from '../../identity/tenants/state.js';
import { activateUser } from '../../identity/users/actions.js';
import { withProfile } from '../../identity/users/input.js';
import { followSsoRoles } from '../../identity/users/sso-grants.js';
import { createUser } from '../../identity/users/users.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { mayEnter, readAdmission, type Admission } from '../admission.js';
import { saidOf } from './address-change.js';
import { askIfLacking, followWord, isNamed } from './follow.js';
import { invitedAddress } from './invited.js';
import type { ProviderClaims } from './provider-claims.js';
import {
  type SsoArrival,
  type SsoRefusal,
  addressOf,
  identityKey,
  linkFault,
  ssoActor,
} from './link-rules.js';

export type SsoResolution =
  | { kind: 'admitted'; admission: Admission }
  | { kind: 'refused'; reason: SsoRefusal; user: UserDocument | undefined };

type Found =
  | { kind: 'found'; userId: string; user?: UserDocument }
  | { kind: 'refused'; reason: SsoRefusal; user?: UserDocument };

/**
 * Links a person's identity at the provider to the user of that address: once, and only in the connection's own tenant. From then on the
 * identity decides, whatever becomes of the address.
 */
async function linkByEmail(core: Core, email: EmailAddress, arrival: SsoArrival): Promise<Found> {
  const { tenantId } = arrival.connection;
  const config = await tenantConfig(core, tenantId);
  const now = core.clock.now();
  const { providerVersion = 0 } = arrival.connection;
  return core.store.transaction(function* (tx): Step<Found> {
    const scope = tx.tenant(tenantId);
    const known = yield* scope.collection('identities').findOne(identityKey(arrival));
    if (known) return { kind: 'found', userId: known.userId };
    const user = yield* scope.collection('users').findOne({ loginKeys: email.key });
    if (!user) return { kind: 'refused', reason: 'user_unknown' };
    const fault = yield* linkFault(tx, user, arrival, { config, now });
    if (fault) return { kind: 'refused', reason: fault, user };
    // What is left of this connection's is an identity at an earlier provider, which an administrator lets go.
    yield* scope
      .collection('identities')
      .removeMany({ userId: user._id, connectionId: arrival.connection._id });
    const key = identityKey(arrival);
    yield* scope.collection('identities').insert({
      ...{ _id: newId(), tenantId, ...key, userId: user._id, providerVersion, lastUsedAt: now },
      said: saidOf(arrival.word.claims, email),
    });
    const target = { type: 'user', id: user._id, label: email.address };
    const changes = [{ path: 'identity', before: null, after: `${key.issuer} ${key.subject}` }];
    yield* recordEvent(tx, ssoActor(arrival), { action: 'sso.identity_linked', target, changes }, now);
    return { kind: 'found', userId: user._id, user };
  });
}

/**
 * Just-in-time provisioning: a user without any role, made by the first sign-in.
 *
 * @returns what the provider says of them.
 */
async function createJustInTime(
  core: Core,
  email: EmailAddress,
  arrival: SsoArrival,
): Promise<ProviderClaims> {
  const claims = await askIfLacking(core, arrival, !isNamed(arrival.word.claims));
  const attributes = withProfile(
    {},
    {
      email: email.address,
      givenName: claims.givenName ?? null,
      familyName: claims.familyName ?? null,
      displayName: claims.displayName ?? null,
    },
  );
  const input = {
    userName: email.address,
    externalId: null,
    attributes,
    active: true,
    loginType: 'sso' as const,
  };
  await createUser(core, ssoActor(arrival), input, { source: 'sso_jit', activated: true });
  return claims;
}

const isRace = (error: unknown): boolean =>
  error instanceof AppError && ['store.duplicate', 'store.conflict', 'user.name_taken'].includes(error.code);

async function linkOrCreate(core: Core, email: EmailAddress, arrival: SsoArrival): Promise<Found> {
  const linked = await linkByEmail(core, email, arrival);
  if (linked.kind !== 'refused' || linked.reason !== 'user_unknown') return linked;
  const { connection, word } = arrival;
  const jit = jitNow(connection, await tenantConfig(core, connection.tenantId));
  if (jit !== jitOf(connection)) return { kind: 'refused', reason: 'directory_adds' };
  if (jit !== 'create') return linked;
  const claims = await createJustInTime(core, email, arrival);
  return linkByEmail(core, email, { ...arrival, word: { ...word, claims } });
}

async function findByIdentity(core: Core, arrival: SsoArrival): Promise<Found | undefined> {
  const scope = core.store.tenant(arrival.connection.tenantId);
  const identity = await scope.collection('identities').findOne(identityKey(arrival));
  if (!identity) return undefined;
  const user = await scope.collection('users').get(identity.userId);
  if (user && awaitsRelink(arrival.connection, identity))
    return { kind: 'refused', reason: 'relink_needed', user };
  if (user) return { kind: 'found', userId: user._id, user };
  // The user was deleted: the identity means nobody, and may be linked again.
  await scope.collection('identities').remove(identity._id);
  return undefined;
}

/**
 * Of two first sign-ins at once one makes the user or the link, the other finds it when it looks again. MongoDB may refuse it before the
 * first can be seen, so it waits, longer each time: at most 2.6 s in all.
 */
const maxAttempts = 12;
const pauseMs = 40;

/** The address that may connect somebody unknown, from the ID token or userinfo. */
async function linkingAddress(
  core: Core,
  { connection, word }: SsoArrival,
): Promise<{ email: EmailAddress } | { refused: SsoRefusal }> {
  if (!isSaml(connection) && !isCompanyAccount(connection, word.idToken))
    return { refused: 'account_foreign' };
  const claims = word.claims.email === undefined ? await word.ask() : word.claims;
  const address = await addressOf(core, connection, claims);
  if ('email' in address || address.refused !== 'domain_foreign') return address;
  const invited = await invitedAddress(core, connection, claims);
  return invited ? { email: invited } : address;
}

async function find(core: Core, arrival: SsoArrival): Promise<Found> {
  const known = await findByIdentity(core, arrival);
  if (known) return known;
  const address = await linkingAddress(core, arrival);
  if ('refused' in address) return { kind: 'refused', reason: address.refused };
  for (let tries = 1; ; tries += 1) {
    try {
      return await linkOrCreate(core, address.email, arrival);
    } catch (error) {
      if (!isRace(error) || tries === maxAttempts) throw error;
      await delay(pauseMs * tries);
    }
    const found = await findByIdentity(core, arrival);
    if (found) return found;
  }
}

/** What the provider says again of somebody let in. @returns whether the user was written. */
async function takeOver(core: Core, arrival: SsoArrival, user: UserDocument): Promise<boolean> {
  const isFollowing = await followWord(core, arrival, user);
  return (await followSsoRoles(core, ssoActor(arrival), arrival, user)) || isFollowing;
}

/** Refusals that an administrator can decide on. */
const clashReasons: ReadonlySet<SsoRefusal> = new Set(['identity_taken', 'proof_needed', 'relink_needed']);

async function keepClash(
  core: Core,
  { connection, word }: SsoArrival,
  { reason, user }: { reason: SsoRefusal; user?: UserDocument },
): Promise<void> {
  if (!user || !clashReasons.has(reason)) return;
  const { issuer, subject, email } = word.claims;
  await noteClash(core, connection.tenantId, {
    ...{ source: 'sso', sourceId: connection._id, sourceName: connection.name, issuer, subject },
    ...{ incoming: email ?? user.userName, userId: user._id, reason },
  });
}

/**
 * Who a person from a company's provider is here, and whether they may come in: the one place that decides it.
 *
 * The key is (connection, iss, sub). An address only ever links once, inside the tenant whose verified domain it is on. Unknown people are
 * refused unless the connection makes users just in time. Users a directory manages are neither revived nor given roles; whoever waits for
 * activation is activated, since their company vouches for the address; a new address of theirs is followed.
 */
export async function resolveSsoUser(core: Core, arrival: SsoArrival): Promise<SsoResolution> {
  if (!isOfTenant(arrival.connection, arrival.word.idToken))
    return { kind: 'refused', reason: 'tenant_foreign', user: undefined };
  const { sessionEndsAt } = arrival.word;
  // Before anybody is made, linked or activated by it.
  if (sessionEndsAt !== null && sessionEndsAt <= core.clock.now())
    return { kind: 'refused', reason: 'session_over', user: undefined };
  const { tenantId } = arrival.connection;
  const { tenant } = await tenantConfig(core, tenantId);
  if (!isOpen(tenant)) return { kind: 'refused', reason: 'suspended', user: undefined };
  const found = await find(core, arrival);
  if (found.kind === 'refused') {
    await keepClash(core, arrival, found);
    return { kind: 'refused', reason: found.reason, user: found.user };
  }
  const admissionOf = (user?: UserDocument) =>
    readAdmission(core, tenantId, found.userId, arrival.device, user);
  let admission = await admissionOf(found.user);
  if (admission?.status === 'pending_activation') {
    await activateUser(core, ssoActor(arrival), found.userId);
    admission = await admissionOf();
  }
  if (!admission) return { kind: 'refused', reason: 'user_unknown', user: undefined };
  const { status, user } = admission;
  if (!mayEnter(status)) return { kind: 'refused', reason: status as SsoRefusal, user };
  const isWritten = await takeOver(core, arrival, user);
  return { kind: 'admitted', admission: (isWritten ? await admissionOf() : undefined) ?? admission };
}
