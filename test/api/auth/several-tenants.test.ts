import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { TenantDocument } from '../../../src/identity/tenants/tenants.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { attempt, signIn } from '../../support/sign-in.js';

const other = 'another password altogether';

describe('one address in several tenants', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenants: [TenantDocument, TenantDocument];

  before(async () => {
    app = await startApp({ clock });
    tenants = [await givenTenant(app.core), await givenTenant(app.core)];
  });
  after(() => app.stop());

  async function givenBoth(first: string, second: string) {
    const email = `${unique('both')}@local.test`;
    const users = [
      await givenUser(app.core, tenants[0].tenantId, { email, password: first }),
      await givenUser(app.core, tenants[1].tenantId, { email, password: second }),
    ] as const;
    return { email, users };
  }

  const failuresOf = (email: string): Promise<number[]> =>
    Promise.all(
      tenants.map(async ({ tenantId }) => {
        const [user] = await app.core.store.tenant(tenantId).collection('users').find({ loginKeys: email });
        const stored = await app.core.store.tenant(tenantId).collection('credentials').get(user!._id);
        return stored?.failureCount ?? 0;
      }),
    );

  const organizationOf = async (browser: Browser): Promise<string> => (await browser.get('/account')).text;

  const pick = (browser: Browser, page: Page, user: string): Promise<Page> =>
    browser.post('/signin/choice', { _csrf: page.fields['_csrf']!, choice: page.fields['choice']!, user });

  it('is decided by the password', async () => {
    const { email } = await givenBoth(goodPassword, other);
    const browser = openBrowser(app.url);
    expect((await signIn(browser, email, other)).status).to.equal(303);
    expect(await organizationOf(browser)).to.include(tenants[1].name);
  });

  const failuresIn = async (tenant: TenantDocument, userId: string) => {
    const events = app.core.store.tenant(tenant.tenantId).collection('audit_events');
    return events.find({ action: 'login.failed', 'target.id': userId });
  };

  it('is a failure, recorded as one, where the password is wrong, though it is right elsewhere', async () => {
    const { email, users } = await givenBoth(goodPassword, other);
    for (let count = 0; count < 5; count += 1) {
      expect((await attempt(app.url, email, other)).status).to.equal(303);
    }
    expect(await failuresOf(email)).to.deep.equal([5, 0]);
    expect(await failuresIn(tenants[0], users[0]._id)).to.have.length(5);
    expect(await failuresIn(tenants[1], users[1]._id)).to.have.length(0);
    const query = `?tenant=${tenants[0].slug}`;
    expect((await attempt(app.url, email, goodPassword, query)).status).to.equal(429);
  });

  it('locks nobody out who goes from one account of theirs to the other on a device of theirs', async () => {
    const { email, users } = await givenBoth(goodPassword, other);
    const browser = openBrowser(app.url);
    for (let day = 0; day < 4; day += 1) {
      for (const password of [goodPassword, other, other, other]) {
        clock.advance(60_000);
        expect((await signIn(browser, email, password)).status).to.equal(303);
      }
    }
    const stored = await app.core.store
      .tenant(tenants[0].tenantId)
      .collection('credentials')
      .get(users[0]._id);
    expect(stored).to.include({ lockedUntil: null });
    expect(await failuresIn(tenants[0], users[0]._id)).to.have.length(12);
  });

  it('tells each tenant when a password was right at several of them', async () => {
    const { email, users } = await givenBoth(goodPassword, goodPassword);
    await attempt(app.url, email, goodPassword);
    for (const [index, { tenantId }] of tenants.entries()) {
      const events = app.core.store.tenant(tenantId).collection('audit_events');
      const query = { action: 'login.choice_offered', 'target.id': users[index]!._id };
      expect(await events.count(query)).to.equal(1);
    }
  });

  it('counts a wrong password as a failure for each of them', async () => {
    const { email } = await givenBoth(goodPassword, other);
    expect((await attempt(app.url, email, 'wrong wrong wrong')).status).to.equal(401);
    expect(await failuresOf(email)).to.deep.equal([1, 1]);
  });

  it('asks which one when the password is right for both, and makes one session of a double click', async () => {
    const { email, users } = await givenBoth(goodPassword, goodPassword);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, goodPassword);
    expect(page.status).to.equal(200);
    expect(page.text).to.include(tenants[0].name).and.include(tenants[1].name);
    expect((await browser.get('/account')).status).to.equal(303);
    const clicks = await Promise.all([1, 2].map(() => pick(browser, page, users[1]._id)));
    expect(clicks.map(({ status }) => status)).to.deep.equal([303, 303]);
    expect(await organizationOf(browser)).to.include(tenants[1].name);
    const sessions = app.core.store.tenant(tenants[1].tenantId).collection('sessions');
    expect(await sessions.find({ userId: users[1]._id })).to.have.length(1);
  });

  it('lets a choice be made once, of what was offered, within five minutes, by this browser', async () => {
    const { email, users } = await givenBoth(goodPassword, goodPassword);
    const stranger = await givenUser(app.core, tenants[0].tenantId);
    const open = async () => {
      const browser = openBrowser(app.url);
      return { browser, page: await signIn(browser, email, goodPassword) };
    };
    const first = await open();
    expect((await pick(first.browser, first.page, stranger._id)).status).to.equal(403);
    expect((await pick(first.browser, first.page, users[0]._id)).status).to.equal(403);
    const second = await open();
    clock.advance(301_000);
    expect((await pick(second.browser, second.page, users[0]._id)).status).to.equal(403);
    const third = await open();
    expect((await pick(openBrowser(app.url), third.page, users[0]._id)).status).to.equal(403);
  });

  it('reads the status again when the choice is made (Keycloak CVE-2026-9798)', async () => {
    const { email, users } = await givenBoth(goodPassword, goodPassword);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, goodPassword);
    await setEnabled(app.core, systemActor(users[0].tenantId), users[0]._id, false);
    const refused = await pick(browser, page, users[0]._id);
    expect(refused.status).to.equal(403);
    expect(refused.alert).to.include('disabled');
  });

  it('looks in one tenant only at /signin?tenant=slug', async () => {
    const { email } = await givenBoth(goodPassword, other);
    const query = `?tenant=${tenants[0].slug}`;
    const browser = openBrowser(app.url);
    expect((await signIn(browser, email, goodPassword, query)).status).to.equal(303);
    expect(await organizationOf(browser)).to.include(tenants[0].name);
    expect((await attempt(app.url, email, other, query)).status).to.equal(401);
    expect(await failuresOf(email)).to.deep.equal([1, 0]);
  });

  it('answers 404 to a tenant that does not exist', async () => {
    expect((await openBrowser(app.url).get('/signin?tenant=nobody')).status).to.equal(404);
  });

  it('is no way to guess another tenant’s password with an account of one’s own', async () => {
    const { email, users } = await givenBoth(goodPassword, other);
    for (let count = 0; count < 20; count += 1) {
      await attempt(app.url, email, goodPassword);
      clock.advance(5000);
    }
    const credentials = app.core.store.tenant(users[0].tenantId).collection('credentials');
    const hash = await app.core.passwords.hash(other);
    await credentials.update(users[0]._id, (stored) => ({ ...stored, passwordHash: hash }));
    const browser = openBrowser(app.url);
    expect((await signIn(browser, email, other)).status).to.equal(303);
    expect(await organizationOf(browser)).to.include(tenants[0].name);
  });
});
