import { expect } from 'chai';
import * as client from 'openid-client';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { browserOf, makeApplication, makeUser, postAs, relyingParty } from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';

const scheme = 'com.example.app:/oauth2redirect';

describe('OpenID provider: native applications (RFC 8252)', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let user: UserDocument;
  before(async () => {
    app = await startApp();
    tenant = await givenTenant(app.core);
    user = await makeUser(app.core, tenant);
  });
  after(() => app.stop());

  async function answerTo(redirectUris: string[], redirectUri: string, isPublic: boolean) {
    const over = { redirectUris, postLogoutRedirectUris: [], ...(isPublic && { clientSecretHash: null }) };
    const application = await makeApplication(app.core, tenant, over);
    const party = await relyingParty(app.core, application);
    const request = await party.request({ redirect_uri: redirectUri });
    const { url, response } = await (await browserOf(app.core, user)).follow(request.url, redirectUri);
    return { application, party, request, response, url };
  }

  const loopback = ['http://127.0.0.1/cb', 'http://[::1]:8080/cb?x=1'];
  const taken: [string[], string][] = [
    [loopback, 'http://127.0.0.1/cb'],
    [loopback, 'http://127.0.0.1:51004/cb'],
    [loopback, 'http://[::1]:9/cb?x=1'],
    [loopback, 'http://[::1]/cb?x=1'],
    [['http://127.0.0.1'], 'http://127.0.0.1:4000'],
    [[scheme, 'http://127.0.0.1/cb'], scheme],
    [[scheme, 'http://127.0.0.1/cb'], 'http://127.0.0.1:1/cb'],
  ];
  for (const [registered, asked] of taken) {
    it(`sends a code to ${asked} where ${registered.join(' and ')} is registered`, async () => {
      const { application, party, request, url } = await answerTo(registered, asked, true);
      expect(url.href.startsWith(new URL(asked).href)).to.equal(true);
      const answer = await postAs(app.core, application, '/token', {
        grant_type: 'authorization_code',
        code: url.searchParams.get('code')!,
        redirect_uri: asked,
        code_verifier: request.verifier,
      });
      expect(answer.status).to.equal(200);
      const tokens = (await answer.json()) as { access_token: string };
      const userinfo = await client.fetchUserInfo(party.config, tokens.access_token, user._id);
      expect(userinfo.sub).to.equal(user._id);
    });
  }

  const refused: [string, string[], string, boolean][] = [
    ['another path', loopback, 'http://127.0.0.1:51004/other', true],
    ['another query', loopback, 'http://[::1]:9/cb?x=2', true],
    ['another loopback address', loopback, 'http://127.0.0.2/cb', true],
    ['a name for loopback', loopback, 'http://localhost:51004/cb', true],
    ['another port by name', ['http://localhost:4000/cb'], 'http://localhost:4001/cb', true],
    ['credentials', loopback, 'http://a@127.0.0.1:51004/cb', true],
    ['a host that begins like loopback', loopback, 'http://127.0.0.1.evil.test/cb', true],
    ['a port that is none', loopback, 'http://127.0.0.1:99999/cb', true],
    ['https', loopback, 'https://127.0.0.1:51004/cb', true],
    ['another port for an application with a secret', loopback, 'http://127.0.0.1:51004/cb', false],
    ['another scheme', [scheme], 'com.example.other:/oauth2redirect', true],
    ['a longer path of the scheme', [scheme], `${scheme}/x`, true],
  ];
  for (const [what, registered, asked, isPublic] of refused) {
    it(`shows our own page, and sends nothing, for ${what} (${asked})`, async () => {
      const { response } = await answerTo(registered, asked, isPublic);
      expect(response?.status).to.equal(400);
    });
  }

  it('lets no sandboxed page read answers because an application has a scheme of its own', async () => {
    const { clientId } = await makeApplication(app.core, tenant, {
      redirectUris: [scheme],
      postLogoutRedirectUris: [],
      clientSecretHash: null,
    });
    const answer = await fetch(`${app.url}/oidc/token`, {
      method: 'POST',
      headers: { origin: 'null' },
      body: new URLSearchParams({
        client_id: clientId,
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: scheme,
      }),
    });
    expect(answer.headers.get('access-control-allow-origin')).to.equal(null);
  });
});
