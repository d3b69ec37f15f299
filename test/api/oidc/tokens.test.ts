import { expect } from 'chai';
import * as client from 'openid-client';
import { findAccessToken } from '../../../src/auth/provider/access-token.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import {
  allScopes,
  browserOf,
  callbackUri,
  grantOf,
  introspect,
  makeApplication,
  makeRole,
  makeUser,
  postAs,
  refresh,
  relyingParty,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';

describe('OpenID provider: tokens', () => {
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

  /** A code waiting to be exchanged, and the form that does it. */
  async function codeForm(one = party): Promise<Record<string, string>> {
    const request = await one.request();
    const { url } = await (await browserOf(app.core, user)).follow(request.url, callbackUri);
    return {
      grant_type: 'authorization_code',
      code: url.searchParams.get('code')!,
      redirect_uri: callbackUri,
      code_verifier: request.verifier,
    };
  }
  const exchange = async (form: Record<string, string>, as = application) => {
    const response = await postAs(app.core, as, '/token', form);
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  const userinfoStatus = async (token: string | undefined): Promise<number> =>
    (await fetch(`${app.url}/oidc/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

  it('exchanges a code once: used again, it is refused and what it gave is revoked (RFC 6749 section 4.1.2)', async () => {
    const form = await codeForm();
    const first = await exchange(form);
    expect(first.status).to.equal(200);
    const again = await exchange(form);
    expect([again.status, again.body['error']]).to.deep.equal([400, 'invalid_grant']);
    expect(await userinfoStatus(first.body['access_token'])).to.equal(401);
    expect((await refresh(app.core, application, first.body['refresh_token'])).status).to.equal(400);
  });

  it('gives tokens to exactly one of five exchanges of a code at the same moment', async () => {
    const form = await codeForm();
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(form)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 400, 400, 400, 400]);
  });

  it('refuses a code with another verifier, another redirect_uri, or of another application', async () => {
    const other = await makeApplication(app.core, tenant);
    const form = await codeForm();
    const wrong = [
      await exchange({ ...form, code_verifier: 'x'.repeat(43) }),
      await exchange({ ...form, redirect_uri: 'http://app.example.test/other' }),
      await exchange(form, other),
    ];
    expect(wrong.map(({ body }) => body['error'])).to.deep.equal(Array(3).fill('invalid_grant'));
  });

  it('rotates refresh tokens; the reuse of an old one ends the whole grant (RFC 9700 section 4.14.2)', async () => {
    const first = await party.signIn(await browserOf(app.core, user));
    const second = await refresh(app.core, application, first.refresh_token);
    expect(second.status).to.equal(200);
    expect(second.body['refresh_token']).not.to.equal(first.refresh_token);
    expect(await userinfoStatus(second.body['access_token'])).to.equal(200);
    expect((await refresh(app.core, application, first.refresh_token)).body['error']).to.equal(
      'invalid_grant',
    );
    expect((await refresh(app.core, application, second.body['refresh_token'])).status).to.equal(400);
    expect(await userinfoStatus(second.body['access_token'])).to.equal(401);
  });

  it('answers exactly one of five refreshes at the same moment', async () => {
    const { refresh_token } = await party.signIn(await browserOf(app.core, user));
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => refresh(app.core, application, refresh_token)),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 400, 400, 400, 400]);
    const refused = answers.filter(({ status }) => status === 400).map(({ body }) => body['error']);
    expect(refused).to.deep.equal(Array(4).fill('invalid_grant'));
  });

  it('brings a mover’s new roles with the next refresh, in the ID token and from userinfo', async () => {
    const [agent, lead] = [
      await makeRole(app.core, tenant, application, 'agent', ['calls.read']),
      await makeRole(app.core, tenant, application, 'lead', ['calls.read', 'calls.assign']),
    ];
    const mover = await makeUser(app.core, tenant, { grants: [grantOf(agent)] });
    const tokens = await party.signIn(await browserOf(app.core, mover));
    expect(tokens.claims()!['roles']).to.deep.equal(['agent']);
    await app.core.store
      .tenant(tenant._id)
      .collection('users')
      .update(mover._id, (stored) => ({ ...stored, grants: [grantOf(lead)] }));
    const fresh = await client.refreshTokenGrant(party.config, tokens.refresh_token!);
    expect(fresh.claims()!['roles']).to.deep.equal(['lead']);
    expect(fresh.claims()!['permissions']).to.deep.equal(['calls.assign', 'calls.read']);
    const userinfo = await client.fetchUserInfo(party.config, fresh.access_token, mover._id);
    expect(userinfo['roles']).to.deep.equal(['lead']);
  });

  it('gives only the claims of the scopes asked for', async () => {
    const claims = (await party.signIn(await browserOf(app.core, user), { scope: 'openid email' })).claims()!;
    expect(claims).to.include.keys('sub', 'tenant', 'approved', 'amr', 'sid', 'email', 'email_verified');
    expect(claims).not.to.include.any.keys('name', 'given_name', 'roles', 'permissions');
  });

  it('introspects live, with the claims as they are now, and only for the application itself', async () => {
    const role = await makeRole(app.core, tenant, application, 'reader', ['read']);
    const reader = await makeUser(app.core, tenant, { grants: [grantOf(role)] });
    const tokens = await party.signIn(await browserOf(app.core, reader));
    const answer = await introspect(app.core, application, tokens.access_token);
    expect(answer).to.deep.include({
      active: true,
      sub: reader._id,
      client_id: application.clientId,
      roles: ['reader'],
      permissions: ['read'],
      email: reader.email,
      sid: tokens.claims()!['sid'],
      iss: `${app.url}/oidc`,
    });
    await app.core.store
      .tenant(tenant._id)
      .collection('users')
      .update(reader._id, (stored) => ({ ...stored, grants: [] }));
    expect((await introspect(app.core, application, tokens.access_token))['roles']).to.deep.equal([]);
    expect(await introspect(app.core, application, tokens.refresh_token!)).to.include({ active: true });
    const other = await makeApplication(app.core, tenant);
    expect(await introspect(app.core, other, tokens.access_token)).to.deep.equal({ active: false });
    expect(await introspect(app.core, application, 'nonsense')).to.deep.equal({ active: false });
  });

  it('revokes a token and all of its grant (RFC 7009); another application’s tokens it does not', async () => {
    const tokens = await party.signIn(await browserOf(app.core, user));
    const other = await makeApplication(app.core, tenant);
    const foreign = await postAs(app.core, other, '/token/revocation', { token: tokens.refresh_token! });
    expect(foreign.status).to.equal(200);
    expect(await userinfoStatus(tokens.access_token)).to.equal(200);
    const own = await postAs(app.core, application, '/token/revocation', { token: tokens.refresh_token! });
    expect(own.status).to.equal(200);
    expect(await userinfoStatus(tokens.access_token)).to.equal(401);
    expect((await refresh(app.core, application, tokens.refresh_token)).status).to.equal(400);
  });

  it('takes the client secret in the header or in the body, and nothing else for it', async () => {
    const inBody = { client_id: application.clientId, client_secret: application.secret };
    const posted = await fetch(`${app.url}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...(await codeForm()), ...inBody }),
    });
    expect(posted.status).to.equal(200);
    const wrong = ['', 'guess', application.clientSecretHash!, `${application.secret} `];
    for (const secret of wrong) {
      const { status } = await exchange(await codeForm(), { ...application, secret });
      expect([400, 401], secret).to.include(status);
    }
    const form = { ...(await codeForm()), client_id: application.clientId };
    const bare = await fetch(`${app.url}/oidc/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(bare.status).to.equal(401);
  });

  it('answers 429 to guesses of a client secret past the limit, and still the right one', async () => {
    const { limits } = app.core.config;
    const strict = await startApp({ config: { limits: { ...limits, failedCredentialsPerMinute: 2 } } });
    try {
      const own = await makeApplication(strict.core, await givenTenant(strict.core));
      const guess = () =>
        postAs(strict.core, { ...own, secret: 'guess' }, '/token/introspection', { token: 'x' });
      const answers = [await guess(), await guess(), await guess()];
      expect(answers.map(({ status }) => status)).to.deep.equal([401, 401, 429]);
      expect(Number(answers[2]!.headers.get('retry-after'))).to.be.within(1, 60);
      expect(await introspect(strict.core, own, 'x')).to.deep.equal({ active: false });
    } finally {
      await strict.stop();
    }
  });

  it('serves public applications by PKCE alone, with refresh tokens that rotate', async () => {
    const spa = await makeApplication(app.core, tenant, { clientSecretHash: null });
    const tokens = await (await relyingParty(app.core, spa)).signIn(await browserOf(app.core, user));
    const next = await refresh(app.core, spa, tokens.refresh_token);
    expect(next.status).to.equal(200);
    expect((await refresh(app.core, spa, tokens.refresh_token)).status).to.equal(400);
  });

  it('answers userinfo by GET, by POST with the header and by POST with the token in the body', async () => {
    const { access_token } = await party.signIn(await browserOf(app.core, user));
    const headers = { authorization: `Bearer ${access_token}` };
    const address = `${app.url}/oidc/userinfo`;
    const answers = await Promise.all([
      fetch(address, { headers }),
      fetch(address, { method: 'POST', headers }),
      fetch(address, { method: 'POST', body: new URLSearchParams({ access_token }) }),
    ]);
    for (const answer of answers) expect(await answer.json()).to.include({ sub: user._id });
    expect((await fetch(`${address}?access_token=${access_token}`)).status).to.equal(400);
    expect((await fetch(address)).status).to.equal(401);
  });

  it('lets only pages of the application itself read userinfo from a script', async () => {
    const { access_token } = await party.signIn(await browserOf(app.core, user));
    const ask = (origin: string) =>
      fetch(`${app.url}/oidc/userinfo`, { headers: { origin, authorization: `Bearer ${access_token}` } });
    const own = await ask('http://app.example.test');
    expect(own.headers.get('access-control-allow-origin')).to.equal('http://app.example.test');
    expect((await ask('http://evil.example.test')).headers.get('access-control-allow-origin')).to.equal(null);
  });

  it('finds the user of an access token for SCIM /Me, with its scopes, while it lives', async () => {
    const own = await makeApplication(app.core, tenant, { allowScimMe: true });
    const client = await relyingParty(app.core, own);
    const tokens = await client.signIn(await browserOf(app.core, user), { scope: `${allScopes} scim:me` });
    const found = await findAccessToken(app.core, tokens.access_token);
    expect(found?.user._id).to.equal(user._id);
    expect([...found!.scopes]).to.include('scim:me');
    await postAs(app.core, own, '/token/revocation', { token: tokens.access_token });
    expect(await findAccessToken(app.core, tokens.access_token)).to.equal(undefined);
    expect(await findAccessToken(app.core, 'nonsense')).to.equal(undefined);
    expect(await findAccessToken(app.core, tokens.refresh_token!)).to.equal(undefined);
  });

  it('keeps no bearer value in the store, and takes client ids with dots and dollars', async () => {
    const odd = await makeApplication(app.core, tenant, { clientId: `$odd.client.${user._id}` });
    const browser = await browserOf(app.core, user);
    const tokens = await (await relyingParty(app.core, odd)).signIn(browser);
    const next = await refresh(app.core, odd, tokens.refresh_token);
    expect(next.status).to.equal(200);
    const stored = JSON.stringify(await app.core.store.server.collection('oidc_payloads').find({}));
    const cookies = (await browser.jar.getCookies(app.url)).map(({ value }) => value);
    const secrets = [tokens.access_token, tokens.refresh_token!, next.body['access_token']!, ...cookies];
    for (const secret of secrets) expect(stored).not.to.include(secret);
    const keys = JSON.stringify(await app.core.store.server.collection('signing_keys').find({}));
    expect(keys).not.to.include('"d"');
  });
});
