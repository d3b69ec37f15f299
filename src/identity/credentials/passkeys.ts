import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Passkey } from '../../persistence/collections/credentials.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { brandOf } from '../tenants/branding.js';
import { settingsOf, type Settings } from '../tenants/settings.js';
import { displayNameOf } from '../user-keys.js';
import { partyOf } from '../users/change-events.js';
import { newCredential } from '../users/credentials.js';
import { makeChallenge, takeChallenge } from './passkey-challenge.js';

/** Loaded when first used: it brings parsers of certificates, which a server without passkeys need not hold in memory. */
export const library = () => import('@simplewebauthn/server');

/** Passkeys one person may have. */
const maxPasskeys = 20;

type PasskeySetting = Pick<Settings, 'passkeys.enabled'>;

export const siteOf = ({ config }: Core): { origin: string; rpId: string } => {
  const { hostname, origin } = new URL(config.baseUrl);
  return { origin, rpId: hostname };
};

/** @throws AppError `auth.forbidden` where the tenant has no passkeys, or the person's company signs them in. */
function requireAllowed(user: UserDocument, settings: PasskeySetting): void {
  if (!settings['passkeys.enabled'])
    throw new AppError('auth.forbidden', 'passkeys are switched off in this organization');
  if (user.loginType === 'sso') throw new AppError('auth.forbidden', 'your company’s login signs you in');
}

/** An id as bytes: 16 for a UUID, its text otherwise. */
const idBytes = (id: string): Buffer =>
  /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id)
    ? Buffer.from(id.replaceAll('-', ''), 'hex')
    : Buffer.from(id);

const idOf = (bytes: Buffer): string =>
  bytes.length === 16
    ? bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    : bytes.toString();

/** The user handle an authenticator keeps: whose account it is, so that a sign-in needs no address. */
const handleOf = ({ _id, tenantId }: UserDocument): Buffer =>
  Buffer.concat([idBytes(_id), idBytes(tenantId)]);

/** The account a user handle names. */
export function accountOfHandle(handle: string): { userId: string; tenantId: string } {
  const bytes = Buffer.from(handle, 'base64url');
  return { userId: idOf(bytes.subarray(0, 16)), tenantId: idOf(bytes.subarray(16)) };
}

/** The passkeys of a user, the newest last. */
export async function passkeysOf(core: Core, user: UserDocument): Promise<Passkey[]> {
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  return credential?.passkeys ?? [];
}

/**
 * What a browser needs to make a passkey (`navigator.credentials.create`): discoverable, with the person verified, without attestation.
 *
 * @param holder - the session that asks; the answer counts in it only.
 * @throws AppError `auth.forbidden`, `passkey.too_many`.
 */
