import type { ClientKeys, SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { makeClientKeys } from './client-keys.js';
import type { SsoConnectionChange } from './connection-change.js';

const secretPurpose = 'sso-connection';

/** How long the secret before the present one is still tried. */
const overlapMs = 7 * 86_400_000;

/** Encrypts a client secret for the store. */
export function sealClientSecret(core: Core, secret: string | null | undefined): string | null {
  return secret ? core.secretBox.seal(secretPurpose, secret) : null;
}

/** The client secret in clear; null for a public client. */
export function openClientSecret(core: Core, connection: SsoConnectionDocument): string | null {
  return connection.clientSecret === null
    ? null
    : core.secretBox.open(secretPurpose, connection.clientSecret);
}

/** The secret before the present one, in clear, while it is still tried. */
export function openPreviousSecret(
  core: Core,
  { previousSecret }: SsoConnectionDocument,
): string | undefined {
  if (!previousSecret || previousSecret.until <= core.clock.now()) return undefined;
  return core.secretBox.open(secretPurpose, previousSecret.secret);
}

type Credentials = Pick<
  SsoConnectionDocument,
  'clientSecret' | 'clientSecretExpiresAt' | 'previousSecret' | 'clientKeys' | 'clientAuthMethod'
>;

/** Keys for a change to `private_key_jwt`; undefined: there is no need of any. */
export async function keysFor(
  core: Core,
  { clientAuthMethod }: SsoConnectionChange,
  before?: SsoConnectionDocument,
): Promise<ClientKeys | undefined> {
  return clientAuthMethod === 'private_key_jwt' && !before?.clientKeys ? makeClientKeys(core) : undefined;
}

/** What a new connection shows its provider who we are by. @throws AppError `input.invalid`. */
export async function newCredentials(core: Core, input: SsoConnectionChange): Promise<Credentials> {
  const keys = await keysFor(core, input);
  const made = changedCredentials(core, { clientSecret: null } as SsoConnectionDocument, input, keys);
  return { clientSecret: null, clientAuthMethod: null, ...made };
}

function previousOf(core: Core, before: SsoConnectionDocument): Pick<Credentials, 'previousSecret'> {
  if (before.clientSecret === null) return {};
  const until = new Date(core.clock.now().getTime() + overlapMs);
  return { previousSecret: { secret: before.clientSecret, until } };
}

/** A replaced secret stops no sign-in: the one before it is tried after it for a week. When the new one expires is not known yet. */
function changedSecret(
  core: Core,
  before: SsoConnectionDocument,
  change: SsoConnectionChange,
): Partial<Credentials> {
  const { clientSecret: said, clientSecretExpiresAt, previousClientSecret } = change;
  const expiry = clientSecretExpiresAt === undefined ? {} : { clientSecretExpiresAt };
  const dropped = previousClientSecret === null && before.previousSecret ? { previousSecret: null } : {};
  // Sealing gives another text each time: one that says the same stays, so that nothing looks changed.
  if (said === undefined || said === openClientSecret(core, before)) return { ...expiry, ...dropped };
  return {
    clientSecret: sealClientSecret(core, said),
    ...(before.clientSecretExpiresAt && { clientSecretExpiresAt: null }),
    ...expiry,
    ...(previousClientSecret === null || said === null ? dropped : previousOf(core, before)),
  };
}

/**
 * How a connection shows its provider who we are, as a change leaves it. With a key of ours nothing is kept that expires.
 *
 * @param keys - what {@link keysFor} made.
 * @throws AppError `input.invalid` for a secret beside `private_key_jwt`.
 */
export function changedCredentials(
  core: Core,
  before: SsoConnectionDocument,
  change: SsoConnectionChange,
  keys: ClientKeys | undefined,
): Partial<Credentials> {
  const method =
    change.clientAuthMethod === undefined ? (before.clientAuthMethod ?? null) : change.clientAuthMethod;
  if (method !== 'private_key_jwt') {
    const keyless = before.clientKeys ? { clientKeys: null } : {};
    return { clientAuthMethod: method, ...keyless, ...changedSecret(core, before, change) };
  }
  if (change.clientSecret) {
    const detail = 'is not used with private_key_jwt';
    throw new AppError('input.invalid', 'the connection is not valid', {
      errors: [{ pointer: '/clientSecret', detail }],
    });
  }
  return {
    clientAuthMethod: method,
    clientSecret: null,
    ...(before.clientSecretExpiresAt && { clientSecretExpiresAt: null }),
    ...(before.previousSecret && { previousSecret: null }),
    ...(keys && !before.clientKeys && { clientKeys: keys }),
  };
}
