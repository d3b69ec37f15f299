import { expect } from 'chai';
import { ownBrand } from '../../../src/identity/tenants/branding.js';
import { dateText, instantText, spanText } from '../../../src/identity/jobs/mail-language.js';
import { linkMail } from '../../../src/identity/jobs/mail-layout.js';

describe('mails', () => {
  it('name a span in digits and its largest whole unit', () => {
    const spans = [1, 90, 60, 1800, 3600, 5400, 86_400, 604_800].map((seconds) => spanText(seconds));
    expect(spans).to.deep.equal([
      '1 second',
      '90 seconds',
      '1 minute',
      '30 minutes',
      '1 hour',
      '90 minutes',
      '1 day',
      '7 days',
    ]);
  });

  const words = {
    before: ['From <script>'],
    button: 'Go on',
    after: ['Bye & good luck'],
    reason: 'Because.',
  };
  const parts = { to: 'a@x.test', subject: 's', template: 't', link: 'https://id.test/reset/1?a=1&b=2' };
  const acme = {
    name: 'Acme & Sons',
    logoUrl: 'https://acme.test/logo.png',
    color: '#7a1f5c',
    support: [{ href: 'mailto:help@acme.test', text: 'help@acme.test' }],
  };

  it('say the same in text and HTML, with everything escaped', () => {
    const { html, text } = linkMail(parts, ownBrand, words);
    const lines = [
      'From <script>',
      'Go on:',
      'https://id.test/reset/1?a=1&b=2',
      'Bye & good luck',
      'Because.',
    ];
    expect(text.split('\n').filter((line) => line !== '' && line !== '--')).to.deep.equal(lines);
    expect(html).to.include('From &lt;script&gt;').and.include('Bye &amp; good luck').and.include('Because.');
    expect(html.match(/href="https:\/\/id\.test\/reset\/1\?a=1&amp;b=2"/g)).to.have.length(1);
  });

  it('show whose they are: logo, colour, name and where help is', () => {
    const { html, text } = linkMail(parts, acme, words);
    expect(html).to.include('src="https://acme.test/logo.png"').and.include('alt="Acme &amp; Sons"');
    expect(html).to.include('background:#7a1f5c').and.include('href="mailto:help@acme.test"');
    expect(text).to.include('Help: help@acme.test').and.include('Sent for Acme & Sons by Gatehouse.');
  });

  it('hold no image that is written into its address, since mail programs show none', () => {
    const { html } = linkMail(parts, { ...acme, logoUrl: 'data:image/png;base64,AAAA' }, words);
    expect(html).to.not.include('<img');
    expect(html).to.include('Acme &amp; Sons');
  });

  it('say dates in words, with the zone where the hour matters', () => {
    const at = new Date('2026-06-30T18:00:00Z');
    expect(dateText(at)).to.equal('30 June 2026');
    expect(instantText(at)).to.equal('30 June 2026 at 18:00 (UTC)');
  });
});
