import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { attempt, signIn } from '../../support/sign-in.js';

const password = 'a long enough password';
const chosen = { password, password2: password, terms: 'on' };

describe('self-registration', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let portal: ApiTenant;
  let query: string;

  before(async () => {
    app = await startApp({ clock });
    portal = await givenTenant(app, { preset: 'service-portal' });
    query = `?tenant=${portal.tenant.slug}`;
  });
  after(() => app.stop());

  let serial = 0;
  const newAddress = (): string => `visitor${(serial += 1)}@home.test`;
  const names = { givenName: 'Ada', familyName: 'Byron' };

  const register = (email: string, tenant = portal) =>
    openBrowser(app.url).post('/register', { ...names, email, tenant: tenant.tenant.slug });
  const userOf = (email: string) =>
    app.core.store.tenant(portal.tenant._id).collection('users').findOne({ emailKey: email });
  const settled = () =>
    eventually(async () => {
      const jobs = app.core.store.tenant(portal.tenant._id).collection('jobs');
      return (await jobs.count({})) === 0;
    }, 'the end of the jobs');

  it('makes a user once the address is confirmed, who waits for approval and has no roles until then (M1-30, M1-8, M1-9)', async () => {
    const email = newAddress();
    const link = /href="(\/register[^"]*)"/.exec((await openBrowser(app.url).get(`/signin${query}`)).text);
    const form = await openBrowser(app.url).get(link![1]!);
    expect(form.status).to.equal(200);
    const page = await register(email);
    expect([page.status, page.text.includes(email)]).to.deep.equal([200, true]);
    const [mail] = await waitForMails(app.core, email);
    expect(mail).to.include({ template: 'registration' });
    expect(await userOf(email)).to.include({
      source: 'self_registration',
      activatedAt: null,
      approved: false,
    });
    expect((await attempt(app.url, email, password, query)).status).to.equal(401);
    clock.advance(10_000);
    const browser = openBrowser(app.url);
    expect((await browser.post(mail!.link, chosen)).status).to.equal(303);
    expect((await signIn(browser, email, password, query)).status).to.equal(303);
    const me = JSON.parse((await browser.get('/api/v1/me')).text) as { status: string; roles: unknown[] };
    expect([me.status, me.roles]).to.deep.equal(['pending_approval', []]);
    expect((await browser.get('/account')).text).to.include('waits for an administrator');
    const user = await userOf(email);
    expect(user?.verifiedEmailKey).to.equal(email);
    const events = app.core.store.tenant(portal.tenant._id).collection('audit_events');
    expect(await events.count({ action: 'user.self_registered', 'target.id': user!._id })).to.equal(1);
  });

  it('answers alike for an address that is known, which is told by mail; nothing of the account changes', async () => {
    const known = await portal.givenUser({ password });
    const fresh = newAddress();
    const bare = (text: string, email: string): string => text.replaceAll(email, 'the address');
    const pages = [await register(known.userName), await register(fresh)];
    expect(bare(pages[0]!.text, known.userName)).to.equal(bare(pages[1]!.text, fresh));
    const [mail] = await waitForMails(app.core, known.userName);
    expect(mail).to.include({ template: 'registration_known' });
    expect((await userOf(known.userName))?.version).to.equal(known.version);
  });

  it('sends the link again to somebody who has not confirmed yet, a few times; the older one is dead', async () => {
    const email = newAddress();
    for (let times = 0; times < 7; times += 1) await register(email);
    await settled();
    const mails = await mailsTo(app.core, email);
    expect(mails).to.have.lengthOf(5);
    const users = app.core.store.tenant(portal.tenant._id).collection('users');
    expect(await users.count({ emailKey: email })).to.equal(1);
    const statuses = [];
    for (const { link } of mails) statuses.push((await openBrowser(app.url).get(link)).status);
    expect(statuses.sort()).to.deep.equal([200, 410, 410, 410, 410]);
  });

  it('of one address by many at once makes one user', async () => {
    const email = newAddress();
    await Promise.all(Array.from({ length: 6 }, () => register(email)));
    await settled();
    const users = app.core.store.tenant(portal.tenant._id).collection('users');
    expect(await users.count({ emailKey: email })).to.equal(1);
  });

  it('lets a deleted person come back as a wholly new one (M1-30, M1-31)', async () => {
    await portal.givenApplication('desk');
    const before = await portal.givenUser({ email: newAddress(), password, roles: ['desk:agent'] });
    await portal.call('delete', `/users/${before._id}`).expect(204);
    await register(before.userName);
    const [mail] = await waitForMails(app.core, before.userName);
    const newPassword = `another ${password}`;
    await openBrowser(app.url).post(mail!.link, { password: newPassword, password2: newPassword });
    const after = await userOf(before.userName);
    expect(after?._id).to.not.equal(before._id);
    expect([after?.grants, after?.groupIds]).to.deep.equal([[], []]);
    expect((await attempt(app.url, before.userName, password, query)).status).to.equal(401);
  });

  it('says what is wrong with a form, and is not there where the tenant has none (registration.self)', async () => {
    const tenant = portal.tenant.slug;
    for (const [body, alert] of [
      [{ ...names, email: 'nobody' }, 'Enter a valid email.'],
      [{ ...names, givenName: 'R2D2', email: newAddress() }, 'First name must have at least 1 character.'],
      [{}, 'First name must have'],
    ] as const) {
      const page = await openBrowser(app.url).post('/register', { ...body, tenant });
      expect([page.status, page.alert?.includes(alert)], JSON.stringify(body)).to.deep.equal([400, true]);
    }
    const closed = await givenTenant(app);
    for (const page of [
      await openBrowser(app.url).get(`/register?tenant=${closed.tenant.slug}`),
      await openBrowser(app.url).get('/register'),
      await register(newAddress(), closed),
    ])
      expect(page.status).to.equal(404);
    const signInPage = await openBrowser(app.url).get(`/signin?tenant=${closed.tenant.slug}`);
    expect(signInPage.text).to.not.include('/register');
  });
});
