import { timingSafeEqual } from 'node:crypto';

/** Whether a secret, its hash or its signature is the expected one; the time does not show how much of it is right. */
export function isSameSecret(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}
