import { expect } from 'chai';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { systemActor } from '../../../src/identity/actors.js';
import type { SettingsPatch } from '../../../src/identity/tenants/settings.js';
import { sendActivation } from '../../../src/identity/invitations/activation.js';
import { sendPasswordReset } from '../../../src/identity/credentials/reset.js';
import { removeTwoFactor } from '../../../src/identity/credentials/two-factor.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { waitForMails } from '../../support/mailbox.js';
import { givenTenant, givenUser, goodPassword } from '../../support/people.js';
import {
  callbackUri,
  introspect,
  makeApplication,
  refresh,
  relyingParty,
  signIn as putSession,
} from '../../support/oidc.js';
import { signIn, typePassword } from '../../support/sign-in.js';
import { openUserAgent } from '../../support/user-agent.js';
import { backupCodesOf, codeNow, secretOf } from '../../support/totp.js';

describe('a second factor that is required', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenantId: string;
  let slug: string;

  before(async () => {
    app = await startApp({ clock });
    ({ tenantId, slug } = await givenTenant(app.core, { 'twoFactor.mode': 'required' }));
  });
  after(() => app.stop());

  const isSignedIn = async (browser: Browser): Promise<boolean> =>
    (await browser.get('/api/v1/me')).status === 200;

  const enrol = (browser: Browser, page: Page, code = codeNow(secretOf(page), clock)): Promise<Page> =>
    browser.post('/signin/enrol', { _csrf: page.fields['_csrf']!, code });

  const set = async (settings: SettingsPatch, tenant = tenantId) =>
    updateTenant(app.core, systemActor(tenant), { settings });

  it('is set up after the password and before any session; then the sign-in goes on to where it was going', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword, '?return_to=/account?from=here');
    expect(page.status).to.equal(200);
    expect(page.text).to.include('data:image/svg+xml').and.include('name="code"');
    expect(page.headers.get('content-security-policy')).to.include("img-src 'self' data:");
    expect(await isSignedIn(browser)).to.equal(false);
    const codes = await enrol(browser, page);
    expect(codes.status).to.equal(200);
    expect(new Set(backupCodesOf(codes)).size).to.equal(10);
    expect(codes.text).to.include('href="/account?from=here"');
    expect(await isSignedIn(browser)).to.equal(true);
    const [session] = await app.core.store.tenant(tenantId).collection('sessions').find({ userId: user._id });
    expect(session!.amr).to.deep.equal(['pwd', 'otp', 'mfa']);
    clock.advance(60_000);
    const next = openBrowser(app.url);
    const asked = await signIn(next, user.userName, goodPassword);
    expect(asked.text).to.include('action="/signin/2fa"');
    const [backup = ''] = backupCodesOf(codes);
    const done = await next.post('/signin/2fa', { _csrf: asked.fields['_csrf']!, code: backup });
    expect(done.status).to.equal(303);
  });

  it('shows the same secret after a wrong code, and lets nobody in by one', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    const wrong = await enrol(browser, page, '000000');
    expect(wrong.status).to.equal(401);
    expect(wrong.alert).to.include('not right');
    expect(secretOf(wrong)).to.equal(secretOf(page));
    expect(await isSignedIn(browser)).to.equal(false);
    expect((await enrol(browser, wrong)).status).to.equal(200);
    expect(await isSignedIn(browser)).to.equal(true);
  });

  it('gives each sign-in a secret of its own, and the first one set up is the one that counts', async () => {
    const user = await givenUser(app.core, tenantId);
    const [first, second] = [openBrowser(app.url), openBrowser(app.url)];
    const [one, two] = [
      await signIn(first, user.userName, goodPassword),
      await signIn(second, user.userName, goodPassword),
    ];
    expect(secretOf(one)).to.not.equal(secretOf(two));
    expect((await enrol(first, one)).status).to.equal(200);
    expect((await enrol(second, two)).status).to.equal(403);
    expect(await isSignedIn(second)).to.equal(false);
  });

  it('is no way past a code: the code page’s form does not set anything up, nor the other way round', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    const code = codeNow(secretOf(page), clock);
    const answer = await browser.post('/signin/2fa', { _csrf: page.fields['_csrf']!, code });
    expect(answer.status).to.equal(403);
    await enrol(browser, page);
    const other = openBrowser(app.url);
    const asked = await signIn(other, user.userName, goodPassword);
    const past = await other.post('/signin/enrol', { _csrf: asked.fields['_csrf']!, code: '123456' });
    expect(past.status).to.equal(403);
    expect(await isSignedIn(other)).to.equal(false);
  });

  it('ends the sessions that were begun without one when it becomes required, and leads them to it', async () => {
    const tenant = await givenTenant(app.core);
    const user = await givenUser(app.core, tenant.tenantId);
    const browser = openBrowser(app.url);
    await signIn(browser, user.userName, goodPassword);
    expect(await isSignedIn(browser)).to.equal(true);
    await set({ 'twoFactor.mode': 'required' }, tenant.tenantId);
    expect(await isSignedIn(browser)).to.equal(false);
    const away = await browser.get('/account');
    expect(away.location).to.equal(`${app.url}/signin?return_to=/account`);
    const page = await signIn(browser, user.userName, goodPassword);
    expect((await enrol(browser, page)).status).to.equal(200);
    expect(await isSignedIn(browser)).to.equal(true);
  });

  it('is set up at the end of an activation', async () => {
    const user = await givenUser(app.core, tenantId, { activated: false, password: null });
    await sendActivation(app.core, systemActor(tenantId), user);
    const [mail] = await waitForMails(app.core, user.email!);
    const browser = openBrowser(app.url);
    const password = 'a long first password';
    const page = await browser.post(mail!.link, { password, password2: password, terms: 'on' });
    expect(await isSignedIn(browser)).to.equal(false);
    expect((await enrol(browser, page)).status).to.equal(200);
    expect(await isSignedIn(browser)).to.equal(true);
  });

  it('is set up at the end of a password reset, and not asked for again where it stands', async () => {
    const user = await givenUser(app.core, tenantId);
    await sendPasswordReset(app.core, systemActor(tenantId), user);
    const [mail] = await waitForMails(app.core, user.email!);
    const browser = openBrowser(app.url);
    const password = 'another long password';
    const page = await browser.post(mail!.link, { password, password2: password });
    expect((await enrol(browser, page)).status).to.equal(200);
    await sendPasswordReset(app.core, systemActor(tenantId), user);
    const [, again] = await waitForMails(app.core, user.email!, 2);
    const third = 'a third long password';
    const next = await browser.post(again!.link, { password: third, password2: third });
    expect(next.location).to.equal(`${app.url}/signin?tenant=${slug}&done=password`);
  });

  it('cannot be taken away by its owner, and is set up anew after an administrator took it', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    await enrol(browser, await signIn(browser, user.userName, goodPassword));
    const account = await browser.get('/account/security');
    expect(account.text).to.include('/account/2fa').and.not.include('/account/2fa/remove');
    const forced = await browser.post('/account/2fa/remove', {
      _csrf: account.fields['_csrf']!,
      password: goodPassword,
    });
    expect(forced.status).to.equal(403);
    await removeTwoFactor(app.core, systemActor(tenantId), user);
    const next = await signIn(openBrowser(app.url), user.userName, goodPassword);
    expect(next.text).to.include('otpauth://totp/');
  });

  it('names the tenant to the app, so that accounts of one address at two tenants stand beside each other', async () => {
    const email = `both-${Date.now()}@local.test`;
    const names: string[] = [];
    for (const tenant of [
      tenantId,
      (await givenTenant(app.core, { 'twoFactor.mode': 'required' })).tenantId,
    ]) {
      await givenUser(app.core, tenant, { email });
      const { slug: at, name } = (await app.core.store.tenant(tenant).collection('tenants').get(tenant))!;
      const page = await signIn(openBrowser(app.url), email, goodPassword, `?tenant=${at}`);
      const url = new URL(/href="(otpauth:[^"]*)"/.exec(page.text)![1]!.replaceAll('&amp;', '&'));
      expect(url.searchParams.get('issuer')).to.equal(name);
      expect(decodeURIComponent(url.pathname)).to.match(new RegExp(`${name}:${email}$`));
      names.push(name);
    }
    expect(new Set(names).size).to.equal(2);
  });

  it('comes before an application gets anything: by a new sign-in, an old session, or a refresh', async () => {
    const tenant = await givenTenant(app.core);
    const crm = await makeApplication(app.core, tenant);
    const party = await relyingParty(app.core, crm);
    const user = await givenUser(app.core, tenant._id);
    const old = openUserAgent();
    await putSession(app.core, old, user);
    const tokens = await party.signIn(old);
    await set({ 'twoFactor.mode': 'required' }, tenant._id);
    expect((await refresh(app.core, crm, tokens.refresh_token)).status).to.equal(400);
    expect(await introspect(app.core, crm, tokens.access_token)).to.deep.equal({ active: false });
    const silent = await old.follow((await party.request({ prompt: 'none' })).url, callbackUri);
    expect(silent.url.searchParams.get('error')).to.equal('login_required');
    const begun = await party.request();
    const browser = openBrowser(app.url);
    const first = await browser.follow(await browser.get(begun.url));
    const next = await browser.post('/signin', { _csrf: first.fields['_csrf']!, email: user.userName });
    const page = await typePassword(browser, next, goodPassword);
    const codes = await enrol(browser, page);
    const onward = /href="(\/oidc\/interaction\/[^"]*)"/.exec(codes.text)![1]!;
    const done = await browser.follow(await browser.get(onward), callbackUri);
    expect(done.location).to.include('code=');
    const given = await party.exchange(new URL(done.location!), begun);
    expect(given.claims()!['amr']).to.deep.equal(['pwd', 'otp', 'mfa']);
  });
});
