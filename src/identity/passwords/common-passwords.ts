import common from '@zxcvbn-ts/language-common';
import english from '@zxcvbn-ts/language-en';
import { fold } from '../../shared/fold.js';

/** The passwords found most often where passwords leaked, nearly fifty thousand, in lower case. Read when the first password is judged. */
let passwords: ReadonlySet<string> | undefined;
let words: ReadonlySet<string> | undefined;

function passwordList(): ReadonlySet<string> {
  passwords ??= new Set(common.dictionary['passwords-common'].map(fold));
  return passwords;
}

function wordList(): ReadonlySet<string> {
  words ??= new Set(english.dictionary['commonWords-en'].map(fold));
  return words;
}

const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
];
const isRun = (text: string): boolean =>
  runs.some((run) => run.includes(text) || run.split('').reverse().join('').includes(text));

const signs: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
};

/** Digits and signs that stand for letters read as them; `1` and `!` may be an i or an l. */
function readings(text: string): string[] {
  const read = text.replace(/[@430$57]/g, (sign) => signs[sign] ?? sign);
  return [text, read.replace(/[1!]/g, 'i'), read.replace(/[1!]/g, 'l')];
}

/** What a text is a repetition of; the text itself when it is none. */
function unitOf(text: string): string {
  const period = text === '' ? 0 : (text + text).indexOf(text, 1);
  return text.slice(0, period);
}

/** The text, and what is left of it without the digits and signs people put before and behind a word. */
function stems(text: string): string[] {
  const stem = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  // What stands for a letter may be at an end too: `$unshine2026`.
  const behind = text.replace(/[\d\W_]+$/u, '');
  return [text, behind, stem].filter((one) => one.length >= 4);
}

const isKnown = (text: string): boolean => passwordList().has(text) || isRun(text);

/**
 * Whether a password is one that everybody tries: of the list, a row of the alphabet or the keyboard, one or two characters over and over,
 * or one of these with the usual decoration: upper case, signs for letters, digits and signs around it, spaces in it, said twice.
 *
 * @param folded - in {@link fold}ed form.
 */
export function isCommonPassword(folded: string): boolean {
  const compact = folded.replace(/[\s._-]+/g, '');
  if (new Set(compact).size <= 2) return true;
  return [folded, compact]
    .flatMap(stems)
    .flatMap(readings)
    .flatMap(stems)
    .some((text) => {
      const unit = unitOf(text);
      return isKnown(text) || (unit !== text && (unit.length <= 4 || isKnown(unit)));
    });
}

/**
 * Whether a password looks like one a machine has made: digits between letters, and no word in it. Identity providers make such ones of
 * eight characters.
 */
export function looksMachineMade(folded: string): boolean {
  if (!/\p{L}.*\d.*\p{L}/u.test(folded)) return false;
  const letters = folded.match(/\p{L}{4,}/gu) ?? [];
  return letters.every((run) => !passwordList().has(run) && !wordList().has(run));
}

/** Whether a few letters say something common. */
export const isCommonWord = (folded: string): boolean => passwordList().has(folded);
