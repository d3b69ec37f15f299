import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { endAccess, setEnabled } from '../../../src/identity/users/actions.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, goodPassword, type Person } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';

describe('browser sessions', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startApp({ clock });
    tenantId = (await givenTenant(app.core)).tenantId;
  });
  after(() => app.stop());

  async function signedIn(
    person: Person = {},
    tenant = tenantId,
  ): Promise<{ browser: Browser; user: UserDocument }> {
    const user = await givenUser(app.core, tenant, person);
    const browser = openBrowser(app.url);
    expect((await signIn(browser, user.userName, goodPassword)).status).to.equal(303);
    return { browser, user };
  }

  const isLive = async (browser: Browser): Promise<boolean> => (await browser.get('/account')).status === 200;
  const cookieOf = async (browser: Browser): Promise<string> =>
    (await browser.jar.getCookies(app.url)).find(({ key }) => key === 'gh_session')?.value ?? '';

  it('end after 15 minutes without a request: 14:59 keeps one, 15:00 does not (M0-28, C3)', async () => {
    const { browser } = await signedIn();
    clock.advance(899_000);
    expect(await isLive(browser)).to.equal(true);
    clock.advance(899_000);
    expect(await isLive(browser)).to.equal(true);
    clock.advance(900_000);
    expect(await isLive(browser)).to.equal(false);
  });

  it('are not kept by background requests', async () => {
    const { browser } = await signedIn();
    clock.advance(800_000);
    const polled = await browser.get('/account', { 'x-background-request': '1' });
    expect(polled.status).to.equal(200);
    clock.advance(100_000);
    expect(await isLive(browser)).to.equal(false);
  });

  it('end after 12 hours, however busy', async () => {
    const { browser } = await signedIn();
    for (let minutes = 10; minutes < 720; minutes += 10) {
      clock.advance(600_000);
      expect(await isLive(browser), `after ${minutes} minutes`).to.equal(true);
    }
    clock.advance(600_000);
    expect(await isLive(browser)).to.equal(false);
  }).timeout(120_000);

  it('have no idle and no absolute end where the tenant says so (M3-18)', async () => {
    const tenant = await givenTenant(app.core, { 'sessions.idleSeconds': 0, 'sessions.absoluteSeconds': 0 });
    const { browser } = await signedIn({}, tenant.tenantId);
    clock.advance(30 * 86_400_000);
    expect(await isLive(browser)).to.equal(true);
  });

  it('get a new id at every sign-in, and the old one is dead (passport CVE-2022-25896)', async () => {
    const { browser, user } = await signedIn();
    const before = await cookieOf(browser);
    await signIn(browser, user.userName, goodPassword);
    const after = await cookieOf(browser);
    expect(after).to.not.equal(before);
    const old = await fetch(`${app.url}/account`, {
      headers: { cookie: `gh_session=${before}` },
      redirect: 'manual',
    });
    expect(old.status).to.equal(303);
  });

  it('take no id a browser brings along', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    await browser.jar.setCookie('gh_session=gh_session_planted; Path=/', app.url);
    await signIn(browser, user.userName, goodPassword);
    expect(await cookieOf(browser)).to.match(/^gh_session_[\w-]{43}$/);
  });

  it('are stored as a hash', async () => {
    const { browser, user } = await signedIn();
    const [session] = await app.core.store.tenant(tenantId).collection('sessions').find({ userId: user._id });
    expect(JSON.stringify(session)).to.not.include((await cookieOf(browser)).slice(11));
    expect(session).to.include({ method: 'password', ip: '127.0.0.1' });
    expect(session!.amr).to.deep.equal(['pwd']);
  });

  it('are kept in a cookie scripts and other sites cannot use', async () => {
    const user = await givenUser(app.core, tenantId);
    const done = await signIn(openBrowser(app.url), user.userName, goodPassword);
    const cookie = done.headers.getSetCookie().find((text) => text.startsWith('gh_session='));
    expect(cookie).to.include('HttpOnly').and.include('SameSite=Lax').and.include('Path=/');
    expect(cookie).to.not.include('Max-Age').and.not.include('Domain');
  });

  it('end at once when access is revoked, and stay dead (authentik CVE-2025-29928)', async () => {
    const { browser, user } = await signedIn();
    clock.advance(1000);
    await endAccess(app.core, systemActor(tenantId), user._id);
    expect(await isLive(browser)).to.equal(false);
    clock.advance(1000);
    expect(await isLive(browser)).to.equal(false);
    await signIn(browser, user.userName, goodPassword);
    expect(await isLive(browser)).to.equal(true);
  });

  it('end when a user is disabled, and do not come back with them', async () => {
    const { browser, user } = await signedIn();
    clock.advance(1000);
    await setEnabled(app.core, systemActor(tenantId), user._id, false);
    expect(await isLive(browser)).to.equal(false);
    await setEnabled(app.core, systemActor(tenantId), user._id, true);
    expect(await isLive(browser)).to.equal(false);
  });

  it('live on when a user is disabled where the tenant says so (M1-6)', async () => {
    const tenant = await givenTenant(app.core, { 'sessions.revokeOnDisable': false });
    const { browser, user } = await signedIn({}, tenant.tenantId);
    clock.advance(1000);
    await setEnabled(app.core, systemActor(tenant.tenantId), user._id, false);
    expect(await isLive(browser)).to.equal(true);
  });

  it('end with the access period (F-7)', async () => {
    const accessExpiresAt = new Date(clock.now().getTime() + 60_000);
    const { browser } = await signedIn({ input: { accessExpiresAt } });
    clock.advance(59_000);
    expect(await isLive(browser)).to.equal(true);
    clock.advance(1000);
    expect(await isLive(browser)).to.equal(false);
  });

  it('outlive the access period where the tenant says so', async () => {
    const tenant = await givenTenant(app.core, { 'access.endSessionsAtExpiry': false });
    const accessExpiresAt = new Date(clock.now().getTime() + 60_000);
    const { browser } = await signedIn({ input: { accessExpiresAt } }, tenant.tenantId);
    clock.advance(61_000);
    expect(await isLive(browser)).to.equal(true);
    clock.advance(800_000);
    expect(await isLive(browser)).to.equal(true);
  });

  it('end when the record or the user is gone from the store', async () => {
    const [first, second] = [await signedIn(), await signedIn()];
    await app.core.store.tenant(tenantId).collection('sessions').removeMany({ userId: first.user._id });
    await app.core.store.tenant(tenantId).collection('users').remove(second.user._id);
    expect(await isLive(first.browser)).to.equal(false);
    expect(await isLive(second.browser)).to.equal(false);
  });

  it('send people without one from the account to the sign-in and back', async () => {
    const page = await openBrowser(app.url).get('/account');
    expect(page.status).to.equal(303);
    expect(page.location).to.equal(`${app.url}/signin?return_to=/account`);
  });

  describe('signing out', () => {
    it('is asked before by a GET, and done by a POST with the form’s token', async () => {
      const { browser, user } = await signedIn();
      const cookie = await cookieOf(browser);
      const ask = await browser.get('/signout');
      expect(ask.status).to.equal(200);
      expect(ask.text).to.match(/<form[^>]* action="\/signout"/);
      expect(await isLive(browser)).to.equal(true);
      const done = await browser.post('/signout', { _csrf: ask.fields['_csrf']! });
      expect(done.status).to.equal(200);
      expect(done.text).to.include('signed out');
      const again = await fetch(`${app.url}/account`, {
        headers: { cookie: `gh_session=${cookie}` },
        redirect: 'manual',
      });
      expect(again.status).to.equal(303);
      const events = app.core.store.tenant(tenantId).collection('audit_events');
      expect(await events.count({ action: 'logout', 'target.id': user._id })).to.equal(1);
    });

    it('is refused without the token, or with another session’s', async () => {
      const [mine, other] = [await signedIn(), await signedIn()];
      const { fields } = await other.browser.get('/signout');
      for (const _csrf of ['', fields['_csrf']!]) {
        expect((await mine.browser.post('/signout', { _csrf })).status).to.equal(403);
      }
      expect(await isLive(mine.browser)).to.equal(true);
    });

    it('is harmless without a session', async () => {
      expect((await openBrowser(app.url).get('/signout')).text).to.include('signed out');
      expect((await openBrowser(app.url).post('/signout', {})).status).to.equal(200);
    });
  });
});

describe('cookies on https', () => {
  it('are pinned to the host (__Host-) and secure', async () => {
    const app = await startApp({ config: { baseUrl: 'https://id.example.com' } });
    try {
      const answer = await fetch(`${app.url}/signin`);
      const [cookie] = answer.headers.getSetCookie();
      expect(cookie).to.match(/^__Host-gh_flow=/);
      expect(cookie).to.include('Secure').and.include('HttpOnly');
    } finally {
      await app.stop();
    }
  });
});
