import { expect } from 'chai';
import { request as httpRequest } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { openIdProvider } from '../../../src/auth/provider/provider.js';
import { loadKeySet, rotateKeys } from '../../../src/auth/provider/signing-keys.js';
import type { Clock } from '../../../src/shared/clock.js';
import { startApp, type TestApp } from '../../support/app.js';
import { browserOf, makeApplication, makeUser, refresh, relyingParty } from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import { asOtherProcess } from '../../support/other-process.js';

/** The machine's time, moved on when told to. */
class ShiftedClock implements Clock {
  shiftMs = 0;
  now(): Date {
    return new Date(Date.now() + this.shiftMs);
  }
}

/** A GET with whatever headers, `Host` included, which `fetch` does not allow. */
function rawGet(url: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { headers }, (res) => {
      let body = '';
      res.on('data', (chunk: Buffer) => (body += chunk.toString()));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
    });
    req.on('error', reject).end();
  });
}

describe('OpenID provider: discovery and keys', () => {
  let app: TestApp;
  const clock = new ShiftedClock();
  before(async () => {
    app = await startApp({ clock });
  });
  after(() => app.stop());

  const discovery = '/oidc/.well-known/openid-configuration';
  const json = async (path: string) =>
    (await (await fetch(`${app.url}${path}`)).json()) as Record<string, unknown>;

  it('describes itself under the issuer BASE_URL/oidc, and as the whole authorization server at the RFC 8414 addresses', async () => {
    const metadata = await json(discovery);
    expect(metadata).to.deep.include({
      issuer: `${app.url}/oidc`,
      authorization_endpoint: `${app.url}/oidc/auth`,
      token_endpoint: `${app.url}/oidc/token`,
      userinfo_endpoint: `${app.url}/oidc/userinfo`,
      jwks_uri: `${app.url}/oidc/jwks`,
      end_session_endpoint: `${app.url}/oidc/session/end`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      authorization_response_iss_parameter_supported: true,
      request_uri_parameter_supported: false,
    });
    expect(metadata['scopes_supported']).to.have.members([
      'openid',
      'email',
      'profile',
      'roles',
      'groups',
      'offline_access',
      'scim:me',
    ]);
    expect(metadata['id_token_signing_alg_values_supported']).to.have.members(['ES256', 'RS256']);
    expect(metadata).not.to.include.any.keys('registration_endpoint', 'device_authorization_endpoint');
    for (const address of ['', '/oidc']) {
      const server = await json(`/.well-known/oauth-authorization-server${address}`);
      expect(server).to.deep.equal({
        ...metadata,
        grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
        scopes_supported: [...(metadata['scopes_supported'] as string[]), 'scim', 'scim.read'],
        token_endpoint_auth_methods_supported: [
          ...(metadata['token_endpoint_auth_methods_supported'] as string[]),
          'private_key_jwt',
        ],
        token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      });
    }
  });

  const hostile: Record<string, string>[] = [
    { host: 'evil.test' },
    { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' },
    { forwarded: 'host=evil.test;proto=https' },
    { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-port': '444' },
  ];
  for (const headers of hostile) {
    it(`keeps its own address whatever a request says (${Object.keys(headers).join(', ')})`, async () => {
      const { status, body } = await rawGet(`${app.url}${discovery}`, headers);
      expect(status).to.equal(200);
      expect(JSON.parse(body)).to.deep.equal(await json(discovery));
      const logout = await rawGet(`${app.url}/oidc/session/end`, { ...headers, accept: 'text/html' });
      expect(logout.body).to.include(`${app.url}/oidc/session/end/success`).and.not.to.include('evil');
    });
  }

  it('publishes the keys without their private parts', async () => {
    const { keys } = (await json('/oidc/jwks')) as { keys: Record<string, unknown>[] };
    expect(keys.map(({ alg }) => alg)).to.have.members(['ES256', 'RS256', 'ES256', 'RS256']);
    for (const key of keys) {
      expect(key).to.include.keys('kid', 'kty', 'use', 'alg');
      expect(key).not.to.include.any.keys('d', 'p', 'q', 'dp', 'dq', 'qi', 'k');
    }
  });

  it('makes its keys once, however many processes start at the same moment', async () => {
    const other = await startApp();
    try {
      const sets = await Promise.all(Array.from({ length: 3 }, () => loadKeySet(other.core)));
      expect(new Set(sets.map(({ fingerprint }) => fingerprint)).size).to.equal(1);
      expect(new Set(sets.flatMap(({ keys }) => keys.map(({ kid }) => kid))).size).to.equal(4);
    } finally {
      await other.stop();
    }
  });

  it('rotates its keys while tokens live: old ones verify, the published next one signs, all processes follow', async () => {
    const { core } = app;
    const tenant = await givenTenant(core);
    const application = await makeApplication(core, tenant);
    const user = await makeUser(core, tenant);
    const party = await relyingParty(core, application);
    const browser = await browserOf(core, user);
    const before = await party.signIn(browser);
    const kidOf = (token: string): string =>
      (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
    const next = (await loadKeySet(core)).keys.filter(({ alg }) => alg === 'RS256')[1]!.kid;
    await rotateKeys(core);
    clock.shiftMs += 6000;
    const fresh = await relyingParty(core, application);
    const after = await fresh.signIn(browser);
    expect(kidOf(before.id_token!)).not.to.equal(next);
    expect(kidOf(after.id_token!)).to.equal(next);
    const keys = createRemoteJWKSet(new URL(`${app.url}/oidc/jwks`));
    for (const { id_token } of [before, after])
      await jwtVerify(id_token!, keys, { issuer: `${app.url}/oidc` });
    expect((await refresh(core, application, before.refresh_token)).status).to.equal(200);
    const hinted = await browser.get(
      (await party.request({ prompt: 'none', id_token_hint: before.id_token! })).url,
    );
    expect(hinted.headers.get('location')).to.include('code=');
    clock.shiftMs += 15 * 24 * 3600 * 1000;
    const { keys: left } = await loadKeySet(core);
    expect(left.map(({ kid }) => kid)).not.to.include(kidOf(before.id_token!));
    expect(left).to.have.length(4);
  });

  it('rotates by itself after 90 days, once, however many processes find it due', async () => {
    const own = new ShiftedClock();
    const other = await startApp({ clock: own });
    try {
      const [first] = (await loadKeySet(other.core)).keys;
      own.shiftMs = 89 * 24 * 3600 * 1000;
      expect((await loadKeySet(other.core)).keys[0]!.kid).to.equal(first!.kid);
      own.shiftMs = 91 * 24 * 3600 * 1000;
      await Promise.all([loadKeySet(other.core), loadKeySet(other.core)]);
      const { keys } = await loadKeySet(other.core);
      expect(keys).to.have.length(6);
      expect(keys[0]!.kid).not.to.equal(first!.kid);
      expect(keys.map(({ kid }) => kid)).to.include(first!.kid);
    } finally {
      await other.stop();
    }
  });

  it('says at the start when the keys were sealed under another SECRET_KEY', async () => {
    const other = await startApp();
    try {
      await openIdProvider(other.core).prepare();
      const open = (): never => {
        throw new Error('sealed');
      };
      const foreign = asOtherProcess(other.core, { secretBox: { ...other.core.secretBox, open } });
      const outcome = await openIdProvider(foreign)
        .prepare()
        .then(
          () => 'loaded',
          (error: unknown) => String(error),
        );
      expect(outcome).to.include('sealed');
    } finally {
      await other.stop();
    }
  });

  it('prints nothing of the library’s on the console in a whole sign-in', async () => {
    const printed: unknown[] = [];
    const own = { ...globalThis.console };
    const listen = (...words: unknown[]): void => void printed.push(words);
    Object.assign(console, { info: listen, warn: listen, error: listen, log: listen });
    try {
      const tenant = await givenTenant(app.core);
      const application = await makeApplication(app.core, tenant, { clientSecretHash: null });
      const user = await makeUser(app.core, tenant);
      const browser = await browserOf(app.core, user);
      const party = await relyingParty(app.core, application);
      const tokens = await party.signIn(browser);
      await client.fetchUserInfo(party.config, tokens.access_token, user._id);
      await refresh(app.core, application, tokens.refresh_token);
      await refresh(app.core, application, 'nonsense');
      await browser.get(`${app.url}/oidc/nowhere`);
      await browser.get(`${app.url}/oidc/session/end`);
    } finally {
      Object.assign(console, own);
    }
    expect(printed).to.deep.equal([]);
  });
});
