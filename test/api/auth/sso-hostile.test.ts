import { expect } from 'chai';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { startIdp, type Idp, type IdpMisbehaviour } from '../../support/idp.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { typeEmail } from '../../support/sign-in.js';
import { atProvider, givenConnection, signInAtProvider } from '../../support/sso.js';

const seconds = (): number => Math.floor(Date.now() / 1000);

describe('a provider that misbehaves', () => {
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;
  let connection: SsoConnectionDocument;
  let domain: string;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core)).tenantId;
    connection = await givenConnection(app.core, tenantId, idp);
    domain = connection.verifiedDomains[0]!;
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.misbehaviour = {};
  });

  /** A known person signs in while the provider misbehaves. */
  async function signInWith(misbehaviour: IdpMisbehaviour): Promise<Page> {
    const user = await givenUser(app.core, tenantId, { email: `${unique('u')}@${domain}`, password: null });
    idp.person = { sub: unique('sub'), email: user.userName };
    idp.misbehaviour = misbehaviour;
    return signInAtProvider(openBrowser(app.url), user.userName);
  }

  /** What the tenant's sign-in log says of the last one. */
  async function lastInLog() {
    const signIns = app.core.store.tenant(tenantId).collection('sso_sign_ins');
    const [last] = await signIns.find({ connectionId: connection._id }, { sort: { _id: -1 }, limit: 1 });
    return last!;
  }

  it('is believed while it behaves, also by the only key it publishes without its name (OIDCC KidAbsentSingleJwks)', async () => {
    expect((await signInWith({ kid: 'absent' })).status).to.equal(303);
    expect((await signInWith({})).status).to.equal(303);
  });

  const badTokens: Record<string, IdpMisbehaviour> = {
    'signed with a key it does not publish (OIDCC InvalidIdTokenSignature)': { signature: 'forged' },
    'signed with a key the token itself brings (jwk header; node-saml CVE-2025-54369)': {
      signature: 'forged_with_jwk_header',
    },
    'without a signature (alg none)': { signature: 'none' },
    'signed with the client secret (HS256)': { signature: 'client_secret' },
    'of another issuer': { claims: (claims) => ({ ...claims, iss: 'https://evil.test' }) },
    'for another client': { claims: (claims) => ({ ...claims, aud: 'somebody-else' }) },
    'without an audience': { claims: ({ aud: _, ...claims }) => claims },
    'whose authorized party is another client': {
      claims: (claims) => ({ ...claims, aud: ['gatehouse', 'other'], azp: 'other' }),
    },
    'with another nonce': { claims: (claims) => ({ ...claims, nonce: 'another' }) },
    'without a nonce': { claims: ({ nonce: _, ...claims }) => claims },
    'that has expired': { claims: (claims) => ({ ...claims, iat: seconds() - 900, exp: seconds() - 600 }) },
    'issued in the future': {
      claims: (claims) => ({ ...claims, iat: seconds() + 3600, exp: seconds() + 7200 }),
    },
    'without iat': { claims: ({ iat: _, ...claims }) => claims },
    'with an empty subject': { claims: (claims) => ({ ...claims, sub: '' }) },
    'with a blank subject': { claims: (claims) => ({ ...claims, sub: '  ' }) },
    'with a subject of 256 characters': { claims: (claims) => ({ ...claims, sub: 's'.repeat(256) }) },
    'without a subject': { claims: ({ sub: _, ...claims }) => claims },
    'of nobody in userinfo': {
      claims: ({ email: _, ...claims }) => claims,
      userinfo: (claims) => ({ ...claims, sub: 'somebody-else' }),
    },
  };
  for (const [title, misbehaviour] of Object.entries(badTokens)) {
    it(`refuses an ID token ${title}`, async () => {
      const page = await signInWith(misbehaviour);
      expect(page.status).to.equal(400);
      expect(page.alert).to.include('could not be accepted');
      const noted = await lastInLog();
      expect(noted.state).to.equal('failed');
      expect(noted.stage).to.be.oneOf(['id_token', 'token', 'userinfo']);
      expect(noted.reason, JSON.stringify(noted)).to.match(/^(OAUTH_\w+|response_invalid)$/);
      expect(noted.hint).not.to.equal('');
      expect(page.headers.getSetCookie().join()).to.not.include('gh_session');
    });
  }

  it('refuses an ID token that names none of two keys that fit (OIDCC KidAbsentMultipleMatchingKeys)', async () => {
    // Another connection, since the keys of the first are known by now.
    const fresh = await givenConnection(app.core, tenantId, idp);
    const email = `${unique('u')}@${fresh.verifiedDomains[0]!}`;
    await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub: unique('sub'), email };
    idp.misbehaviour = { kid: 'ambiguous' };
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(400);
  });

  it('refuses an address it says is not verified (Zitadel CVE-2026-56666, nOAuth)', async () => {
    for (const flag of [false, 'false']) {
      const page = await signInWith({ claims: (claims) => ({ ...claims, email_verified: flag }) });
      expect(page.status).to.equal(403);
      expect(page.alert).to.include('not verified');
    }
  });

  it('refuses an address of a domain that is not the connection’s (Grafana CVE-2023-3128)', async () => {
    const stranger = await givenUser(app.core, tenantId, { password: null });
    const page = await signInWith({ claims: (claims) => ({ ...claims, email: stranger.userName }) });
    expect(page.status).to.equal(403);
    expect(page.alert).to.include('domain');
    const identities = app.core.store.tenant(tenantId).collection('identities');
    expect(await identities.count({ userId: stranger._id })).to.equal(0);
  });

  it('never reaches another tenant’s user of the same address', async () => {
    const other = await givenTenant(app.core);
    const victim = await givenUser(app.core, other.tenantId, { email: `${unique('v')}@${domain}` });
    idp.person = { sub: unique('sub'), email: victim.userName };
    const page = await signInAtProvider(openBrowser(app.url), victim.userName);
    expect(page.status).to.equal(403);
    expect(page.alert).to.include('no account');
  });

  it('never matches by name, preferred_username or our own ids (infrahub, Grafana CVE-2025-41115)', async () => {
    const victim = await givenUser(app.core, tenantId, { email: `${unique('v')}@${domain}`, password: null });
    idp.person = {
      sub: victim._id,
      email: `${unique('nobody')}@${domain}`,
      preferred_username: victim.userName,
      name: 'Ada Byron',
    };
    expect((await signInAtProvider(openBrowser(app.url), victim.userName)).status).to.equal(403);
  });

  const badResponses: Record<
    string,
    (params: Record<string, string | undefined>) => Record<string, string | undefined>
  > = {
    'with another issuer’s iss (RFC 9207)': (params) => ({ ...params, iss: 'https://evil.test' }),
    'without the iss it advertises (RFC 9207)': (params) => ({ ...params, iss: undefined }),
    'with another state': (params) => ({ ...params, state: 'another' }),
    'without a state': (params) => ({ ...params, state: undefined }),
    'with another code': (params) => ({ ...params, code: 'another' }),
    'without a code': (params) => ({ ...params, code: undefined }),
  };
  for (const [title, response] of Object.entries(badResponses)) {
    it(`refuses a response ${title}`, async () => {
      const count = async () =>
        (
          await app.core.store
            .tenant(tenantId)
            .collection('sso_sign_ins')
            .find({ connectionId: connection._id, state: 'failed' })
        ).length;
      const before = await count();
      expect((await signInWith({ response })).status).to.equal(400);
      // Those that belong to no sign-in are told once a minute.
      if (!title.includes('state')) expect(await count()).to.equal(before + 1);
    });
  }

  it('shows a 403 page when the person cancels, and a 502 page when it says it has a problem', async () => {
    const say = (error: string) => (params: Record<string, string | undefined>) => ({
      ...params,
      code: undefined,
      error,
    });
    expect((await signInWith({ response: say('access_denied') })).status).to.equal(403);
    expect((await signInWith({ response: say('temporarily_unavailable') })).status).to.equal(502);
    expect((await signInWith({ response: say('invalid_scope') })).status).to.equal(502);
    expect((await signInWith({ response: say('something_else') })).status).to.equal(400);
  });

  for (const [error, status] of [
    ['invalid_client', 502],
    ['unauthorized_client', 502],
    ['invalid_scope', 502],
    ['invalid_grant', 400],
  ] as const) {
    it(`tells the tenant’s administrators of ${error} at the token endpoint`, async () => {
      const since = (await app.core.store.tenant(tenantId).collection('audit_events').find({})).length;
      const page = await signInWith({
        tokenError: { status: 400, error, error_description: 'AADSTS7000222: expired' },
      });
      expect(page.status).to.equal(status);
      expect(page.alert).to.include('administrator');
      const events = await app.core.store.tenant(tenantId).collection('audit_events').find({});
      const failed = events.slice(since).find(({ action }) => action === 'login.failed')!;
      expect(failed).to.include({ result: 'failure' });
      expect(failed.target).to.deep.include({ type: 'sso_connection', id: connection._id });
      const told = Object.fromEntries(failed.changes.map(({ path, after }) => [path, after]));
      expect(told).to.include({ stage: 'token', reason: error });
      expect(told['hint']).to.include('AADSTS7000222');
    });
  }

  it('takes a response once: the same code and state come too late the second time', async () => {
    const user = await givenUser(app.core, tenantId, { email: `${unique('u')}@${domain}`, password: null });
    idp.person = { sub: unique('sub'), email: user.userName };
    const browser = openBrowser(app.url);
    // The provider would take its code as often as it comes: it is here that the second answer counts for nothing.
    idp.misbehaviour = { keepsCodes: true };
    const leaving = await typeEmail(browser, user.userName);
    const returning = await browser.get(leaving.location!);
    const [first, second] = await Promise.all([1, 2].map(() => browser.get(returning.location!)));
    expect([first!.status, second!.status].sort()).to.deep.equal([303, 400]);
    const again = await browser.get(returning.location!);
    expect(again.status).to.equal(400);
    expect(again.text).to.include('You are signed in already').and.to.include('href="/account"');
  });

  it('refuses a response in a browser that did not ask for it (login CSRF)', async () => {
    const user = await givenUser(app.core, tenantId, { email: `${unique('u')}@${domain}`, password: null });
    idp.person = { sub: unique('sub'), email: user.userName };
    const attacker = openBrowser(app.url);
    const leaving = await typeEmail(attacker, user.userName);
    const returning = await attacker.get(leaving.location!);
    const fresh = await openBrowser(app.url).get(returning.location!);
    expect(fresh.status).to.equal(403);
    const busy = openBrowser(app.url);
    await typeEmail(busy, user.userName);
    expect((await busy.get(returning.location!)).status).to.equal(400);
  });

  it('is not used when its connection was switched off between redirect and return (Keycloak CVE-2026-2603)', async () => {
    const own = await givenConnection(app.core, tenantId, idp);
    const user = await givenUser(app.core, tenantId, {
      email: `u@${own.verifiedDomains[0]!}`,
      password: null,
    });
    idp.person = { sub: unique('sub'), email: user.userName };
    const browser = openBrowser(app.url);
    const leaving = await typeEmail(browser, user.userName);
    await app.core.store
      .tenant(tenantId)
      .collection('sso_connections')
      .update(own._id, (stored) => ({ ...stored, mode: 'off' }));
    expect((await atProvider(browser, leaving)).status).to.equal(403);
  });

  it('may not claim to be another issuer in its metadata (issuer swap)', async () => {
    const own = await givenConnection(app.core, tenantId, idp);
    idp.misbehaviour = { metadata: (document) => ({ ...document, issuer: 'https://login.example.com' }) };
    const page = await typeEmail(openBrowser(app.url), `u@${own.verifiedDomains[0]!}`);
    expect(page.status).to.equal(502);
    expect(page.alert).to.include('problem');
  });

  it('may not offer only signatures we do not accept', async () => {
    const own = await givenConnection(app.core, tenantId, idp);
    idp.misbehaviour = {
      metadata: (document) => ({ ...document, id_token_signing_alg_values_supported: ['none', 'HS256'] }),
    };
    expect((await typeEmail(openBrowser(app.url), `u@${own.verifiedDomains[0]!}`)).status).to.equal(502);
  });

  it('does not carry identities over when a connection is moved to another issuer', async () => {
    const own = await givenConnection(app.core, tenantId, idp);
    const make = (name: string) =>
      givenUser(app.core, tenantId, { email: `${name}@${own.verifiedDomains[0]!}`, password: null });
    const [ann, bob] = [await make('ann'), await make('bob')];
    idp.person = { sub: 'number-one', email: ann.userName };
    expect((await signInAtProvider(openBrowser(app.url), ann.userName)).status).to.equal(303);
    const next = await startIdp({ host: '127.0.0.3' });
    try {
      await app.core.store
        .tenant(tenantId)
        .collection('sso_connections')
        .update(own._id, (stored) => ({ ...stored, issuer: next.issuer }));
      next.person = { sub: 'number-one', email: bob.userName };
      const browser = openBrowser(app.url);
      expect((await signInAtProvider(browser, bob.userName)).status).to.equal(303);
      expect((await browser.get('/account')).text).to.include(bob.userName);
    } finally {
      await next.stop();
    }
  });

  it('is said to be away when it does not answer, with 503, and lets nobody in locally (required mode)', async () => {
    const gone = await startIdp({ host: '127.0.0.3' });
    const own = await givenConnection(app.core, tenantId, gone).finally(() => gone.stop());
    const page = await typeEmail(openBrowser(app.url), `u@${own.verifiedDomains[0]!}`);
    expect(page.status).to.equal(503);
    expect(page.alert).to.include('does not answer');
    expect(page.text).to.not.include('type="password"');
  });

  it('is said to have a problem when it answers nonsense, with 502', async () => {
    const own = await givenConnection(app.core, tenantId, idp);
    idp.misbehaviour = { broken: { path: '/.well-known/openid-configuration', status: 500 } };
    expect((await typeEmail(openBrowser(app.url), `u@${own.verifiedDomains[0]!}`)).status).to.equal(502);
    expect((await signInWith({ broken: { path: '/token', status: 500 } })).status).to.equal(502);
  });

  it('keeps being used by what it said before while it does not answer', async () => {
    const shaky = await startIdp({ host: '127.0.0.3' });
    const own = await givenConnection(app.core, tenantId, shaky);
    const email = `u@${own.verifiedDomains[0]!}`;
    try {
      expect((await typeEmail(openBrowser(app.url), email)).status).to.equal(303);
    } finally {
      await shaky.stop();
    }
    expect((await typeEmail(openBrowser(app.url), email)).status).to.equal(303);
  });
});

describe('issuers on private addresses', () => {
  it('are not called unless the operator allows it, and no request leaves', async () => {
    const [app, idp] = await Promise.all([startApp(), startIdp()]);
    try {
      const { tenantId } = await givenTenant(app.core);
      const domain = `${unique('company')}.test`;
      await app.core.store
        .tenant(tenantId)
        .collection('sso_connections')
        .insert({
          _id: unique('connection'),
          tenantId,
          name: 'private',
          issuer: idp.issuer,
          clientId: 'gatehouse',
          clientSecret: null,
          scopes: [],
          mode: 'required',
          jitProvisioning: false,
          domains: [],
          verifiedDomains: [domain],
        });
      const page = await typeEmail(openBrowser(app.url), `u@${domain}`);
      expect(page.status).to.equal(502);
      expect(idp.hits.size).to.equal(0);
    } finally {
      await Promise.all([app.stop(), idp.stop()]);
    }
  });
});
