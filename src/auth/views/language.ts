import { createContext, use } from 'react';
import { german } from './german.js';

/** Languages of the pages, each by its own name. */
export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

export const isLanguage = (tag: unknown): tag is Language =>
  typeof tag === 'string' && Object.hasOwn(languages, tag);

type Values = Readonly<Record<string, string | number>>;

const hole = /\{\{(\w+)\}\}/g;

const filled = (text: string, values: Values): string =>
  text.replace(hole, (_, name: string) => String(values[name] ?? ''));

/** The texts that have values in them, to find them by when the values are in place already. */
const patterns = Object.entries(german)
  .filter(([text]) => text.includes('{{'))
  .map(([text, translated]) => ({
    names: [...text.matchAll(hole)].map(([, name = '']) => name),
    pattern: new RegExp(
      `^${text.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\{\w+\}\}/g, '(.+?)')}$`,
      's',
    ),
    translated,
  }));

/**
 * A text of the pages in a language. The English text is the key; one that is not known stays as it is.
 *
 * @param values - for the `{{name}}` in it. A text whose values are in place already is found as well.
 */
export function translate(language: Language, text: string, values: Values = {}): string {
  if (language === 'en') return filled(text, values);
  const known = german[text];
  if (known !== undefined) return filled(known, values);
  for (const { names, pattern, translated } of patterns) {
    const found = pattern.exec(text);
    if (!found) continue;
    const inside = names.map((name, index) => [name, translate(language, found[index + 1] ?? '')]);
    return filled(translated, Object.fromEntries(inside) as Values);
  }
  return filled(text, values);
}

export const LanguageContext = createContext<Language>('en');

/** The language of the page around. */
export const useLanguage = (): Language => use(LanguageContext);

/** Translates texts into the language of the page around. */
export function useText(): (text: string, values?: Values) => string {
  const language = useLanguage();
  return (text, values) => translate(language, text, values);
}