export async function passkeyCreation(
  core: Core,
  user: UserDocument,
  settings: Settings,
  holder: string,
): Promise<Record<string, unknown>> {
  requireAllowed(user, settings);
  const [{ generateRegistrationOptions }, tenant, known] = await Promise.all([
    library(),
    core.store.tenant(user.tenantId).collection('tenants').get(user.tenantId),
    passkeysOf(core, user),
  ]);
  requireRoom(known);
  const challenge = makeChallenge(core, 'add', holder);
  const options = await generateRegistrationOptions({
    rpName: tenant ? brandOf(tenant.name, settingsOf(tenant)).name : '',
    rpID: siteOf(core).rpId,
    userName: user.email ?? user.userName,
    userDisplayName: displayNameOf(user.userName, user.attributes),
    userID: new Uint8Array(handleOf(user)),
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    attestationType: 'none',
    excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  return { ...options };
}

function requireRoom(known: readonly Passkey[]): void {
  if (known.length >= maxPasskeys)
    throw new AppError('passkey.too_many', `a person has at most ${maxPasskeys} passkeys`);
}

const refusedAnswer = (): AppError =>
  new AppError('input.invalid', 'the passkey was not accepted', {
    errors: [
      { pointer: '/credential', detail: 'is no answer to a question asked here in the last ten minutes' },
    ],
  });

/** What the library says of an answer is one refusal; what our store says is no matter of the answer. */
export function unlessOurs(error: unknown): undefined {
  if (error instanceof AppError) throw error;
  return undefined;
}

function* storePasskeys(
  tx: Transaction,
  user: UserDocument,
  change: (stored: readonly Passkey[]) => Passkey[],
): Step<void> {
  const credentials = tx.tenant(user.tenantId).collection('credentials');
  const updated = yield* credentials.update(user._id, (stored) => ({
    ...stored,
    passkeys: change(stored.passkeys ?? []),
  }));
  if (!updated)
    yield* credentials.insert({ ...newCredential(user.tenantId, user._id), passkeys: change([]) });
}

/**
 * Keeps the passkey a browser has made.
 *
 * @param credential - the JSON form of the browser's `PublicKeyCredential` (`toJSON()`).
 * @throws AppError `input.invalid` for an answer that is late, used before, of another session or site; `auth.forbidden`, `passkey.too_many`.
 */
export async function addPasskey(
  core: Core,
  actor: Actor,
  user: UserDocument,
  answer: { settings: PasskeySetting; holder: string; name: string; credential: unknown },
): Promise<Passkey> {
  requireAllowed(user, answer.settings);
  const { verifyRegistrationResponse } = await library();
  const { origin, rpId } = siteOf(core);
  const verified = await verifyRegistrationResponse({
    response: answer.credential as RegistrationResponseJSON,
    expectedChallenge: (challenge) => takeChallenge(core, 'add', answer.holder, challenge),
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  }).catch(unlessOurs);
  if (!verified?.verified) throw refusedAnswer();
  const { credential, credentialBackedUp } = verified.registrationInfo;
  const now = core.clock.now();
  const passkey: Passkey = {
    id: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: (credential.transports ?? []).slice(0, 10).map((transport) => transport.slice(0, 40)),
    name: answer.name,
    isBackedUp: credentialBackedUp,
    addedAt: now,
    lastUsedAt: null,
  };
  await core.store.transaction(function* (tx) {
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    const known = stored?.passkeys ?? [];
    if (known.some(({ id }) => id === passkey.id)) throw refusedAnswer();
    requireRoom(known);
    yield* storePasskeys(tx, user, (before) => [...before, passkey]);
    yield* recordPasskey(
      tx,
      actor,
      user,
      { action: 'passkey.added', before: null, after: passkey.name },
      now,
    );
  });
  return passkey;
}

function* recordPasskey(
  tx: Transaction,
  actor: Actor,
  user: UserDocument,
  event: { action: string; before: string | null; after: string | null },
  now: Date,
): Step<void> {
  const changes = [{ path: 'name', before: event.before, after: event.after }];
  yield* recordEvent(tx, actor, { action: event.action, target: partyOf(user), changes }, now);
}

/** @throws AppError `passkey.not_found`. */
function* storedPasskey(tx: Transaction, user: UserDocument, id: string): Step<Passkey> {
  const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
  const passkey = stored?.passkeys?.find((one) => one.id === id);
  if (!passkey) throw new AppError('passkey.not_found', 'there is no such passkey');
  return passkey;
}

/** @throws AppError `passkey.not_found`. */
export async function renamePasskey(
  core: Core,
  actor: Actor,
  user: UserDocument,
  id: string,
  name: string,
): Promise<Passkey> {
  return core.store.transaction(function* (tx): Step<Passkey> {
    const before = yield* storedPasskey(tx, user, id);
    const after = { ...before, name };
    yield* storePasskeys(tx, user, (known) => known.map((one) => (one.id === id ? after : one)));
    const event = { action: 'passkey.renamed', before: before.name, after: name };
    yield* recordPasskey(tx, actor, user, event, core.clock.now());
    return after;
  });
}

/** @throws AppError `passkey.not_found`. */
export async function removePasskey(core: Core, actor: Actor, user: UserDocument, id: string): Promise<void> {
  await core.store.transaction(function* (tx) {
    const { name } = yield* storedPasskey(tx, user, id);
    yield* storePasskeys(tx, user, (known) => known.filter((one) => one.id !== id));
    const event = { action: 'passkey.removed', before: name, after: null };
    yield* recordPasskey(tx, actor, user, event, core.clock.now());
  });
}
