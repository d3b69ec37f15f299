import { Secret, TOTP } from 'otpauth';
import type { Page } from './browser.js';
import type { ManualClock } from './clock.js';

/** The secret of a page that sets a second factor up, as an app reads it. */
export function secretOf(page: Page): string {
  const secret = /otpauth:\/\/totp\/[^"]*?secret=([A-Z2-7]+)/.exec(page.text)?.[1];
  if (secret === undefined) throw new Error('the page offers no secret');
  return secret;
}

/** The time step of 30 seconds an instant lies in. */
export const stepAt = (now: Date): number => Math.floor(now.getTime() / 30_000);

/** The code of one time step. */
export const totpCode = (secret: string, step: number): string =>
  TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: step * 30_000 });

/** What an app shows now for a secret. */
export const codeNow = (secret: string, clock: ManualClock): string => totpCode(secret, stepAt(clock.now()));

/** The codes of a page of backup codes. */
export const backupCodesOf = (page: Page): string[] => page.text.match(/\b[A-Z2-7]{8}-[A-Z2-7]{8}\b/g) ?? [];
