import { randomBytes } from 'node:crypto';
import type { CredentialDocument, TwoFactor, UserDocument } from '../persistence/collections/users.js';
import type { Step, Transaction } from '../persistence/store.js';
import { AppError } from '../shared/errors.js';
import { hashToken } from '../shared/ids.js';
import { recordEvent } from './audit.js';
import { requireAuthority } from './authority.js';
import type { Actor, Core } from './core.js';
import { newCredential } from './credentials.js';
import { tenantConfigStep } from './tenant-config.js';
import type { Settings } from './tenant-settings.js';
import { matchTotp, toBase32 } from './totp.js';
import { partyOf } from './user-write.js';

const sealPurpose = 'two-factor';
const backupCodeCount = 10;

/** Whether a right password is only half of this person's sign-in. */
export function needsCode(
  credential: Pick<CredentialDocument, 'twoFactor'> | undefined,
  settings: Pick<Settings, 'twoFactor.mode'>,
): boolean {
  return settings['twoFactor.mode'] !== 'off' && credential?.twoFactor?.state === 'on';
}

/** How people type a backup code varies in case, spaces and hyphens; what is stored does not. */
const backupHash = (code: string): string => hashToken(code.toUpperCase().replace(/[^A-Z2-7]/g, ''));

/**
 * @returns the factor with the code used up, or undefined for a wrong one.
 */
export function acceptCode(
  core: Core,
  factor: TwoFactor,
  code: string,
  now: Date,
): { twoFactor: TwoFactor; isBackupCode: boolean } | undefined {
  const step = matchTotp(core.secretBox.open(sealPurpose, factor.secret), code, now, factor.lastStep);
  if (step !== undefined) return { twoFactor: { ...factor, lastStep: step }, isBackupCode: false };
  const hash = backupHash(code);
  if (!factor.backupCodes.includes(hash)) return undefined;
  const backupCodes = factor.backupCodes.filter((one) => one !== hash);
  return { twoFactor: { ...factor, backupCodes }, isBackupCode: true };
}

function* storeFactor(tx: Transaction, user: UserDocument, twoFactor: TwoFactor | null): Step<void> {
  const credentials = tx.tenant(user.tenantId).collection('credentials');
  const updated = yield* credentials.update(user._id, (stored) => ({ ...stored, twoFactor }));
  if (!updated) yield* credentials.insert({ ...newCredential(user.tenantId, user._id), twoFactor });
}

/**
 * Makes a new secret; it counts for nothing until {@link confirmTwoFactor}.
 *
 * @returns the secret and the address authenticator apps read from a QR code.
 * @throws AppError `auth.forbidden` when the tenant has second factors off, or one is on already.
 */
export async function beginTwoFactor(
  core: Core,
  user: UserDocument,
  settings: Settings,
): Promise<{ secret: string; otpauthUrl: string }> {
  if (settings['twoFactor.mode'] === 'off') {
    throw new AppError('auth.forbidden', 'second factors are switched off here');
  }
  const secret = toBase32(randomBytes(20));
  await core.store.transaction(function* (tx) {
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    if (stored?.twoFactor?.state === 'on') {
      throw new AppError('auth.forbidden', 'a second factor is on already; take it away first');
    }
    const sealed = core.secretBox.seal(sealPurpose, secret);
    yield* storeFactor(tx, user, {
      state: 'pending',
      secret: sealed,
      backupCodes: [],
      lastStep: 0,
      enrolledAt: null,
    });
  });
  const label = encodeURIComponent(`Gatehouse:${user.email ?? user.userName}`);
  return { secret, otpauthUrl: `otpauth://totp/${label}?secret=${secret}&issuer=Gatehouse` };
}

/** `ABCDEFGH-IJKLMNOP`: 80 random bits each. */
function newBackupCodes(): string[] {
  return Array.from({ length: backupCodeCount }, () => toBase32(randomBytes(10)).replace(/^(.{8})/, '$1-'));
}

/**
 * Switches the second factor on, by a first right code.
 *
 * @returns the backup codes, shown this once.
 * @throws AppError `input.invalid` for a wrong code or when none was begun.
 */
export async function confirmTwoFactor(
  core: Core,
  actor: Actor,
  user: UserDocument,
  code: string,
): Promise<string[]> {
  const now = core.clock.now();
  const codes = newBackupCodes();
  await core.store.transaction(function* (tx) {
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    const pending = stored?.twoFactor?.state === 'pending' ? stored.twoFactor : undefined;
    const accepted = pending && acceptCode(core, pending, code, now);
    if (!accepted) {
      throw new AppError('input.invalid', 'the code is not right', {
        errors: [{ pointer: '/code', detail: 'is not the code your app shows now' }],
      });
    }
    const backupCodes = codes.map(backupHash);
    yield* storeFactor(tx, user, { ...accepted.twoFactor, state: 'on', backupCodes, enrolledAt: now });
    const target = partyOf(user);
    yield* recordEvent(tx, actor, { action: 'twofactor.enrolled', target }, now);
  });
  return codes;
}

/**
 * Takes the second factor away: the person themself, or an administrator whom they have shown who they are.
 *
 * @throws AppError `user.above_actor`.
 */
export async function removeTwoFactor(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const current = (yield* tx.tenant(user.tenantId).collection('users').get(user._id)) ?? user;
    requireAuthority(actor, current, yield* tenantConfigStep(tx, user.tenantId), now);
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    if (!stored?.twoFactor) return;
    yield* storeFactor(tx, user, null);
    const target = partyOf(user);
    yield* recordEvent(tx, actor, { action: 'twofactor.reset', target }, now);
  });
}
