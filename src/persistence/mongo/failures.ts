import { Error as MongooseErrors, mongo } from 'mongoose';
import { AppError } from '../../shared/errors.js';
import { DuplicateKey } from '../store.js';

/** Server codes that mean "not now": stepping down, shutting down, not the primary. */
const temporaryCodes = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Server code of an operation that lost to another one. */
const writeConflict = 112;

const isAway = (error: unknown): boolean =>
  error instanceof MongooseErrors.MongooseServerSelectionError ||
  error instanceof mongo.MongoServerSelectionError ||
  error instanceof mongo.MongoNetworkError ||
  error instanceof mongo.MongoNotConnectedError ||
  error instanceof mongo.MongoTopologyClosedError ||
  error instanceof mongo.MongoOperationTimeoutError ||
  (error instanceof mongo.MongoError && error.name === 'MongoWaitQueueTimeoutError') ||
  error instanceof mongo.MongoExpiredSessionError ||
  (error instanceof mongo.MongoServerError && temporaryCodes.has(Number(error.code)));

export function isDuplicate(error: unknown): error is mongo.MongoServerError {
  return error instanceof mongo.MongoServerError && error.code === 11000;
}

function duplicate(collection: string, error: mongo.MongoServerError): AppError {
  const index =
    /index: (\S+)/.exec(error.message)?.[1] ?? Object.keys(error['keyPattern'] as object).join('_');
  const cause = new DuplicateKey(collection, index);
  return new AppError('store.duplicate', cause.message, { cause });
}

/** What a driver's error means to the caller: a refusal by code, or the error itself, which is a bug. */
export function translate(error: unknown, collection: string): unknown {
  if (isDuplicate(error)) return duplicate(collection, error);
  if (!isAway(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError('server.unavailable', `MongoDB does not answer: ${reason}`, {
    cause: error,
    retryAfterSeconds: 5,
  });
}

/** Whether the database undid the operation, or the transaction, because of a conflict: it may succeed when it is run again. */
export function isConflict(error: unknown): boolean {
  return (
    error instanceof mongo.MongoError &&
    (error.hasErrorLabel('TransientTransactionError') || error.code === writeConflict)
  );
}
