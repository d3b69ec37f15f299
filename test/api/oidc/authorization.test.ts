import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openUserAgent, type UserAgent } from '../../support/user-agent.js';
import {
  browserOf,
  callbackUri,
  makeApplication,
  makeUser,
  postAs,
  relyingParty,
  signIn,
  type AuthorizationRequest,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';

/** Where an authorization request leads a browser at once: a path of ours, or the application. */
async function firstStop(browser: UserAgent, request: AuthorizationRequest): Promise<URL> {
  const response = await browser.get(request.url);
  expect(response.status, await response.clone().text()).to.equal(303);
  return new URL(response.headers.get('location')!, request.url);
}

describe('OpenID provider: authorization endpoint', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let application: ApplicationDocument & { secret: string };
  let user: UserDocument;
  let party: RelyingParty;
  before(async () => {
    app = await startApp();
    tenant = await givenTenant(app.core);
    application = await makeApplication(app.core, tenant);
    user = await makeUser(app.core, tenant);
    party = await relyingParty(app.core, application);
  });
  after(() => app.stop());

  /** Sends the browser to the sign-in page and back with a session of this user. */
  async function signInOnTheWay(
    browser: UserAgent,
    request: AuthorizationRequest,
    as: UserDocument,
  ): Promise<URL> {
    const interaction = await firstStop(browser, request);
    expect(interaction.pathname).to.match(/^\/oidc\/interaction\/[\w-]+$/);
    const page = await browser.get(interaction.href);
    expect(page.status).to.equal(303);
    expect(page.headers.get('location')).to.match(/^\/signin\?flow=/);
    await signIn(app.core, browser, as);
    return (await browser.follow(interaction.href, callbackUri)).url;
  }

  it('sends a browser without a session to the sign-in page and finishes when it comes back with one', async () => {
    const browser = openUserAgent();
    const request = await party.request();
    const callback = await signInOnTheWay(browser, request, user);
    const tokens = await party.exchange(callback, request);
    expect(tokens.claims()!.sub).to.equal(user._id);
  });

  it('prefills the address of login_hint on the sign-in page and never signs in by it', async () => {
    const browser = openUserAgent();
    const interaction = await firstStop(browser, await party.request({ login_hint: 'ada@example.test' }));
    await browser.get(interaction.href);
    const [flow] = await app.core.store.server
      .collection('sign_in_flows')
      .find({}, { sort: { _id: -1 }, limit: 1 });
    expect(JSON.stringify(flow!.state)).to.include('ada@example.test').and.to.include(tenant._id);
  });

  it('needs no page for a browser that is signed in, whichever application asks (single sign-on)', async () => {
    const browser = await browserOf(app.core, user);
    const second = await makeApplication(app.core, tenant);
    for (const one of [party, await relyingParty(app.core, second)]) {
      const stop = await firstStop(browser, await one.request());
      expect(stop.href).to.match(/^http:\/\/app\.example\.test\/callback\?code=/);
      expect(stop.searchParams.get('iss')).to.equal(`${app.url}/oidc`);
    }
  });

  it('answers prompt=none with a code for a signed-in browser, with login_required for any other', async () => {
    const quiet = { prompt: 'none' };
    const signedIn = await firstStop(await browserOf(app.core, user), await party.request(quiet));
    expect(signedIn.searchParams.get('code')).to.be.a('string');
    const stranger = await firstStop(openUserAgent(), await party.request(quiet));
    expect(stranger.searchParams.get('error')).to.equal('login_required');
  });

  it('asks again for prompt=login, and only a sign-in made since counts', async () => {
    const browser = await browserOf(app.core, user);
    const request = await party.request({ prompt: 'login' });
    const interaction = await firstStop(browser, request);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await browser.get(interaction.href)).headers.get('location')).to.match(/^\/signin/);
    }
    await signIn(app.core, browser, user);
    const { url } = await browser.follow(interaction.href, callbackUri);
    expect((await party.exchange(url, request)).claims()!.sub).to.equal(user._id);
  });

  it('shows the sign-in page for prompt=select_account, and goes on with whoever signs in', async () => {
    const browser = await browserOf(app.core, user);
    const other = await makeUser(app.core, tenant);
    const request = await party.request({ prompt: 'select_account' });
    const callback = await signInOnTheWay(browser, request, other);
    expect((await party.exchange(callback, request)).claims()!.sub).to.equal(other._id);
  });

  it('takes a pushed authorization request, once (RFC 9126)', async () => {
    const browser = await browserOf(app.core, user);
    const request = await party.request();
    const parameters = Object.fromEntries(new URL(request.url).searchParams);
    const pushed = await postAs(app.core, application, '/request', parameters);
    expect(pushed.status).to.equal(201);
    const { request_uri } = (await pushed.json()) as { request_uri: string };
    const query = new URLSearchParams({ client_id: application.clientId, request_uri });
    const url = `${app.url}/oidc/auth?${query.toString()}`;
    const { url: callback } = await browser.follow(url, callbackUri);
    expect((await party.exchange(callback, request)).claims()!.sub).to.equal(user._id);
    const again = await firstStop(browser, { ...request, url }).catch(() => undefined);
    expect(again?.searchParams.has('code') ?? false).to.equal(false);
  });

  it('leaves addresses it does not know to the server’s own answer', async () => {
    const page = await openUserAgent().get(`${app.url}/oidc/nowhere`);
    expect(page.status).to.equal(404);
    expect(await page.text()).to.include('role="alert"');
    const problem = await openUserAgent().get(`${app.url}/oidc/nowhere`, { accept: 'application/json' });
    expect(problem.headers.get('content-type')).to.include('application/problem+json');
  });

  it('asks again when the sign-in is older than max_age, and says when it was in auth_time', async () => {
    const browser = openUserAgent();
    const session = await signIn(app.core, browser, user);
    await app.core.store
      .tenant(tenant._id)
      .collection('sessions')
      .update(session._id, (stored) => ({
        ...stored,
        signedInAt: new Date(stored.signedInAt.getTime() - 60_000),
        authenticatedAt: new Date(stored.signedInAt.getTime() - 60_000),
      }));
    const relaxed = await party.signIn(browser, { max_age: '10000' });
    expect(Date.now() / 1000 - Number(relaxed.claims()!.auth_time)).to.be.within(58, 120);
    const strict = await party.request({ max_age: '1' });
    const callback = await signInOnTheWay(browser, strict, user);
    const claims = (await party.exchange(callback, strict)).claims()!;
    expect(Date.now() / 1000 - Number(claims.auth_time)).to.be.below(50);
  });

  it('honours id_token_hint: its own user needs no page, another signed-in account does', async () => {
    const browser = await browserOf(app.core, user);
    const tokens = await party.signIn(browser);
    const hint = { prompt: 'none', id_token_hint: tokens.id_token! };
    expect((await firstStop(browser, await party.request(hint))).searchParams.has('code')).to.equal(true);
    const other = await browserOf(app.core, await makeUser(app.core, tenant));
    const refused = await firstStop(other, await party.request(hint));
    expect(refused.searchParams.get('error')).to.equal('login_required');
  });

  it('lets another account of the tenant sign in in the same browser, and the application gets that one', async () => {
    const browser = await browserOf(app.core, user);
    await party.signIn(browser);
    const other = await makeUser(app.core, tenant);
    const request = await party.request({ prompt: 'login' });
    const callback = await signInOnTheWay(browser, request, other);
    expect((await party.exchange(callback, request)).claims()!.sub).to.equal(other._id);
    expect((await party.signIn(browser)).claims()!.sub).to.equal(other._id);
  });

  it('never takes the session of another tenant’s user: the sign-in page asks, within the application’s tenant', async () => {
    const stranger = await makeUser(app.core, await givenTenant(app.core));
    const browser = await browserOf(app.core, stranger);
    const silent = await firstStop(browser, await party.request({ prompt: 'none' }));
    expect(silent.searchParams.get('error')).to.equal('login_required');
    const request = await party.request();
    const callback = await signInOnTheWay(browser, request, user);
    expect((await party.exchange(callback, request)).claims()!.sub).to.equal(user._id);
  });

  it('asks a disabled user with a live session to sign in (CVE-2025-53942), and one whose access has expired', async () => {
    for (const change of [{ enabled: false }, { accessExpiresAt: new Date(Date.now() - 1000) }]) {
      const gone = await makeUser(app.core, tenant);
      const browser = await browserOf(app.core, gone);
      await app.core.store
        .tenant(tenant._id)
        .collection('users')
        .update(gone._id, (stored) => ({ ...stored, ...change }));
      const stop = await firstStop(browser, await party.request({ prompt: 'none' }));
      expect(stop.searchParams.get('error')).to.equal('login_required');
    }
  });

  it('asks again when the company has made its own provider required, or has switched it off, since the sign-in', async () => {
    const home = await givenTenant(app.core);
    const client = await relyingParty(app.core, await makeApplication(app.core, home));
    const domain = `${home.slug}.test`;
    const local = await makeUser(app.core, home, { email: `ada@${domain}` });
    const browser = await browserOf(app.core, local);
    await client.signIn(browser);
    const connections = app.core.store.tenant(home._id).collection('sso_connections');
    const connection = await connections.insert({
      _id: `connection-${home._id}`,
      tenantId: home._id,
      name: 'Company',
      issuer: 'https://idp.example.test',
      clientId: 'gatehouse',
      clientSecret: null,
      scopes: ['openid'],
      mode: 'required',
      jitProvisioning: false,
      domains: [],
      verifiedDomains: [domain],
    });
    const silent = { prompt: 'none' };
    const stop = await firstStop(browser, await client.request(silent));
    expect(stop.searchParams.get('error')).to.equal('login_required');
    const forwarded = openUserAgent();
    const session = await signIn(app.core, forwarded, local);
    const sessions = app.core.store.tenant(home._id).collection('sessions');
    await sessions.update(session._id, (stored) => ({
      ...stored,
      method: 'sso',
      connectionId: connection._id,
    }));
    expect((await firstStop(forwarded, await client.request(silent))).searchParams.has('code')).to.equal(
      true,
    );
    await connections.update(connection._id, (stored) => ({ ...stored, mode: 'off' }));
    const off = await firstStop(forwarded, await client.request(silent));
    expect(off.searchParams.get('error')).to.equal('login_required');
  });

  it('answers prompt=consent at once: applications are the tenant’s own', async () => {
    const tokens = await party.signIn(await browserOf(app.core, user), { prompt: 'consent' });
    expect(tokens.scope).to.include('offline_access');
  });

  it('takes unknown parameters and scopes, display, ui_locales, acr_values, claims and a request without nonce', async () => {
    const browser = await browserOf(app.core, user);
    const extras = {
      extra: 'foobar',
      ui_locales: 'se',
      display: 'popup',
      scope: 'openid address phone email made_up',
      claims_locales: 'se',
      acr_values: '1 2',
      claims: JSON.stringify({ userinfo: { name: { essential: true } } }),
    };
    expect((await party.signIn(browser, extras)).access_token).to.be.a('string');
    const request = await party.request();
    const url = new URL(request.url);
    url.searchParams.delete('nonce');
    expect((await firstStop(browser, { ...request, url: url.href })).searchParams.has('code')).to.equal(true);
  });

  it('takes a posted request as it takes a GET (OpenID Connect Core section 3.1.2.1)', async () => {
    const browser = await browserOf(app.core, user);
    const request = await party.request();
    const url = new URL(request.url);
    const posted = await browser.post(`${url.origin}${url.pathname}`, Object.fromEntries(url.searchParams));
    expect(posted.status).to.equal(303);
    const next = new URL(posted.headers.get('location')!, url);
    const callback = (await browser.follow(next.href, callbackUri)).url;
    expect((await party.exchange(callback, request)).claims()!.sub).to.equal(user._id);
  });

  const broken: Record<string, Record<string, string | null>> = {
    'no response_type': { response_type: null },
    'no PKCE challenge': { code_challenge: null, code_challenge_method: null },
    'PKCE method plain': { code_challenge_method: 'plain' },
    'a request object': { request: 'eyJhbGciOiJub25lIn0.e30.' },
    'a request_uri': { request_uri: 'https://app.example.test/request' },
    'the implicit flow': { response_type: 'id_token' },
    'an unknown prompt': { prompt: 'whatever' },
  };
  for (const [what, change] of Object.entries(broken)) {
    it(`answers ${what} with an error to the application`, async () => {
      const request = await party.request();
      const url = new URL(request.url);
      for (const [name, value] of Object.entries(change)) {
        if (value === null) url.searchParams.delete(name);
        else url.searchParams.set(name, value);
      }
      const browser = await browserOf(app.core, user);
      const stop = await firstStop(browser, { ...request, url: url.href });
      expect(stop.href).to.match(/^http:\/\/app\.example\.test\/callback[?#]/);
      const answer = new URLSearchParams(stop.search || stop.hash.slice(1));
      expect(answer.get('error')).to.be.a('string');
      expect(answer.has('code') || answer.has('id_token')).to.equal(false);
    });
  }

  const hostile: Record<string, Record<string, string>> = {
    'an address that is not registered': { redirect_uri: 'http://evil.example.test/callback' },
    'a registered address with a longer path': { redirect_uri: `${callbackUri}/../x` },
    'an unknown application': { client_id: 'nobody' },
  };
  for (const [what, change] of Object.entries(hostile)) {
    it(`shows ${what} our own error page and redirects nowhere`, async () => {
      const request = await party.request(change);
      const response = await openUserAgent().get(request.url);
      expect(response.status).to.equal(400);
      expect(response.headers.get('location')).to.equal(null);
      const page = await response.text();
      expect(page)
        .to.include('role="alert"')
        .and.not.to.include('<script')
        .and.not.to.include('http://fonts');
      expect(response.headers.get('content-security-policy')).to.include("default-src 'none'");
    });
  }

  it('refuses a disabled application at once (CVE-2025-64521)', async () => {
    const { core } = app;
    const shut = await makeApplication(core, tenant);
    const client = await relyingParty(core, shut);
    const browser = await browserOf(core, user);
    const request = await client.request();
    const { url } = await browser.follow(request.url, callbackUri);
    await core.store
      .tenant(tenant._id)
      .collection('applications')
      .update(shut._id, (stored) => ({ ...stored, enabled: false }));
    const refused = await client.exchange(url, request).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.have.property('status', 401);
    expect((await browser.get((await client.request()).url)).status).to.equal(400);
  });

  it('shows an expired, finished or foreign interaction our own error page', async () => {
    const back = openUserAgent();
    const done = await firstStop(back, await party.request());
    await signIn(app.core, back, user);
    expect((await back.follow(done.href, callbackUri)).url.searchParams.has('code')).to.equal(true);
    const finished = await back.get(done.href);
    expect(finished.status).to.equal(400);
    expect(await finished.text()).to.include('go back to the application and start again');
    const interaction = await firstStop(openUserAgent(), await party.request());
    const foreign = await (await browserOf(app.core, user)).get(interaction.href);
    expect(foreign.status).to.equal(400);
    expect(await foreign.text()).to.include('role="alert"');
  });
});
