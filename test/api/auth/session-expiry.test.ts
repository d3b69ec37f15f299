import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';
import { atProvider, givenConnection } from '../../support/sso.js';

const hourMs = 3_600_000;

describe('the claim session_expiry of a provider', () => {
  const clock = new ManualClock(new Date().toISOString());
  let app: TestApp;
  let idp: Idp;
  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true }, clock }), startIdp()]);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  const inSeconds = (ms: number): number => Math.floor((clock.now().getTime() + ms) / 1000);

  async function arrive(
    sessionExpiry: unknown,
    settings = {},
  ): Promise<{ browser: Browser; page: Page; email: string }> {
    const { tenantId } = await givenTenant(app.core, { 'sessions.idleSeconds': 0, ...settings });
    const connection = await givenConnection(app.core, tenantId, idp, { mode: 'optional' });
    const email = `${unique('ann')}@${connection.verifiedDomains[0]!}`;
    await givenUser(app.core, tenantId, { email, password: goodPassword });
    idp.person = { sub: unique('ann'), email, session_expiry: sessionExpiry };
    const browser = openBrowser(app.url);
    const leaving = await browser.get(`/sso/${connection._id}/start`);
    return { browser, page: await atProvider(browser, leaving), email };
  }

  const isLive = async (browser: Browser): Promise<boolean> => (await browser.get('/account')).status === 200;

  it('ends the session then, although the tenant allows more', async () => {
    const { browser } = await arrive(inSeconds(hourMs), { 'sessions.absoluteSeconds': 0 });
    clock.advance(hourMs - 5000);
    expect(await isLive(browser)).to.equal(true);
    clock.advance(6000);
    expect(await isLive(browser)).to.equal(false);
  });

  it('gives no more than the tenant allows', async () => {
    const { browser } = await arrive(inSeconds(24 * hourMs), { 'sessions.absoluteSeconds': 3600 });
    clock.advance(hourMs + 1000);
    expect(await isLive(browser)).to.equal(false);
  });

  it('holds on when the person signs in again with a password', async () => {
    const { browser, email } = await arrive(inSeconds(hourMs));
    expect((await signIn(browser, email, goodPassword)).status).to.equal(303);
    clock.advance(hourMs + 1000);
    expect(await isLive(browser)).to.equal(false);
  });

  for (const [title, expiry] of [
    ['in the past', () => inSeconds(-1000)],
    ['this very second', () => inSeconds(0)],
  ] as const) {
    it(`makes no session when it is ${title}`, async () => {
      const { browser, page } = await arrive(expiry());
      expect(page.status).to.equal(403);
      expect(page.alert).to.include('has ended');
      expect(await isLive(browser)).to.equal(false);
    });
  }

  it('makes no session when it is not a number', async () => {
    const { browser, page } = await arrive('tomorrow');
    expect(page.status).to.equal(400);
    expect(await isLive(browser)).to.equal(false);
  });

  it('is no limit when it is far away, or null', async () => {
    for (const expiry of [1e15, null]) expect(await isLive((await arrive(expiry)).browser)).to.equal(true);
  });
});
