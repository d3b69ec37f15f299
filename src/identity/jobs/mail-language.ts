import { languageOfTag } from '../../shared/language-tag.js';

/** Languages of mails. */
export const mailLanguages = ['en', 'de'] as const;
export type MailLanguage = (typeof mailLanguages)[number];

const ofTag = (tag: unknown): MailLanguage | undefined =>
  mailLanguages.find((language) => typeof tag === 'string' && languageOfTag(tag) === language);

/**
 * The language of mails to a person: their own (SCIM `preferredLanguage`, RFC 7643 section 4.1.1), else that of their `locale`, else
 * the tenant's.
 */
export function languageOf(
  { attributes }: { attributes: Readonly<Record<string, unknown>> },
  settings: { readonly 'mails.language': MailLanguage },
): MailLanguage {
  return ofTag(attributes['preferredLanguage']) ?? ofTag(attributes['locale']) ?? settings['mails.language'];
}

const units: Readonly<
  Record<MailLanguage, readonly (readonly [seconds: number, one: string, many: string])[]>
> = {
  en: [
    [86_400, 'day', 'days'],
    [3600, 'hour', 'hours'],
    [60, 'minute', 'minutes'],
    [1, 'second', 'seconds'],
  ],
  de: [
    [86_400, 'Tag', 'Tage'],
    [3600, 'Stunde', 'Stunden'],
    [60, 'Minute', 'Minuten'],
    [1, 'Sekunde', 'Sekunden'],
  ],
};

/** A span in digits and the largest unit that keeps it whole: `60 minutes` is `1 hour`. */
export function spanText(seconds: number, language: MailLanguage = 'en'): string {
  const [size, one, many] = units[language].find(([length]) => seconds % length === 0) ?? [1, '', ''];
  const count = seconds / size;
  return `${count} ${count === 1 ? one : many}`;
}

const locales = { en: 'en-GB', de: 'de-DE' } as const;

/** An instant as a person says it: `30 June 2026`. Good where a few hours more or less do not matter. */
export function dateText(at: Date, language: MailLanguage = 'en'): string {
  return new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeZone: 'UTC' }).format(at);
}

/** The same where the hour matters. The reader may be anywhere, so the zone is said. */
export function instantText(at: Date, language: MailLanguage = 'en'): string {
  const time = new Intl.DateTimeFormat(locales[language], { timeStyle: 'short', timeZone: 'UTC' }).format(at);
  const day = dateText(at, language);
  return language === 'de' ? `${day} um ${time} Uhr (UTC)` : `${day} at ${time} (UTC)`;
}
