import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { judgePasskey, usedPasskey, type PasskeyUse } from './passkey-use.js';
import { acceptCode } from './two-factor-code.js';

/** Wrong proofs a session may try in a quarter of an hour: whoever finds a browser open learns nothing by trying. */
const maxGuesses = 5;
const guessSpanMs = 900_000;

/** How somebody who is signed in shows that it is still them: by the password, or by a code of the second factor. */
export interface OwnProof {
  password?: string | undefined;
  code?: string | undefined;
  /** A passkey's answer, and the session whose question it answers. */
  passkey?: { credential: unknown; holder: string } | undefined;
}

/** Runs one try; the guesses are counted over all kinds of proof. */
async function limitGuesses(
  core: Core,
  user: UserDocument,
  isRight: () => Promise<boolean>,
): Promise<boolean> {
  const now = core.clock.now().getTime();
  const key = `own-password:${user._id}`;
  const { count, expiresAt } = await core.store.increment(key, 1, new Date(now + guessSpanMs));
  if (count > maxGuesses) {
    throw new AppError('rate.limited', 'too many wrong passwords', {
      retryAfterSeconds: Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000)),
    });
  }
  if (!(await isRight())) return false;
  await core.store.resetCounter(key);
  return true;
}

const wrongTexts = {
  '/code': 'the code is not right',
  '/credential': 'the passkey is not right',
  '/currentPassword': 'the password is not right',
  '/password': 'the password is not right',
} as const;

const wrong = (pointer: keyof typeof wrongTexts, detail: string): AppError =>
  new AppError('input.invalid', wrongTexts[pointer], { errors: [{ pointer, detail }] });

/**
 * @param pointer - the field the password was given in.
 * @throws AppError `input.invalid` for a wrong password, `rate.limited` after too many.
 */
export async function requireOwnPassword(
  core: Core,
  user: UserDocument,
  password: string,
  pointer: '/password' | '/currentPassword',
): Promise<void> {
  const isRight = await limitGuesses(core, user, async () => {
    const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
    return core.passwords.verify(credential?.passwordHash ?? null, password);
  });
  if (!isRight) throw wrong(pointer, 'is not your password');
}

/** A code is used up by this, as at a sign-in. */
function useCode(core: Core, user: UserDocument, code: string): Promise<boolean> {
  const now = core.clock.now();
  return core.store.transaction(function* (tx): Step<boolean> {
    const credentials = tx.tenant(user.tenantId).collection('credentials');
    const factor = (yield* credentials.get(user._id))?.twoFactor;
    const used = factor?.state === 'on' ? acceptCode(core, factor, code, now) : undefined;
    if (!used) return false;
    yield* credentials.update(user._id, (stored) => ({ ...stored, twoFactor: used.twoFactor }));
    return true;
  });
}

async function usePasskey(
  core: Core,
  user: UserDocument,
  passkey: { credential: unknown; holder: string },
): Promise<boolean> {
  const account = { tenantId: user.tenantId, userId: user._id };
  const use: PasskeyUse | undefined = await judgePasskey(core, { purpose: 'confirm', ...passkey }, account);
  if (!use) return false;
  const now = core.clock.now();
  return core.store.transaction(function* (tx): Step<boolean> {
    const credentials = tx.tenant(user.tenantId).collection('credentials');
    const used = usedPasskey(yield* credentials.get(user._id), use, now);
    if (used) yield* credentials.update(user._id, () => used);
    return used !== undefined;
  });
}

/**
 * Asks somebody with a live session for their password or a code once more: a session alone may be a browser left open.
 *
 * @throws AppError `auth.forbidden` when neither is given, `input.invalid` when the one given is wrong, `rate.limited` after too many.
 */
export async function requireOwnProof(core: Core, user: UserDocument, proof: OwnProof): Promise<void> {
  const { code, passkey, password } = proof;
  if (password !== undefined) return requireOwnPassword(core, user, password, '/password');
  if (passkey !== undefined) {
    if (await limitGuesses(core, user, () => usePasskey(core, user, passkey))) return;
    throw wrong('/credential', 'is no answer of one of your passkeys to the question asked');
  }
  if (code === undefined) {
    throw new AppError(
      'auth.forbidden',
      'give your password, or a code of your second factor, as password or code',
    );
  }
  if (!(await limitGuesses(core, user, () => useCode(core, user, code)))) {
    throw wrong('/code', 'is not the code your app shows now, and no backup code');
  }
}
