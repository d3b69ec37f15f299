import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { acceptCode } from './two-factor-code.js';

/** Wrong proofs a session may try in a quarter of an hour: whoever finds a browser open learns nothing by trying. */
const mostGuesses = 5;
const guessSpanMs = 900_000;

/** How somebody who is signed in shows that it is still them: by the password, or by a code of the second factor. */
export interface OwnProof {
  password?: string | undefined;
  code?: string | undefined;
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
  if (count > mostGuesses) {
    throw new AppError('rate.limited', 'too many wrong passwords', {
      retryAfterSeconds: Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000)),
    });
  }
  if (!(await isRight())) return false;
  await core.store.resetCounter(key);
  return true;
}

const wrong = (pointer: '/code' | '/password' | '/currentPassword', detail: string): AppError =>
  new AppError('input.invalid', pointer === '/code' ? 'the code is not right' : 'the password is not right', {
    errors: [{ pointer, detail }],
  });

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

/**
 * Asks somebody with a live session for their password or a code once more: a session alone may be a browser left open.
 *
 * @throws AppError `auth.forbidden` when neither is given, `input.invalid` when the one given is wrong, `rate.limited` after too many.
 */
export async function requireOwnProof(core: Core, user: UserDocument, proof: OwnProof): Promise<void> {
  const { code, password } = proof;
  if (password !== undefined) return requireOwnPassword(core, user, password, '/password');
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
