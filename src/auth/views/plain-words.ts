import { translate, type Language } from './language.js';

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|HeadlessChrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'Mac'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

const nameIn = (names: typeof browsers, text: string): string | undefined =>
  names.find(([pattern]) => pattern.test(text))?.[1];

/** A `User-Agent` as a person would say it: `Firefox on Windows`. It is a hint, and anybody can send any. */
export function browserText(userAgent: string, language: Language = 'en'): string {
  const [browser, system] = [nameIn(browsers, userAgent), nameIn(systems, userAgent)];
  const t = (text: string): string => translate(language, text);
  if (system === undefined) return browser ?? t('Unknown browser');
  return `${browser ?? t('A browser')} ${t('on')} ${system}`;
}

/** How a person signed in. */
export const methodTexts = {
  password: 'with your password',
  passkey: 'with a passkey',
  sso: 'through your company',
} as const;
export type SignInMethod = keyof typeof methodTexts;

const spans = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const;

/** How long ago it was, which needs no time zone: `3 hours ago`. */
export function agoText(at: Date, now: Date, language: Language = 'en'): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - at.getTime()) / 1000));
  const span = spans.find(([length]) => seconds >= length);
  if (!span) return translate(language, 'just now');
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(seconds / span[0]), span[1]);
}
