import { expect } from 'chai';
import { attempt, signIn } from '../../support/sign-in.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { goodPassword, unique } from '../../support/people.js';
import { systemActor } from '../../../src/identity/actors.js';
import { stepAt, totpCode } from '../../support/totp.js';
import { beginTwoFactor, confirmTwoFactor } from '../../../src/identity/credentials/two-factor.js';
import { tenantSettings } from '../../../src/identity/tenants/settings.js';

const wrong = 'wrong wrong wrong';
const minutes = 60_000;

describe('lockout by the default rule', () => {
  const clock = new ManualClock();
  let app: TestApp;

  before(async () => {
    app = await startApp({ clock });
  });
  after(() => app.stop());

  async function given(options: Parameters<typeof givenTenant>[1] = {}) {
    const acme = await givenTenant(app, options);
    const email = `${unique('user')}@local.test`;
    const user = await acme.givenUser({ email, password: goodPassword });
    return { acme, user, email };
  }

  async function shown(acme: ApiTenant, id: string) {
    const { body } = await acme.call('get', `/users/${id}`).expect(200);
    return body as { status: string; lockedUntil: string | null };
  }

  /** Signs in and out of the pages' way: the browser is one of the account's own from then on. */
  async function knownBrowser(email: string): Promise<Browser> {
    const browser = openBrowser(app.url);
    expect((await signIn(browser, email, goodPassword)).status).to.equal(303);
    return browser;
  }

  async function failures(email: string, times: number, from?: Browser): Promise<number[]> {
    const statuses: number[] = [];
    for (let count = 0; count < times; count += 1) {
      clock.advance(1000);
      statuses.push((await signIn(from ?? openBrowser(app.url), email, wrong)).status);
    }
    return statuses;
  }

  it('locks at the fifth failure within 15 minutes, for 15 minutes, and tells the API (M4-18)', async () => {
    const { acme, user, email } = await given();
    expect(await failures(email, 5)).to.deep.equal([401, 401, 401, 401, 429]);
    const lockedUntil = new Date(clock.now().getTime() + 15 * minutes).toISOString();
    expect(await shown(acme, user._id)).to.include({ status: 'locked', lockedUntil });
    clock.advance(15 * minutes - 1);
    const early = await attempt(app.url, email, goodPassword);
    expect(early.status).to.equal(429);
    expect(early.headers.get('retry-after')).to.equal('1');
    clock.advance(1);
    expect((await attempt(app.url, email, goodPassword)).status).to.equal(303);
    expect(await shown(acme, user._id)).to.include({ status: 'active', lockedUntil: null });
  });

  it('lets a typing error be mended at once, and failures of long ago be forgotten', async () => {
    const { email } = await given();
    await failures(email, 4);
    expect((await attempt(app.url, email, goodPassword)).status).to.equal(303);
    await failures(email, 4);
    clock.advance(15 * minutes + 1);
    expect(await failures(email, 1)).to.deep.equal([401]);
  });

  it('shows no form while locked, but when to try again and a way back', async () => {
    const { email } = await given();
    await failures(email, 5);
    const page = await attempt(app.url, email, goodPassword);
    expect(page.alert).to.include('15 minutes');
    expect(page.text).not.to.include('<form').and.not.include('/forgot');
    expect(page.text).to.include('/signin?flow=');
  });

  it('does not let a stranger lock out a device that signed in before', async () => {
    const { acme, user, email } = await given();
    const own = await knownBrowser(email);
    expect(await failures(email, 6)).to.deep.equal([401, 401, 401, 401, 429, 429]);
    expect(await shown(acme, user._id)).to.include({ status: 'locked' });
    expect((await signIn(own, email, goodPassword)).status).to.equal(303);
    expect((await own.get('/account')).status).to.equal(200);
    expect((await attempt(app.url, email, goodPassword)).status).to.equal(429);
  });

  it('counts and locks a known device by itself, and others not with it', async () => {
    const { acme, user, email } = await given();
    const own = await knownBrowser(email);
    const other = await knownBrowser(email);
    expect(await failures(email, 5, own)).to.deep.equal([401, 401, 401, 401, 429]);
    expect((await signIn(own, email, goodPassword)).status).to.equal(429);
    expect(await shown(acme, user._id)).to.include({ status: 'locked' });
    expect((await signIn(other, email, goodPassword)).status).to.equal(303);
    expect((await attempt(app.url, email, goodPassword)).status).to.equal(303);
    clock.advance(15 * minutes);
    expect((await signIn(own, email, goodPassword)).status).to.equal(303);
  });

  it('keeps what strangers failed when a known device signs in', async () => {
    const { email } = await given();
    const own = await knownBrowser(email);
    await failures(email, 4);
    expect((await signIn(own, email, goodPassword)).status).to.equal(303);
    expect(await failures(email, 1)).to.deep.equal([429]);
  });

  it('lets a known device finish with its code while strangers have the account locked', async () => {
    const { user, email } = await given();
    const own = await knownBrowser(email);
    const settings = await tenantSettings(app.core, user.tenantId);
    const { secret } = await beginTwoFactor(app.core, user, settings);
    const code = () => totpCode(secret, stepAt(clock.now()));
    const actor = systemActor(user.tenantId);
    await confirmTwoFactor(app.core, actor, user, code());
    clock.advance(minutes);
    await failures(email, 5);
    const page = await signIn(own, email, goodPassword);
    const done = await own.post('/signin/2fa', { _csrf: page.fields['_csrf']!, code: code() });
    expect(done.status).to.equal(303);
  });

  it('takes a device for known at its own accounts alone, whatever is done to its cookie', async () => {
    const { email } = await given();
    const mine = await given();
    const owner = await knownBrowser(email);
    await failures(email, 5);
    const stranger = await knownBrowser(mine.email);
    expect((await signIn(stranger, email, goodPassword)).status).to.equal(429);
    const partsOf = async (browser: Browser): Promise<string[]> => {
      const cookies = await browser.jar.getCookies(app.url);
      return cookies.find(({ key }) => key === 'gh_device')!.value.split('.');
    };
    const [account = '', id = '', issued = '', mac = ''] = await partsOf(stranger);
    const [theirAccount = '', theirId = '', theirIssued = '', theirMac = ''] = await partsOf(owner);
    const forged = [
      `${theirAccount}.${id}.${issued}.${mac}`,
      `${account}.${theirId}.${theirIssued}.${theirMac}`,
      `${theirAccount}.${id}.${theirIssued}.${theirMac}`,
      `${theirAccount}.${theirId}.zzzzzz.${theirMac}`,
      `${theirAccount}.${theirId}.${theirIssued}.`,
      `...`,
      '~~~',
      'x'.repeat(5000),
    ];
    for (const value of forged) {
      const browser = openBrowser(app.url);
      await browser.jar.setCookie(`gh_device=${value}; Path=/`, app.url);
      expect((await signIn(browser, email, goodPassword)).status, value.slice(0, 40)).to.equal(429);
    }
  });

  it('remembers several accounts of one browser', async () => {
    const first = await given();
    const second = await given();
    const browser = await knownBrowser(first.email);
    expect((await signIn(browser, second.email, goodPassword)).status).to.equal(303);
    await failures(first.email, 5);
    await failures(second.email, 5);
    expect((await signIn(browser, first.email, goodPassword)).status).to.equal(303);
    expect((await signIn(browser, second.email, goodPassword)).status).to.equal(303);
  });

  it('keeps the device’s cookie from scripts, other sites and the database', async () => {
    const { user, email } = await given();
    const browser = openBrowser(app.url);
    const done = await signIn(browser, email, goodPassword);
    const cookie = done.headers.getSetCookie().find((one) => one.startsWith('gh_device='));
    expect(cookie)
      .to.match(/HttpOnly/i)
      .and.match(/SameSite=Lax/i)
      .and.match(/Max-Age=34560000/i);
    await failures(email, 2, browser);
    const stored = await app.core.store.tenant(user.tenantId).collection('credentials').get(user._id);
    const mac = cookie!.split(';')[0]!.split('.')[3]!;
    expect(JSON.stringify(stored)).not.to.include(mac);
    expect(stored!.devices).to.have.length(1);
  });

  it('counts the failures of no more than twenty devices apart', async () => {
    const { user, email } = await given({ settings: { 'lockout.threshold': 2 } });
    const devices = await Promise.all(Array.from({ length: 22 }, () => knownBrowser(email)));
    clock.advance(minutes);
    for (const device of devices) await signIn(device, email, wrong);
    const stored = await app.core.store.tenant(user.tenantId).collection('credentials').get(user._id);
    expect(stored!.devices).to.have.length(20);
    expect(stored!.sharedLockedUntil).to.be.instanceOf(Date);
  });

  it('counts parallel guesses from a known device exactly', async () => {
    const { user, email } = await given({ settings: { 'lockout.threshold': 100 } });
    const own = await knownBrowser(email);
    await Promise.all(Array.from({ length: 12 }, (_, index) => signIn(own, email, `${wrong} ${index}`)));
    const stored = await app.core.store.tenant(user.tenantId).collection('credentials').get(user._id);
    expect(stored!.devices![0]!.failureCount).to.equal(12);
    expect(stored!.failureCount).to.equal(0);
  });

  it('counts all of an account together under the preset contact-center, for 30 minutes, and nobody unlocks', async () => {
    const { acme, user, email } = await given({ preset: 'contact-center' });
    const own = await knownBrowser(email);
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      clock.advance(10_000);
      statuses.push((await attempt(app.url, email, wrong)).status);
    }
    expect(statuses).to.deep.equal([401, 401, 429]);
    const page = await signIn(own, email, goodPassword);
    expect([page.status, page.headers.get('retry-after')]).to.deep.equal([429, '1800']);
    const refused = await acme.call('post', `/users/${user._id}/unlock`).expect(403);
    expect(refused.body).to.include({ code: 'user.unlock_off' });
    expect(await shown(acme, user._id)).to.include({ status: 'locked' });
  });

  describe('POST /users/:id/unlock', () => {
    it('lifts the lock of everybody and of each device, and is recorded with who did it', async () => {
      const { acme, user, email } = await given();
      const own = await knownBrowser(email);
      await failures(email, 5, own);
      await failures(email, 5);
      const { body } = await acme.call('post', `/users/${user._id}/unlock`).expect(200);
      expect(body).to.include({ id: user._id, status: 'active', lockedUntil: null });
      expect((await signIn(own, email, goodPassword)).status).to.equal(303);
      expect(await failures(email, 4)).to.deep.equal([401, 401, 401, 401]);
      expect((await attempt(app.url, email, goodPassword)).status).to.equal(303);
      const events = await acme.call('get', '/audit-events?action=user.unlocked').expect(200);
      const [event] = (events.body as { items: { actor: { type: string }; target: { id: string } }[] }).items;
      expect(event).to.have.nested.property('actor.type', 'api_key');
      expect(event).to.have.nested.property('target.id', user._id);
    });

    it('needs the permission to enable users, and is nothing to somebody who is not locked', async () => {
      const { acme, user } = await given();
      const key = await acme.givenKey(['users.read', 'users.update']);
      await acme.call('post', `/users/${user._id}/unlock`, key).expect(403);
      const { body } = await acme.call('post', `/users/${user._id}/unlock`).expect(200);
      expect(body).to.include({ status: 'active' });
      const events = await acme.call('get', '/audit-events?action=user.unlocked').expect(200);
      expect(events.body).to.include({ total: 0 });
    });

    it('is about people of the tenant alone', async () => {
      const { acme } = await given();
      const { user } = await given();
      await acme.call('post', `/users/${user._id}/unlock`).expect(404);
    });
  });

  it('books failed guesses to nobody, and what a right password did to the person', async () => {
    const { acme, user, email } = await given();
    await failures(email, 5);
    const events = await acme.call('get', `/audit-events?target=${user._id}&limit=100`).expect(200);
    const items = (events.body as { items: { action: string; actor: object; target: { id: string } }[] })
      .items;
    const guesses = items.filter(({ action }) => ['login.failed', 'user.locked'].includes(action));
    expect(guesses).to.have.length(6);
    for (const { actor, target } of guesses) {
      expect(actor).to.include({ type: 'anonymous', id: '' });
      expect(target.id).to.equal(user._id);
    }
  });
});
