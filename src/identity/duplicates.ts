import { DuplicateKey } from '../persistence/store.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { AppError } from '../shared/errors.js';

/** What a unique index that refused means to the caller. */
export interface DuplicateMeaning {
  code: ErrorCode;
  message: string;
  /** RFC 6901 pointer to the field of the body. */
  pointer: string;
}

/** Runs a write; a refusal of one of the named unique indexes becomes the error it means. */
export async function refuseDuplicates<R>(
  meanings: Readonly<Record<string, DuplicateMeaning>>,
  write: () => Promise<R>,
): Promise<R> {
  try {
    return await write();
  } catch (error) {
    const cause = error instanceof AppError ? error.cause : undefined;
    const meaning = cause instanceof DuplicateKey ? meanings[cause.index] : undefined;
    if (!meaning) throw error;
    const errors = [{ pointer: meaning.pointer, detail: meaning.message }];
    throw new AppError(meaning.code, meaning.message, { errors, cause: error });
  }
}
