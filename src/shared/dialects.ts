/** How a directory's requests are read: `auto` corrects every known deviation, `strict` refuses each, the others correct their own. */
export const dialects = [
  'auto',
  'strict',
  'okta',
  'entra',
  'onelogin',
  'jumpcloud',
  'google',
  'ping',
] as const;
export type Dialect = (typeof dialects)[number];
/** An identity provider that `auto` can find out. */
export type LearnedDialect = Exclude<Dialect, 'auto' | 'strict'>;
