import { expect } from 'chai';
import { agoText, browserText } from '../../../src/auth/views/plain-words.js';

describe('what the account page says in words', () => {
  const browsers: readonly [string, string][] = [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
      'Chrome on Linux',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15',
      'Safari on Mac',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1',
      'Safari on iPhone',
    ],
    ['Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0', 'Firefox on Android'],
    ['curl/8.5.0', 'curl'],
    ['', 'Unknown browser'],
    ['<script>', 'Unknown browser'],
  ];
  for (const [userAgent, words] of browsers) {
    it(`calls a browser ${words}`, () => expect(browserText(userAgent)).to.equal(words));
  }

  it('says how long ago something was, which needs no time zone', () => {
    const now = new Date('2026-06-30T18:00:00Z');
    const said = [0, 59, 60, 3599, 7200, 86_400, 250_000, -5].map((seconds) =>
      agoText(new Date(now.getTime() - seconds * 1000), now),
    );
    expect(said).to.deep.equal([
      'just now',
      'just now',
      '1 minute ago',
      '59 minutes ago',
      '2 hours ago',
      '1 day ago',
      '2 days ago',
      'just now',
    ]);
  });
});
