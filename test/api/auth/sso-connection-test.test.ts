import { expect } from 'chai';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SsoConnectionInput } from '../../../src/identity/sso/connections.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { startIdp, type Idp, type IdpMisbehaviour } from '../../support/idp.js';
import { unique } from '../../support/people.js';
import { typeEmail } from '../../support/sign-in.js';
import { atProvider, givenConnection } from '../../support/sso.js';

interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

/** Serves every request by one function, as providers that are none. */
async function startServer(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  return {
    url: `http://127.0.0.2:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

describe('the test of an SSO connection', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let idp: Idp;
  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    acme = await givenTenant(app);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.misbehaviour = {};
  });

  /** What the test says, and whether somebody is signed in at the same connection then. */
  async function tried(input: Partial<SsoConnectionInput> = {}) {
    const connection = await givenConnection(app.core, acme.tenant._id, idp, input);
    const res = await acme.call('post', `/sso-connections/${connection._id}/test`);
    expect(res.status, res.text).to.equal(200);
    const { ok, checks } = res.body as { ok: boolean; checks: Check[] };
    const email = `${unique('jdoe')}@${connection.verifiedDomains[0]!}`;
    await acme.givenUser({ email });
    idp.person = { sub: unique('sub'), email };
    const browser = openBrowser(app.url);
    const leaving = await typeEmail(browser, email);
    const page = leaving.location === undefined ? leaving : await atProvider(browser, leaving);
    const failed = checks.filter((check) => !check.ok);
    return { ok, checks, failed, signsIn: page.status === 303 };
  }

  it('passes where people sign in, check by check', async () => {
    const { ok, checks, signsIn } = await tried();
    expect({ ok, signsIn }).to.deep.equal({ ok: true, signsIn: true });
    expect(checks.map(({ name }) => name)).to.deep.equal([
      'discovery',
      'issuer',
      'signatures',
      'authorization code flow',
      'PKCE',
      'keys',
      'client',
    ]);
  });

  it('passes where the issuer is written with a slash at its end, and people sign in all the same', async () => {
    const { ok, signsIn } = await tried({ issuer: `${idp.issuer}/` });
    expect({ ok, signsIn }).to.deep.equal({ ok: true, signsIn: true });
  });

  const faults: [what: string, IdpMisbehaviour, check: string, words: RegExp][] = [
    [
      'that signs ID tokens with the client secret alone (HS256)',
      { metadata: (document) => ({ ...document, id_token_signing_alg_values_supported: ['HS256'] }) },
      'discovery',
      /HS256 alone/,
    ],
    [
      'whose metadata name another issuer',
      { metadata: (document) => ({ ...document, issuer: 'https://other.test' }) },
      'discovery',
      /issuer|other\.test/,
    ],
    [
      'whose metadata name the issuer of a path below',
      { metadata: (document) => ({ ...document, issuer: `${String(document['issuer'])}/common` }) },
      'discovery',
      /issuer|common/,
    ],
    [
      'whose metadata hold no keys',
      { metadata: ({ jwks_uri: _, ...document }) => document },
      'discovery',
      /jwks_uri/,
    ],
    [
      'whose metadata are no JSON',
      { broken: { path: '/.well-known/openid-configuration', status: 200 } },
      'discovery',
      /./,
    ],
    [
      'without metadata',
      { broken: { path: '/.well-known/openid-configuration', status: 404 } },
      'discovery',
      /./,
    ],
    ['whose keys are not there', { broken: { path: '/jwks', status: 500 } }, 'keys', /./],
    ['whose token endpoint is not there', { broken: { path: '/token', status: 404 } }, 'client', /404/],
    ['whose token endpoint fails', { broken: { path: '/token', status: 500 } }, 'client', /500/],
    [
      'that refuses the client',
      { tokenError: { status: 401, error: 'invalid_client', error_description: 'unknown client' } },
      'client',
      /invalid_client \(unknown client\)/,
    ],
  ];
  for (const [what, misbehaviour, check, words] of faults) {
    it(`fails with the reason at a provider ${what}, where nobody is signed in either`, async () => {
      idp.misbehaviour = misbehaviour;
      const { ok, failed, signsIn } = await tried();
      expect({ ok, signsIn }).to.deep.equal({ ok: false, signsIn: false });
      expect(failed.map(({ name }) => name)).to.deep.equal([check]);
      expect(failed[0]!.detail).to.match(words);
    });
  }

  it('fails with the reason for a wrong client secret, by either way of sending it', async () => {
    for (const clientAuthMethod of ['client_secret_basic', 'client_secret_post'] as const) {
      const { ok, failed, signsIn } = await tried({ clientSecret: 'not the secret', clientAuthMethod });
      expect({ ok, signsIn }, clientAuthMethod).to.deep.equal({ ok: false, signsIn: false });
      expect(failed.map(({ name }) => name)).to.deep.equal(['client']);
      expect(failed[0]!.detail)
        .to.match(/client/)
        .and.not.include('not the secret');
    }
  });

  it('fails with the reason where nothing listens', async () => {
    const gone = await startServer(() => undefined);
    await gone.stop();
    const { ok, failed, signsIn } = await tried({ issuer: gone.url });
    expect({ ok, signsIn }).to.deep.equal({ ok: false, signsIn: false });
    expect(failed[0]).to.deep.equal({
      name: 'discovery',
      ok: false,
      detail: 'the provider could not be reached (ECONNREFUSED)',
    });
  });

  it('fails with the reason where no answer comes', async () => {
    const slow = await startServer(() => undefined);
    try {
      const { ok, failed, signsIn } = await tried({ issuer: slow.url });
      expect({ ok, signsIn }).to.deep.equal({ ok: false, signsIn: false });
      expect(failed[0]).to.include({ name: 'discovery', detail: 'the provider did not answer in time' });
    } finally {
      await slow.stop();
    }
  }).timeout(120_000);

  it('fails where the provider sends on to another address, which is not asked', async () => {
    const hits = idp.hits.get('/.well-known/openid-configuration') ?? 0;
    const redirecting = await startServer((req, res) =>
      res.writeHead(302, { location: `${idp.issuer}${req.url ?? ''}` }).end(),
    );
    try {
      const { ok, failed, signsIn } = await tried({ issuer: redirecting.url });
      expect({ ok, signsIn }).to.deep.equal({ ok: false, signsIn: false });
      expect(failed[0]).to.include({ name: 'discovery' });
      expect(failed[0]!.detail).to.match(/redirect|302|unexpected/i);
      expect(idp.hits.get('/.well-known/openid-configuration') ?? 0).to.equal(hits);
    } finally {
      await redirecting.stop();
    }
  });

  it('sees what the provider says now, not what a sign-in was told before', async () => {
    const connection = await givenConnection(app.core, acme.tenant._id, idp);
    const test = () => acme.call('post', `/sso-connections/${connection._id}/test`);
    expect((await test()).body).to.include({ ok: true });
    await typeEmail(openBrowser(app.url), `a@${connection.verifiedDomains[0]!}`);
    idp.misbehaviour = { broken: { path: '/.well-known/openid-configuration', status: 503 } };
    expect((await test()).body).to.include({ ok: false });
  });

  it('needs the permission, and is about connections of the tenant alone', async () => {
    const { _id } = await givenConnection(app.core, acme.tenant._id, idp);
    const weak = await acme.givenKey(['users.read']);
    expect((await acme.call('post', `/sso-connections/${_id}/test`, weak)).status).to.equal(403);
    const other = await givenTenant(app);
    expect((await other.call('post', `/sso-connections/${_id}/test`)).status).to.equal(404);
  });

  it('comes after a preview of the provider: endpoints, methods, clock, and what is missing', async () => {
    const preview = (issuer: string) => acme.call('post', '/sso-connections/preview').send({ issuer });
    idp.misbehaviour = {
      metadata: (document) => ({
        ...document,
        claims_supported: ['sub', 'email'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
      }),
    };
    const { body } = await preview(idp.issuer).expect(200);
    expect(body).to.deep.include({
      ...{ provider: 'other', issuer: idp.issuer, keyCount: 1, tls: null },
      clientAuthMethods: ['private_key_jwt'],
    });
    expect(body.endpoints.token).to.equal(`${idp.issuer}/token`);
    expect(Math.abs(body.clockSkewSeconds)).to.be.lessThan(60);
    const levels = body.findings.map(({ level }: { level: string }) => level);
    expect([...new Set(levels)]).to.deep.equal(['note']);
    idp.misbehaviour = {
      metadata: (document) => ({ ...document, issuer: 'https://evil.test', jwks_uri: null }),
    };
    const bad = await preview(idp.issuer).expect(200);
    const faults = bad.body.findings.filter(({ level }: { level: string }) => level === 'fault');
    expect(faults).to.have.length(3);
    idp.misbehaviour = { broken: { path: '/.well-known/openid-configuration', status: 500 } };
    const broken = await preview(idp.issuer).expect(200);
    expect(broken.body).to.include({ issuer: null });
    idp.misbehaviour = {};
    await preview('not an address').expect(400);
    await preview('ftp://idp.acme.test').expect(400);
  });
});
