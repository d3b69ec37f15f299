import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { waitForMails } from '../../support/mailbox.js';
import { offerTwoFactor } from '../../../src/identity/credentials/two-factor.js';
import { contrast } from '../../../src/shared/color.js';
import { brandStyleSheet } from '../../../src/auth/views/styles.js';

const password = 'a long enough password';
const branding = {
  'branding.name': 'Acme & Sons',
  'branding.color': '#7A1F5C',
  'branding.logoUrl': 'https://cdn.acme.test/logo.svg',
  'branding.supportEmail': 'help@acme.test',
  'branding.supportUrl': 'https://acme.test/help',
};

describe('the look of an organization (branding.*)', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { settings: branding });
  });
  after(() => app.stop());

  function expectBranded(page: Page): void {
    const { text } = page;
    expect(text, page.url).to.match(/<title>[^<]+ · Acme &amp; Sons<\/title>/);
    expect(text).to.include('<img src="https://cdn.acme.test/logo.svg" alt="Acme &amp; Sons"');
    expect(text).to.include('href="/assets/brand-7a1f5c.css"');
    expect(text).to.include('href="mailto:help@acme.test"').and.include('href="https://acme.test/help"');
    expect(text).to.match(/<link rel="icon" href="https:\/\/cdn\.acme\.test\/logo\.svg"/);
    expect(page.headers.get('content-security-policy')).to.match(
      /img-src [^;]*https:\/\/cdn\.acme\.test(;|$)/,
    );
  }
  const expectOurs = (page: Page): void => {
    expect(page.text, page.url).to.match(/<title>[^<]+ · Gatehouse<\/title>/);
    expect(page.text).to.not.include('Acme');
    expect(page.headers.get('content-security-policy')).to.not.include('cdn.acme.test');
  };
  const query = () => `?tenant=${acme.tenant.slug}`;

  it('is on every page whose tenant is known: sign-in, password, refusal, account, sign-out', async () => {
    const email = `pages-${acme.tenant.slug}@acme.test`;
    await acme.givenUser({ email, password });
    const browser = openBrowser(app.url);
    const first = await browser.get(`/signin${query()}`);
    expectBranded(first);
    expectBranded(await browser.post('/signin', { ...first.fields, email: 'no address' }));
    const second = await browser.post('/signin', { ...first.fields, email });
    expectBranded(second);
    const wrong = await browser.post('/signin/password', { ...second.fields, password: 'wrong' });
    expect(wrong.status).to.equal(401);
    expectBranded(wrong);
    const right = await browser.post('/signin/password', { ...wrong.fields, password });
    expect(right.status).to.equal(303);
    expectBranded(await browser.get('/account'));
    const out = await browser.get('/signout');
    expectBranded(out);
    expectBranded(await browser.post('/signout', out.fields));
  });

  it('is on the pages behind links in mails, and in the mails', async () => {
    const email = `links-${acme.tenant.slug}@acme.test`;
    await acme
      .call('post', '/invitations')
      .send({ emails: [email], roles: ['administrator'] })
      .expect(200);
    const [invitation] = await waitForMails(app.core, email);
    expectBranded(await openBrowser(app.url).get(invitation!.link));
    for (const part of [invitation!.text, invitation!.html]) {
      expect(part).to.match(/Acme &(amp;)? Sons has made an account for you\./);
      expect(part).to.include('help@acme.test').and.include('You get this mail because');
    }
    expect(invitation!.text).to.not.include('tests');
    expect(invitation!.html).to.include('src="https://cdn.acme.test/logo.svg"').and.include('#7a1f5c');
    await openBrowser(app.url).post(invitation!.link, { password, password2: password });
    const browser = openBrowser(app.url);
    expectBranded(await browser.get(`/forgot${query()}`));
    expectBranded(await browser.post('/forgot', { email, tenant: acme.tenant.slug }));
    const [, reset] = await waitForMails(app.core, email, 2);
    expectBranded(await browser.get(reset!.link));
    expect(reset!.subject).to.include('Acme & Sons');
  });

  it('names the account in an authenticator app', async () => {
    const user = await acme.givenUser();
    const { otpauthUrl } = await offerTwoFactor(app.core, user);
    expect(new URL(otpauthUrl).searchParams.get('issuer')).to.equal('Acme & Sons');
  });

  it('tells in an invitation who sent it by their name, and when a temporary access ends', async () => {
    const sender = `sender-${acme.tenant.slug}@acme.test`;
    await acme.givenUser({ email: sender, familyName: 'Byron', password, roles: ['administrator'] });
    const browser = openBrowser(app.url);
    const first = await browser.get(`/signin${query()}`);
    const second = await browser.post('/signin', { ...first.fields, email: sender });
    await browser.post('/signin/password', { ...second.fields, password });
    const me = await browser.get('/api/v1/me');
    const email = `guest-${acme.tenant.slug}@acme.test`;
    const end = new Date(Date.now() + 90 * 86_400_000);
    end.setUTCHours(18, 0, 0, 0);
    const answer = await fetch(`${app.url}/api/v1/invitations`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: await browser.jar.getCookieString(app.url),
        'x-csrf-token': me.headers.get('x-csrf-token') ?? '',
      },
      body: JSON.stringify({ emails: [email], roles: ['administrator'], accessExpiresAt: end.toISOString() }),
    });
    expect(answer.status).to.equal(200);
    const [mail] = await waitForMails(app.core, email);
    expect(mail!.text).to.include('Ada Byron has made an account for you at Acme & Sons.');
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(end);
    expect(mail!.text).to.include(`Your access ends on ${day} at 18:00 (UTC).`);
    expect(mail!.text).to.match(/for 7 days \(until \d+ \w+ \d{4}\)/);
  });

  it('is on the sign-in an application asks for, and where its request cannot be answered', async () => {
    const { clientId } = await acme.givenApplication('crm');
    const ask = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'http://localhost:4000/cb',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const browser = openBrowser(app.url);
    expectBranded(await browser.follow(await browser.get(`/oidc/auth?${ask.toString()}`)));
    ask.set('redirect_uri', 'http://localhost:4000/other');
    const fault = await browser.get(`/oidc/auth?${ask.toString()}`);
    expect(fault.status).to.equal(400);
    expectBranded(fault);
  });

  it('is not on the bare sign-in, where nobody knows yet whose it is', async () => {
    expectOurs(await openBrowser(app.url).get('/signin'));
    expectOurs(await openBrowser(app.url).get('/forgot'));
  });

  it('falls back to the tenant’s name, and to nothing that was not said', async () => {
    const plain = await givenTenant(app);
    const { headers, text } = await openBrowser(app.url).get(`/signin?tenant=${plain.tenant.slug}`);
    expect(text)
      .to.include('<title>Sign in · Acme</title>')
      .and.include('<header class="brand">Acme</header>');
    expect(text).to.not.include('<img').and.not.include('/assets/brand-').and.not.include('Need help?');
    expect(headers.get('content-security-policy')).to.include("img-src 'self' data:");
  });

  const wrong: readonly [string, string, RegExp][] = [
    ['branding.color', '#ffee00', /too light.*1\.2 to 1.*darker/],
    ['branding.color', '#8fb4ff', /too light/],
    ['branding.color', 'red', /like #1d4ed8/],
    ['branding.color', '#12345', /like #1d4ed8/],
    ['branding.logoUrl', 'http://acme.test/logo.png', /https/],
    ['branding.logoUrl', 'javascript:alert(1)', /https/],
    ['branding.logoUrl', 'data:text/html;base64,AAAA', /https/],
    ['branding.logoUrl', 'https://user:secret@acme.test/logo.png', /https/],
    ['branding.logoUrl', `data:image/png;base64,${'A'.repeat(60_000)}`, /./],
    ['branding.supportEmail', 'nobody', /valid email/],
    ['branding.supportUrl', 'javascript:alert(1)', /./],
    ['branding.name', 'a\u0000b', /control/],
    ['branding.name', 'x'.repeat(101), /./],
  ];
  for (const [name, value, words] of wrong) {
    it(`refuses ${name} ${value.slice(0, 40)} with words`, async () => {
      const { body, status } = await acme.call('patch', '/settings').send({ [name]: value });
      const { errors } = body as { errors: { pointer: string; detail: string }[] };
      expect(status).to.equal(400);
      expect(errors[0]!.pointer).to.equal(`/${name}`);
      expect(errors[0]!.detail).to.match(words);
    });
  }

  it('takes an image written into the setting, which no policy has to be opened for', async () => {
    const logo = 'data:image/png;base64,iVBORw0KGgo=';
    const other = await givenTenant(app, { settings: { 'branding.logoUrl': logo } });
    const { headers, text } = await openBrowser(app.url).get(`/signin?tenant=${other.tenant.slug}`);
    expect(text).to.include(`<img src="${logo}" alt="Acme"`);
    expect(headers.get('content-security-policy')).to.match(/img-src 'self' data:(;|$)/);
  });

  it('can be read in the light and in the dark, whatever colour was taken', async () => {
    const page = await openBrowser(app.url).get('/assets/brand-7a1f5c.css');
    expect(page.headers.get('content-type')).to.include('text/css');
    for (const color of ['#000000', '#1d4ed8', '#7a1f5c', '#a4161a', '#0b6b3a', '#767676']) {
      const [light, dark] = [...brandStyleSheet(color).matchAll(/--accent: (#\w+)/g)].map(
        ([, found]) => found!,
      );
      expect(contrast(light!, '#ffffff'), color).to.be.at.least(4.5);
      expect(contrast(dark!, '#1b212c'), color).to.be.at.least(4.5);
      expect(contrast(dark!, '#0b1220'), color).to.be.at.least(4.5);
    }
    expect((await openBrowser(app.url).get('/assets/brand-nothex.css')).status).to.equal(404);
  });
});
