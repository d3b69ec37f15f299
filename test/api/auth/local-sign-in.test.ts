import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { attempt, signIn, typeEmail, typePassword } from '../../support/sign-in.js';

describe('local sign-in', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startApp({ clock });
    tenantId = (await givenTenant(app.core)).tenantId;
  });
  after(() => app.stop());

  it('asks the address first, then the password, and ends at the account (M0-2)', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const passwordPage = await typeEmail(browser, user.userName);
    expect(passwordPage.status).to.equal(200);
    const done = await typePassword(browser, passwordPage, goodPassword);
    expect(done.status).to.equal(303);
    expect(done.location).to.equal(`${app.url}/account`);
    const account = await browser.follow(done);
    expect(account.status).to.equal(200);
    expect(account.text).to.include(user.userName);
  });

  it('masks the password and lets password managers fill it (M0-27)', async () => {
    const page = await typeEmail(openBrowser(app.url), `${unique('x')}@local.test`);
    expect(page.text).to.match(/<input[^>]*type="password"[^>]*autoComplete="current-password"/i);
  });

  it('answers a wrong password, an unknown address and an account without a password alike', async () => {
    const user = await givenUser(app.core, tenantId);
    const without = await givenUser(app.core, tenantId, { password: null });
    const pages = await Promise.all([
      attempt(app.url, user.userName, 'wrong wrong wrong'),
      attempt(app.url, without.userName, 'wrong wrong wrong'),
      attempt(app.url, `${unique('nobody')}@local.test`, 'wrong wrong wrong'),
    ]);
    for (const page of pages) {
      expect(page.status).to.equal(401);
      expect(page.alert).to.equal('Email or password is incorrect.');
    }
  });

  it('shows the same password page for known and unknown addresses', async () => {
    const user = await givenUser(app.core, tenantId);
    const [known, unknown] = await Promise.all(
      [user.userName, `${unique('nobody')}@local.test`].map((email) =>
        typeEmail(openBrowser(app.url), email),
      ),
    );
    const strip = (text: string) =>
      text
        .replace(/[\w-]+@local\.test/g, 'the address')
        .replace(/value="[^"]*"/g, '')
        .replace(/flow=[\w-]+/g, '');
    expect(strip(known!.text)).to.equal(strip(unknown!.text));
  });

  it('matches the address without regard to case', async () => {
    const user = await givenUser(app.core, tenantId);
    expect((await attempt(app.url, user.userName.toUpperCase(), goodPassword)).status).to.equal(303);
  });

  for (const bad of ['', 'nobody', 'a@b@acme.test', '"x@evil.test y"@acme.test', 'u@acme.test(a)evil.test']) {
    it(`answers 400 and "valid email" to the address ${JSON.stringify(bad)} (M0-37)`, async () => {
      const page = await typeEmail(openBrowser(app.url), bad);
      expect(page.status).to.equal(400);
      expect(page.alert).to.include('valid email');
    });
  }

  it('answers 400 and "valid password" where none is typed (M0-38)', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const page = await typePassword(browser, await typeEmail(browser, user.userName), '');
    expect(page.status).to.equal(400);
    expect(page.alert).to.include('Enter a valid password');
  });

  it('answers 400 to an array or an object in place of the address (GitLab CVE-2023-7028, NoSQL injection)', async () => {
    for (const body of ['email=a%40x.test&email=b%40x.test', 'email[]=a%40x.test', 'email[$ne]=']) {
      const browser = openBrowser(app.url);
      const { fields } = await browser.get('/signin');
      const params = new URLSearchParams(`${body}&_csrf=${encodeURIComponent(fields['_csrf']!)}`);
      const page = await browser.post('/signin', params);
      expect(page.status, body).to.equal(400);
    }
    const json = await fetch(`${app.url}/signin`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: ['a@x.test', 'b@x.test'] }),
    });
    expect(json.status).to.equal(400);
  });

  it('names the reason only to whoever has the right password (M1-5)', async () => {
    const user = await givenUser(app.core, tenantId);
    await setEnabled(app.core, systemActor(tenantId), user._id, false);
    const right = await attempt(app.url, user.userName, goodPassword);
    expect(right.status).to.equal(403);
    expect(right.alert).to.include('disabled');
    const wrong = await attempt(app.url, user.userName, 'wrong wrong wrong');
    expect(wrong.status).to.equal(401);
  });

  it('refuses people whose access has ended or who are not activated (M2-17, M3-11)', async () => {
    const expired = await givenUser(app.core, tenantId, {
      input: { accessExpiresAt: new Date(clock.now().getTime() + 1000) },
    });
    const pending = await givenUser(app.core, tenantId, { activated: false, password: null });
    const credentials = app.core.store.tenant(tenantId).collection('credentials');
    await credentials.insert({
      _id: pending._id,
      tenantId,
      passwordHash: await app.core.passwords.hash(goodPassword),
      passwordIsTemporary: true,
      passwordChangedAt: null,
      failureCount: 0,
      failureTimes: [],
      lockedUntil: null,
      lockReason: null,
      lastLoginAt: null,
    });
    clock.advance(1000);
    const pages = await Promise.all(
      [expired, pending].map((user) => attempt(app.url, user.userName, goodPassword)),
    );
    expect(pages.map(({ status }) => status)).to.deep.equal([403, 403]);
    expect(pages[0]!.alert).to.include('ended');
    expect(pages[1]!.alert).to.include('not activated');
  });

  it('tells when access ended, in both languages, only to whoever has the right password (M2-17)', async () => {
    const expired = await givenUser(app.core, tenantId, {
      input: { accessExpiresAt: new Date(clock.now().getTime() + 1000) },
    });
    clock.advance(1000);
    const day = (locale: string) =>
      new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(
        expired.accessExpiresAt!,
      );
    const right = await attempt(app.url, expired.userName, goodPassword);
    expect(right.alert)
      .to.include(`ended on ${day('en-GB')} at `)
      .and.include('(UTC)');
    const browser = openBrowser(app.url);
    await browser.get('/language/de?return_to=%2Fsignin');
    const german = await signIn(browser, expired.userName, goodPassword);
    expect(german.alert).to.match(
      new RegExp(`ist am ${day('de-DE')} um \\d\\d:\\d\\d Uhr \\(UTC\\) abgelaufen`),
    );
    const wrong = await attempt(app.url, expired.userName, 'wrong wrong wrong');
    expect(wrong.alert).to.equal('Email or password is incorrect.');
  });

  it('goes on to an own page by ?return_to= and to nothing else', async () => {
    const user = await givenUser(app.core, tenantId);
    const arrive = async (path: string): Promise<string | undefined> =>
      (await attempt(app.url, user.userName, goodPassword, `?return_to=${encodeURIComponent(path)}`))
        .location;
    expect(await arrive('/admin/users?q=1')).to.equal(`${app.url}/admin/users?q=1`);
    for (const foreign of [
      '//evil.test',
      '/\\evil.test',
      'https://evil.test/',
      '/\t/evil.test',
      'javascript:1',
    ]) {
      expect(await arrive(foreign), foreign).to.equal(`${app.url}/account`);
    }
  });

  it('refuses a post without the form token of this very browser (Casdoor CVE-2023-34927)', async () => {
    const user = await givenUser(app.core, tenantId);
    const stranger = await openBrowser(app.url).get('/signin');
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    const tokens = ['', 'nonsense', stranger.fields['_csrf']!, `${page.fields['_csrf']!}x`];
    for (const _csrf of tokens) {
      const answer = await browser.post('/signin/password', {
        email: user.userName,
        password: goodPassword,
        _csrf,
      });
      expect(answer.status, _csrf).to.equal(403);
      expect(answer.alert).to.include('expired');
    }
    const noCookie = await openBrowser(app.url).post('/signin', {
      email: user.userName,
      _csrf: page.fields['_csrf']!,
    });
    expect(noCookie.status).to.equal(403);
  });

  it('refuses posts that a browser says come from another site', async () => {
    const browser = openBrowser(app.url);
    const { fields } = await browser.get('/signin');
    const page = await browser.post(
      '/signin',
      { email: 'ada@local.test', _csrf: fields['_csrf']! },
      { 'sec-fetch-site': 'cross-site' },
    );
    expect(page.status).to.equal(403);
  });

  it('sends pages no script, frame, cache or referrer can touch', async () => {
    const page = await openBrowser(app.url).get('/signin');
    const policy = page.headers.get('content-security-policy');
    expect(policy).to.include("default-src 'none'").and.not.include('unsafe').and.not.include('form-action');
    expect(page.headers.get('referrer-policy')).to.equal('no-referrer');
    expect(page.headers.get('cache-control')).to.equal('no-store');
    expect(page.text)
      .to.not.match(/<script(?! src="\/assets\/)/)
      .and.not.include('<style');
    const style = /href="(\/assets\/[^"]+)"/.exec(page.text)?.[1];
    const css = await openBrowser(app.url).get(style!);
    expect(css.headers.get('content-type')).to.include('text/css');
    expect(css.headers.get('cache-control')).to.include('immutable');
    expect(css.text).to.include('prefers-color-scheme: dark');
  });

  it('has one heading, a language, and a label for every field', async () => {
    for (const page of [
      await openBrowser(app.url).get('/signin'),
      await typeEmail(openBrowser(app.url), `${unique('x')}@local.test`),
    ]) {
      expect(page.text.match(/<h1/g)).to.have.length(1);
      expect(page.text).to.include('<html lang="en">');
      const ids = [...page.text.matchAll(/<input[^>]* id="([^"]+)"/g)].map(([, id]) => id);
      for (const id of ids) expect(page.text).to.include(`<label for="${id!}"`);
    }
  });

  it('knows its own notices only, and no name that every object has', async () => {
    const known = await openBrowser(app.url).get('/signin?done=password');
    expect(known.text).to.include('Your new password is set.');
    for (const word of ['__proto__', 'constructor', 'toString', 'other']) {
      const page = await openBrowser(app.url).get(`/signin?done=${word}`);
      expect(page.status, word).to.equal(200);
      expect(page.text, word).not.to.include('role="status"');
    }
  });

  it('escapes what people type', async () => {
    const page = await typeEmail(openBrowser(app.url), '"><script>alert(1)</script>');
    expect(page.status).to.equal(400);
    expect(page.text).to.not.include('<script');
  });

  it('records who signed in, who failed and who was refused', async () => {
    const user = await givenUser(app.core, tenantId);
    await attempt(app.url, user.userName, 'wrong wrong wrong');
    clock.advance(4000);
    await attempt(app.url, user.userName, goodPassword);
    const events = await app.core.store
      .tenant(tenantId)
      .collection('audit_events')
      .find({ 'target.id': user._id, action: { $regex: '^login' } });
    expect(events.map(({ action, result }) => `${action} ${result}`)).to.deep.equal([
      'login.failed failure',
      'login.succeeded success',
    ]);
    expect(events[0]!.ip).to.equal('127.0.0.1');
    expect(JSON.stringify(events)).to.not.include('wrong wrong');
  });

  it('says who is signed in when the sign-in page is opened again', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    await signIn(browser, user.userName, goodPassword);
    const page = await browser.get('/signin');
    expect(page.status).to.equal(200);
    expect(page.text).to.include(`You are signed in as ${user.userName}`);
    expect(page.text).to.include('name="email"');
  });
});
