import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { setApplicationAccess } from '../../../src/identity/applications/access.js';
import { updateApplication } from '../../../src/identity/applications/applications.js';
import type { TenantDocument } from '../../../src/identity/tenants/tenants.js';
import { suspendCustomer } from '../../../src/identity/operator/customers.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import {
  browserOf,
  callbackUri,
  grantOf,
  introspect,
  makeApplication,
  makeUser,
  refresh,
  relyingParty,
} from '../../support/oidc.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import {
  answerOf,
  ask,
  enterLocally,
  givenServerApplication,
  typeAddress,
} from '../../support/server-applications.js';
import { startReceiver } from '../../support/receiver.js';
import { atProvider, givenConnection } from '../../support/sso.js';

const wrong = 'the organization is not one that this application serves';

describe('one application for many tenants: which tenant a sign-in is for', () => {
  let app: TestApp;
  let acme: TenantDocument;
  let globex: TenantDocument;
  let outside: TenantDocument;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    [acme, globex, outside] = [
      await givenTenant(app.core),
      await givenTenant(app.core),
      await givenTenant(app.core),
    ];
  });
  after(() => app.stop());

  const given = (over = {}) =>
    givenServerApplication(app.core, {
      tenants: [acme.slug, globex.slug],
      roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
      ...over,
    });

  it('says in the tokens which tenant it is, with the roles that this tenant gave', async () => {
    const { core } = app;
    const crm = await given();
    const party = await relyingParty(core, crm);
    const grants = [grantOf(`${crm.key}:agent`)];
    for (const [tenant, roles] of [
      [acme, ['agent']],
      [globex, []],
    ] as const) {
      const user = await makeUser(core, tenant, roles.length > 0 ? { grants } : {});
      const tokens = await party.signIn(await browserOf(core, user));
      const claims = tokens.claims()!;
      expect(claims['tenant']).to.deep.equal({ id: tenant._id, slug: tenant.slug, name: tenant.name });
      expect(claims['roles']).to.deep.equal(roles);
      const seen = await introspect(core, crm, tokens.access_token);
      expect(seen['tenant']).to.deep.equal(claims['tenant']);
      const again = await refresh(core, crm, tokens.refresh_token);
      const payload = again.body['id_token']!.split('.')[1]!;
      const refreshed = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      expect(refreshed).to.deep.include({ tenant: claims['tenant'], sub: user._id });
    }
  });

  it('is the one that the application names by slug or id', async () => {
    const { core } = app;
    const party = await relyingParty(core, await given());
    const email = `${unique('both')}@local.test`;
    for (const tenant of [acme, globex]) await givenUser(core, tenant._id, { email });
    for (const organization of [globex.slug, globex._id]) {
      const request = await party.request({ organization });
      const browser = openBrowser(app.url);
      const page = await enterLocally(browser, await ask(browser, request), {
        email,
        password: goodPassword,
      });
      const tokens = await party.exchange(answerOf(page)!.url, request);
      expect(tokens.claims()!['tenant']).to.include({ slug: globex.slug });
    }
  });

  it('tells the application in one way of an organization that is unknown or not served', async () => {
    const { core } = app;
    const crm = await given();
    const own = await makeApplication(core, acme);
    for (const [application, organization] of [
      [crm, 'no-such-tenant'],
      [crm, outside.slug],
      [crm, outside._id],
      [own, globex.slug],
      [own, 'no-such-tenant'],
    ] as const) {
      const party = await relyingParty(core, application);
      for (const parameters of [{ organization }, { organization, prompt: 'none' }]) {
        const answer = answerOf(await ask(openBrowser(app.url), await party.request(parameters)));
        expect(answer, organization).to.include({ error: 'invalid_request', description: wrong, code: null });
      }
    }
    const party = await relyingParty(core, own);
    const page = await ask(openBrowser(app.url), await party.request({ organization: acme.slug }));
    expect(page.status).to.equal(200);
  });

  it('forwards to the connections of that tenant alone, and takes its accounts alone', async () => {
    const { core } = app;
    const idp = await startIdp();
    try {
      const party = await relyingParty(core, await given());
      const connection = await givenConnection(core, globex._id, idp);
      const email = `eve@${connection.verifiedDomains[0]!}`;
      await givenUser(core, globex._id, { email, password: null });
      const browser = openBrowser(app.url);
      const request = await party.request({ organization: acme.slug });
      const page = await typeAddress(browser, await ask(browser, request), email);
      expect(page.status).to.equal(200);
      expect(page.text).to.include('name="password"').and.not.include('/sso/');
      const refused = await enterLocally(browser, await ask(browser, request), {
        email,
        password: goodPassword,
      });
      expect(refused.status).to.equal(401);
      expect(idp.requests).to.have.length(0);
    } finally {
      await idp.stop();
    }
  });

  it('without a name is the one whose verified domain the address is on', async () => {
    const { core } = app;
    const idp = await startIdp();
    try {
      const party = await relyingParty(core, await given());
      const connection = await givenConnection(core, globex._id, idp, { mode: 'optional' });
      const email = `both@${connection.verifiedDomains[0]!}`;
      for (const tenant of [acme, globex]) await givenUser(core, tenant._id, { email });
      const browser = openBrowser(app.url);
      const request = await party.request();
      const page = await enterLocally(browser, await ask(browser, request), {
        email,
        password: goodPassword,
      });
      const tokens = await party.exchange(answerOf(page)!.url, request);
      expect(tokens.claims()!['tenant']).to.include({ slug: globex.slug });
    } finally {
      await idp.stop();
    }
  });

  it('does not forward to a company whose tenant it does not serve', async () => {
    const { core } = app;
    const idp = await startIdp();
    try {
      const party = await relyingParty(core, await given());
      const connection = await givenConnection(core, outside._id, idp);
      const email = `eve@${connection.verifiedDomains[0]!}`;
      await givenUser(core, outside._id, { email });
      const browser = openBrowser(app.url);
      const request = await party.request();
      const page = await enterLocally(browser, await ask(browser, request), {
        email,
        password: goodPassword,
      });
      expect(page.status).to.equal(401);
      expect(idp.requests).to.have.length(0);
    } finally {
      await idp.stop();
    }
  });

  it('is asked after the right password where several know a local address, of those it serves', async () => {
    const { core } = app;
    const party = await relyingParty(core, await given());
    const email = `${unique('both')}@local.test`;
    const users = [];
    for (const tenant of [acme, globex, outside]) users.push(await givenUser(core, tenant._id, { email }));
    const browser = openBrowser(app.url);
    const request = await party.request();
    const page = await enterLocally(browser, await ask(browser, request), { email, password: goodPassword });
    expect(page.text).to.include(acme.name).and.include(globex.name).and.not.include(outside.name);
    const foreign = { ...page.fields, user: users[2]!._id };
    expect((await browser.post('/signin/choice', foreign)).status).to.equal(403);
    const again = await enterLocally(browser, await ask(browser, request), { email, password: goodPassword });
    const chosen = await browser.post('/signin/choice', { ...again.fields, user: users[1]!._id });
    const tokens = await party.exchange(answerOf(await browser.follow(chosen, callbackUri))!.url, request);
    expect(tokens.claims()).to.deep.include({
      sub: users[1]!._id,
      tenant: { id: globex._id, slug: globex.slug, name: globex.name },
    });
  });

  it('is changed by prompt=select_account, and the tokens of the first tenant end', async () => {
    const { core } = app;
    const crm = await given();
    const party = await relyingParty(core, crm);
    const first = await givenUser(core, acme._id);
    const second = await givenUser(core, globex._id);
    const browser = openBrowser(app.url);
    const begun = await party.request();
    const credentials = { email: first.email!, password: goodPassword };
    const page = await enterLocally(browser, await ask(browser, begun), credentials);
    const before = await party.exchange(answerOf(page)!.url, begun);
    const change = await party.request({ prompt: 'select_account' });
    const asked = await ask(browser, change);
    expect(asked.status).to.equal(200);
    let other = await enterLocally(browser, asked, { email: second.email!, password: goodPassword });
    // The library signs the browser's first account out with a form that sends itself.
    if (other.text.includes('name="xsrf"')) {
      const action = /action="([^"]+)"/.exec(other.text)![1]!;
      other = await browser.follow(await browser.post(action, other.fields), callbackUri);
    }
    const after = await party.exchange(answerOf(other)!.url, change);
    expect(after.claims()!['tenant']).to.include({ slug: globex.slug });
    expect((await refresh(core, crm, before.refresh_token)).body['error']).to.equal('invalid_grant');
  });

  it('never uses the session of another tenant: prompt=none is answered login_required', async () => {
    const { core } = app;
    const party = await relyingParty(core, await given());
    const user = await makeUser(core, acme);
    const browser = await browserOf(core, user);
    const none = await party.request({ prompt: 'none', organization: globex.slug });
    const { url } = await browser.follow(none.url, callbackUri);
    expect(url.searchParams.get('error')).to.equal('login_required');
    const own = await party.request({ prompt: 'none', organization: acme.slug });
    const answer = await browser.follow(own.url, callbackUri);
    expect(answer.url.searchParams.get('code')).to.be.a('string');
  });

  it('gives no tokens to somebody else than id_token_hint names', async () => {
    const { core } = app;
    const party = await relyingParty(core, await given());
    const [ada, bob] = [await makeUser(core, acme), await makeUser(core, globex)];
    const hint = (await party.signIn(await browserOf(core, ada))).id_token!;
    const request = await party.request({ prompt: 'none', id_token_hint: hint });
    const { url } = await (await browserOf(core, bob)).follow(request.url, callbackUri);
    expect(url.searchParams.get('error')).to.equal('login_required');
    expect(url.searchParams.get('code')).to.equal(null);
  });

  it('ends with a tenant that is taken off: no refresh, no claims, no new sign-in', async () => {
    const { core } = app;
    const crm = await given();
    const party = await relyingParty(core, crm);
    const [ada, bob] = [await makeUser(core, acme), await makeUser(core, globex)];
    const adas = await party.signIn(await browserOf(core, ada));
    const bobs = await party.signIn(await browserOf(core, bob));
    const change = { tenants: [globex.slug] };
    await updateApplication(core, systemActor('server'), crm._id, change, { owner: 'server' });
    expect(await introspect(core, crm, adas.access_token)).to.deep.equal({ active: false });
    expect((await refresh(core, crm, adas.refresh_token)).body['error']).to.equal('invalid_grant');
    expect((await refresh(core, crm, bobs.refresh_token)).status).to.equal(200);
    const { url } = await (
      await browserOf(core, ada)
    ).follow((await party.request({ prompt: 'none' })).url, callbackUri);
    expect(url.searchParams.get('error')).to.equal('login_required');
  });

  it('is told of the sessions of a tenant that is taken off, from a list and from all, and of no others', async () => {
    const { core } = app;
    const receiver = await startReceiver();
    try {
      const crm = await given({ backchannelLogoutUri: receiver.url, tenants: 'all' });
      const party = await relyingParty(core, crm);
      const people = [
        await makeUser(core, acme),
        await makeUser(core, globex),
        await makeUser(core, outside),
      ];
      const [adas, bobs] = [
        await party.signIn(await browserOf(core, people[0]!)),
        await party.signIn(await browserOf(core, people[1]!)),
        await party.signIn(await browserOf(core, people[2]!)),
      ];
      const told = (): unknown[] =>
        receiver.received.map((form) => {
          const payload = form.get('logout_token')!.split('.')[1]!;
          return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub;
        });
      const serve = (...served: TenantDocument[]) => {
        const change = { tenants: served.map(({ slug }) => slug) };
        return updateApplication(core, systemActor('server'), crm._id, change, { owner: 'server' });
      };
      await serve(acme, globex);
      await receiver.until(() => told().length > 0);
      expect(told()).to.deep.equal([people[2]!._id]);
      await serve(globex);
      await receiver.until(() => told().length > 1);
      expect(told()).to.deep.equal([people[2]!._id, people[0]!._id]);
      // Taken on again, nothing of before comes back.
      await serve(acme, globex);
      expect((await refresh(core, crm, adas.refresh_token)).body['error']).to.equal('invalid_grant');
      expect((await refresh(core, crm, bobs.refresh_token)).status).to.equal(200);
    } finally {
      await receiver.stop();
    }
  });

  it('lets in whom the tenant lets use it; the others bring the application access_denied', async () => {
    const { core } = app;
    const crm = await given();
    const party = await relyingParty(core, crm);
    const agent = await makeUser(core, acme, { grants: [grantOf(`${crm.key}:agent`)] });
    const nobody = await makeUser(core, acme);
    const tokens = await party.signIn(await browserOf(core, nobody));
    const rule = { by: 'role', roles: ['agent'] } as const;
    await setApplicationAccess(core, systemActor(acme._id), crm._id, rule);
    expect((await refresh(core, crm, tokens.refresh_token)).body['error']).to.equal('invalid_grant');
    expect(await introspect(core, crm, tokens.access_token)).to.deep.equal({ active: false });
    for (const parameters of [{}, { prompt: 'none' }]) {
      const { url } = await (
        await browserOf(core, nobody)
      ).follow((await party.request(parameters)).url, callbackUri);
      expect(url.searchParams.get('error')).to.equal('access_denied');
    }
    expect((await party.signIn(await browserOf(core, agent))).claims()!['roles']).to.deep.equal(['agent']);
    // Another tenant's rule is its own.
    expect((await party.signIn(await browserOf(core, await makeUser(core, globex)))).claims()).to.be.an(
      'object',
    );
  });

  it('comes back from a company’s provider into its tenant', async () => {
    const { core } = app;
    const idp: Idp = await startIdp();
    try {
      const party = await relyingParty(core, await given());
      const connection = await givenConnection(core, globex._id, idp, { jitProvisioning: true });
      const email = `eve@${connection.verifiedDomains[0]!}`;
      idp.person = { sub: unique('eve'), email, email_verified: true };
      const browser = openBrowser(app.url);
      const request = await party.request();
      const leaving = await typeAddress(browser, await ask(browser, request), email);
      const back = await browser.follow(await atProvider(browser, leaving), callbackUri);
      const tokens = await party.exchange(answerOf(back)!.url, request);
      expect(tokens.claims()).to.deep.include({
        tenant: { id: globex._id, slug: globex.slug, name: globex.name },
        amr: ['fed'],
      });
    } finally {
      await idp.stop();
    }
  });

  it('is told of the end of a session in each tenant, and of no other', async () => {
    const { core } = app;
    const receiver = await startReceiver();
    try {
      const crm = await given({ backchannelLogoutUri: receiver.url });
      const party = await relyingParty(core, crm);
      const closing = await givenTenant(core);
      const change = { tenants: [acme.slug, closing.slug] };
      await updateApplication(core, systemActor('server'), crm._id, change, { owner: 'server' });
      const [ada, bob, eve] = [
        await makeUser(core, acme),
        await makeUser(core, closing),
        await makeUser(core, acme),
      ];
      const bobs = await party.signIn(await browserOf(core, bob));
      await party.signIn(await browserOf(core, ada));
      const eves = await party.signIn(await browserOf(core, eve));
      await setEnabled(core, systemActor(acme._id), ada._id, false);
      await suspendCustomer(core, systemActor('server'), closing._id);
      const toldOf = () =>
        receiver.received.map((form) => {
          const payload = form.get('logout_token')!.split('.')[1]!;
          const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
          expect(claims).to.include({ aud: crm.clientId });
          return claims['sub'];
        });
      await receiver.until(() => toldOf().length >= 2);
      expect(toldOf().sort()).to.deep.equal([ada._id, bob._id].sort());
      expect((await refresh(core, crm, bobs.refresh_token)).body['error']).to.equal('invalid_grant');
      expect((await refresh(core, crm, eves.refresh_token)).status).to.equal(200);
      const request = await party.request({ organization: closing.slug });
      expect(answerOf(await ask(openBrowser(app.url), request))).to.include({
        error: 'invalid_request',
        description: wrong,
      });
    } finally {
      await receiver.stop();
    }
  });
});
