import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createApp } from '../../../src/app.js';
import type { SettingsPatch } from '../../../src/identity/tenants/settings.js';
import { loadConfig } from '../../../src/infrastructure/config.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { asOtherProcess } from '../../support/other-process.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { attempt, typeEmail, typePassword } from '../../support/sign-in.js';

const wrong = 'wrong wrong wrong';
const minutes = 60_000;

/** The rule of requirement M0, which the preset `contact-center` brings. */
const strict: SettingsPatch = {
  'lockout.threshold': 3,
  'lockout.windowSeconds': 900,
  'lockout.lockSeconds': 1800,
  'lockout.minGapSeconds': 3,
  'lockout.countMode': 'cumulative',
  'lockout.devicesApart': false,
  'lockout.adminUnlock': false,
};

describe('lockout over the sign-in pages', () => {
  const clock = new ManualClock();
  let app: TestApp;

  before(async () => {
    app = await startApp({ clock });
  });
  after(() => app.stop());

  async function given(settings: SettingsPatch = {}): Promise<{ user: UserDocument; slug: string }> {
    const tenant = await givenTenant(app.core, { ...strict, ...settings });
    return { user: await givenUser(app.core, tenant.tenantId), slug: tenant.slug };
  }

  const credentialOf = (user: UserDocument) =>
    app.core.store.tenant(user.tenantId).collection('credentials').get(user._id);

  /** Wrong passwords, far enough apart not to be too fast. */
  async function fail(email: string, times: number, query = ''): Promise<Page[]> {
    const pages: Page[] = [];
    for (let count = 0; count < times; count += 1) {
      clock.advance(10_000);
      pages.push(await attempt(app.url, email, wrong, query));
    }
    return pages;
  }

  it('locks for 30 minutes at the third failure, the locking attempt included (M0-29, M0-33)', async () => {
    const { user } = await given();
    const pages = await fail(user.userName, 3);
    expect(pages.map(({ status }) => status)).to.deep.equal([401, 401, 429]);
    expect(pages[2]!.headers.get('retry-after')).to.equal('1800');
    expect(pages[2]!.alert).to.include('30 minutes');
    clock.advance(30 * minutes - 1000);
    const early = await attempt(app.url, user.userName, goodPassword);
    expect(early.status).to.equal(429);
    expect(early.headers.get('retry-after')).to.equal('1');
    clock.advance(1000);
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(303);
    expect(await credentialOf(user)).to.include({ failureCount: 0, lockedUntil: null });
  });

  it('locks an attempt within three seconds of a failure, even with the right password (M0-30)', async () => {
    const { user } = await given();
    await fail(user.userName, 1);
    clock.advance(3000);
    const fast = await attempt(app.url, user.userName, goodPassword);
    expect(fast.status).to.equal(429);
    expect(fast.headers.get('retry-after')).to.equal('1800');
    expect(await credentialOf(user)).to.include({ lockReason: 'too_fast', failureCount: 1 });
  });

  it('judges an attempt normally 3.001 s after a failure (M0-30)', async () => {
    const { user } = await given();
    await fail(user.userName, 1);
    clock.advance(3001);
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(303);
  });

  it('neither counts nor extends by attempts while locked', async () => {
    const { user } = await given();
    await fail(user.userName, 3);
    const before = await credentialOf(user);
    clock.advance(10 * minutes);
    await attempt(app.url, user.userName, wrong);
    await attempt(app.url, user.userName, wrong);
    expect(await credentialOf(user)).to.deep.equal(before);
  });

  it('locks again at one more failure after the lock, and counts over any span of time (M0-31)', async () => {
    const { user } = await given();
    await fail(user.userName, 3);
    clock.advance(30 * minutes);
    expect((await fail(user.userName, 1))[0]!.status).to.equal(429);
    const other = (await given()).user;
    await fail(other.userName, 2);
    clock.advance(10 * 24 * 60 * minutes);
    expect((await fail(other.userName, 1))[0]!.status).to.equal(429);
  });

  it('counts only within the window where the tenant says so', async () => {
    const { user } = await given({ 'lockout.countMode': 'window' });
    await fail(user.userName, 2);
    clock.advance(10 * 24 * 60 * minutes);
    expect((await fail(user.userName, 1))[0]!.status).to.equal(401);
  });

  it('takes its numbers from the tenant’s settings', async () => {
    const { user } = await given({ 'lockout.threshold': 2, 'lockout.lockSeconds': 60 });
    const pages = await fail(user.userName, 2);
    expect(pages[1]!.headers.get('retry-after')).to.equal('60');
  });

  it('locks unknown addresses by the same pattern, with the same words (C3)', async () => {
    const { user, slug } = await given();
    const query = `?tenant=${slug}`;
    const nobody = `${unique('nobody')}@local.test`;
    const seen = async (email: string) => {
      const pages = await fail(email, 4, query);
      return pages.map((page) => [page.status, page.alert, page.headers.get('retry-after')]);
    };
    expect(await seen(nobody)).to.deep.equal(await seen(user.userName));
    const other = `${unique('nobody')}@local.test`;
    await fail(other, 1, query);
    clock.advance(2000);
    expect((await attempt(app.url, other, wrong, query)).status).to.equal(429);
  });

  it('counts 20 parallel wrong guesses exactly', async () => {
    const { user } = await given({ 'lockout.threshold': 100, 'lockout.minGapSeconds': 0 });
    const pages = await Promise.all(
      Array.from({ length: 20 }, (_, index) => attempt(app.url, user.userName, `${wrong} ${index}`)),
    );
    expect(pages.every(({ status }) => status === 401)).to.equal(true);
    expect((await credentialOf(user))!.failureCount).to.equal(20);
  });

  it('lets no more than the threshold of parallel guesses be judged', async () => {
    const { user } = await given({ 'lockout.minGapSeconds': 0 });
    const pages = await Promise.all(
      Array.from({ length: 20 }, (_, index) => attempt(app.url, user.userName, `${wrong} ${index}`)),
    );
    expect(pages.filter(({ status }) => status === 401)).to.have.length(2);
    expect(await credentialOf(user)).to.include({ failureCount: 3, lockReason: 'too_many_failures' });
  });

  it('puts a right and a wrong password sent together into one order', async () => {
    const { user } = await given();
    const [right] = await Promise.all([
      attempt(app.url, user.userName, goodPassword),
      attempt(app.url, user.userName, wrong),
    ]);
    const credential = await credentialOf(user);
    if (right.status === 303) expect(credential).to.include({ failureCount: 1, lockedUntil: null });
    else expect(credential).to.include({ failureCount: 1, lockReason: 'too_fast' });
  });

  it('takes a double click on one form as one attempt', async () => {
    const { user } = await given();
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    const answers = await Promise.all([
      typePassword(browser, page, wrong),
      typePassword(browser, page, wrong),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401]);
    expect(await credentialOf(user)).to.include({ failureCount: 1, lockedUntil: null });
    clock.advance(500);
    expect((await typePassword(browser, page, wrong)).status).to.equal(401);
    expect(await credentialOf(user)).to.include({ failureCount: 1 });
    clock.advance(2501);
    expect((await typePassword(browser, page, goodPassword)).status).to.equal(303);
  });

  it('takes a double click on one form as one attempt when its requests reach two processes', async () => {
    const second = createServer(createApp(asOtherProcess(app.core), '0.0.0-test').express);
    await new Promise<void>((resolve) => second.listen(0, '127.0.0.1', resolve));
    const other = `http://127.0.0.1:${(second.address() as AddressInfo).port}/signin/password`;
    const { user } = await given();
    try {
      for (const [password, status] of [
        [wrong, 401],
        [goodPassword, 303],
      ] as const) {
        clock.advance(4000);
        const browser = openBrowser(app.url);
        const page = await typeEmail(browser, user.userName);
        const form = { ...page.fields, password };
        const answers = await Promise.all([
          browser.post('/signin/password', form),
          browser.post(other, form),
        ]);
        expect(answers.map((answer) => answer.status)).to.deep.equal([status, status]);
        expect(await credentialOf(user)).to.include({
          failureCount: status === 401 ? 1 : 0,
          lockedUntil: null,
        });
        const [here, there] = answers.map(
          ({ headers }) => /gh_session=([^;]+)/.exec(headers.get('set-cookie') ?? '')?.[1],
        );
        expect(here).to.equal(there);
      }
      const sessions = app.core.store.tenant(user.tenantId).collection('sessions');
      expect(await sessions.count({ userId: user._id })).to.equal(1);
      const flows = JSON.stringify(await app.core.store.server.collection('sign_in_flows').find({}));
      expect(flows).not.to.include(goodPassword).and.not.include('gh_session_');
    } finally {
      second.closeAllConnections();
      await new Promise((resolve) => second.close(resolve));
    }
  });

  it('makes one session of a double click with the right password', async () => {
    const { user } = await given();
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    const answers = await Promise.all([1, 2].map(() => typePassword(browser, page, goodPassword)));
    expect(answers.map(({ status }) => status)).to.deep.equal([303, 303]);
    const sessions = app.core.store.tenant(user.tenantId).collection('sessions');
    expect(await sessions.count({ userId: user._id })).to.equal(1);
    expect((await browser.get('/account')).status).to.equal(200);
  });

  it('gives nothing for free: the same form with another password is another attempt', async () => {
    const { user } = await given();
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    expect((await typePassword(browser, page, wrong)).status).to.equal(401);
    expect((await typePassword(browser, page, goodPassword)).status).to.equal(429);
  });

  it('is recorded once, at the attempt that locks', async () => {
    const { user } = await given();
    await fail(user.userName, 5);
    const events = app.core.store.tenant(user.tenantId).collection('audit_events');
    expect(await events.count({ action: 'user.locked', 'target.id': user._id })).to.equal(1);
    expect(await events.count({ action: 'login.failed', 'target.id': user._id })).to.equal(3);
  });

  it('leaves a live session alone (F-5)', async () => {
    const { user } = await given();
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    await typePassword(browser, page, goodPassword);
    await fail(user.userName, 3);
    expect((await browser.get('/account')).status).to.equal(200);
  });
});

