import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readChoice, writeChoice } from '../cookies.js';
import en from './en.json' with { type: 'json' };

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const kept = 'gatehouse-language';

function firstLanguage(): Language {
  const wished = [readChoice(kept), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return (wished.find((tag) => tag !== undefined && tag in languages) ?? 'en') as Language;
}

let serverTexts: Readonly<Record<string, string>> | undefined;

/** The German of what the server says; undefined until it is there. */
export const loadedTexts = (): typeof serverTexts => serverTexts;

/** Texts of a language are fetched when it is first shown; English ones stand in the pages. */
async function loadTexts(language: Language): Promise<void> {
  if (language === 'en' || i18next.hasResourceBundle(language, 'translation')) return;
  const [{ default: texts }, { default: answers }] = await Promise.all([
    import('./de.json'),
    import('./server.de.json'),
  ]);
  serverTexts = answers;
  i18next.addResourceBundle(language, 'translation', texts);
}

/** The English text is the key, so that a page can be read in its source; `en.json` holds plurals alone. */
void i18next.use(initReactI18next).init({
  initAsync: false,
  resources: { en: { translation: en } },
  partialBundledLanguages: true,
  lng: firstLanguage(),
  fallbackLng: 'en',
  keySeparator: false,
  nsSeparator: false,
  interpolation: { escapeValue: false },
});
document.documentElement.lang = i18next.language;

/** When the texts of the first language are there. */
export const textsReady = loadTexts(i18next.language as Language).catch(() => undefined);

/** The language of a profile, with or without a region, where none was chosen in this browser. */
export function suggestLanguage(tag: string | null): void {
  const [language = ''] = tag?.toLowerCase().split(/[-_]/, 1) ?? [];
  if (readChoice(kept) === undefined && language in languages) chooseLanguage(language as Language);
}

export function chooseLanguage(language: Language): void {
  writeChoice(kept, language);
  document.documentElement.lang = language;
  void loadTexts(language).then(() => i18next.changeLanguage(language));
}
