import { AppError } from '../shared/errors.js';

export interface WriteOptions {
  /** Refuse with `resource.version_mismatch` unless the stored version is this one. */
  ifVersion?: number;
}

/** @throws AppError `resource.version_mismatch`. */
export function requireVersion(document: { version: number }, ifVersion: number | undefined): void {
  if (ifVersion !== undefined && document.version !== ifVersion) {
    throw new AppError('resource.version_mismatch', 'the resource has changed since it was read');
  }
}