describe('rate limits of sign-in posts (F-14)', () => {
  it('answer 429 with Retry-After per account and per address, and lock nobody', async () => {
    const clock = new ManualClock();
    const { limits } = loadConfig({}, 'config');
    const few = { ...limits, signInPerMinutePerAccount: 3, signInPerMinutePerAddress: 8 };
    const limited = await startApp({ clock, config: { limits: few } });
    try {
      const { tenantId } = await givenTenant(limited.core);
      const user = await givenUser(limited.core, tenantId);
      const browser = openBrowser(limited.url);
      for (let count = 0; count < 3; count += 1) {
        expect((await typeEmail(browser, user.userName)).status).to.equal(200);
      }
      const page = await typeEmail(browser, user.userName.toUpperCase());
      expect(page.status).to.equal(429);
      expect(page.headers.get('retry-after')).to.equal('60');
      expect(page.alert).to.include('Too many attempts');
      for (let count = 0; count < 4; count += 1) {
        expect((await typeEmail(browser, `${unique('u')}@local.test`)).status).to.equal(200);
      }
      expect((await typeEmail(browser, `${unique('u')}@local.test`)).status).to.equal(429);
      clock.advance(60_000);
      expect((await attempt(limited.url, user.userName, goodPassword)).status).to.equal(303);
    } finally {
      await limited.stop();
    }
  });
});
