import { randomBytes } from 'node:crypto';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';

/** The purpose kept keys are sealed for. */
export const keptKeySeal = 'kept-key';

/** The key of this name; undefined when there is none. */
export async function findKeptKey(core: Core, name: string): Promise<string | undefined> {
  const stored = await core.store.server.collection('kept_keys').get(name);
  return stored && core.secretBox.open(keptKeySeal, stored.sealedKey);
}

/** Whether a key of this name is kept already. */
export async function hasKeptKey(core: Core, name: string): Promise<boolean> {
  return (await core.store.server.collection('kept_keys').get(name)) !== undefined;
}

/**
 * A key that lives in the database, sealed: what was made with it stays good when `SECRET_KEY` changes. Made once; of several processes
 * that make it at once one is first.
 *
 * @param fresh - what it is when there is none yet; absent: random.
 */
export async function keptKey(
  core: Core,
  name: string,
  fresh = randomBytes(32).toString('base64url'),
): Promise<string> {
  const keys = core.store.server.collection('kept_keys');
  const stored = await findKeptKey(core, name);
  if (stored !== undefined) return stored;
  try {
    await keys.insert({ _id: name, tenantId: 'server', sealedKey: core.secretBox.seal(keptKeySeal, fresh) });
    return fresh;
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'store.duplicate')) throw error;
  }
  // Reads beside another process's write may still miss it: a transaction does not.
  const first = await core.store.transaction(function* (tx) {
    return yield* tx.server.collection('kept_keys').get(name);
  });
  return core.secretBox.open(keptKeySeal, first?.sealedKey ?? '');
}
