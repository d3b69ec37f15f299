import { expect } from 'chai';
import supertest from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { signIn } from '../../support/sign-in.js';

const password = 'a long enough password';
const day = 86_400_000;

interface SignIn {
  outcome: string;
  reason: string | null;
  method: string | null;
  browser: string | null;
  ip: string | null;
}

describe('what a person learns of their account', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const query = (tenant = acme): string => `?tenant=${tenant.tenant.slug}`;
  const person = (tenant = acme) => tenant.givenUser({ password });
  const templatesTo = async (address: string): Promise<string[]> =>
    (await mailsTo(app.core, address)).map(({ template }) => template);
  /** All mails so far are sent. */
  const settled = (tenant = acme) =>
    eventually(async () => {
      const jobs = app.core.store.tenant(tenant.tenant._id).collection('jobs');
      return (await jobs.count({ kind: 'mail.send' })) === 0;
    }, 'the end of the mails');
  async function sessionOf(browser: Browser) {
    const cookie = await browser.jar.getCookieString(app.url);
    const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
    return (method: 'get' | 'post' | 'patch', path: string) =>
      supertest(app.url)
        [method](`/api/v1${path}`)
        .set('Cookie', cookie)
        .set('X-CSRF-Token', me.headers['x-csrf-token'] ?? '');
  }

  it('a mail tells of a device that is new for an account in use, at most once a day', async () => {
    const { userName } = await person();
    const known = openBrowser(app.url);
    await signIn(known, userName, password, query());
    await signIn(known, userName, password, query());
    await settled();
    expect(await templatesTo(userName)).to.deep.equal([]);
    for (let device = 0; device < 3; device += 1)
      await signIn(openBrowser(app.url), userName, password, query());
    await settled();
    const [mail, ...others] = await mailsTo(app.core, userName);
    expect([mail?.template, others.length]).to.deep.equal(['new_device', 0]);
    expect(mail?.text).to.include('127.0.0.1').and.include('5 January 2026');
    clock.advance(day);
    await signIn(openBrowser(app.url), userName, password, query());
    expect(await waitForMails(app.core, userName, 2)).to.have.lengthOf(2);
  });

  it('a mail tells of a new password, unless it was set by a link in a mail', async () => {
    const { userName } = await person();
    const browser = openBrowser(app.url);
    await signIn(browser, userName, password, query());
    const call = await sessionOf(browser);
    const newPassword = `another ${password}`;
    await call('post', '/me/password').send({ currentPassword: password, newPassword }).expect(204);
    const [mail] = await waitForMails(app.core, userName);
    expect(mail).to.include({ template: 'password_changed' });
    await openBrowser(app.url).post('/forgot', { email: userName });
    const reset = await eventually(
      async () => (await mailsTo(app.core, userName)).find(({ template }) => template === 'password_reset'),
      'the reset mail',
    );
    const chosen = { password: `third ${password}`, password2: `third ${password}` };
    expect((await openBrowser(app.url).post(reset.link, chosen)).status).to.equal(303);
    await settled();
    expect(await templatesTo(userName)).to.deep.equal(['password_changed', 'password_reset']);
  });

  it('no mail tells of either where the tenant wants none (mails.securityNotices)', async () => {
    const quiet = await givenTenant(app, { settings: { 'mails.securityNotices': false } });
    const { userName } = await person(quiet);
    await signIn(openBrowser(app.url), userName, password, query(quiet));
    const browser = openBrowser(app.url);
    await signIn(browser, userName, password, query(quiet));
    const call = await sessionOf(browser);
    const newPassword = `another ${password}`;
    await call('post', '/me/password').send({ currentPassword: password, newPassword }).expect(204);
    await settled(quiet);
    expect(await templatesTo(userName)).to.deep.equal([]);
  });

  it('the old address is told when an administrator changes it (M0-16)', async () => {
    const user = await person();
    const email = `moved-${user.userName}`;
    await acme.call('patch', `/users/${user._id}`).send({ email }).expect(200);
    const [mail] = await waitForMails(app.core, user.userName);
    expect(mail).to.include({ template: 'address_left' });
    expect(mail!.text).to.include(email);
  });

  it('the history of sign-ins shows how each ended, to the person and to who may read users', async () => {
    const user = await person();
    const browser = openBrowser(app.url);
    const firefox = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0' };
    const page = await browser.get(`/signin${query()}`);
    const asked = await browser.post('/signin', { ...page.fields, email: user.userName });
    await browser.post('/signin/password', { ...asked.fields, password: 'wrong' });
    await browser.post('/signin/password', { ...asked.fields, password }, firefox);
    const call = await sessionOf(browser);
    const mine = (await call('get', '/me/sign-ins').expect(200)).body as { items: SignIn[]; total: number };
    expect(mine.total).to.equal(2);
    expect(mine.items.map(({ outcome }) => outcome)).to.deep.equal(['succeeded', 'failed']);
    expect(mine.items[0]).to.deep.include({
      method: 'password',
      browser: 'Firefox on Windows',
      reason: null,
    });
    expect(mine.items[1]).to.deep.include({ reason: 'wrong_password', method: null });
    const theirs = await acme.call('get', `/users/${user._id}/sign-ins?limit=1`).expect(200);
    const { items, next } = theirs.body as { items: SignIn[]; next: string };
    expect(items).to.deep.equal(mine.items.slice(0, 1));
    const rest = await acme.call('get', `/users/${user._id}/sign-ins?limit=1&cursor=${next}`).expect(200);
    expect((rest.body as { items: SignIn[] }).items).to.deep.equal(mine.items.slice(1));
    const other = await givenTenant(app);
    await other.call('get', `/users/${user._id}/sign-ins`).expect(404);
  });

  describe('where new users need approval', () => {
    let portal: ApiTenant;
    before(async () => {
      portal = await givenTenant(app, { preset: 'service-portal' });
    });

    const pending = async (): Promise<unknown> =>
      (await portal.call('get', '/users/pending-approvals').expect(200)).body;

    it('their number is counted, none at zero, and a mail tells each that they are approved (M1-9, M1-10, M1-11)', async () => {
      expect(await pending()).to.deep.equal({ pending: 0 });
      const waiting = await Promise.all([1, 2, 3].map(() => person(portal)));
      await portal.call('post', '/users').send({ email: 'not-activated@home.test' }).expect(201);
      for (const { _id } of waiting)
        await portal.call('patch', `/users/${_id}`).send({ approved: false }).expect(200);
      await portal.call('post', `/users/${waiting[0]!._id}/disable`).send({}).expect(200);
      expect(await pending()).to.deep.equal({ pending: 2 });
      const list = await portal.call('get', '/users?status=pending_approval').expect(200);
      expect((list.body as { total: number }).total).to.equal(2);
      const [, one, two] = waiting;
      await portal.call('post', `/users/${one!._id}/approve`).expect(200);
      const [mail] = await waitForMails(app.core, one!.userName);
      expect(mail).to.include({ template: 'approved' });
      expect(await pending()).to.deep.equal({ pending: 1 });
      await Promise.all([1, 2].map(() => portal.call('post', `/users/${two!._id}/approve`)));
      await settled(portal);
      expect(await templatesTo(two!.userName)).to.deep.equal(['approved']);
      expect(await pending()).to.deep.equal({ pending: 0 });
    });

    it('nobody is counted once the tenant asks for no approval', async () => {
      const { _id } = await person(portal);
      await portal.call('patch', `/users/${_id}`).send({ approved: false }).expect(200);
      expect(await pending()).to.deep.equal({ pending: 1 });
      await portal.call('patch', '/settings').send({ 'approval.required': false }).expect(200);
      expect(await pending()).to.deep.equal({ pending: 0 });
    });
  });
});
