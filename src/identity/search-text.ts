import { fold } from '../shared/fold.js';

/** A text as the pattern that means it. */
export const escapePattern = (text: string): string =>
  // MongoDB takes no NUL in a pattern.
  text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\0', '\\x00');

/** The condition on a folded key: the text stands anywhere in it, in any case. */
export const containing = (text: string): { $regex: string } => ({ $regex: escapePattern(fold(text)) });

/** The condition on a field kept as it was written. */
export const containingAnyCase = (text: string): { $regex: string; $options: string } => ({
  $regex: escapePattern(text),
  $options: 'i',
});
