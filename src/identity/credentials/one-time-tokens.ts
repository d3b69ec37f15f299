import { createHash } from 'node:crypto';
import type { OneTimeTokenDocument } from '../../persistence/collections/access.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { isOpen } from '../tenants/state.js';

export type OneTimeTokenKind = OneTimeTokenDocument['kind'];

const bindingOf = (user: Pick<UserDocument, 'email' | 'userName'>, passwordHash: string | null): string =>
  createHash('sha256')
    .update(JSON.stringify([user.email ?? user.userName, passwordHash]))
    .digest('base64url');

const prefixes = { activation: 'gh_act', password_reset: 'gh_rst', address_confirmation: 'gh_adr' } as const;

/**
 * Makes the token of a link: 256 random bits of which only a hash is stored, good once. Older ones of the same kind for this user die.
 *
 * @param isMailed - whether the link goes to the user's address, and nowhere else.
 * @returns the token.
 */
export function* issueToken(
  tx: Transaction,
  user: UserDocument,
  {
    isMailed,
    kind,
    ttlSeconds,
    now,
    address,
  }: { isMailed: boolean; kind: OneTimeTokenKind; ttlSeconds: number; now: Date; address?: string },
): Step<string> {
  const scope = tx.tenant(user.tenantId);
  const credential = yield* scope.collection('credentials').get(user._id);
  const token = newToken(prefixes[kind]);
  yield* scope.collection('one_time_tokens').removeMany({ userId: user._id, kind });
  yield* scope.collection('one_time_tokens').insert({
    _id: newId(),
    tenantId: user.tenantId,
    kind,
    userId: user._id,
    tokenHash: hashToken(token),
    binding: bindingOf(user, credential?.passwordHash ?? null),
    isMailed,
    ...(address !== undefined && { address }),
    expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
  });
  return token;
}

/**
 * Takes a token for good, in the transaction of what it was for.
 *
 * @param user - as stored in this transaction.
 * @returns false when somebody else was faster, or the user's password or address changed since the token was found.
 */
export function* spendToken(tx: Transaction, token: OneTimeTokenDocument, user: UserDocument): Step<boolean> {
  const scope = tx.tenant(user.tenantId);
  const credential = yield* scope.collection('credentials').get(user._id);
  if (bindingOf(user, credential?.passwordHash ?? null) !== token.binding) return false;
  return yield* scope.collection('one_time_tokens').remove(token._id);
}

/** The user and purpose of a token now. */
export interface TokenHolder {
  token: OneTimeTokenDocument;
  user: UserDocument;
}

/**
 * @returns undefined for a token that is unknown, used, late, of another kind, replaced by a newer one, or from before the user's password
 *   or address changed, and for every token of a tenant that is closed: the reason is not shown.
 */
export async function findTokenHolder(
  core: Core,
  kind: OneTimeTokenKind,
  text: string,
): Promise<TokenHolder | undefined> {
  const token = await core.store.server.collection('one_time_tokens').findOne({ tokenHash: hashToken(text) });
  if (token?.kind !== kind || token.expiresAt <= core.clock.now()) return undefined;
  const scope = core.store.tenant(token.tenantId);
  const [tenant, user, credential] = await Promise.all([
    scope.collection('tenants').get(token.tenantId),
    scope.collection('users').get(token.userId),
    scope.collection('credentials').get(token.userId),
  ]);
  if (
    !tenant ||
    !isOpen(tenant) ||
    !user ||
    bindingOf(user, credential?.passwordHash ?? null) !== token.binding
  )
    return undefined;
  return { token, user };
}
