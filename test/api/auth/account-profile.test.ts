import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { signIn } from '../../support/sign-in.js';

const password = 'correct horse battery staple';
const token = 'gh_scim_a-token-for-the-profile-tests';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      settings: { 'roles.requests': true, 'profile.fields': ['phone', 'picture', 'signature'] },
      roles: [{ key: 'auditor', name: 'Auditor', permissions: ['users.read'] }],
      users: ['ada', 'alan', 'grace', 'mary'].map((name) => ({ email: `${name}@acme.test`, password })),
      directories: [{ name: 'Acme Okta', dialect: 'strict', tokens: [{ name: 't1', token }] }],
    },
  ],
};
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('the pages of one’s own account', () => {
  const clock = new ManualClock();
  let app: TestApp;

  before(async () => {
    app = await startApp({ bootstrap, clock });
  });
  after(() => app.stop());

  async function signedIn(name: string): Promise<Browser> {
    const browser = openBrowser(app.url);
    expect((await signIn(browser, `${name}@acme.test`, password)).status).to.equal(303);
    return browser;
  }

  async function send(browser: Browser, path: string, fields: Record<string, string>): Promise<Page> {
    const { fields: own } = await browser.get('/account');
    return browser.post(`/account/${path}`, { _csrf: own['_csrf']!, ...fields });
  }

  async function sendPicture(browser: Browser, bytes: Buffer, csrf?: string): Promise<Response> {
    const { fields } = await browser.get('/account');
    const form = new FormData();
    form.set('_csrf', csrf ?? fields['_csrf']!);
    form.set('picture', new File([new Uint8Array(bytes)], 'me.png', { type: 'image/png' }));
    const headers = { cookie: await browser.jar.getCookieString(app.url) };
    return fetch(`${app.url}/account/picture`, { method: 'POST', body: form, headers, redirect: 'manual' });
  }

  it('keep name, phone and signature, and say what is wrong with a name (M0-35, M0-39, M3-4)', async () => {
    const browser = await signedIn('ada');
    const facts = {
      givenName: 'Ada',
      familyName: 'Byron',
      phone: '+44 20 1',
      signature: 'Kind regards,\nAda',
    };
    expect((await send(browser, 'profile', facts)).location).to.equal(`${app.url}/account?done=profile`);
    const page = await browser.get('/account');
    expect(page.fields).to.include({ givenName: 'Ada', familyName: 'Byron', phone: '+44 20 1' });
    expect(page.text).to.include('Kind regards,\nAda</textarea>');
    const wrong = await send(browser, 'profile', { ...facts, givenName: '7' });
    expect([wrong.status, wrong.alert]).to.deep.equal([
      400,
      'First name must have at least 1 character. Numbers and special characters are not allowed.',
    ]);
    expect((await send(browser, 'profile', { ...facts, phone: '' })).status).to.equal(303);
    expect((await browser.get('/account')).fields['phone']).to.equal('');
  });

  it('take a picture by what is in it, of a bounded size, and of the own form alone', async () => {
    const browser = await signedIn('ada');
    expect((await sendPicture(browser, png)).status).to.equal(303);
    const src = `src="data:image/png;base64,${png.toString('base64')}"`;
    expect((await browser.get('/account')).text).to.include(src);
    const refused: [Buffer, string | undefined, number][] = [
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'), undefined, 400],
      [Buffer.concat([png, Buffer.alloc(60_000)]), undefined, 400],
      [Buffer.alloc(200_000), undefined, 413],
      [png, 'not a token', 403],
    ];
    for (const [bytes, csrf, status] of refused)
      expect((await sendPicture(browser, bytes, csrf)).status, `${bytes.length}`).to.equal(status);
    const broken = await fetch(`${app.url}/account/picture`, {
      method: 'POST',
      body: 'no form',
      headers: { 'content-type': 'multipart/form-data', cookie: await browser.jar.getCookieString(app.url) },
    });
    expect(broken.status).to.equal(400);
    expect((await send(browser, 'picture/remove', {})).status).to.equal(303);
    expect((await browser.get('/account')).text).to.not.include('data:image/png;base64');
  });

  it('are in the language and the theme that were chosen, in this browser before the sign-in too', async () => {
    const browser = await signedIn('alan');
    const english = await browser.get('/account');
    expect(english.text).to.include('<html lang="en"').and.include('<h1>Profile</h1>');
    await send(browser, 'preferences', { language: 'de', theme: 'dark' });
    const german = await browser.get('/account', { 'accept-language': 'en' });
    expect(german.text).to.include('<html lang="de" data-theme="dark"').and.include('<h1>Profil</h1>');
    const before = await browser.get('/signin', { 'accept-language': 'en' });
    expect(before.text).to.include('<html lang="de"');
    const elsewhere = openBrowser(app.url);
    for (const [header, title] of [
      ['de-AT, en;q=0.5', 'Anmelden'],
      ['fr, en;q=0.8, de;q=0.3', 'Sign in'],
      ['fr', 'Sign in'],
    ]) {
      const page = await elsewhere.get('/signin', { 'accept-language': header! });
      expect(page.text, header).to.include(`<h1>${title}</h1>`);
    }
    const asked = await elsewhere.get('/signin?ui_locales=fr%20de');
    expect(asked.text).to.include('<h1>Anmelden</h1>');
    const chosen = await elsewhere.get('/language/de?return_to=%2Fsignin%3Ftenant%3Dacme');
    expect(chosen.location).to.equal(`${app.url}/signin?tenant=acme`);
    expect((await elsewhere.get('/signin')).text).to.include('<h1>Anmelden</h1>');
    const foreign = await elsewhere.get('/language/en?return_to=https%3A%2F%2Fevil.test');
    expect(foreign.location).to.equal(`${app.url}/signin`);
  });

  it('leave to a directory what it sets', async () => {
    const body = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'robin@acme.test',
      emails: [{ value: 'robin@acme.test', primary: true }],
      name: { givenName: 'Robin', familyName: 'Smith' },
      preferredLanguage: 'de-DE',
      password,
    };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
    const made = await fetch(`${app.url}/scim/v2/Users`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect(made.status).to.equal(201);
    const browser = await signedIn('robin');
    const page = await browser.get('/account', { 'accept-language': 'en' });
    expect(page.text).to.include('<html lang="de"').and.include('Verwaltet von Acme Okta.');
    const choice = await send(browser, 'preferences', { language: 'de', theme: 'dark' });
    expect(choice.status).to.equal(303);
    const me = await browser.get('/api/v1/me');
    expect(JSON.parse(me.text)).to.include({ language: 'de-DE' });
    expect(page.fields).to.not.have.property('givenName');
    expect((await send(browser, 'profile', { givenName: 'Rob' })).status).to.equal(403);
    expect((await send(browser, 'profile', { signature: 'Robin' })).status).to.equal(303);
  });

  it('list the sessions with this device first, and end all others', async () => {
    const browser = await signedIn('grace');
    const others = [await signedIn('grace'), await signedIn('grace')];
    const page = await browser.get('/account/sessions');
    expect(page.text.indexOf('This device')).to.be.lessThan(page.text.indexOf('name="session"'));
    expect((await send(browser, 'sessions/end-others', {})).status).to.equal(303);
    for (const other of others) expect((await other.get('/account')).status).to.equal(303);
    expect((await browser.get('/account/sessions')).text).to.not.include('name="session"');
  });

  it('show the own sign-ins and what failed, and hand out the own data', async () => {
    const wrong = await signIn(openBrowser(app.url), 'grace@acme.test', 'not the password');
    expect(wrong.status).to.equal(401);
    const browser = await signedIn('grace');
    const page = await browser.get('/account/activity');
    expect(page.text).to.include('Failed sign-in (wrong password)');
    const privacy = await browser.get('/account/privacy');
    expect(privacy.text).to.include('href="/api/v1/me/export"');
    const data = await browser.get('/api/v1/me/export');
    expect(data.headers.get('content-disposition')).to.match(/^attachment/);
  });

  it('ask for a role, once, and take the request back', async () => {
    const browser = await signedIn('mary');
    const wish = { role: 'auditor', seconds: '3600', reason: 'for the audit' };
    expect((await send(browser, 'role-requests', wish)).status).to.equal(303);
    const again = await send(browser, 'role-requests', wish);
    expect([again.status, again.alert]).to.deep.equal([
      409,
      'There is an open request for this role already.',
    ]);
    const page = await browser.get('/account/applications');
    expect(page.text).to.include('Waits for a decision');
    const foreign = await send(await signedIn('alan'), 'role-requests/cancel', {
      request: page.fields['request']!,
    });
    expect(foreign.status).to.equal(403);
    expect(
      (await send(browser, 'role-requests/cancel', { request: page.fields['request']! })).status,
    ).to.equal(303);
    expect((await browser.get('/account/applications')).text).to.include('Taken back');
    expect((await send(browser, 'role-requests', { ...wish, reason: '' })).status).to.equal(400);
  });
});
