import { stepAt, totpCode } from '../../src/identity/credentials/totp.js';
import type { Page } from './browser.js';
import type { ManualClock } from './clock.js';

/** The secret of a page that sets a second factor up, as an app reads it. */
export function secretOf(page: Page): string {
  const secret = /otpauth:\/\/totp\/[^"]*?secret=([A-Z2-7]+)/.exec(page.text)?.[1];
  if (secret === undefined) throw new Error('the page offers no secret');
  return secret;
}

/** What an app shows now for a secret. */
export const codeNow = (secret: string, clock: ManualClock): string => totpCode(secret, stepAt(clock.now()));

/** The codes of a page of backup codes. */
export const backupCodesOf = (page: Page): string[] => page.text.match(/\b[A-Z2-7]{8}-[A-Z2-7]{8}\b/g) ?? [];
