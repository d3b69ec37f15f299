import type { Logger } from '../../infrastructure/logger.js';
import type { ErrorCode } from '../../shared/error-codes.js';
import { AppError, type ConflictParty } from '../../shared/errors.js';
import type { ScimAnswer } from './request.js';
import { ScimError, toErrorBody, type ScimType } from '../protocol/scim-error.js';

/** What went wrong, as a client is told (RFC 7644 section 3.12) and as the request log keeps it. */
export interface Failure {
  readonly status: number;
  readonly scimType: ScimType | undefined;
  readonly detail: string;
  /** The domain's code when it refused; null for faults of the protocol. */
  readonly code: ErrorCode | null;
  readonly headers: Readonly<Record<string, string>>;
  /** What the data clashes with: for the request log alone, as the directory may not see it. */
  readonly conflictsWith?: ConflictParty;
}

/** 405: the address exists, the method does not (RFC 9110 section 15.5.6). */
export class MethodNotAllowed extends AppError {
  readonly allow: string;

  constructor(method: string, possible: readonly string[]) {
    const allow = possible.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
    super('route.method_not_allowed', `${method} is not possible here, only ${allow}`);
    this.allow = allow;
  }
}

/** 401: no live token. */
export class Unauthorized extends AppError {
  /** Whether something was shown that is none, rather than nothing at all. */
  readonly isInvalid: boolean;

  constructor(isInvalid: boolean) {
    super('auth.required', 'a live bearer token of a directory is required');
    this.isInvalid = isInvalid;
  }
}

/** 403: the token is good, and not for this (RFC 6750 section 3.1). */
export class InsufficientScope extends AppError {
  /** The one it takes. */
  readonly scope: string;

  constructor(scope: string) {
    super('auth.forbidden', `the access token only reads: this takes one of the scope ${scope}`);
    this.scope = scope;
  }
}

/** Who shows nothing is told of no error (RFC 6750 section 3.1). */
function challengeOf(error: AppError): string {
  const isInvalid = !(error instanceof Unauthorized) || error.isInvalid;
  return isInvalid ? 'Bearer realm="scim", error="invalid_token"' : 'Bearer realm="scim"';
}

/** Domain codes that have a word of their own in RFC 7644 table 9. */
const scimTypes: Partial<Record<ErrorCode, ScimType>> = {
  'group.name_taken': 'uniqueness',
  'input.invalid': 'invalidValue',
  'input.malformed': 'invalidSyntax',
  'store.duplicate': 'uniqueness',
  'user.name_taken': 'uniqueness',
  'user.value_taken': 'uniqueness',
};

function headersOf(error: AppError, status: number): Record<string, string> {
  const retry = error.retryAfterSeconds ?? (status === 503 ? 1 : undefined);
  return {
    ...(retry !== undefined && { 'Retry-After': String(retry) }),
    ...(status === 401 && { 'WWW-Authenticate': challengeOf(error) }),
    ...(error instanceof InsufficientScope && {
      'WWW-Authenticate': `Bearer realm="scim", error="insufficient_scope", scope="${error.scope}"`,
    }),
    ...(error instanceof MethodNotAllowed && { Allow: error.allow }),
  };
}

function fromAppError(error: AppError): Failure {
  const faults = error.errors.map((fault) => fault.detail).filter((detail) => detail !== error.message);
  // A conflict of writers that did not settle is not about the data: 409 would make a client give up or link records.
  const status = error.code === 'store.conflict' ? 503 : error.status;
  return {
    status,
    scimType: scimTypes[error.code],
    detail: [error.message, ...faults].join('; '),
    code: error.code,
    headers: headersOf(error, status),
    ...(error.conflictsWith && { conflictsWith: error.conflictsWith }),
  };
}

/**
 * What any thrown value means to a SCIM client. What neither the protocol nor the domain threw is a bug: logged with its cause, and a bare
 * 500 outside.
 */
export function toFailure(error: unknown, log: Logger, requestId: string | null): Failure {
  if (error instanceof ScimError) {
    const { status, scimType, detail } = error;
    return { status, scimType, detail, code: null, headers: {} };
  }
  if (error instanceof AppError) {
    if (error.status >= 500) log.error({ err: error, requestId }, 'scim request failed');
    return fromAppError(error);
  }
  log.error({ err: error, requestId }, 'unexpected error in scim');
  const detail = 'something went wrong on our side';
  return { status: 500, scimType: undefined, detail, code: 'server.error', headers: {} };
}

/** The error object of RFC 7644 section 3.12. */
export function failureAnswer(failure: Failure): ScimAnswer {
  return { status: failure.status, headers: failure.headers, body: JSON.stringify(toErrorBody(failure)) };
}
