import { expect } from 'chai';
import { decodeJwt, type JWTPayload } from 'jose';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { makeApplication, refresh, relyingParty } from '../../support/oidc.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';
import { openUserAgent } from '../../support/user-agent.js';

interface Sent {
  status: number;
  body: Record<string, unknown>;
  challenge: string | null;
}

describe('POST /sso/:connectionId/revoke (global token revocation)', () => {
  let app: TestApp;
  let idp: Idp;
  let tenant: TenantDocument;
  let connection: SsoConnectionDocument;
  let address: string;
  let receiver: Receiver;

  before(async () => {
    [app, idp, receiver] = await Promise.all([
      startApp({ config: { allowPrivateIssuers: true } }),
      startIdp(),
      startReceiver(),
    ]);
    tenant = await givenTenant(app.core);
    connection = await givenConnection(app.core, tenant.tenantId, idp);
    address = `${app.url}/sso/${connection._id}/revoke`;
  });
  after(() => Promise.all([app.stop(), idp.stop(), receiver.stop()]));

  const emailOf = (sub: string): string => `${sub}@${connection.verifiedDomains[0]!}`;

  async function signedIn(sub: string): Promise<Browser> {
    const email = emailOf(sub);
    const users = app.core.store.tenant(tenant.tenantId).collection('users');
    if (!(await users.findOne({ loginKeys: email })))
      await givenUser(app.core, tenant.tenantId, { email, password: null });
    idp.person = { sub, email, sid: unique('sid') };
    const browser = openBrowser(app.url);
    expect((await signInAtProvider(browser, email)).status).to.equal(303);
    return browser;
  }

  const isLive = async (browser: Browser): Promise<boolean> => (await browser.get('/account')).status === 200;

  const seconds = (): number => Math.floor(Date.now() / 1000);
  const claims = (more: Record<string, unknown> = {}): JWTPayload => ({
    iss: idp.issuer,
    aud: address,
    iat: seconds(),
    exp: seconds() + 300,
    jti: unique('jti'),
    ...more,
  });
  const token = (more: Record<string, unknown> = {}, typ?: string): Promise<string> =>
    idp.logoutToken(claims(more), { typ });

  async function send(bearer: string | undefined, body: unknown, to = address): Promise<Sent> {
    const answer = await fetch(to, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    const text = await answer.text();
    return {
      status: answer.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      challenge: answer.headers.get('www-authenticate'),
    };
  }

  const bySubject = (sub: string): object => ({ sub_id: { format: 'iss_sub', iss: idp.issuer, sub } });
  const byEmail = (email: string): object => ({ sub_id: { format: 'email', email } });

  it('ends all sessions of the person that came through the connection, and nobody else’s', async () => {
    const [ann, bob] = [unique('ann'), unique('bob')];
    const browsers = [await signedIn(ann), await signedIn(ann), await signedIn(bob)];
    const sent = await send(await token(), bySubject(ann));
    expect(sent.status).to.equal(204);
    expect(await Promise.all(browsers.map(isLive))).to.deep.equal([false, false, true]);
  });

  it('takes the person’s address, in any case of letters', async () => {
    const ann = unique('ann');
    const browser = await signedIn(ann);
    expect((await send(await token(), byEmail(emailOf(ann).toUpperCase()))).status).to.equal(204);
    expect(await isLive(browser)).to.equal(false);
  });

  for (const typ of ['global-token-revocation+jwt', 'application/global-token-revocation+jwt', undefined]) {
    it(`takes a token of the type ${typ ?? 'none'}`, async () => {
      const ann = unique('ann');
      const browser = await signedIn(ann);
      expect((await send(await token({}, typ), bySubject(ann))).status).to.equal(204);
      expect(await isLive(browser)).to.equal(false);
    });
  }

  it('ends the tokens of applications and tells the applications', async () => {
    const ann = unique('ann');
    const email = emailOf(ann);
    const user = await givenUser(app.core, tenant.tenantId, { email, password: null });
    const application = await makeApplication(app.core, tenant, { backchannelLogoutUri: receiver.url });
    const party = await relyingParty(app.core, application);
    idp.person = { sub: ann, email, sid: unique('sid') };
    const browser = await signedIn(ann);
    const agent = openUserAgent();
    for (const cookie of await browser.jar.getCookies(app.url)) await agent.jar.setCookie(cookie, app.url);
    const tokens = await party.signIn(agent, { scope: 'openid offline_access', prompt: 'consent' });
    expect((await send(await token(), bySubject(ann))).status).to.equal(204);
    const { body } = await refresh(app.core, application, tokens.refresh_token);
    expect(body['error']).to.equal('invalid_grant');
    const isTold = (form: URLSearchParams): boolean =>
      decodeJwt(form.get('logout_token') ?? '').sub === user._id;
    await receiver.until((received) => received.some(isTold));
  });

  it('is recorded, with the connection as its actor', async () => {
    const ann = unique('ann');
    await signedIn(ann);
    await send(await token(), bySubject(ann));
    const events = await app.core.store
      .tenant(tenant.tenantId)
      .collection('audit_events')
      .find({ action: 'sso.sessions_revoked' });
    const event = events.find(({ target }) => target?.label === emailOf(ann));
    expect(event?.actor.label).to.equal(connection.name);
    expect(event?.changes).to.deep.equal([{ path: 'sessions', before: 1, after: 0 }]);
  });

  it('leaves a session that came another way', async () => {
    const ann = unique('ann');
    const first = await signedIn(ann);
    const other = await givenConnection(app.core, tenant.tenantId, idp, { mode: 'optional' });
    const path = `/sso/${other._id}/revoke`;
    const sent = await send(
      await token({ aud: `${app.url}${path}` }),
      byEmail(emailOf(ann)),
      `${app.url}${path}`,
    );
    expect(sent.status).to.equal(404);
    expect(await isLive(first)).to.equal(true);
  });

  it('knows the connection by its key as well, and its address by the key is the audience', async () => {
    const key = unique('key');
    const keyed = await givenConnection(app.core, tenant.tenantId, idp, { key });
    const to = `${app.url}/sso/${key}/revoke`;
    const email = `x@${keyed.verifiedDomains[0]!}`;
    await givenUser(app.core, tenant.tenantId, { email });
    expect((await send(await token({ aud: to }), byEmail(email), to)).status).to.equal(204);
    expect((await send(await token(), byEmail(email), to)).status).to.equal(401);
  });

  it('answers 404 for a person the connection does not know, also for an account of a foreign domain', async () => {
    const { email } = await givenUser(app.core, tenant.tenantId);
    const named = [
      bySubject(unique('nobody')),
      byEmail(emailOf('nobody')),
      byEmail(email!),
      { sub_id: { format: 'iss_sub', iss: 'https://other.test', sub: unique('x') } },
    ];
    for (const body of named) {
      const sent = await send(await token(), body);
      expect([sent.status, sent.body['error']], JSON.stringify(body)).to.deep.equal([
        404,
        'subject_not_found',
      ]);
    }
  });

  it('answers 404 for a connection that is unknown or off', async () => {
    const off = await givenConnection(app.core, tenant.tenantId, idp, { mode: 'off' });
    for (const id of [off._id, 'nothing-here']) {
      const to = `${app.url}/sso/${id}/revoke`;
      expect((await send(await token({ aud: to }), bySubject('x'), to)).status).to.equal(404);
    }
  });

  it('takes a token once (jti), also when two come at the same time', async () => {
    const ann = unique('ann');
    await signedIn(ann);
    const one = await token();
    const sent = await Promise.all([1, 2, 3, 4].map(() => send(one, bySubject(ann))));
    expect(sent.map(({ status }) => status).sort()).to.deep.equal([204, 401, 401, 401]);
  });

  it('answers 400 for a body that names nobody, and the token stays good', async () => {
    const ann = unique('ann');
    await signedIn(ann);
    const one = await token();
    const bodies = [
      '{',
      '[]',
      '"x"',
      {},
      { sub_id: ann },
      { sub_id: { format: 'iss_sub', sub: ann } },
      { sub_id: { format: 'email' } },
      { sub_id: { format: 'email', email: 7 } },
      { sub_id: { format: 'phone_number', phone_number: '+1' } },
    ];
    for (const body of bodies) {
      const sent = await send(one, body);
      expect([sent.status, sent.body['error']], JSON.stringify(body)).to.deep.equal([400, 'invalid_request']);
    }
    expect((await send(one, bySubject(ann))).status).to.equal(204);
  });

  it('refuses every token that is not the provider’s own for this address, and ends nothing', async () => {
    const ann = unique('ann');
    const browser = await signedIn(ann);
    const now = seconds();
    const tokens: Record<string, string | undefined> = {
      none: undefined,
      nonsense: 'nonsense',
      'another address': await token({ aud: `${app.url}/sso/other/revoke` }),
      'the client id as its audience': await token({ aud: 'gatehouse' }),
      'another issuer': await token({ iss: 'https://evil.test' }),
      'no jti': await token({ jti: undefined }),
      'no exp': await token({ exp: undefined }),
      'no iat': await token({ iat: undefined }),
      old: await token({ iat: now - 1200 }),
      'from the future': await token({ iat: now + 1200, exp: now + 1300 }),
      expired: await token({ exp: now - 120 }),
      'a life of a day': await token({ exp: now + 86_400 }),
      'the type of an ID token': await token({}, 'JWT'),
      'the type of a logout token': await token({}, 'logout+jwt'),
      forged: (await token()).replace(/\.[^.]+$/, `.${'A'.repeat(342)}`),
    };
    for (const [title, one] of Object.entries(tokens)) {
      const sent = await send(one, bySubject(ann));
      expect(sent.status, title).to.equal(401);
      expect(sent.challenge, title).to.match(/^Bearer/);
    }
    expect(await isLive(browser)).to.equal(true);
  });

  it('asks to come again when the provider’s keys cannot be read', async () => {
    const away = await startIdp();
    const to = await givenConnection(app.core, tenant.tenantId, away).then(
      ({ _id }) => `${app.url}/sso/${_id}/revoke`,
    );
    const one = await away.logoutToken(claims({ iss: away.issuer, aud: to }), {});
    away.misbehaviour = { broken: { path: '/jwks', status: 500 } };
    const sent = await send(one, bySubject('x'), to);
    await away.stop();
    expect(sent.status).to.equal(503);
  });
});
