import { AppError } from '../shared/errors.js';

/** What must hold of the stored document for a write to go through; judged inside its transaction. */
export interface WriteOptions {
  /** Refuse unless the stored version is this one, or one of these. */
  ifVersion?: number | readonly number[];
  /** Refuse when the stored version is one of these; `any`: whatever it is. */
  unlessVersion?: 'any' | readonly number[];
}

/** @throws AppError `resource.version_mismatch`. */
export function requireVersion(
  { version }: { version: number },
  { ifVersion, unlessVersion }: WriteOptions,
): void {
  const wanted = typeof ifVersion === 'number' ? [ifVersion] : ifVersion;
  if (wanted && !wanted.includes(version)) {
    throw new AppError('resource.version_mismatch', 'the resource is not in the version that If-Match names');
  }
  if (unlessVersion && (unlessVersion === 'any' || unlessVersion.includes(version))) {
    throw new AppError('resource.version_mismatch', 'the resource is in a version that If-None-Match names');
  }
}
