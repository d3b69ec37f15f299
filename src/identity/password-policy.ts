import { fold } from '../shared/fold.js';

/** Longest password, characters: hashing an endless one would be a way to keep the server busy. */
const mostCharacters = 256;

/** What people type to get past a rule of length; compared without digits and signs at the end. */
const common = [
  'password',
  'passwort',
  'passw0rd',
  'letmein',
  'iloveyou',
  'welcome',
  'qwertyuiop',
  'administrator',
  'changeme',
  'trustno1',
  'superman',
  'football',
  'monkey',
  'dragon',
  'sunshine',
  'princess',
  'correct horse battery staple',
];

const runs = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789', 'qwertyuiopasdfghjklzxcvbnm'];

/** One or two characters over and over, the alphabet, the keyboard, digits in a row, or a common word with a tail. */
function isCommon(folded: string): boolean {
  if (new Set(folded).size <= 2) return true;
  if (runs.some((run) => run.includes(folded) || run.split('').reverse().join('').includes(folded)))
    return true;
  const stem = folded.replace(/[\d\W_]+$/u, '');
  return common.some((word) => stem === word || stem === word.repeat(2) || folded === word);
}

/**
 * Why a password cannot be taken, in words for its owner.
 *
 * @param names - the user's address and userName: neither may be the password, nor what stands before their `@`.
 * @returns undefined when it can.
 */
export function passwordFault(
  password: string,
  minLength: number,
  names: readonly (string | null)[],
): string | undefined {
  const length = Array.from(password.normalize('NFC')).length;
  if (length < minLength) return `must have at least ${minLength} characters`;
  if (length > mostCharacters) return `must have at most ${mostCharacters} characters`;
  const folded = fold(password);
  const own = names.flatMap((name) => (name === null ? [] : [fold(name), fold(name).split('@')[0] ?? '']));
  if (own.includes(folded)) return 'must not be your address or user name';
  return isCommon(folded) ? 'is too common' : undefined;
}
