import { expect } from 'chai';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import {
  browserOf,
  callbackUri,
  grantOf,
  makeApplication,
  makeRole,
  makeUser,
  postAs,
  refresh,
  relyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';

type Application = ApplicationDocument & { secret: string };
const api = 'https://api.example.test/orders';
const resources = [{ resource: api, scopes: ['orders.read', 'orders.write'] }];

describe('OpenID provider: tokens for APIs, machines, keys of applications, refresh overlap', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let user: UserDocument;
  const clock = new ManualClock(new Date().toISOString());
  before(async () => {
    app = await startApp({ clock });
    tenant = await givenTenant(app.core);
    user = await makeUser(app.core, tenant);
  });
  after(() => app.stop());

  const tokenOf = async (as: Application, form: Record<string, string>) => {
    const response = await postAs(app.core, as, '/token', form);
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  /** As the API checks it: by the published keys, issuer and audience alone. */
  const verified = (token: string | undefined) =>
    jwtVerify(token ?? '', createRemoteJWKSet(new URL(`${app.url}/oidc/jwks`)), {
      issuer: `${app.url}/oidc`,
      audience: api,
      typ: 'at+jwt',
    });

  describe('for a person', () => {
    it('are signed, with the API as audience and the roles of the application (RFC 8707, RFC 9068)', async () => {
      const application = await makeApplication(app.core, tenant, { resources });
      const role = await makeRole(app.core, tenant, application, 'agent', ['calls.read']);
      const agent = await makeUser(app.core, tenant, { grants: [grantOf(role)] });
      const party = await relyingParty(app.core, application);
      const asked = { scope: 'openid offline_access orders.read orders.delete', resource: api };
      const begun = await party.request(asked);
      const { url } = await (await browserOf(app.core, agent)).follow(begun.url, callbackUri);
      const answer = await tokenOf(application, {
        grant_type: 'authorization_code',
        code: url.searchParams.get('code')!,
        redirect_uri: callbackUri,
        code_verifier: begun.verifier,
        resource: api,
      });
      expect(answer.body['scope']).to.equal('orders.read');
      const { payload, protectedHeader } = await verified(answer.body['access_token']);
      expect(protectedHeader.alg).to.equal('RS256');
      expect(payload).to.include({ sub: agent._id, client_id: application.clientId, scope: 'orders.read' });
      expect(payload).to.include.keys('jti', 'iat', 'exp');
      expect(payload['roles']).to.deep.equal(['agent']);
      expect(payload['permissions']).to.deep.equal(['calls.read']);
      expect(payload['tenant']).to.deep.equal({ id: tenant._id, slug: tenant.slug, name: tenant.name });
      expect(payload.exp! - payload.iat!).to.equal(300);
      const form = { grant_type: 'refresh_token', refresh_token: answer.body['refresh_token']! };
      const again = await tokenOf(application, { ...form, resource: api });
      expect((await verified(again.body['access_token'])).payload.sub).to.equal(agent._id);
      const reused = await tokenOf(application, { ...form, resource: api });
      expect(reused.body['error']).to.equal('invalid_grant');
      const successor = { ...form, refresh_token: again.body['refresh_token']! };
      expect((await tokenOf(application, successor)).status).to.equal(400);
    });

    it('are for registered APIs alone: another one is invalid_target', async () => {
      const application = await makeApplication(app.core, tenant, { resources });
      const party = await relyingParty(app.core, application);
      const begun = await party.request({ resource: 'https://api.example.test/other' });
      const { url } = await (await browserOf(app.core, user)).follow(begun.url, callbackUri);
      expect(url.searchParams.get('error')).to.equal('invalid_target');
    });

    it('open nothing here: userinfo and introspection refuse them', async () => {
      const application = await makeApplication(app.core, tenant, {
        resources,
        kind: 'machine',
        redirectUris: [],
      });
      const { body } = await tokenOf(application, { grant_type: 'client_credentials' });
      const headers = { authorization: `Bearer ${body['access_token']}` };
      expect((await fetch(`${app.url}/oidc/userinfo`, { headers })).status).to.equal(401);
      const told = await postAs(app.core, application, '/token/introspection', {
        token: body['access_token']!,
      });
      expect(told.status).to.equal(400);
    });
  });

  describe('for a machine', () => {
    const machine = { kind: 'machine' as const, resources };
    const given = (over: Partial<ApplicationDocument> = {}) =>
      makeApplication(app.core, tenant, {
        ...machine,
        redirectUris: [],
        postLogoutRedirectUris: [],
        ...over,
      });

    it('come by client_credentials, with the scopes asked for of its API', async () => {
      const application = await given();
      const form = { grant_type: 'client_credentials', scope: 'orders.write roles' };
      const { status, body } = await tokenOf(application, form);
      expect([status, body['scope'], body['refresh_token']]).to.deep.equal([200, 'orders.write', undefined]);
      const { payload } = await verified(body['access_token']);
      expect(payload).to.include({ sub: application.clientId, client_id: application.clientId });
      expect(payload['tenant']).to.deep.equal({ id: tenant._id, slug: tenant.slug, name: tenant.name });
      expect(payload).not.to.have.property('roles');
    });

    const refusals: [string, Partial<ApplicationDocument>, Record<string, string>, string][] = [
      ['a machine of no such API', {}, { resource: 'https://elsewhere.example.test' }, 'invalid_target'],
      ['a machine that is switched off', { enabled: false }, {}, 'invalid_client'],
      ['an application of people', { kind: 'web', redirectUris: [callbackUri] }, {}, 'unauthorized_client'],
    ];
    for (const [what, over, form, error] of refusals) {
      it(`are refused to ${what} (${error})`, async () => {
        const { body } = await tokenOf(await given(over), { grant_type: 'client_credentials', ...form });
        expect(body['error']).to.equal(error);
      });
    }

    it('are refused while the tenant is suspended, and to a wrong secret', async () => {
      const closed = await givenTenant(app.core);
      const application = await makeApplication(app.core, closed, {
        ...machine,
        redirectUris: [],
        resources,
      });
      const wrong = await tokenOf({ ...application, secret: 'wrong' }, { grant_type: 'client_credentials' });
      expect(wrong.status).to.equal(401);
      await app.core.store
        .tenant(closed._id)
        .collection('tenants')
        .update(closed._id, (stored) => ({ ...stored, status: 'suspended' }));
      const { body } = await tokenOf(application, { grant_type: 'client_credentials' });
      expect(body['error']).to.equal('unauthorized_client');
    });
  });

  describe('bound to a key of the application (RFC 9449)', () => {
    it('work with that key alone, each proof once; as a bearer token they are nothing', async () => {
      const application = await makeApplication(app.core, tenant, {
        clientSecretHash: null,
        requireDpop: true,
        allowScimMe: true,
      });
      const party = await relyingParty(app.core, application);
      const keys = await client.randomDPoPKeyPair('ES256');
      const DPoP = client.getDPoPHandle(party.config, keys);
      const begun = await party.request({ scope: 'openid offline_access scim:me' });
      const { url } = await (await browserOf(app.core, user)).follow(begun.url, callbackUri);
      const checks = {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
      };
      const tokens = await client.authorizationCodeGrant(party.config, url, checks, undefined, { DPoP });
      expect(tokens.token_type).to.equal('dpop');
      const { access_token: token } = tokens;
      const told = await client.fetchUserInfo(party.config, token, user._id, { DPoP });
      expect(told.sub).to.equal(user._id);
      const bearer = { headers: { authorization: `Bearer ${token}` } };
      expect((await fetch(`${app.url}/oidc/userinfo`, bearer)).status).to.equal(401);
      expect((await fetch(`${app.url}/scim/v2/Me`, bearer)).status).to.equal(401);
      expect((await refresh(app.core, application, tokens.refresh_token)).status).to.equal(400);
      const other = client.getDPoPHandle(party.config, await client.randomDPoPKeyPair('ES256'));
      const stolen = await client
        .refreshTokenGrant(party.config, tokens.refresh_token!, undefined, { DPoP: other })
        .then(
          () => 'given',
          (error: unknown) => (error as { error?: string }).error,
        );
      expect(stolen).to.equal('invalid_grant');
      const next = await client.refreshTokenGrant(party.config, tokens.refresh_token!, undefined, { DPoP });
      expect(next.token_type).to.equal('dpop');
    });

    it('are refused without a proof where the application has to bring one, and one proof opens nothing twice', async () => {
      const application = await makeApplication(app.core, tenant, {
        ...{ kind: 'machine', resources, redirectUris: [], requireDpop: true },
      });
      const form = { grant_type: 'client_credentials' };
      expect((await tokenOf(application, form)).status).to.equal(400);
      const config = (await relyingParty(app.core, application)).config;
      let proof = '';
      config[client.customFetch] = (input, init) => {
        proof = new Headers(init.headers).get('dpop') ?? proof;
        return fetch(input, init as RequestInit);
      };
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
      const { access_token } = await client.clientCredentialsGrant(config, {}, { DPoP });
      expect((await verified(access_token)).payload['cnf']).to.have.property('jkt');
      const credentials = Buffer.from(`${application.clientId}:${application.secret}`).toString('base64');
      const headers = { authorization: `Basic ${credentials}`, dpop: proof };
      const again = { method: 'POST', headers, body: new URLSearchParams(form) };
      expect((await fetch(`${app.url}/oidc/token`, again)).status).to.equal(400);
    });
  });

  it('an application that has to push its requests cannot send them by the browser (RFC 9126)', async () => {
    const application = await makeApplication(app.core, tenant, { requirePar: true });
    const party = await relyingParty(app.core, application);
    const begun = await party.request();
    const browser = await browserOf(app.core, user);
    const plain = await browser.follow(begun.url, callbackUri);
    expect(plain.url.searchParams.get('error')).to.equal('invalid_request');
    const asked = Object.fromEntries(new URL(begun.url).searchParams);
    const pushed = await postAs(app.core, application, '/request', asked);
    expect(pushed.status).to.equal(201);
    const { request_uri: uri } = (await pushed.json()) as { request_uri: string };
    const query = new URLSearchParams({ client_id: application.clientId, request_uri: uri });
    const { url } = await browser.follow(`${app.url}/oidc/auth?${query.toString()}`, callbackUri);
    expect((await party.exchange(url, begun)).claims()!.sub).to.equal(user._id);
  });

  describe('a refresh token that was replaced', () => {
    const used = async (over: Partial<ApplicationDocument>) => {
      const application = await makeApplication(app.core, tenant, over);
      const party = await relyingParty(app.core, application);
      const { refresh_token } = await party.signIn(await browserOf(app.core, user));
      const first = await refresh(app.core, application, refresh_token);
      expect(first.status).to.equal(200);
      return { application, old: refresh_token, next: first.body['refresh_token'] };
    };

    it('is taken for as long as the application needs it; afterwards its use ends the grant', async () => {
      const { application, old, next } = await used({ refreshOverlapSeconds: 10 });
      clock.advance(9_000);
      const lost = await refresh(app.core, application, old);
      expect(lost.status).to.equal(200);
      expect((await refresh(app.core, application, next)).status).to.equal(200);
      clock.advance(2_000);
      expect((await refresh(app.core, application, old)).body['error']).to.equal('invalid_grant');
      expect((await refresh(app.core, application, lost.body['refresh_token'])).status).to.equal(400);
    });

    it('is not taken from another application, nor from one without a secret', async () => {
      const { old, next, application } = await used({ refreshOverlapSeconds: 10 });
      const other = await makeApplication(app.core, tenant, { refreshOverlapSeconds: 10 });
      expect((await refresh(app.core, other, old)).body['error']).to.equal('invalid_grant');
      expect((await refresh(app.core, application, next)).status).to.equal(200);
      const open = await used({ refreshOverlapSeconds: 10, clientSecretHash: null });
      expect((await refresh(app.core, open.application, open.old)).body['error']).to.equal('invalid_grant');
    });
  });

  it('says in its metadata what it does', async () => {
    const answer = await fetch(`${app.url}/oidc/.well-known/openid-configuration`);
    const metadata = (await answer.json()) as Record<string, unknown>;
    expect(metadata['grant_types_supported']).to.have.members([
      'authorization_code',
      'refresh_token',
      'client_credentials',
    ]);
    expect(metadata['dpop_signing_alg_values_supported']).to.include('ES256');
    expect(metadata['pushed_authorization_request_endpoint']).to.equal(`${app.url}/oidc/request`);
    expect(metadata['require_pushed_authorization_requests']).to.not.equal(true);
  });
});
