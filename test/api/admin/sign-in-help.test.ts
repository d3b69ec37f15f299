import { expect } from 'chai';
import supertest from 'supertest';
import { stepAt, totpCode } from '../../support/totp.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { waitForMails } from '../../support/mailbox.js';
import { signIn } from '../../support/sign-in.js';

const password = 'a long enough password';

describe('help with signing in, over the API', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  /** A signed-in person who may call the API. */
  async function person(email: string) {
    const stored = await acme.givenUser({ email, password });
    return { id: stored._id, email, ...(await signedIn(email)) };
  }
  async function signedIn(email: string) {
    const browser = openBrowser(app.url);
    expect((await signIn(browser, email, password, `?tenant=${acme.tenant.slug}`)).status).to.equal(303);
    const cookie = await browser.jar.getCookieString(app.url);
    const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
    const call = (method: 'get' | 'post' | 'delete', path: string) =>
      supertest(app.url)
        [method](`/api/v1${path}`)
        .set('Cookie', cookie)
        .set('X-CSRF-Token', me.headers['x-csrf-token'] ?? '');
    return { call };
  }

  it('enrols a second factor: a secret, a first code, ten backup codes (M4-14)', async () => {
    const { call, email, id } = await person('enrol@acme.test');
    const begun = await call('post', '/me/2fa').expect(200);
    const { secret, otpauthUrl } = begun.body as { secret: string; otpauthUrl: string };
    expect(otpauthUrl).to.match(/^otpauth:\/\/totp\//);
    const wrong = await call('post', '/me/2fa/confirm').send({ code: '000000' }).expect(400);
    expect(wrong.body).to.have.nested.property('errors[0].pointer', '/code');
    const code = totpCode(secret, stepAt(clock.now()));
    const done = await call('post', '/me/2fa/confirm').send({ code }).expect(200);
    expect((done.body as { backupCodes: string[] }).backupCodes).to.have.length(10);
    const user = await acme.call('get', `/users/${id}`).expect(200);
    expect(user.body).to.include({ twoFactor: true });
    const page = await signIn(openBrowser(app.url), email, password, `?tenant=${acme.tenant.slug}`);
    expect(page.text).to.include('name="code"');
    await call('post', '/me/2fa').expect(403);
    await call('delete', '/me/2fa').expect(403);
    await call('delete', '/me/2fa')
      .send({ password })
      .expect((res) => expect(res.status).to.be.lessThan(300));
    const again = await signIn(openBrowser(app.url), email, password, `?tenant=${acme.tenant.slug}`);
    expect(again.status).to.equal(303);
  });

  it('lets an administrator take away a lost second factor, whose codes are dead then (M4-13, M4-16)', async () => {
    const { call, email, id } = await person('lost@acme.test');
    const enrol = async (as: typeof call) => {
      const { secret } = (await as('post', '/me/2fa').expect(200)).body as { secret: string };
      const code = totpCode(secret, stepAt(clock.now()));
      const { body } = await as('post', '/me/2fa/confirm').send({ code }).expect(200);
      return { secret, backupCodes: (body as { backupCodes: string[] }).backupCodes };
    };
    const old = await enrol(call);
    const reset = await acme.call('post', `/users/${id}/reset-2fa`).expect(200);
    expect(reset.body).to.include({ twoFactor: false });
    const again = await signedIn(email);
    const fresh = await enrol(again.call);
    clock.advance(60_000);
    for (const code of [totpCode(old.secret, stepAt(clock.now())), old.backupCodes[0]!]) {
      const browser = openBrowser(app.url);
      const page = await signIn(browser, email, password, `?tenant=${acme.tenant.slug}`);
      const refused = await browser.post('/signin/2fa', { ...page.fields, code });
      expect(refused.status).to.equal(401);
    }
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, password, `?tenant=${acme.tenant.slug}`);
    const code = totpCode(fresh.secret, stepAt(clock.now()));
    expect((await browser.post('/signin/2fa', { ...page.fields, code })).status).to.equal(303);
  });

  it('mails a reset link, and an activation link to whoever needs one (M1-24, M3-14)', async () => {
    const { id, email } = await person('forgot@acme.test');
    await acme.call('post', `/users/${id}/password-reset`).expect(200);
    expect((await waitForMails(app.core, email))[0]!.link).to.include('/reset/');
    await acme.call('post', `/users/${id}/resend-activation`).expect(400);
    const pending = await acme.givenUser({ email: 'pending@acme.test' });
    await app.core.store
      .tenant(pending.tenantId)
      .collection('users')
      .update(pending._id, (stored) => ({ ...stored, activatedAt: null }));
    await acme.call('post', `/users/${pending._id}/resend-activation`).expect(200);
    expect((await waitForMails(app.core, 'pending@acme.test'))[0]!.link).to.include('/activate/');
    await acme.call('post', `/users/${pending._id}/password-reset`).expect(400);
  });
});
