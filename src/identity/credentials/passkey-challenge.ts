import { randomBytes } from 'node:crypto';
import type { Core } from '../core.js';

/** How long a person may take to answer. */
const lifeMs = 600_000;

/** What a challenge is for: one made for adding a passkey signs nobody in. */
export type ChallengePurpose = 'add' | 'sign-in' | 'confirm';

const macOf = (core: Core, purpose: ChallengePurpose, holder: string, text: string): string =>
  core.secretBox.sign(`passkey-${purpose}`, `${holder}.${text}`);

/**
 * A challenge that needs no record of its own: 128 random bits and the time, under a MAC that binds them to who was asked.
 *
 * @param holder - the sign-in under way, or the session; the answer counts there only.
 * @returns base64url, as it stands in the options and in `clientDataJSON`.
 */
export function makeChallenge(core: Core, purpose: ChallengePurpose, holder: string): string {
  const text = `${randomBytes(16).toString('base64url')}.${core.clock.now().getTime().toString(36)}`;
  return Buffer.from(`${text}.${macOf(core, purpose, holder, text)}`).toString('base64url');
}

/**
 * Whether an answered challenge is one of ours, made for this holder at most ten minutes ago, and not answered before, in any process.
 *
 * @param challenge - from `clientDataJSON`.
 */
export async function takeChallenge(
  core: Core,
  purpose: ChallengePurpose,
  holder: string,
  challenge: string,
): Promise<boolean> {
  const [random = '', time = '', mac = '', ...rest] = Buffer.from(challenge, 'base64url')
    .toString()
    .split('.');
  const text = `${random}.${time}`;
  if (rest.length > 0) return false;
  if (!core.secretBox.verify(`passkey-${purpose}`, `${holder}.${text}`, mac)) return false;
  const ends = Number.parseInt(time, 36) + lifeMs;
  if (!(ends > core.clock.now().getTime())) return false;
  const { count } = await core.store.increment(`passkey-challenge:${random}`, 1, new Date(ends));
  return count === 1;
}
