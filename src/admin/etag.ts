import { AppError } from '../shared/errors.js';

/** The entity tag of an item's version. Weak: names of roles and groups in the answer may change without it. */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/**
 * Judges `If-Match` against the stored version. Tags are compared by their text alone, so `"3"` and `W/"3"` are the same version.
 *
 * @param header - as sent; absent and `*` ask for nothing.
 * @returns what the write must hold to.
 * @throws AppError `resource.version_mismatch` (412) when no tag fits.
 */
export function requireMatch(header: string | undefined, version: number): { ifVersion?: number } {
  if (header === undefined || header.trim() === '*') return {};
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (tags.includes(`"${version}"`)) return { ifVersion: version };
  throw new AppError(
    'resource.version_mismatch',
    'If-Match does not match the current version; fetch it again and retry',
  );
}
