import { parseCookie } from 'cookie';
import type { Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { writeChoice, type CookieHome } from '../http/cookies.js';
import { languageOfTag } from '../shared/language-tag.js';
import { isLanguage, type Language } from './views/language.js';

/** How pages look, as the person chose it in this browser; `auto`: as the system does. */
export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const languageCookie = 'gatehouse-language';
const themeCookie = 'gatehouse-theme';
const yearSeconds = 365 * 86_400;

interface ChoiceLocals {
  language?: Language;
}

const cookieOf = (req: IncomingMessage, name: string): string | undefined =>
  parseCookie(req.headers.cookie ?? '')[name];

/** The first of our languages in the value of `ui_locales` (OpenID Connect Core section 3.1.2.1). */
export function languageIn(locales: unknown): Language | undefined {
  return typeof locales === 'string' ? locales.split(' ').map(languageOfTag).find(isLanguage) : undefined;
}

const askedLanguage = ({ url = '' }: IncomingMessage): Language | undefined =>
  languageIn(new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('ui_locales'));

/** The first of our languages in `Accept-Language`, by the weights there (RFC 9110 section 12.5.4). */
function wishedLanguage(req: IncomingMessage): Language | undefined {
  const tags = (req.headers['accept-language'] ?? '').split(',').map((part) => {
    const [tag = '', weight] = part.split(';');
    return { tag: languageOfTag(tag), weight: Number(/q=([\d.]+)/.exec(weight ?? '')?.[1] ?? 1) };
  });
  return tags
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag)
    .find(isLanguage);
}

/** The language of a page: as the application asks, of the profile, as chosen in this browser, as the browser wishes. */
export function languageFor(req: IncomingMessage, profile?: Language): Language {
  const chosen = cookieOf(req, languageCookie);
  return [askedLanguage(req), profile, chosen].find(isLanguage) ?? wishedLanguage(req) ?? 'en';
}

/** Lets the page be in the language of a person's profile, a tag with or without a region. */
export function showLanguage(res: Response, tag: unknown): void {
  const language = languageIn(tag);
  if (language) (res.locals as ChoiceLocals).language = language;
}

export const shownLanguage = (res: Response): Language =>
  languageFor(res.req, (res.locals as ChoiceLocals).language);

export function themeFor(req: IncomingMessage): Theme {
  const chosen = cookieOf(req, themeCookie);
  return themes.find((theme) => theme === chosen) ?? 'auto';
}

/** Keeps the language for this browser, for the sign-in pages and the console too. */
export function keepLanguage(home: CookieHome, res: Response, language: Language): void {
  writeChoice(home, res, languageCookie, language, yearSeconds);
}

/** Keeps the theme for this browser, for the console too. */
export function keepTheme(home: CookieHome, res: Response, theme: Theme): void {
  writeChoice(home, res, themeCookie, theme, yearSeconds);
}
