import { expect } from 'chai';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { systemActor } from '../../../src/identity/actors.js';
import { updateApplication } from '../../../src/identity/applications/applications.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { givenTenant, givenUser, goodPassword } from '../../support/people.js';
import { typePassword } from '../../support/sign-in.js';
import {
  browserOf,
  callbackUri,
  grantOf,
  makeApplication,
  makeRole,
  makeUser,
  relyingParty,
} from '../../support/oidc.js';

describe('OpenID provider: what an application gets', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  it('gives the claims that docs/applications.md lists in the ID token and from userinfo', async () => {
    const { core } = app;
    const tenant = await givenTenant(core);
    const crm = await makeApplication(core, tenant);
    const other = await makeApplication(core, tenant);
    const agent = await makeRole(core, tenant, crm, 'agent', ['calls.read']);
    const foreign = await makeRole(core, tenant, other, 'boss', ['all']);
    const user = await makeUser(core, tenant, {
      grants: [grantOf(agent), grantOf(foreign), grantOf('administrator')],
      attributes: {
        name: { givenName: 'Ada', familyName: 'Lovelace' },
        gatehouse: { limitedProducts: ['Insights'], userProfileAccess: true },
      },
    });
    const party = await relyingParty(core, crm);
    const tokens = await party.signIn(await browserOf(core, user));
    const claims = tokens.claims()!;
    const userinfo = await client.fetchUserInfo(party.config, tokens.access_token, claims.sub);
    for (const source of [claims, userinfo]) {
      expect(source).to.deep.include({
        sub: user._id,
        email: user.email,
        email_verified: true,
        name: 'Ada Lovelace',
        given_name: 'Ada',
        family_name: 'Lovelace',
        tenant: { id: tenant._id, slug: tenant.slug, name: tenant.name },
        roles: ['agent'],
        permissions: ['calls.read'],
        limits: { products: ['Insights'], profile_access: true },
        amr: ['pwd'],
        approved: true,
      });
      expect(source['sid']).to.be.a('string');
    }
    expect(tokens.refresh_token).to.be.a('string');
  });

  it('signs the ID tokens of each application as it asks, and at its next sign-in as it asks by then', async () => {
    const { core } = app;
    const tenant = await givenTenant(core);
    const user = await makeUser(core, tenant);
    const crm = await makeApplication(core, tenant, { idTokenSignedResponseAlg: 'ES256' });
    const algorithmOf = async (application: typeof crm): Promise<unknown> => {
      const party = await relyingParty(core, application);
      const { id_token: token } = await party.signIn(await browserOf(core, user));
      return decodeProtectedHeader(token!).alg;
    };
    expect(await algorithmOf(crm)).to.equal('ES256');
    expect(await algorithmOf(await makeApplication(core, tenant))).to.equal('RS256');
    const change = { idTokenSignedResponseAlg: 'RS256' } as const;
    const changed = await updateApplication(core, systemActor(tenant._id), crm._id, change);
    expect(await algorithmOf({ ...changed, secret: crm.secret })).to.equal('RS256');
  });

  it('walks from the application over the sign-in pages and back, and the session is Gatehouse’s own', async () => {
    const { core } = app;
    const tenant = await givenTenant(core);
    const party = await relyingParty(core, await makeApplication(core, tenant));
    const user = await givenUser(core, tenant._id);
    const browser = openBrowser(app.url);
    const request = await party.request({ login_hint: user.email! });
    const first = await browser.follow(await browser.get(request.url));
    expect(first.fields['email']).to.equal(user.email);
    const page = await browser.post('/signin', first.fields);
    const done = await browser.follow(await typePassword(browser, page, goodPassword), callbackUri);
    const tokens = await party.exchange(new URL(done.location!), request);
    expect(tokens.claims()!.sub).to.equal(user._id);
    expect((await browser.get('/api/v1/me')).status).to.equal(200);
  });
});
