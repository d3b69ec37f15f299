import { expect } from 'chai';
import supertest from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { attempt, signIn } from '../../support/sign-in.js';

const password = 'a long enough password';
const pixel = 'data:image/png;base64,iVBORw0KGgo=';

type Json = Record<string, unknown>;

describe('one’s own profile', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let records: ApiTenant;

  before(async () => {
    app = await startApp({ clock });
    records = await givenTenant(app, { preset: 'records' });
  });
  after(() => app.stop());

  async function person(tenant: ApiTenant) {
    const user = await tenant.givenUser({ password });
    const browser = openBrowser(app.url);
    const query = `?tenant=${tenant.tenant.slug}`;
    await signIn(browser, user.userName, password, query);
    const cookie = await browser.jar.getCookieString(app.url);
    const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
    const call = (method: 'get' | 'post' | 'patch', path: string) =>
      supertest(app.url)
        [method](`/api/v1${path}`)
        .set('Cookie', cookie)
        .set('X-CSRF-Token', me.headers['x-csrf-token'] ?? '');
    return { user, browser, query, call };
  }

  it('holds picture, signature and language as the person writes them, and nothing the organization does not keep (profile.fields; M0-39, M3-23)', async () => {
    const { call, user } = await person(records);
    const saved = await call('patch', '/me').send({
      picture: pixel,
      signature: 'Kind regards',
      language: 'de',
    });
    expect(saved.status, saved.text).to.equal(200);
    expect(saved.body).to.include({ picture: pixel, signature: 'Kind regards', language: 'de', phone: null });
    const phone = await call('patch', '/me').send({ phone: '+1 555 0100' }).expect(400);
    expect(phone.body).to.have.nested.property('errors[0].pointer', '/phone');
    const byAdmin = await records.call('patch', `/users/${user._id}`).send({ phone: '+1 555 0100' });
    expect(byAdmin.status).to.equal(400);
    await call('patch', '/me').send({ picture: 'javascript:alert(1)' }).expect(400);
    const cleared = await call('patch', '/me').send({ picture: null, signature: null, phone: null });
    expect(cleared.body).to.include({ picture: null, signature: null });
    const marketing = await givenTenant(app, { preset: 'marketing' });
    const other = await person(marketing);
    await other.call('patch', '/me').send({ phone: '+1 555 0100' }).expect(200);
    await other.call('patch', '/me').send({ signature: 'Bye' }).expect(400);
  });

  it('has another address once it is confirmed there; the old one is told and signs in no more', async () => {
    const { call, user, query } = await person(records);
    const email = `new.${user.userName}`;
    const asked = await call('post', '/me/email')
      .send({ email: ` ${email} ` })
      .expect(202);
    expect(asked.body).to.deep.equal({
      email,
      expiresAt: new Date(clock.now().getTime() + 86_400_000).toISOString(),
    });
    const [mail] = await waitForMails(app.core, email);
    expect(mail).to.include({ template: 'address_confirmation' });
    expect(((await call('get', '/me').expect(200)).body as Json)['email']).to.equal(user.userName);
    const page = await openBrowser(app.url).get(mail!.link);
    expect([page.status, page.text.includes(email)]).to.deep.equal([200, true]);
    const answers = await Promise.all([1, 2, 3].map(() => openBrowser(app.url).post(mail!.link, {})));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 410, 410]);
    await call('get', '/me').expect(401);
    const told = await eventually(
      async () =>
        (await mailsTo(app.core, user.userName)).find(({ template }) => template === 'address_left'),
      'the mail to the old address',
    );
    expect(told.text).to.include(email);
    expect((await attempt(app.url, user.userName, password, query)).status).to.equal(401);
    expect((await attempt(app.url, email, password, query)).status).to.equal(303);
    const stored = await app.core.store.tenant(records.tenant._id).collection('users').get(user._id);
    expect([stored?.userName, stored?.verifiedEmailKey]).to.deep.equal([email, email]);
  });

  it('keeps its address where the link is late, replaced, or the password changed meanwhile', async () => {
    const { call, user } = await person(records);
    const addresses = ['a', 'b', 'c'].map((prefix) => `${prefix}.${user.userName}`);
    const linkTo = async (email: string): Promise<string> => {
      await call('post', '/me/email').send({ email }).expect(202);
      return (await waitForMails(app.core, email))[0]!.link;
    };
    const [first, second] = [await linkTo(addresses[0]!), await linkTo(addresses[1]!)];
    expect((await openBrowser(app.url).post(first, {})).status).to.equal(410);
    clock.advance(86_400_000);
    expect((await openBrowser(app.url).get(second)).status).to.equal(410);
    await call('post', '/me/email').send({ email: addresses[2]! }).expect(403);
    await call('post', '/me/reauthenticate').send({ password }).expect(204);
    const third = await linkTo(addresses[2]!);
    const newPassword = `another ${password}`;
    await call('post', '/me/password').send({ currentPassword: password, newPassword }).expect(204);
    expect((await openBrowser(app.url).post(third, {})).status).to.equal(410);
  });

  it('takes no address that is taken, no address, or any where the organization decides addresses (profile.userCanEditEmail)', async () => {
    const { call, user } = await person(records);
    const other = await records.givenUser();
    await call('post', '/me/email').send({ email: other.userName }).expect(409);
    for (const email of ['nobody', user.userName])
      await call('post', '/me/email').send({ email }).expect(400);
    const acme = await givenTenant(app);
    const somebody = await person(acme);
    await somebody.call('post', '/me/email').send({ email: 'free@home.test' }).expect(403);
    expect((await somebody.browser.get('/account')).text).to.not.include('/account/email');
  });

  it('loses a race for an address to whoever has it first', async () => {
    const { call, user } = await person(records);
    const email = `race.${user.userName}`;
    await call('post', '/me/email').send({ email }).expect(202);
    const [mail] = await waitForMails(app.core, email);
    await records.call('post', '/users').send({ email }).expect(201);
    const page = await openBrowser(app.url).post(mail!.link, {});
    expect([page.status, page.alert]).to.deep.equal([
      409,
      'the userName or address is taken by another user.',
    ]);
    await call('get', '/me').expect(200);
  });
});
