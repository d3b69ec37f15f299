import type { CredentialDocument, TwoFactor } from '../../persistence/collections/credentials.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { refuseSelf, requireAuthority } from '../users/authority.js';
import { brandOf } from '../tenants/branding.js';
import type { Actor, Core } from '../core.js';
import { newCredential } from '../users/credentials.js';
import { hasPasskey, hasSecondFactor, isOn } from '../users/second-factor.js';
import { requireOwnProof, type OwnProof } from './own-proof.js';
import { tenantConfigStep } from '../tenants/config.js';
import { settingsOf, type Settings } from '../tenants/settings.js';
import { matchTotp } from './totp.js';
import { backupHash, newBackupCodes, newSecret, openSecret, sealSecret } from './two-factor-code.js';
import { partyOf } from '../users/change-events.js';

type ModeSetting = Pick<Settings, 'twoFactor.mode'>;
type WithFactor = Pick<CredentialDocument, 'twoFactor' | 'passkeys'>;

/**
 * Whether a right password is only half of this person's sign-in. A passkey can take the place of a code; where no second factor is required,
 * having one does not yet ask for it after a password.
 */
export function needsCode(credential: WithFactor | undefined, settings: ModeSetting): boolean {
  const mode = settings['twoFactor.mode'];
  return mode !== 'off' && (isOn(credential) || (mode === 'required' && hasPasskey(credential)));
}

/** Whether this person has to set up a second factor before anything else. */
export function needsEnrolment(credential: WithFactor | undefined, settings: ModeSetting): boolean {
  return settings['twoFactor.mode'] === 'required' && !hasSecondFactor(credential);
}

function* storeFactor(tx: Transaction, user: UserDocument, twoFactor: TwoFactor | null): Step<void> {
  const credentials = tx.tenant(user.tenantId).collection('credentials');
  const updated = yield* credentials.update(user._id, (stored) => ({ ...stored, twoFactor }));
  if (!updated) yield* credentials.insert({ ...newCredential(user.tenantId, user._id), twoFactor });
}

/** What an authenticator app is given: the secret to type, and the address it reads from a QR code. */
export interface FactorOffer {
  secret: string;
  otpauthUrl: string;
}

/**
 * The offer as apps show it. Apps keep one entry for each issuer and account name, so both tell the organization: the same address may have
 * accounts at several.
 */
function offerOf(user: UserDocument, tenantName: string, secret: string): FactorOffer {
  // A colon would end the issuer's part of the label.
  const issuer = tenantName.replaceAll(':', ' ');
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(user.email ?? user.userName)}`;
  const query = `secret=${secret}&issuer=${encodeURIComponent(issuer)}`;
  return { secret, otpauthUrl: `otpauth://totp/${label}?${query}` };
}

/**
 * An offer kept outside of the credentials: it belongs to one sign-in and counts for nothing until {@link enrolTwoFactor}.
 *
 * @param sealed - one offered before, to be shown again; absent: a new one.
 */
export async function offerTwoFactor(
  core: Core,
  user: UserDocument,
  sealed?: string,
): Promise<FactorOffer & { sealed: string }> {
  const tenant = await core.store.tenant(user.tenantId).collection('tenants').get(user.tenantId);
  const secret = sealed === undefined ? newSecret() : openSecret(core, sealed);
  const issuer = tenant ? brandOf(tenant.name, settingsOf(tenant)).name : '';
  return { ...offerOf(user, issuer, secret), sealed: sealed ?? sealSecret(core, secret) };
}

/**
 * Makes a new secret; it counts for nothing until {@link confirmTwoFactor}. One that is on stays in force until then.
 *
 * @param proof - asked for where a factor is on already.
 * @returns the secret and the address authenticator apps read from a QR code.
 * @throws AppError `auth.forbidden` when the tenant has second factors off, or without the proof; `input.invalid` for a wrong one.
 */
export async function beginTwoFactor(
  core: Core,
  user: UserDocument,
  settings: ModeSetting,
  proof: OwnProof = {},
): Promise<FactorOffer> {
  if (settings['twoFactor.mode'] === 'off') {
    throw new AppError('auth.forbidden', 'second factors are switched off here');
  }
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  const isReplacement = isOn(credential);
  if (isReplacement) await requireOwnProof(core, user, proof);
  const { sealed, ...offer } = await offerTwoFactor(core, user);
  await core.store.transaction(function* (tx) {
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    const factor = stored?.twoFactor;
    if (factor?.state !== 'on') {
      yield* storeFactor(tx, user, pendingFactor(sealed));
    } else {
      if (!isReplacement)
        throw new AppError('auth.forbidden', 'a second factor was turned on by another request');
      yield* storeFactor(tx, user, { ...factor, next: sealed });
    }
  });
  return offer;
}

/** What was begun and waits for its first code, to be shown again; undefined: nothing does. */
export async function pendingOffer(core: Core, user: UserDocument): Promise<FactorOffer | undefined> {
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  const factor = credential?.twoFactor;
  const waiting = factor?.state === 'on' ? factor.next : factor?.secret;
  return waiting ? offerTwoFactor(core, user, waiting) : undefined;
}

const pendingFactor = (secret: string): TwoFactor => ({
  state: 'pending',
  secret,
  backupCodes: [],
  lastStep: 0,
  enrolledAt: null,
});

const wrongCode = (): AppError =>
  new AppError('input.invalid', 'the code is not right', {
    errors: [{ pointer: '/code', detail: 'is not the code your app shows now' }],
  });

