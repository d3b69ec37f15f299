import { expect } from 'chai';
import * as client from 'openid-client';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
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
import { openUserAgent, type UserAgent } from '../../support/user-agent.js';

type Application = ApplicationDocument & { secret: string };
type Tokens = Awaited<ReturnType<RelyingParty['exchange']>>;

const sorted = (scope: string | undefined): string[] => (scope ?? '').split(' ').sort();

describe('OpenID provider: the scopes that are granted', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let user: UserDocument;
  before(async () => {
    app = await startApp();
    tenant = await givenTenant(app.core);
    user = await makeUser(app.core, tenant);
  });
  after(() => app.stop());

  /** The ways a request comes in: each gives the address that begins it. */
  const ways: Record<
    string,
    (browser: UserAgent, application: Application, request: AuthorizationRequest) => Promise<string>
  > = {
    'a GET': (_browser, _application, { url }) => Promise.resolve(url),
    'a POST': async (browser, _application, { url }) => {
      const { origin, pathname, searchParams } = new URL(url);
      const posted = await browser.post(`${origin}${pathname}`, Object.fromEntries(searchParams));
      return new URL(posted.headers.get('location')!, url).href;
    },
    'a pushed request': async (_browser, application, { url }) => {
      const pushed = await postAs(
        app.core,
        application,
        '/request',
        Object.fromEntries(new URL(url).searchParams),
      );
      expect(pushed.status).to.equal(201);
      const { request_uri } = (await pushed.json()) as { request_uri: string };
      return `${app.url}/oidc/auth?${new URLSearchParams({ client_id: application.clientId, request_uri }).toString()}`;
    },
  };

  async function tokensBy(
    way: keyof typeof ways,
    application: Application,
    parameters: Record<string, string>,
  ): Promise<Tokens> {
    const party = await relyingParty(app.core, application);
    const browser = await browserOf(app.core, user);
    const request = await party.request(parameters);
    const { url } = await browser.follow(await ways[way]!(browser, application, request), callbackUri);
    return party.exchange(url, request);
  }

  for (const way of Object.keys(ways)) {
    for (const isPublic of [false, true]) {
      const kind = isPublic ? 'without a secret' : 'with a secret';

      it(`gives an application ${kind} a refresh token by ${way} exactly when offline_access is asked for, and says so`, async () => {
        const application = await makeApplication(
          app.core,
          tenant,
          isPublic ? { clientSecretHash: null } : {},
        );
        const plain = await tokensBy(way, application, { scope: 'openid email' });
        expect(sorted(plain.scope)).to.deep.equal(['email', 'openid']);
        expect(plain).not.to.have.property('refresh_token');
        for (const more of [{}, { prompt: 'consent' }]) {
          const scope = 'openid email offline_access';
          const offline = await tokensBy(way, application, { scope, ...more });
          expect(sorted(offline.scope)).to.deep.equal(['email', 'offline_access', 'openid']);
          expect(offline.refresh_token).to.be.a('string');
        }
      });
    }
  }

  it('refreshes with the very scope it granted, with less of it, and with no more', async () => {
    const application = await makeApplication(app.core, tenant);
    const { config } = await relyingParty(app.core, application);
    const scope = 'openid email offline_access';
    const first = await tokensBy('a GET', application, { scope });
    const same = await client.refreshTokenGrant(config, first.refresh_token!, { scope });
    expect(sorted(same.scope)).to.deep.equal(sorted(scope));
    expect(same.refresh_token).to.be.a('string');
    const less = await client.refreshTokenGrant(config, same.refresh_token!, { scope: 'openid' });
    expect(less.scope).to.equal('openid');
    const form = { grant_type: 'refresh_token', refresh_token: less.refresh_token!, scope: 'openid roles' };
    const more = await postAs(app.core, application, '/token', form);
    expect(more.status).to.equal(400);
    expect(await more.json()).to.include({ error: 'invalid_scope' });
  });

  it('keeps offline_access over the sign-in page, and with prompt=none', async () => {
    const application = await makeApplication(app.core, tenant);
    const party = await relyingParty(app.core, application);
    const browser = openUserAgent();
    const request = await party.request({ scope: 'openid offline_access' });
    const stop = await browser.get(request.url);
    const interaction = new URL(stop.headers.get('location')!, request.url).href;
    await browser.get(interaction);
    await signIn(app.core, browser, user);
    const { url } = await browser.follow(interaction, callbackUri);
    expect((await party.exchange(url, request)).refresh_token).to.be.a('string');
    const silent = await tokensBy('a GET', application, { scope: 'openid offline_access', prompt: 'none' });
    expect(silent.refresh_token).to.be.a('string');
  });

  it('gives one sign-in no refresh token because another one of the same session had asked', async () => {
    const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const browser = await browserOf(app.core, user);
    expect((await party.signIn(browser, { scope: 'openid offline_access' })).refresh_token).to.be.a('string');
    const plain = await party.signIn(browser, { scope: 'openid' });
    expect(plain).not.to.have.property('refresh_token');
    expect(plain.scope).to.equal('openid');
  });

  for (const way of Object.keys(ways)) {
    it(`grants scim:me by ${way} to applications that may have it, and to no others`, async () => {
      const scope = 'openid scim:me';
      const allowed = await makeApplication(app.core, tenant, { allowScimMe: true });
      expect(sorted((await tokensBy(way, allowed, { scope })).scope)).to.deep.equal(['openid', 'scim:me']);
      const other = await makeApplication(app.core, tenant);
      const tokens = await tokensBy(way, other, { scope });
      expect(tokens.scope).to.equal('openid');
      const me = await fetch(`${app.url}/scim/v2/Me`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
      expect(me.status).to.equal(401);
    });
  }

  it('answers invalid_scope when nothing of what was asked for is left', async () => {
    const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const request = await party.request({ scope: 'scim:me' });
    const url = new URL(request.url);
    url.searchParams.delete('nonce');
    const answer = await (await browserOf(app.core, user)).get(url.href);
    const target = new URL(answer.headers.get('location')!);
    expect(target.searchParams.get('error')).to.equal('invalid_scope');
  });
});
