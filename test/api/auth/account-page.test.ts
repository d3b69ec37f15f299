import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, goodPassword } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';
import { backupCodesOf, codeNow, secretOf } from '../../support/totp.js';

describe('the account page', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startApp({ clock });
    tenantId = (await givenTenant(app.core)).tenantId;
  });
  after(() => app.stop());

  async function signedIn(email?: string): Promise<{ browser: Browser; email: string }> {
    const user = email === undefined ? await givenUser(app.core, tenantId) : { userName: email };
    const browser = openBrowser(app.url);
    expect((await signIn(browser, user.userName, goodPassword)).status).to.equal(303);
    return { browser, email: user.userName };
  }

  async function send(browser: Browser, path: string, fields: Record<string, string>): Promise<Page> {
    const page = await browser.get('/account');
    return browser.post(`/account${path}`, { _csrf: page.fields['_csrf']!, ...fields });
  }

  async function enrol(browser: Browser): Promise<{ secret: string; backupCodes: string[] }> {
    const page = await send(browser, '/2fa', {});
    const codes = await browser.post('/account/2fa/confirm', {
      _csrf: page.fields['_csrf']!,
      code: codeNow(secretOf(page), clock),
    });
    expect(codes.status).to.equal(200);
    clock.advance(60_000);
    return { secret: secretOf(page), backupCodes: backupCodesOf(codes) };
  }

  const events = async (action: string): Promise<number> =>
    app.core.store.tenant(tenantId).collection('audit_events').count({ action });

  it('changes the password after the current one was typed, and signs out everywhere', async () => {
    const { browser, email } = await signedIn();
    const other = (await signedIn(email)).browser;
    const fresh = 'quite another long password';
    const wrong = await send(browser, '/password', { current: 'wrong', password: fresh, password2: fresh });
    expect(wrong.status).to.equal(400);
    expect(wrong.alert).to.include('current password');
    const unlike = await send(browser, '/password', {
      current: goodPassword,
      password: fresh,
      password2: 'x',
    });
    expect([unlike.status, unlike.alert]).to.deep.equal([400, 'The two passwords are not the same.']);
    const weak = await send(browser, '/password', {
      current: goodPassword,
      password: 'short',
      password2: 'short',
    });
    expect(weak.status).to.equal(400);
    expect(weak.alert).to.include('at least 12 characters');
    const done = await send(browser, '/password', {
      current: goodPassword,
      password: fresh,
      password2: fresh,
    });
    expect(done.location).to.include('/signin?tenant=').and.include('done=password');
    expect((await browser.get('/account')).status).to.equal(303);
    expect((await other.get('/account')).status).to.equal(303);
    expect((await signIn(openBrowser(app.url), email, fresh)).status).to.equal(303);
  });

  it('sets a second factor up, shows a wrong code again with the same secret, and says that it is on', async () => {
    const { browser, email } = await signedIn();
    expect((await browser.get('/account/security')).text).to.include('Off: your password alone');
    const page = await send(browser, '/2fa', {});
    const wrong = await browser.post('/account/2fa/confirm', {
      _csrf: page.fields['_csrf']!,
      code: '000000',
    });
    expect([wrong.status, secretOf(wrong)]).to.deep.equal([400, secretOf(page)]);
    const { backupCodes } = await enrol(browser);
    expect(backupCodes).to.have.length(10);
    expect((await browser.get('/account/security')).text).to.include('On: signing in asks for a code');
    expect((await signIn(openBrowser(app.url), email, goodPassword)).text).to.include('action="/signin/2fa"');
  });

  it('takes the second factor away only with the password, and records it', async () => {
    const { browser, email } = await signedIn();
    await enrol(browser);
    const before = await events('twofactor.reset');
    for (const [fields, status] of [
      [{}, 403],
      [{ password: 'wrong' }, 400],
      [{ code: '000000' }, 400],
    ] as const) {
      const refused = await send(browser, '/2fa/remove', fields);
      expect([refused.status, refused.alert === undefined], JSON.stringify(fields)).to.deep.equal([
        status,
        false,
      ]);
    }
    expect(await events('twofactor.reset')).to.equal(before);
    const done = await send(browser, '/2fa/remove', { password: goodPassword });
    expect((await browser.follow(done)).text).to.include('Your second factor is off.');
    expect(await events('twofactor.reset')).to.equal(before + 1);
    expect((await signIn(openBrowser(app.url), email, goodPassword)).status).to.equal(303);
  });

  it('puts another app in the place of one only with the password; the old one counts until then', async () => {
    const { browser } = await signedIn();
    const first = await enrol(browser);
    expect((await send(browser, '/2fa', {})).status).to.equal(403);
    const page = await send(browser, '/2fa', { password: goodPassword });
    expect(secretOf(page)).to.not.equal(first.secret);
    const old = { _csrf: page.fields['_csrf']!, code: codeNow(first.secret, clock) };
    expect((await browser.post('/account/2fa/confirm', old)).status).to.equal(400);
    const fresh = { ...old, code: codeNow(secretOf(page), clock) };
    expect((await browser.post('/account/2fa/confirm', fresh)).status).to.equal(200);
    clock.advance(60_000);
    const byOldCode = await send(browser, '/2fa/remove', { code: codeNow(first.secret, clock) });
    expect(byOldCode.status).to.equal(400);
    const byBackup = await send(browser, '/2fa/remove', { code: first.backupCodes[0]! });
    expect(byBackup.status).to.equal(400);
    expect((await send(browser, '/2fa/remove', { code: codeNow(secretOf(page), clock) })).status).to.equal(
      303,
    );
  });

  it('lists where somebody is signed in, and ends another session but nobody else’s', async () => {
    const { browser, email } = await signedIn();
    const other = (await signedIn(email)).browser;
    const stranger = (await signedIn()).browser;
    const page = await browser.get('/account/sessions');
    const ids = [...page.text.matchAll(/name="session" value="([^"]*)"/g)].map(([, id]) => id!);
    expect(ids).to.have.length(1);
    expect((await send(stranger, '/sessions/end', { session: ids[0]! })).status).to.equal(404);
    expect((await other.get('/account')).status).to.equal(200);
    await send(browser, '/sessions/end', { session: ids[0]! });
    expect((await other.get('/account')).status).to.equal(303);
    expect((await browser.get('/account')).status).to.equal(200);
  });

  it('refuses each of its forms without the token of the session, and sends people without a session to the sign-in', async () => {
    const { browser } = await signedIn();
    for (const path of ['/password', '/2fa', '/2fa/confirm', '/2fa/remove', '/sessions/end']) {
      const place = path === '/sessions/end' ? '/account/sessions' : '/account/security';
      expect((await browser.post(`/account${path}`, {})).status, path).to.equal(403);
      const stranger = await openBrowser(app.url).post(`/account${path}`, {});
      expect(stranger.location, path).to.equal(`${app.url}/signin?return_to=${place}`);
      expect((await browser.get(`/account${path}`)).location, path).to.equal(app.url + place);
    }
  });
});
