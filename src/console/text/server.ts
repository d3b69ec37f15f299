import i18next from 'i18next';
import { translated } from './answers.js';
import { loadedTexts } from './i18n.js';

const sentences = /(?<=\.) (?=[A-ZÄÖÜ])/;

/** Texts that were put together: the longest run of sentences that is known together comes first. */
function bySentences(parts: readonly string[], texts: Readonly<Record<string, string>>): string[] {
  if (parts.length === 0) return [];
  for (let count = parts.length; count > 1; count -= 1) {
    const text = parts.slice(0, count).join(' ');
    if (texts[text] !== undefined) return [texts[text], ...bySentences(parts.slice(count), texts)];
  }
  return [translated(parts[0] ?? '', texts), ...bySentences(parts.slice(1), texts)];
}

/**
 * A text of the server's answers in the reader's language. The server says it in English; `server.de.json` has the German of each, with
 * `{{1}}` where a value is put in.
 */
export function said(text: string): string {
  const texts = i18next.language === 'de' ? loadedTexts() : undefined;
  if (!texts || text === '') return text;
  const whole = translated(text, texts);
  if (whole !== text) return whole;
  const [, main = text, added = ''] = /^(.*\S)( \(.*\))$/s.exec(text) ?? [];
  return bySentences(main.split(sentences), texts).join(' ') + added;
}

/** The same as a sentence of its own. */
export function asSentence(text: string): string {
  const own = said(text);
  return /^[a-zäöü]+[ ,]/.test(own) ? own.charAt(0).toUpperCase() + own.slice(1) : own;
}
