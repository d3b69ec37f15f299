import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { german } from '../../../src/auth/views/german.js';
import { translate } from '../../../src/auth/views/language.js';
import {
  endedText,
  lockText,
  ssoRefusalText,
  statusText,
  weakPasswordText,
  wrongText,
} from '../../../src/auth/refusals.js';

const folders = ['src/auth/views', 'src/auth/routes', 'src/auth/provider'];
const sources = folders.flatMap((folder) =>
  readdirSync(folder)
    // The first run is set up in English.
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('first-run'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
);

/** Texts that are written where they are shown. */
const shown = sources.flatMap((source) => [
  ...[...source.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, text]) => text!),
  ...[...source.matchAll(/<(?:Page|RefusalPage)[^>]*? title="([^"]+)"/g)].map(([, text]) => text!),
  ...[...source.matchAll(/\balert(?::|=) ?["']([A-Z][^"']+)["']/g)].map(([, text]) => text!),
  ...[...source.matchAll(/\['\w+', '([A-Z][^']+\.)'\]/g)].map(([, text]) => text!),
]);

describe('the German texts of the pages', () => {
  it('are there for every text that a page shows', () => {
    expect(shown.length).to.be.greaterThan(150);
    expect([...new Set(shown.filter((text) => !Object.hasOwn(german, text)))]).to.deep.equal([]);
  });

  it('are there for every reason of a refusal', () => {
    const texts = [
      wrongText,
      ...(['deleted', 'disabled', 'expired', 'locked', 'suspended', 'pending_activation'] as const).map(
        statusText,
      ),
      ...(['email_missing', 'domain_foreign', 'user_unknown', 'relink_needed'] as const).map(ssoRefusalText),
      endedText('5. Januar 2026'),
      lockText(30),
      lockText(800),
      weakPasswordText('must have at least 12 characters'),
      weakPasswordText('is too common'),
    ];
    for (const text of texts) {
      const translated = translate('de', text);
      expect(translated, text).to.not.equal(text);
      expect(translated, text).to.not.match(/\b(?:the|please|must|try)\b/i);
    }
    expect(translate('de', lockText(800))).to.include('14 Minuten');
    expect(translate('de', weakPasswordText('must have at least 12 characters'))).to.include('12 Zeichen');
  });

  it('have the same values in them as the English ones', () => {
    const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();
    for (const [english, translated] of Object.entries(german))
      expect(holes(translated), english).to.deep.equal(holes(english));
  });
});
