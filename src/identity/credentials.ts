import type { CredentialDocument } from '../persistence/collections/users.js';
import type { NewDocument, Step } from '../persistence/store.js';
import type { Core } from './core.js';
import type { WriteContext } from './user-write.js';

export type { CredentialDocument } from '../persistence/collections/users.js';

/** The credentials of a user that has none yet: no password, no failures. They are stored once there is something to keep. */
export function newCredential(tenantId: string, userId: string): NewDocument<CredentialDocument> {
  return {
    _id: userId,
    tenantId,
    passwordHash: null,
    passwordIsTemporary: false,
    passwordChangedAt: null,
    failureCount: 0,
    failureTimes: [],
    lockedUntil: null,
    lockReason: null,
    lastLoginAt: null,
  };
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

  constructor(password: string) {
    super('a password has to be hashed first');
    this.password = password;
  }
}

export async function preparePassword(
  core: Core,
  tenantId: string,
  userId: string,
  password: string,
): Promise<PreparedPassword> {
  const stored = await core.store.tenant(tenantId).collection('credentials').get(userId);
  const hash = stored?.passwordHash ?? null;
  if (hash !== null && (await core.passwords.verify(hash, password))) return { password, hash: undefined };
  return { password, hash: await core.passwords.hash(password) };
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
  const updated = yield* credentials.update(userId, (stored) => ({ ...stored, ...change }));
  if (!updated) yield* credentials.insert({ ...newCredential(context.tenantId, userId), ...change });
}
