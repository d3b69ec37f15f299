import { createHash, randomBytes } from 'node:crypto';
import { v7 } from 'uuid';

/** A new identifier: UUID version 7, so that the order of ids is the order of creation. */
export function newId(): string {
  return v7();
}

/**
 * A new bearer secret of 256 random bits.
 *
 * @param prefix - names its kind for people and secret scanners, for example `gh_scim`.
 * @returns `prefix_<43 base64url characters>`; store only {@link hashToken} of it.
 */
export function newToken(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 of a high-entropy secret, base64url: what is stored and looked up in its place. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
