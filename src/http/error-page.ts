import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from '../infrastructure/logger.js';
import { AppError } from '../shared/errors.js';
import { errorStatus } from '../shared/error-codes.js';
import { requestIdOf } from './request-context.js';

const isTooLarge = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'type' in error && error.type === 'entity.too.large';

/** A failure of the server that an operator has to look at; being busy does not count. */
const isOurs = ({ status, code }: AppError): boolean => status >= 500 && code !== 'server.busy';

/**
 * What any thrown value means to the caller. Errors of the body parser and of the router (a malformed `%` escape) are the caller's; what
 * remains is a bug: it is logged with its cause and shown as a bare `server.error`.
 */
export function toAppError(error: unknown, log: Logger, req: Request): AppError {
  if (error instanceof AppError) {
    if (isOurs(error)) log.error({ err: error, requestId: requestIdOf(req) }, 'request failed');
    return error;
  }
  if (isTooLarge(error))
    return new AppError('input.too_large', 'the body is larger than this server accepts');
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 500;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const type = status === 415 ? 'input.unsupported_type' : 'input.malformed';
    return new AppError(
      type,
      status === 415 ? 'the body has an unsupported type' : 'the request is malformed',
    );
  }
  log.error({ err: error, requestId: requestIdOf(req) }, 'unexpected error');
  return new AppError('server.error', 'something went wrong on our side');
}

/** RFC 9457. `instance` is the request's path; `requestId` finds its log line. */
export function sendProblem(req: Request, res: Response, error: AppError): void {
  if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
  res
    .status(error.status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `/docs/api#${error.code}`,
        title: error.code.replace(/[._]/g, ' '),
        status: errorStatus[error.code],
        detail: error.message,
        instance: req.originalUrl.split('?', 1)[0],
        code: error.code,
        errors: error.errors,
        requestId: requestIdOf(req),
      }),
    );
}

/** Unknown addresses. */
export function notFound(): RequestHandler {
  return (_req, _res, next) => {
    next(new AppError('route.not_found', 'there is nothing at this address'));
  };
}

/** The last error handler: routers render their own interface's errors before, and browsers have been given a page. */
export function lastErrorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const appError = toAppError(error, log, req);
    if (res.headersSent) {
      next(error);
      return;
    }
    sendProblem(req, res, appError);
  };
}