/** Switches a factor on whose secret has just been shown to work. */
function* switchOn(
  tx: Transaction,
  actor: Actor,
  user: UserDocument,
  factor: { secret: string; lastStep: number; now: Date },
): Step<string[]> {
  const codes = newBackupCodes();
  const { now, ...rest } = factor;
  yield* storeFactor(tx, user, {
    ...rest,
    state: 'on',
    backupCodes: codes.map(backupHash),
    enrolledAt: now,
    next: null,
  });
  yield* recordEvent(tx, actor, { action: 'twofactor.enrolled', target: partyOf(user) }, now);
  return codes;
}

/**
 * Switches the second factor on, or another one in its place, by a first right code.
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
  return core.store.transaction(function* (tx): Step<string[]> {
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    const factor = stored?.twoFactor;
    const secret = factor?.state === 'on' ? factor.next : factor?.secret;
    const step = secret ? matchTotp(openSecret(core, secret), code, now, 0) : undefined;
    if (!secret || step === undefined) throw wrongCode();
    return yield* switchOn(tx, actor, user, { secret, lastStep: step, now });
  });
}

/**
 * The same at a sign-in that cannot go on without: the secret is the one that very sign-in was offered.
 *
 * @param offer - `sealed` of {@link offerTwoFactor}.
 * @returns the backup codes; undefined for a wrong code.
 * @throws AppError `auth.forbidden` when another factor was switched on in the meantime.
 */
export async function enrolTwoFactor(
  core: Core,
  actor: Actor,
  user: UserDocument,
  { sealed, code }: { sealed: string; code: string },
): Promise<string[] | undefined> {
  const now = core.clock.now();
  const step = matchTotp(openSecret(core, sealed), code, now, 0);
  if (step === undefined) return undefined;
  return core.store.transaction(function* (tx): Step<string[]> {
    const stored = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
    if (isOn(stored)) {
      throw new AppError(
        'auth.forbidden',
        'A second factor was set up in another window. Please sign in again.',
      );
    }
    return yield* switchOn(tx, actor, user, { secret: sealed, lastStep: step, now });
  });
}

/**
 * Gives new backup codes; those there were are dead.
 *
 * @returns the codes, shown this once.
 * @throws AppError `two_factor.not_enrolled` without an authenticator app; as {@link requireOwnProof} without a right proof.
 */
export async function renewBackupCodes(
  core: Core,
  actor: Actor,
  user: UserDocument,
  proof: OwnProof,
): Promise<string[]> {
  const none = (): AppError =>
    new AppError('two_factor.not_enrolled', 'there is no authenticator app to have backup codes for');
  const credentials = core.store.tenant(user.tenantId).collection('credentials');
  if (!isOn(await credentials.get(user._id))) throw none();
  await requireOwnProof(core, user, proof);
  const codes = newBackupCodes();
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const factor = (yield* tx.tenant(user.tenantId).collection('credentials').get(user._id))?.twoFactor;
    if (factor?.state !== 'on') throw none();
    yield* storeFactor(tx, user, { ...factor, backupCodes: codes.map(backupHash) });
    yield* recordEvent(tx, actor, { action: 'twofactor.backup_renewed', target: partyOf(user) }, now);
  });
  return codes;
}

async function storeRemoval(
  core: Core,
  actor: Actor,
  user: UserDocument,
  { withPasskeys }: { withPasskeys: boolean },
): Promise<boolean> {
  const now = core.clock.now();
  return core.store.transaction(function* (tx): Step<boolean> {
    const current = (yield* tx.tenant(user.tenantId).collection('users').get(user._id)) ?? user;
    requireAuthority(actor, current, yield* tenantConfigStep(core, tx, user.tenantId), now);
    const credentials = tx.tenant(user.tenantId).collection('credentials');
    const stored = yield* credentials.get(user._id);
    if (!stored?.twoFactor && !(withPasskeys && hasPasskey(stored))) return false;
    yield* storeFactor(tx, user, null);
    const lost = withPasskeys ? (stored?.passkeys ?? []).map(({ name }) => name) : [];
    if (lost.length > 0) yield* credentials.update(user._id, (one) => ({ ...one, passkeys: [] }));
    const changes = lost.length === 0 ? [] : [{ path: 'passkeys', before: lost, after: [] }];
    yield* recordEvent(tx, actor, { action: 'twofactor.reset', target: partyOf(user), changes }, now);
    return true;
  });
}

/**
 * Takes the second factor away by an administrator, whom the person has shown who they are: the app, its backup codes and the passkeys,
 * as each may be in the wrong hands (M4-13, M4-16).
 *
 * @throws AppError `two_factor.not_enrolled` where there is none; `user.above_actor`; `user.self_change`: one's own needs a proof ({@link removeOwnTwoFactor}).
 */
export async function removeTwoFactor(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  refuseSelf(actor, user, 'reset the second factor of');
  if (!(await storeRemoval(core, actor, user, { withPasskeys: true })))
    throw new AppError('two_factor.not_enrolled', 'this user has no second factor to reset');
}

/**
 * People take their own second factor away.
 *
 * @throws AppError `auth.forbidden` without a proof, and where a factor is required (it can be replaced, not removed); `input.invalid` for a
 *   wrong proof.
 */
export async function removeOwnTwoFactor(
  core: Core,
  actor: Actor,
  user: UserDocument,
  settings: ModeSetting,
  proof: OwnProof,
): Promise<void> {
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  if (isOn(credential)) {
    if (settings['twoFactor.mode'] === 'required') {
      throw new AppError(
        'auth.forbidden',
        'a second factor is required here: set up another one in its place',
      );
    }
    await requireOwnProof(core, user, proof);
  }
  await storeRemoval(core, actor, user, { withPasskeys: false });
}
