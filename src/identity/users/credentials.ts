import type { Turn } from '../../infrastructure/fair-queue.js';
import type { CredentialDocument } from '../../persistence/collections/credentials.js';
import type { NewDocument, Step } from '../../persistence/store.js';
import { hashToken } from '../../shared/ids.js';
import type { Actor, Core } from '../core.js';
import { passwordRule, requireGoodPassword, type PasswordOwner } from '../passwords/policy.js';
import { tenantConfig } from '../tenants/config.js';
import type { WriteContext } from './save.js';

export type { CredentialDocument } from '../../persistence/collections/credentials.js';

/** Nothing failed, from wherever: what lifting a lock leaves. */
export const withoutFailures = {
  failureCount: 0,
  failureTimes: [],
  lockedUntil: null,
  sharedLockedUntil: null,
  lockReason: null,
  devices: [],
};

/** The credentials of a user that has none yet: no password, no failures. They are stored once there is something to keep. */
export function newCredential(tenantId: string, userId: string): NewDocument<CredentialDocument> {
  return {
    _id: userId,
    tenantId,
    passwordHash: null,
    passwordIsTemporary: false,
    passwordChangedAt: null,
    ...withoutFailures,
    lastLoginAt: null,
  };
}

/** How long a password that is to be stored may wait for its turn to be hashed. */
const writeWaitSeconds = 60;

/** The turn of those who set passwords in a tenant: they and the tenant's sign-ins do not wait behind each other. */
export function writeTurn(tenantId: string): Turn {
  return { keys: [`tenant:${tenantId}`], waitSeconds: writeWaitSeconds };
}

/** A password made ready to be stored; made before the transaction, as hashing is slow on purpose. */
export interface PreparedPassword {
  password: string;
  /** undefined: the user has this very password already. */
  hash: string | undefined;
}

/** Thrown inside a transaction that comes upon a password nobody has prepared; the work is done again with it prepared. */
export class PasswordUnprepared extends Error {
  readonly password: string;
  readonly owner: PasswordOwner;

  constructor(password: string, owner: PasswordOwner) {
    super('a password has to be hashed first');
    this.password = password;
    this.owner = owner;
  }
}

/**
 * Judges and hashes a password for somebody who may have it already.
 *
 * @throws AppError `input.invalid` for one that the tenant's rule refuses.
 */
export async function preparePassword(
  core: Core,
  actor: Pick<Actor, 'tenantId' | 'directoryId'>,
  userId: string,
  { password, owner }: Pick<PasswordUnprepared, 'password' | 'owner'>,
): Promise<PreparedPassword> {
  const { tenantId, directoryId } = actor;
  const stored = await core.store.tenant(tenantId).collection('credentials').get(userId);
  const hash = stored?.passwordHash ?? null;
  const turn = writeTurn(tenantId);
  if (hash !== null && (await core.passwords.verify(hash, password, turn)))
    return { password, hash: undefined };
  requireGoodPassword(
    password,
    passwordRule(await tenantConfig(core, tenantId), directoryId !== null),
    owner,
  );
  return { password, hash: await core.passwords.hash(password, turn) };
}

/** Stores a new password; failures and a lockout stay (M0-32). */
export function* storePassword(
  context: WriteContext,
  userId: string,
  passwordHash: string,
  passwordIsTemporary: boolean,
): Step<void> {
  const credentials = context.tx.tenant(context.tenantId).collection('credentials');
  const change = { passwordHash, passwordIsTemporary, passwordChangedAt: context.now };
  const updated = yield* credentials.update(userId, ({ replacedHash: _, ...stored }) => ({
    ...stored,
    ...change,
  }));
  if (!updated) yield* credentials.insert({ ...newCredential(context.tenantId, userId), ...change });
}

/** Whether a password that was judged by this hash is the account's still: it may have been hashed again in the meantime. */
export function isHashOf(
  { passwordHash, replacedHash }: Pick<CredentialDocument, 'passwordHash' | 'replacedHash'>,
  judgedBy: string,
): boolean {
  return passwordHash === judgedBy || (replacedHash !== undefined && replacedHash === hashToken(judgedBy));
}

/** The credentials with the password's own hash in place of the other system's. */
export function withOwnHash(stored: CredentialDocument, foreign: string, own: string): CredentialDocument {
  return stored.passwordHash === foreign
    ? { ...stored, passwordHash: own, replacedHash: hashToken(foreign) }
    : stored;
}
