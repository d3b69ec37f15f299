import { AppError } from '../../shared/errors.js';
import { fold } from '../../shared/fold.js';
import { isCommonPassword, isCommonWord, looksMachineMade } from './common-passwords.js';
import type { TenantConfig } from '../tenants/config.js';
import { wordsOf } from '../user-keys.js';

/** Longest password, characters: hashing an endless one would be a way to keep the server busy. */
const maxPasswordLength = 256;

/** Fewest characters of a password whose maker is a machine. */
const fewestOfMachines = 8;

/** What a password is judged by: the one rule of every way in. */
export interface PasswordRule {
  minLength: number;
  /** Words anybody would try for somebody of this tenant. */
  tenantWords: readonly string[];
  /** A directory sent it: identity providers make random ones that may be shorter. */
  isFromDirectory?: boolean;
}

/** What is known of the person the password is for. */
export interface PasswordOwner {
  userName: string;
  email?: string | null;
  attributes?: Record<string, unknown>;
}

/** The rule for a tenant's people. */
export function passwordRule(
  { settings, tenant, ssoDomains }: Pick<TenantConfig, 'settings' | 'tenant' | 'ssoDomains'>,
  isFromDirectory = false,
): PasswordRule {
  return {
    minLength: settings['password.minLength'],
    tenantWords: [tenant.slug, tenant.name, ...[...ssoDomains].filter((name) => !name.startsWith('*'))],
    isFromDirectory,
  };
}

/** Words of three letters and more: shorter ones are found everywhere. */
const partsOf = (texts: readonly string[]): string[] =>
  texts
    .flatMap((text) => [fold(text), ...fold(text).split(/[^\p{L}\p{N}]+/u)])
    .filter((part) => part.length >= 3);

/**
 * Whether a password is little more than words an attacker knows: without them nothing is left but a few digits and signs, or a common word.
 */
function isMadeOf(words: readonly string[], folded: string): boolean {
  let rest = folded;
  for (const word of [...new Set(words)].sort((a, b) => b.length - a.length))
    rest = rest.replaceAll(word, ' ');
  if (rest === folded) return false;
  const letters = rest.replace(/[^\p{L}]/gu, '');
  const digits = rest.replace(/[^\p{N}]/gu, '');
  return digits.length <= 8 && (letters.length < 4 || isCommonWord(letters) || isCommonPassword(letters));
}

function isTooShort(password: string, folded: string, { minLength, isFromDirectory }: PasswordRule): boolean {
  const { length } = Array.from(password.normalize('NFC'));
  if (length >= minLength) return false;
  return !(isFromDirectory && length >= fewestOfMachines && looksMachineMade(folded));
}

/**
 * Why a password cannot be taken, in words for its owner, to be read after "the password".
 *
 * @returns undefined when it can.
 */
export function passwordFault(
  password: string,
  rule: PasswordRule,
  { userName, email, attributes = {} }: PasswordOwner,
): string | undefined {
  const folded = fold(password);
  if (isTooShort(password, folded, rule)) return `must have at least ${rule.minLength} characters`;
  if (Array.from(password).length > maxPasswordLength)
    return `must have at most ${maxPasswordLength} characters`;
  const names = [userName, ...(email ? [email] : [])];
  if (names.some((name) => [fold(name), fold(name).split('@')[0]].includes(folded)))
    return 'must not be your address or user name';
  if (isCommonPassword(folded)) return 'is too common';
  const words = partsOf([...names, ...wordsOf(attributes), ...rule.tenantWords]);
  return isMadeOf(words, folded) ? 'must not be made of your own or your organization’s name' : undefined;
}

/**
 * Judges a password where nobody types it: a directory, a file, a command, the API.
 *
 * @throws AppError `input.invalid` that names the rule.
 */
export function requireGoodPassword(password: string, rule: PasswordRule, owner: PasswordOwner): void {
  const fault = passwordFault(password, rule, owner);
  if (fault === undefined) return;
  throw new AppError('input.invalid', `the password ${fault}`, {
    errors: [{ pointer: '/password', detail: fault }],
  });
}
