import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { updateApplication } from '../../../src/identity/applications/applications.js';
import type { TenantDocument } from '../../../src/identity/tenants/tenants.js';
import { startApp, type TestApp } from '../../support/app.js';
import {
  browserOf,
  grantOf,
  introspect,
  makeApplication,
  makeUser,
  postAs,
  refresh,
  relyingParty,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import { givenServerApplication } from '../../support/server-applications.js';

type Json = Record<string, unknown>;
type Tokens = Awaited<ReturnType<RelyingParty['signIn']>>;

describe('the endpoints of one application for many tenants, for each tenant', () => {
  let app: TestApp;
  let tenants: TenantDocument[];
  let crm: Awaited<ReturnType<typeof givenServerApplication>>;
  let party: RelyingParty;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    tenants = [await givenTenant(app.core), await givenTenant(app.core)];
    crm = await givenServerApplication(app.core, {
      tenants: tenants.map(({ slug }) => slug),
      roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
    });
    party = await relyingParty(app.core, crm);
  });
  after(() => app.stop());

  /** Somebody of each tenant, signed in; the second has the role. */
  async function signedIn(by = party): Promise<{ sub: string; tenant: TenantDocument; tokens: Tokens }[]> {
    const all = [];
    for (const [index, tenant] of tenants.entries()) {
      const grants = index === 1 ? [grantOf(`${crm.key}:agent`)] : [];
      const user = await makeUser(app.core, tenant, { grants });
      all.push({ sub: user._id, tenant, tokens: await by.signIn(await browserOf(app.core, user)) });
    }
    return all;
  }
  const userinfo = (token: string, origin?: string) =>
    fetch(`${app.url}/oidc/userinfo`, {
      headers: { authorization: `Bearer ${token}`, ...(origin !== undefined && { origin }) },
    });
  const allowedFor = (answer: Response): string | null => answer.headers.get('access-control-allow-origin');

  it('userinfo and introspection say the person’s own tenant and roles', async () => {
    for (const [index, { sub, tenant, tokens }] of (await signedIn()).entries()) {
      const expected = {
        sub,
        tenant: { id: tenant._id, slug: tenant.slug, name: tenant.name },
        roles: index === 1 ? ['agent'] : [],
      };
      expect(await (await userinfo(tokens.access_token)).json()).to.deep.include(expected);
      expect(await introspect(app.core, crm, tokens.access_token)).to.deep.include({
        active: true,
        sub,
        tenant: expected.tenant,
      });
    }
  });

  it('scripts of the application’s pages read userinfo, those of a customer’s own application do not', async () => {
    const redirectUris = ['https://tool.acme.example/cb'];
    await makeApplication(app.core, tenants[0]!, { redirectUris });
    for (const { tokens } of await signedIn()) {
      const own = await userinfo(tokens.access_token, 'http://app.example.test');
      expect(allowedFor(own)).to.equal('http://app.example.test');
      for (const origin of ['https://tool.acme.example', 'http://evil.example.test', 'null'])
        expect(allowedFor(await userinfo(tokens.access_token, origin)), origin).to.equal(null);
    }
  });

  it('scripts of a public one reach the token endpoint, for every tenant', async () => {
    const open = await givenServerApplication(app.core, { clientSecret: null });
    const fromPage = (origin: string, refreshToken = '') =>
      fetch(`${app.url}/oidc/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: open.clientId,
          refresh_token: refreshToken,
        }),
      });
    for (const { tokens } of await signedIn(await relyingParty(app.core, open))) {
      expect(allowedFor(await fromPage('http://evil.example.test'))).to.equal(null);
      const own = await fromPage('http://app.example.test', tokens.refresh_token);
      expect([own.status, allowedFor(own)]).to.deep.equal([200, 'http://app.example.test']);
    }
  });

  for (const [index, whose] of ['the first', 'the second'].entries()) {
    it(`revocation of a token of ${whose} tenant ends that one, and nothing of the other`, async () => {
      const all = await signedIn();
      const [revoked, other] = index === 0 ? [all[0]!, all[1]!] : [all[1]!, all[0]!];
      await postAs(app.core, crm, '/token/revocation', { token: revoked.tokens.access_token });
      expect((await userinfo(revoked.tokens.access_token)).status).to.equal(401);
      expect(await introspect(app.core, crm, revoked.tokens.access_token)).to.deep.equal({ active: false });
      await postAs(app.core, crm, '/token/revocation', { token: revoked.tokens.refresh_token ?? '' });
      expect((await refresh(app.core, crm, revoked.tokens.refresh_token)).status).to.equal(400);
      expect((await userinfo(other.tokens.access_token)).status).to.equal(200);
      expect((await refresh(app.core, crm, other.tokens.refresh_token)).status).to.equal(200);
    });
  }

  it('a customer’s own application learns nothing of its tokens and ends none', async () => {
    const tool = await makeApplication(app.core, tenants[0]!);
    for (const { tokens } of await signedIn()) {
      expect(await introspect(app.core, tool, tokens.access_token)).to.deep.equal({ active: false });
      await postAs(app.core, tool, '/token/revocation', { token: tokens.access_token });
      await postAs(app.core, tool, '/token/revocation', { token: tokens.refresh_token ?? '' });
      expect((await refresh(app.core, tool, tokens.refresh_token)).status).to.equal(400);
      expect((await userinfo(tokens.access_token)).status).to.equal(200);
      expect((await refresh(app.core, crm, tokens.refresh_token)).status).to.equal(200);
    }
  });

  it('redirect addresses are those that the operator registered, whatever tenant is asked for', async () => {
    for (const { slug } of tenants) {
      const request = await party.request({
        organization: slug,
        redirect_uri: 'https://tool.acme.example/cb',
      });
      const answer = await fetch(request.url, { redirect: 'manual' });
      expect(answer.headers.get('location')).to.equal(null);
      expect(answer.status).to.equal(400);
    }
  });

  it('a disabled application is closed to every tenant', async () => {
    const all = await signedIn();
    const owner = { owner: 'server' };
    await updateApplication(app.core, systemActor('server'), crm._id, { enabled: false }, owner);
    for (const { tokens } of all) {
      expect((await userinfo(tokens.access_token)).status).to.equal(401);
      const { body } = await refresh(app.core, crm, tokens.refresh_token);
      expect((body as Json)['error']).to.equal('invalid_client');
    }
    await updateApplication(app.core, systemActor('server'), crm._id, { enabled: true }, owner);
  });
});
