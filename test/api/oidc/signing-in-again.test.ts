import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { systemActor } from '../../../src/identity/actors.js';
import { endAccess } from '../../../src/identity/users/actions.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import {
  browserOf,
  callbackUri,
  makeApplication,
  makeUser,
  refresh,
  relyingParty,
  signIn,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant, givenUser, goodPassword } from '../../support/people.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { signIn as signInOnPages } from '../../support/sign-in.js';
import type { UserAgent } from '../../support/user-agent.js';

interface Client {
  application: ApplicationDocument & { secret: string };
  party: RelyingParty;
}

describe('OpenID provider: signing in again in the same browser', () => {
  let clock: ManualClock;
  let app: TestApp;
  let receiver: Receiver;
  let tenant: TenantDocument;
  before(async () => {
    clock = new ManualClock(new Date().toISOString());
    receiver = await startReceiver();
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
    tenant = await givenTenant(app.core);
  });
  after(async () => {
    await app.stop();
    await receiver.stop();
  });

  async function client(): Promise<Client> {
    const application = await makeApplication(app.core, tenant, { backchannelLogoutUri: receiver.url });
    return { application, party: await relyingParty(app.core, application) };
  }
  const isTold = (sub: string): boolean =>
    receiver.received.some((form) => decodeJwt(form.get('logout_token')!).sub === sub);
  /** Every job is done: whoever was to be told has been. */
  async function untilQuiet(): Promise<void> {
    const jobs = app.core.store.server.collection('jobs');
    await eventually(async () => (await jobs.count({})) === 0, 'no job is left');
  }
  /** The request leads to the sign-in page; somebody signs in there; the browser goes on to the application. */
  async function asked(
    browser: UserAgent,
    { party }: Client,
    as: UserDocument,
    parameters: Record<string, string>,
  ) {
    const request = await party.request(parameters);
    const stop = await browser.get(request.url);
    const interaction = new URL(stop.headers.get('location')!, request.url).href;
    expect((await browser.get(interaction)).headers.get('location')).to.match(/^\/signin\?flow=/);
    await signIn(app.core, browser, as);
    const { url } = await browser.follow(interaction, callbackUri);
    return party.exchange(url, request);
  }

  for (const parameters of [
    { prompt: 'login' },
    { max_age: '0' },
    { prompt: 'select_account', max_age: '10000' },
  ]) {
    it(`renews the session of the same person for ${JSON.stringify(parameters)}: time, cookie, and nothing else ends`, async () => {
      const [first, second] = [await client(), await client()];
      const user = await makeUser(app.core, tenant);
      const browser = await browserOf(app.core, user);
      const held = await first.party.signIn(browser);
      const own = await second.party.signIn(browser, { max_age: '10000' });
      const cookie = await browser.jar.getCookieString(app.url);
      clock.advance(60_000);
      const tokens = await asked(browser, second, user, parameters);
      const [before, after] = [held.claims()!, tokens.claims()!];
      expect(after['sid']).to.equal(before['sid']);
      expect(after.sub).to.equal(before.sub);
      expect(Number(after.auth_time)).to.be.at.least(Number(own.claims()!.auth_time) + 60);
      expect(await browser.jar.getCookieString(app.url)).not.to.equal(cookie);
      const stale = await fetch(`${app.url}/api/v1/me`, { headers: { cookie } });
      expect(stale.status).to.equal(401);
      await untilQuiet();
      expect(isTold(user._id)).to.equal(false);
      for (const [one, { application }] of [
        [held, first],
        [own, second],
        [tokens, second],
      ] as const) {
        expect((await refresh(app.core, application, one.refresh_token)).status).to.equal(200);
      }
    });
  }

  it('takes a sign-in made in the very same instant for a new one', async () => {
    const one = await client();
    const user = await makeUser(app.core, tenant);
    const tokens = await asked(await browserOf(app.core, user), one, user, { prompt: 'login' });
    expect(tokens.claims()!.sub).to.equal(user._id);
  });

  it('goes on with the session of a person who signs in at the pages in a second tab', async () => {
    const one = await client();
    const user = await givenUser(app.core, tenant._id);
    const tab = openBrowser(app.url);
    expect((await signInOnPages(tab, user.userName, goodPassword)).status).to.equal(303);
    const request = await one.party.request();
    const done = await tab.follow(await tab.get(request.url), callbackUri);
    const tokens = await one.party.exchange(new URL(done.location!), request);
    clock.advance(5000);
    expect((await signInOnPages(tab, user.userName, goodPassword)).status).to.equal(303);
    expect(
      await app.core.store.tenant(tenant._id).collection('sessions').count({ userId: user._id }),
    ).to.equal(1);
    expect((await refresh(app.core, one.application, tokens.refresh_token)).status).to.equal(200);
    await untilQuiet();
    expect(isTold(user._id)).to.equal(false);
  });

  it('ends the session when somebody else signs in, and tells the applications', async () => {
    const one = await client();
    const user = await makeUser(app.core, tenant);
    const browser = await browserOf(app.core, user);
    const tokens = await one.party.signIn(browser);
    const other = await makeUser(app.core, tenant);
    expect((await asked(browser, one, other, { prompt: 'login' })).claims()!.sub).to.equal(other._id);
    expect((await refresh(app.core, one.application, tokens.refresh_token)).status).to.equal(400);
    await receiver.until(() => isTold(user._id));
    expect(isTold(other._id)).to.equal(false);
  });

  it('never revives by a new sign-in what was revoked or had run out', async () => {
    const one = await client();
    const cases: ((user: UserDocument) => unknown)[] = [
      (user) => endAccess(app.core, systemActor(tenant._id), user._id),
      () => {
        clock.advance(901_000);
      },
    ];
    for (const end of cases) {
      const user = await makeUser(app.core, tenant);
      const browser = await browserOf(app.core, user);
      const old = await one.party.signIn(browser);
      await end(user);
      await signIn(app.core, browser, user);
      const fresh = await one.party.signIn(browser);
      expect(fresh.claims()!['sid']).not.to.equal(old.claims()!['sid']);
      expect((await refresh(app.core, one.application, old.refresh_token)).status).to.equal(400);
      expect((await refresh(app.core, one.application, fresh.refresh_token)).status).to.equal(200);
    }
  });

  it('keeps a session that came through a company bound to it, and ends it when another company signs the person in', async () => {
    const { core } = app;
    const sessions = core.store.tenant(tenant._id).collection('sessions');
    const connections = core.store.tenant(tenant._id).collection('sso_connections');
    const connect = (name: string) =>
      connections.insert({
        _id: name,
        tenantId: tenant._id,
        name,
        issuer: 'https://idp.example.test',
        clientId: name,
        clientSecret: null,
        scopes: ['openid'],
        mode: 'optional',
        jitProvisioning: false,
        domains: [],
        verifiedDomains: [],
      });
    const company = await connect('company');
    const user = await makeUser(core, tenant);
    const browser = await browserOf(core, user);
    const [session] = await sessions.find({ userId: user._id });
    await sessions.update(session!._id, (stored) => ({
      ...stored,
      connectionId: company._id,
      providerSid: 'abc',
    }));
    await signIn(core, browser, user);
    const [renewed] = await sessions.find({ userId: user._id });
    expect(renewed).to.include({ _id: session!._id, connectionId: company._id, providerSid: 'abc' });
    await connections.update(company._id, (stored) => ({ ...stored, mode: 'off' }));
    await signIn(core, browser, user);
    const after = await sessions.find({ userId: user._id });
    expect(after.map(({ connectionId }) => connectionId)).to.deep.equal([null]);
  });
});
