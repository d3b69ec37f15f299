import { expect } from 'chai';
import supertest from 'supertest';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { SoftAuthenticator } from '../../support/authenticator.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { signIn } from '../../support/sign-in.js';
import { codeNow } from '../../support/totp.js';

const password = 'a long enough password';

interface Question {
  does: string;
  options: object & { challenge: string };
  action: string;
  csrf: string;
}

/** What a page's script would ask the browser; undefined: it asks for no passkey. */
function questionOf(page: Page): Question | undefined {
  const found = / data-passkey="([^"]*)"/.exec(page.text)?.[1];
  return found === undefined ? undefined : (JSON.parse(found.replaceAll('&quot;', '"')) as Question);
}

describe('passkeys', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app, { settings: { 'lockout.threshold': 2, 'lockout.devicesApart': false } });
  });
  after(() => app.stop());

  /** Somebody who is signed in with their password, and the API of their session. */
  async function person(tenant = acme, options: { roles?: string[] } = {}) {
    const user = await tenant.givenUser({ password, ...options });
    const browser = openBrowser(app.url);
    await signIn(browser, user.userName, password, `?tenant=${tenant.tenant.slug}`);
    const cookie = await browser.jar.getCookieString(app.url);
    const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
    const send = (method: 'get' | 'post' | 'patch' | 'delete', path: string, body?: object) => {
      const test = supertest(app.url)[method](`/api/v1${path}`).set('Cookie', cookie);
      return test.set('X-CSRF-Token', me.headers['x-csrf-token'] ?? '').send(body);
    };
    return { user, browser, send };
  }

  type Person = Awaited<ReturnType<typeof person>>;

  async function addPasskey({ send }: Person, device = new SoftAuthenticator(app.url)) {
    const options = (await send('post', '/me/passkeys/options').expect(200)).body as object;
    const credential = device.create(options);
    await send('post', '/me/passkeys', { name: 'Laptop', credential }).expect(201);
    return device;
  }

  async function withPasskey(tenant = acme) {
    const somebody = await person(tenant);
    return { ...somebody, device: await addPasskey(somebody) };
  }

  /** Answers what a page asks. */
  const answer = (browser: Browser, question: Question, credential: object): Promise<Page> =>
    browser.post(question.action, { _csrf: question.csrf, credential: JSON.stringify(credential) });

  async function passkeySignIn(
    device: SoftAuthenticator,
    twist: Parameters<SoftAuthenticator['get']>[1] = {},
    browser = openBrowser(app.url),
  ) {
    const page = await browser.get('/signin');
    const question = questionOf(page)!;
    const credential = device.get(question.options, twist);
    return { browser, question, credential, page: await answer(browser, question, credential) };
  }

  const eventsOf = (userId: string, action: string) =>
    app.core.store.tenant(acme.tenant._id).collection('audit_events').find({ action, 'target.id': userId });

  it('sign in without an address and without a password, and count as both factors', async () => {
    const { user, device } = await withPasskey();
    const { browser, page } = await passkeySignIn(device);
    expect([page.status, page.location]).to.deep.equal([303, `${app.url}/account`]);
    const me = await browser.get('/api/v1/me');
    expect((JSON.parse(me.text) as { id: string }).id).to.equal(user._id);
    const session = (await app.core.store.server.collection('sessions').find({ userId: user._id })).at(-1);
    expect([session?.method, session?.amr]).to.deep.equal(['passkey', ['pop', 'user', 'mfa']]);
    expect((await browser.get('/account')).text).to.include('with a passkey');
    expect((await browser.get('/account/security')).text).to.include('Laptop');
  });

  it('are listed, renamed and removed by their owner alone, each change in the trail', async () => {
    const { user, send, device } = await withPasskey();
    const { id } = device.held[0]!;
    const stranger = await person();
    await stranger.send('delete', `/me/passkeys/${id}`).expect(404);
    await stranger.send('patch', `/me/passkeys/${id}`, { name: 'Mine' }).expect(404);
    await send('patch', `/me/passkeys/${id}`, { name: 'Phone' }).expect(200);
    const { body } = await send('get', '/me/passkeys').expect(200);
    expect((body as { items: { id: string; name: string }[] }).items).to.have.lengthOf(1);
    expect((body as { items: object[] }).items[0]).to.include({ id, name: 'Phone', lastUsedAt: null });
    const shown = await acme.call('get', `/users/${user._id}`);
    expect((shown.body as { twoFactor: boolean }).twoFactor).to.equal(true);
    await send('delete', `/me/passkeys/${id}`).expect(204);
    expect((await passkeySignIn(device)).page.status).to.equal(401);
    for (const action of ['passkey.added', 'passkey.renamed', 'passkey.removed'])
      expect(await eventsOf(user._id, action), action).to.have.lengthOf(1);
  });

  it('are good once, for the sign-in that asked, within ten minutes', async () => {
    const { device } = await withPasskey();
    const { browser, question, credential, page } = await passkeySignIn(device);
    expect(page.status).to.equal(303);
    clock.advance(5000);
    expect((await answer(browser, question, credential)).status).to.equal(401);

    const other = openBrowser(app.url);
    const asked = questionOf(await other.get('/signin'))!;
    const foreign = questionOf(await openBrowser(app.url).get('/signin'))!;
    expect((await answer(other, asked, device.get(foreign.options))).status).to.equal(401);
    const late = device.get(asked.options);
    clock.advance(601_000);
    expect((await answer(other, asked, late)).status).to.equal(401);
  });

  it('are refused from another site, without the person verified, forged, or with a count that went back', async () => {
    const { device, user } = await withPasskey();
    expect((await passkeySignIn(device)).page.status).to.equal(303);
    const twists = [
      { origin: 'https://evil.test' },
      { isVerified: false },
      { forged: true },
      { counter: 1 },
    ] as const;
    for (const twist of twists) {
      const { page } = await passkeySignIn(device, twist);
      expect([page.status, page.alert !== undefined], JSON.stringify(twist)).to.deep.equal([401, true]);
    }
    expect((await passkeySignIn(device)).page.status).to.equal(303);
    expect(user.enabled).to.equal(true);
  });

  it('let nobody in who is disabled, locked, or whose tenant has switched them off', async () => {
    const { device, user } = await withPasskey();
    const query = `?tenant=${acme.tenant.slug}`;
    for (let failure = 0; failure < 2; failure += 1)
      await signIn(openBrowser(app.url), user.userName, 'wrong', query);
    const locked = await passkeySignIn(device);
    expect(locked.page.status).to.equal(429);
    expect(locked.page.headers.get('retry-after')).to.match(/^\d+$/);
    clock.advance(901_000);
    expect((await passkeySignIn(device)).page.status).to.equal(303);
    await acme.call('patch', '/settings').send({ 'passkeys.enabled': false }).expect(200);
    expect((await passkeySignIn(device)).page.status).to.equal(401);
    expect(questionOf(await openBrowser(app.url).get(`/signin${query}`))).to.equal(undefined);
    await acme.call('patch', '/settings').send({ 'passkeys.enabled': true }).expect(200);
    await setEnabled(app.core, acme.system, user._id, false);
    const disabled = await passkeySignIn(device);
    expect([disabled.page.status, disabled.page.alert]).to.deep.equal([
      403,
      'This account is disabled. Please contact your administrator.',
    ]);
  });

  it('take the place of a code after the password', async () => {
    const somebody = await person();
    const { secret } = (await somebody.send('post', '/me/2fa').expect(200)).body as { secret: string };
    await somebody.send('post', '/me/2fa/confirm', { code: codeNow(secret, clock) }).expect(200);
    const device = await addPasskey(somebody);
    const browser = openBrowser(app.url);
    const { userName, _id } = somebody.user;
    const asked = await signIn(browser, userName, password, `?tenant=${acme.tenant.slug}`);
    expect(asked.text).to.include('name="code"');
    const question = questionOf(asked)!;
    expect(question.action).to.equal('/signin/2fa/passkey');
    const stranger = await withPasskey();
    const wrong = stranger.device.get({ ...question.options, allowCredentials: [] });
    expect((await answer(browser, question, wrong)).status).to.equal(401);
    const page = await answer(browser, question, device.get(question.options));
    expect(page.location).to.equal(`${app.url}/account`);
    const session = (await app.core.store.server.collection('sessions').find({ userId: _id })).at(-1);
    expect([session?.method, session?.amr]).to.deep.equal(['password', ['pwd', 'pop', 'mfa']]);
  });

  it('are the second factor a tenant requires, alone or after a password', async () => {
    const strict = await givenTenant(app, { settings: { 'twoFactor.mode': 'optional' } });
    const { device, user } = await withPasskey(strict);
    await strict.call('patch', '/settings').send({ 'twoFactor.mode': 'required' }).expect(200);
    expect((await passkeySignIn(device)).page.location).to.equal(`${app.url}/account`);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, password, `?tenant=${strict.tenant.slug}`);
    expect(page.text).to.not.include('name="code"');
    const question = questionOf(page)!;
    expect((await answer(browser, question, device.get(question.options))).status).to.equal(303);
    expect((await browser.get('/account')).status).to.equal(200);
  });

  it('are taken away with the second factor by an administrator, who cannot where there is none (M4-13, M4-15)', async () => {
    const { device, user } = await withPasskey();
    await acme.call('post', `/users/${user._id}/reset-2fa`).expect(200);
    expect((await passkeySignIn(device)).page.status).to.equal(401);
    const again = await acme.call('post', `/users/${user._id}/reset-2fa`);
    expect([again.status, (again.body as { code: string }).code]).to.deep.equal([
      409,
      'two_factor.not_enrolled',
    ]);
  });

  it('are made and removed at the account page', async () => {
    const { browser } = await person();
    const account = await browser.get('/account');
    const making = await browser.post('/account/passkeys', { _csrf: account.fields['_csrf']! });
    const question = questionOf(making)!;
    expect(question.does).to.equal('create');
    expect(making.headers.get('content-security-policy')).to.include("script-src 'self'");
    const device = new SoftAuthenticator(app.url);
    const added = await answer(browser, question, device.create(question.options));
    expect(added.location).to.equal(`${app.url}/account/security?done=passkey`);
    expect((await passkeySignIn(device)).page.status).to.equal(303);
    const removing = await browser.post('/account/passkeys/remove', {
      _csrf: account.fields['_csrf']!,
      passkey: device.held[0]!.id,
    });
    expect(removing.location).to.equal(`${app.url}/account/security?done=passkey_off`);
    expect((await passkeySignIn(device)).page.status).to.equal(401);
  });

  it('of parallel posts with one answer let one in', async () => {
    const { device } = await withPasskey();
    const browser = openBrowser(app.url);
    const question = questionOf(await browser.get('/signin'))!;
    const tabs = await Promise.all([1, 2, 3].map(() => browser.get('/signin').then(questionOf)));
    const credential = device.get(question.options);
    const pages = await Promise.all(tabs.map((tab) => answer(browser, tab!, credential)));
    expect(pages.map(({ status }) => status).sort()).to.deep.equal([303, 401, 401]);
  });

  describe('and a proof that is too old', () => {
    it('stops dangerous acts of a session, until the person proves again who they are; keys are not asked', async () => {
      await acme.call('patch', '/settings').send({ 'sessions.idleSeconds': 0 }).expect(200);
      const { send, device } = await (async () => {
        const somebody = await person(acme, { roles: ['administrator'] });
        return { ...somebody, device: await addPasskey(somebody) };
      })();
      const victim = await acme.givenUser();
      clock.advance(3_601_000);
      const refused = await send('delete', `/users/${victim._id}`);
      expect([refused.status, (refused.body as { code: string }).code]).to.deep.equal([
        403,
        'auth.step_up_needed',
      ]);
      await send('post', '/me/passkeys/options').expect(403);
      await send('get', `/users/${victim._id}`).expect(200);
      await send('post', '/me/reauthenticate', { password: 'wrong' }).expect(400);
      await send('post', '/me/reauthenticate', {}).expect(403);
      const options = (await send('post', '/me/reauthenticate/options').expect(200)).body as object;
      await send('post', '/me/reauthenticate', { credential: device.get(options) }).expect(204);
      await send('delete', `/users/${victim._id}`).expect(204);
      clock.advance(3_601_000);
      await send('post', '/me/passkeys/options').expect(403);
      await send('post', '/me/reauthenticate', { password }).expect(204);
      await send('post', '/me/passkeys/options').expect(200);
      const other = await acme.givenUser();
      await acme.call('delete', `/users/${other._id}`).expect(204);
    });

    it('never stops anything where the tenant asks for none', async () => {
      const lax = { 'sessions.stepUpSeconds': 0, 'sessions.idleSeconds': 0 };
      const easy = await givenTenant(app, { settings: lax });
      const { send } = await person(easy, { roles: ['administrator'] });
      const victim = await easy.givenUser();
      clock.advance(7_200_000);
      await send('delete', `/users/${victim._id}`).expect(204);
    });

    it('is renewed at the account page', async () => {
      await acme.call('patch', '/settings').send({ 'sessions.idleSeconds': 0 }).expect(200);
      const { browser } = await person();
      clock.advance(3_601_000);
      const account = await browser.get('/account');
      const _csrf = account.fields['_csrf']!;
      const asked = await browser.post('/account/passkeys', { _csrf });
      expect(asked.text).to.include('Is it still you?');
      expect((await browser.post('/account/proof', { _csrf, password: 'wrong' })).status).to.equal(400);
      const proved = await browser.post('/account/proof', { _csrf, password });
      expect(proved.location).to.equal(`${app.url}/account/security?done=proof`);
      expect(questionOf(await browser.post('/account/passkeys', { _csrf }))?.does).to.equal('create');
    });
  });
});
