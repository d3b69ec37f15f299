import type { TwoFactor } from '../../persistence/collections/credentials.js';
import { hashToken } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { matchTotp, randomBase32 } from './totp.js';

const sealPurpose = 'two-factor';
const backupCodeCount = 10;

/** A new secret for an authenticator app. */
export const newSecret = (): string => randomBase32(20);

/** The secret as it is stored. */
export const sealSecret = (core: Core, secret: string): string => core.secretBox.seal(sealPurpose, secret);

/** The secret as an app wants it. */
export const openSecret = (core: Core, sealed: string): string => core.secretBox.open(sealPurpose, sealed);

/** `ABCDEFGH-IJKLMNOP`: 80 random bits each. */
export function newBackupCodes(): string[] {
  return Array.from({ length: backupCodeCount }, () => randomBase32(10).replace(/^(.{8})/, '$1-'));
}

/** How people type a backup code varies in case, width, spaces and hyphens; what is stored does not. */
export const backupHash = (code: string): string =>
  hashToken(
    code
      .normalize('NFKC')
      .toUpperCase()
      .replace(/[^\p{L}\p{N}]/gu, ''),
  );

/**
 * @returns the factor with the code used up, or undefined for a wrong one.
 */
export function acceptCode(
  core: Core,
  factor: TwoFactor,
  code: string,
  now: Date,
): { twoFactor: TwoFactor; isBackupCode: boolean } | undefined {
  const step = matchTotp(openSecret(core, factor.secret), code, now, factor.lastStep);
  if (step !== undefined) return { twoFactor: { ...factor, lastStep: step }, isBackupCode: false };
  const hash = backupHash(code);
  if (!factor.backupCodes.includes(hash)) return undefined;
  const backupCodes = factor.backupCodes.filter((one) => one !== hash);
  return { twoFactor: { ...factor, backupCodes }, isBackupCode: true };
}
