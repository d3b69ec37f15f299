import type { ErrorCode } from './error-codes.js';
import { errorStatus } from './error-codes.js';

/** One fault of an input: `pointer` is an RFC 6901 JSON pointer into the body (or `?name` for a query parameter). */
export interface InputFault {
  pointer: string;
  detail: string;
}

/** Something that is there already, for administrators' eyes. */
export interface ConflictParty {
  type: 'user' | 'group';
  id: string;
  label: string;
  /** The directory that manages it; null for none. */
  directory: { id: string; name: string } | null;
}

export interface AppErrorOptions {
  errors?: readonly InputFault[];
  /** Seconds after which the caller may try again (sent as `Retry-After`). */
  retryAfterSeconds?: number;
  /** What the input conflicts with. The caller may not be allowed to see it, so no answer contains it. */
  conflictsWith?: ConflictParty;
  cause?: unknown;
}

/**
 * A refusal the caller can act on. Anything else that is thrown is a bug and reaches the client as a bare 500.
 *
 * The interfaces render it in their own form: RFC 9457 problems (API), RFC 7644 errors (SCIM), pages (sign-in).
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly errors: readonly InputFault[];
  readonly retryAfterSeconds: number | undefined;
  readonly conflictsWith: ConflictParty | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = errorStatus[code];
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.conflictsWith = options.conflictsWith;
  }
}
