/** A type of events, or all of one noun: `user.created`, `user.*`. */
export const typePattern = /^[a-z][a-z_]*\.(?:[a-z][a-z_]*|\*)$|^[a-z]+$/;

/**
 * Which types are wanted.
 *
 * @param patterns - none: all.
 */
export function typeFilter(patterns: readonly string[]): (type: string) => boolean {
  if (patterns.length === 0) return () => true;
  const exact = new Set(patterns);
  const nouns = new Set(patterns.filter((one) => one.endsWith('.*')).map((one) => one.slice(0, -1)));
  return (type) => exact.has(type) || nouns.has(type.slice(0, type.indexOf('.') + 1));
}
