import { DuplicateKey } from '../persistence/store.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { AppError, type ConflictParty } from '../shared/errors.js';

/** What a unique index that refused means to the caller. */
export interface DuplicateMeaning {
  code: ErrorCode;
  message: string;
  /** RFC 6901 pointer to the field of the body. */
  pointer: string;
}

/** What stands there already, and which field of the body met it. */
export interface Clash extends Pick<DuplicateMeaning, 'message' | 'pointer'> {
  conflictsWith: ConflictParty;
}

/**
 * Runs a write; a refusal of one of the named unique indexes becomes the error it means.
 *
 * @param findClash - looks for what was in the way; undefined when it has gone in the meantime.
 */
export async function refuseDuplicates<R>(
  meanings: Readonly<Record<string, DuplicateMeaning>>,
  write: () => Promise<R>,
  findClash?: () => Promise<Clash | undefined>,
): Promise<R> {
  try {
    return await write();
  } catch (error) {
    const cause = error instanceof AppError ? error.cause : undefined;
    const meaning = cause instanceof DuplicateKey ? meanings[cause.index] : undefined;
    if (!meaning) throw error;
    const clash = await findClash?.();
    const { message, pointer } = clash ?? meaning;
    throw new AppError(meaning.code, message, {
      errors: [{ pointer, detail: message }],
      ...(clash && { conflictsWith: clash.conflictsWith }),
      cause: error,
    });
  }
}
