import { expect } from 'chai';
import { linkMail, spanText } from '../../../src/identity/mails.js';

describe('mails', () => {
  it('name a span in digits and its largest whole unit', () => {
    const spans = [1, 90, 60, 1800, 3600, 5400, 86_400, 604_800].map(spanText);
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

  it('say the same in text and HTML, with everything escaped', () => {
    const mail = linkMail(
      { to: 'a@x.test', subject: 's', template: 't', link: 'https://id.test/reset/1?a=1&b=2' },
      ['From <script>'],
      ['Bye & good luck'],
    );
    expect(mail.text).to.equal('From <script>\n\nhttps://id.test/reset/1?a=1&b=2\n\nBye & good luck\n');
    expect(mail.html)
      .to.include('From &lt;script&gt;')
      .and.include('href="https://id.test/reset/1?a=1&amp;b=2"');
  });
});
