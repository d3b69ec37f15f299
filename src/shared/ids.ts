import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes are drawn for many ids at once: a draw costs as much as making several ids. */
const pool = new Uint8Array(16 * 256);
let taken = pool.length;
let lastMs = -Infinity;
let sequence = 0;

/**
 * A new identifier: UUID version 7. The order of ids is the order of creation, within one millisecond too (RFC 9562 section 6.2, method
 * 1: a counter that begins at a random number).
 */
export function newId(): string {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  const random = pool.subarray(taken, taken + 16);
  taken += 16;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = ((random[0] ?? 0) << 16) | ((random[1] ?? 0) << 8) | (random[2] ?? 0);
  } else sequence += 1;
  return v7({ random, msecs: lastMs, seq: sequence });
}

/**
 * Makes every later id of this process stand above this one, whatever its clock says: an id made before the clock was put back, or by a
 * process whose clock is ahead.
 */
export function keepIdsAbove(id: string): void {
  const ms = msOfId(id);
  if (Number.isSafeInteger(ms) && ms >= lastMs) {
    lastMs = ms + 1;
    sequence = 0;
  }
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

/** The milliseconds since 1970 that an id was made at, by the clock of its process. */
export const msOfId = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

/** The lowest id of an instant, in milliseconds since 1970. */
export function idAtMs(ms: number): string {
  const hex = Math.max(0, Math.trunc(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

/** The lowest id that was made in so many milliseconds before now. */
export const idSince = (ms: number): string => idAtMs(Date.now() - ms);
