import { expect } from 'chai';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { eventually } from '../../support/eventually.js';
import { openUserAgent, type UserAgent } from '../../support/user-agent.js';
import {
  browserOf,
  loggedOutUri,
  makeApplication,
  makeUser,
  refresh,
  relyingParty,
  signIn,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

describe('OpenID provider: sign-out', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let application: ApplicationDocument & { secret: string };
  let user: UserDocument;
  let party: RelyingParty;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    app = await startApp({ config: { allowPrivateIssuers: true } });
    tenant = await givenTenant(app.core);
    application = await makeApplication(app.core, tenant, { backchannelLogoutUri: receiver.url });
    user = await makeUser(app.core, tenant);
    party = await relyingParty(app.core, application);
  });
  after(async () => {
    await app.stop();
    await receiver.stop();
  });

  /** Applications of one test; closed after it, whatever became of it. */
  const opened: Receiver[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.stop())));
  async function openReceiver(...answer: Parameters<typeof startReceiver>): Promise<Receiver> {
    const one = await startReceiver(...answer);
    opened.push(one);
    return one;
  }

  const endSession = (query: Record<string, string>): string =>
    `${app.url}/oidc/session/end?${new URLSearchParams(query).toString()}`;

  /** Presses a button of the confirmation page. */
  async function confirm(
    browser: UserAgent,
    page: Response,
    button: Record<string, string>,
  ): Promise<Response> {
    const text = await page.text();
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(text)?.[1];
    const action = /action="([^"]+)"/.exec(text)?.[1];
    expect(action).to.equal(`${app.url}/oidc/session/end/confirm`);
    return browser.post(action!, { xsrf: xsrf!, ...button });
  }

  it('asks where no hint proves who wants it, on a page of ours without any script, and ends the session in Gatehouse, in the provider and for the tokens', async () => {
    const user = await makeUser(app.core, tenant);
    const browser = await browserOf(app.core, user);
    const tokens = await party.signIn(browser);
    const page = await browser.get(
      endSession({
        client_id: application.clientId,
        post_logout_redirect_uri: loggedOutUri,
        state: 'abc',
      }),
    );
    expect(page.status).to.equal(200);
    const text = await page.clone().text();
    expect(text)
      .to.include(user.email!)
      .and.not.to.match(/<script|fonts\.googleapis/);
    const policy = page.headers.get('content-security-policy');
    expect(policy).to.include("default-src 'none'").and.not.to.include('form-action');
    const done = await confirm(browser, page, { logout: 'yes' });
    expect(done.status).to.equal(303);
    expect(done.headers.get('location')).to.equal(`${loggedOutUri}?state=abc`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(text)![1]!;
    const twice = await browser.post(`${app.url}/oidc/session/end/confirm`, { xsrf, logout: 'yes' });
    expect([twice.status, (await twice.text()).includes('You are signed out')]).to.deep.equal([200, true]);
    expect(await browser.jar.getCookieString(app.url)).not.to.include('gh_session');
    expect(
      await app.core.store.tenant(tenant._id).collection('sessions').find({ userId: user._id }),
    ).to.deep.equal([]);
    expect((await refresh(app.core, application, tokens.refresh_token)).status).to.equal(400);
    const silent = await browser.get((await party.request({ prompt: 'none' })).url);
    expect(silent.headers.get('location')).to.include('login_required');
    const { items } = {
      items: await app.core.store.tenant(tenant._id).collection('audit_events').find({ action: 'logout' }),
    };
    expect(items.some(({ actor }) => actor.id === user._id)).to.equal(true);
  });

  it('sends the application a logout token that its library takes (Back-Channel Logout 1.0 section 2.4)', async () => {
    const own = await openReceiver();
    const notified = await makeApplication(app.core, tenant, { backchannelLogoutUri: own.url });
    const modern = await makeApplication(app.core, tenant, {
      backchannelLogoutUri: own.url,
      idTokenSignedResponseAlg: 'ES256',
    });
    const browser = await browserOf(app.core, user);
    const tokens = await (await relyingParty(app.core, notified)).signIn(browser);
    await (await relyingParty(app.core, modern)).signIn(browser);
    await confirm(browser, await browser.get(endSession({})), { logout: 'yes' });
    await own.until(2);
    const tokenFor = ({ clientId }: { clientId: string }): string =>
      own.received.map((form) => form.get('logout_token')!).find((jwt) => decodeJwt(jwt).aud === clientId)!;
    expect(decodeProtectedHeader(tokenFor(modern)).alg).to.equal('ES256');
    const sent = tokenFor(notified);
    const keys = createRemoteJWKSet(new URL(`${app.url}/oidc/jwks`));
    const { payload, protectedHeader } = await jwtVerify(sent, keys, {
      issuer: `${app.url}/oidc`,
      audience: notified.clientId,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'sub', 'sid', 'events'],
    });
    expect(protectedHeader.alg).to.equal('RS256');
    expect(payload).to.deep.include({
      sub: user._id,
      sid: tokens.claims()!['sid'],
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(payload).not.to.have.property('nonce');
  });

  it('tells every application of the session, once, and no other', async () => {
    const receivers = [await openReceiver(), await openReceiver(), await openReceiver()] as const;
    const browser = await browserOf(app.core, user);
    for (const [index, { url }] of receivers.entries()) {
      const one = await makeApplication(app.core, tenant, { backchannelLogoutUri: url });
      const client = await relyingParty(app.core, one);
      for (let visits = index; visits < 2; visits += 1) await client.signIn(browser);
    }
    await confirm(browser, await browser.get(endSession({})), { logout: 'yes' });
    await Promise.all([receivers[0].until(1), receivers[1].until(1)]);
    expect(receivers.map(({ received }) => received.length)).to.deep.equal([1, 1, 0]);
  });

  it('tries again when the application does not take the notice', async () => {
    let failures = 1;
    const moody = await openReceiver((_req, res) => {
      failures -= 1;
      res.writeHead(failures >= 0 ? 500 : 204).end();
    });
    const other = await makeApplication(app.core, tenant, { backchannelLogoutUri: moody.url });
    const browser = await browserOf(app.core, user);
    await (await relyingParty(app.core, other)).signIn(browser);
    await confirm(browser, await browser.get(endSession({})), { logout: 'yes' });
    await moody.until(2);
  });

  it('keeps the session when the person chooses to stay signed in', async () => {
    const browser = await browserOf(app.core, user);
    await party.signIn(browser);
    await confirm(browser, await browser.get(endSession({})), {});
    const silent = await browser.get((await party.request({ prompt: 'none' })).url);
    expect(silent.headers.get('location')).to.include('code=');
  });

  it('refuses a confirmation without its one-time token', async () => {
    const browser = await browserOf(app.core, user);
    await party.signIn(browser);
    await browser.get(endSession({}));
    const forged = await browser.post(`${app.url}/oidc/session/end/confirm`, {
      xsrf: 'guess',
      logout: 'yes',
    });
    expect(forged.status).to.equal(400);
    const silent = await browser.get((await party.request({ prompt: 'none' })).url);
    expect(silent.headers.get('location')).to.include('code=');
  });

  it('shows an own page when nobody asked for the browser back', async () => {
    const browser = await browserOf(app.core, user);
    await party.signIn(browser);
    const done = await confirm(browser, await browser.get(endSession({})), { logout: 'yes' });
    const page = await browser.get(new URL(done.headers.get('location')!, app.url).href);
    expect(page.status).to.equal(200);
    expect(await page.text())
      .to.include('You are signed out')
      .and.not.to.include('<script');
  });

  it('asks nobody who is not signed in, and sends the browser on at once', async () => {
    const page = await openUserAgent().get(
      endSession({ client_id: application.clientId, post_logout_redirect_uri: loggedOutUri, state: 'a b' }),
    );
    expect(page.status).to.equal(303);
    expect(page.headers.get('location')).to.equal(`${loggedOutUri}?state=a%20b`);
    const bare = await openUserAgent().follow(endSession({}));
    expect(await bare.response!.text()).to.include('You are signed out');
  });

  it('asks no question when the hint is of this very session: it ends, and so does everything of it', async () => {
    for (const back of [{ post_logout_redirect_uri: loggedOutUri, state: 'xyz' }, {}]) {
      const browser = await browserOf(app.core, user);
      const tokens = await party.signIn(browser);
      const other = await makeApplication(app.core, tenant);
      const held = await (await relyingParty(app.core, other)).signIn(browser);
      const answer = await browser.get(endSession({ id_token_hint: tokens.id_token!, ...back }));
      expect(answer.status).to.equal(303);
      const target = 'state' in back ? `${loggedOutUri}?state=xyz` : `${app.url}/oidc/session/end/success`;
      expect(answer.headers.get('location')).to.equal(target);
      expect((await browser.get(`${app.url}/api/v1/me`)).status).to.equal(401);
      expect((await refresh(app.core, application, tokens.refresh_token)).status).to.equal(400);
      expect((await refresh(app.core, other, held.refresh_token)).status).to.equal(400);
      await receiver.until((forms) =>
        forms.some((form) => decodeJwt(form.get('logout_token')!)['sid'] === tokens.claims()!['sid']),
      );
    }
  });

  it('takes the hint of a session that was renewed by signing in again', async () => {
    const browser = await browserOf(app.core, user);
    const tokens = await party.signIn(browser);
    await signIn(app.core, browser, user);
    const answer = await browser.get(endSession({ id_token_hint: tokens.id_token! }));
    expect(answer.status).to.equal(303);
    expect((await browser.get(`${app.url}/api/v1/me`)).status).to.equal(401);
  });

  it('asks all the same when the hint is of another session or of somebody else', async () => {
    const [earlier, foreign] = [
      await browserOf(app.core, user),
      await browserOf(app.core, await makeUser(app.core, tenant)),
    ];
    const browser = await browserOf(app.core, user);
    await party.signIn(browser);
    for (const one of [earlier, foreign]) {
      const { id_token: hint } = await party.signIn(one);
      const page = await browser.get(endSession({ id_token_hint: hint! }));
      expect(page.status).to.equal(200);
      expect(await page.text()).to.include('Sign out?');
      expect((await browser.get(`${app.url}/api/v1/me`)).status).to.equal(200);
    }
  });

  it('takes a posted request as it takes a GET (RP-Initiated Logout 1.0 section 2)', async () => {
    const browser = await browserOf(app.core, user);
    const tokens = await party.signIn(browser);
    const parameters = { post_logout_redirect_uri: loggedOutUri, state: 'p' };
    const forms = [
      { client_id: application.clientId, ...parameters },
      { id_token_hint: tokens.id_token!, ...parameters },
    ];
    for (const [index, form] of forms.entries()) {
      const posted = await browser.post(`${app.url}/oidc/session/end`, form);
      expect(posted.status).to.equal(303);
      const next = new URL(posted.headers.get('location')!, app.url);
      expect(next.pathname).to.equal('/oidc/session/end');
      const answer = await browser.get(next.href);
      expect(answer.status).to.equal(index === 0 ? 200 : 303);
    }
    expect((await browser.get(`${app.url}/api/v1/me`)).status).to.equal(401);
  });

  const refused: Record<string, (hint: string) => Record<string, string>> = {
    'a broken id_token_hint': () => ({ id_token_hint: 'nonsense' }),
    'an id_token_hint with another signature': (hint) => ({
      id_token_hint: `${hint.slice(0, hint.lastIndexOf('.'))}.${'A'.repeat(342)}`,
    }),
    'an address that is not registered': (hint) => ({
      id_token_hint: hint,
      post_logout_redirect_uri: 'http://evil.example.test/',
    }),
    'a query added to the registered address': (hint) => ({
      id_token_hint: hint,
      post_logout_redirect_uri: `${loggedOutUri}?foo=bar`,
    }),
  };
  for (const [what, query] of Object.entries(refused)) {
    it(`answers ${what} with an error page`, async () => {
      const browser = await browserOf(app.core, user);
      const tokens = await party.signIn(browser);
      const page = await browser.get(endSession(query(tokens.id_token!)));
      expect(page.status).to.equal(400);
      expect(await page.text()).to.include('role="alert"');
      expect(page.headers.get('location')).to.equal(null);
    });
  }

  it('ignores a return address and a state that come with neither hint nor client_id', async () => {
    const browser = await browserOf(app.core, user);
    await party.signIn(browser);
    const page = await browser.get(
      endSession({ post_logout_redirect_uri: 'http://evil.example.test/', state: 'x' }),
    );
    expect(page.status).to.equal(200);
    const done = await confirm(browser, page, { logout: 'yes' });
    expect(new URL(done.headers.get('location')!, app.url).origin).to.equal(app.url);
  });

  it('ends what a session gave when another sign-in in the same browser replaces it', async () => {
    const browser = await browserOf(app.core, user);
    const tokens = await party.signIn(browser);
    await signIn(app.core, browser, await makeUser(app.core, tenant));
    expect((await refresh(app.core, application, tokens.refresh_token)).status).to.equal(400);
    await receiver.until((forms) =>
      forms.some((form) => decodeJwt(form.get('logout_token')!)['sid'] === tokens.claims()!['sid']),
    );
  });

  it('sends nothing to a private address unless the operator allows it', async () => {
    const strict = await startApp();
    const own = await openReceiver();
    try {
      const home = await givenTenant(strict.core);
      const shy = await makeApplication(strict.core, home, { backchannelLogoutUri: own.url });
      const person = await makeUser(strict.core, home);
      const browser = await browserOf(strict.core, person);
      await (await relyingParty(strict.core, shy)).signIn(browser);
      await signIn(strict.core, browser, await makeUser(strict.core, home));
      const jobs = strict.core.store.server.collection('jobs');
      await eventually(async () => (await jobs.count({})) === 0, 'no job is left');
      expect(own.received).to.deep.equal([]);
    } finally {
      await strict.stop();
    }
  });
});
