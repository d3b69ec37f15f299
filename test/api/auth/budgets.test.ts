import { expect } from 'chai';
import supertest from 'supertest';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { createPasswordHasher } from '../../../src/infrastructure/password-hash.js';
import type { TenantDocument } from '../../../src/identity/tenants/tenants.js';
import { newSecret, sealSecret } from '../../../src/identity/credentials/two-factor-code.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { callbackUri, makeApplication, relyingParty } from '../../support/oidc.js';
import { givenTenant, givenUser, goodPassword } from '../../support/people.js';
import { signIn, typeEmail, typePassword } from '../../support/sign-in.js';

const wrong = 'wrong wrong wrong';

describe('budgets of client addresses and accounts', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenant: TenantDocument;
  let tenantId: string;

  before(async () => {
    const { limits } = loadConfig({}, 'config');
    const few = {
      ...limits,
      failedCredentialsPerMinute: 6,
      signInPerMinutePerAccount: 8,
      signInStartsPerMinutePerAddress: 20,
      forgotPerMinutePerAddress: 4,
    };
    app = await startApp({ clock, config: { limits: few, trustProxy: '1' } });
    tenant = await givenTenant(app.core, { 'lockout.threshold': 100 });
    tenantId = tenant._id;
  });
  beforeEach(() => {
    clock.advance(61_000);
  });
  after(() => app.stop());

  const from = (ip: string) => ({ 'x-forwarded-for': ip });

  /** Sends dead credentials to all interfaces in turn. */
  async function sendDead(addresses: readonly string[]): Promise<number[]> {
    const statuses: number[] = [];
    for (const [index, ip] of addresses.entries()) {
      const path = ['/api/v1/users', '/scim/v2/Users'][index % 2]!;
      const request = supertest(app.url)
        .get(path)
        .set('Authorization', 'Bearer gh_sk_wrong_wrong')
        .set(from(ip));
      statuses.push((await request).status);
    }
    return statuses;
  }

  for (const [what, addressAt] of [
    ['one IPv4 address', () => '198.51.100.7'],
    [
      'an IPv4 address in its mapped forms',
      (at: number) => ['198.51.100.8', '::ffff:198.51.100.8', '::ffff:c633:6408'][at % 3]!,
    ],
    ['the addresses of one /64', (at: number) => `2001:db8:1:2::${(at + 1).toString(16)}`],
    ['one address in several notations', (at: number) => ['2001:db8:9::1', '2001:DB8:9:0:0:0:0:1'][at % 2]!],
  ] as const) {
    it(`count dead credentials of ${what} together, over SCIM and the API`, async () => {
      const statuses = await sendDead(Array.from({ length: 8 }, (_, at) => addressAt(at)));
      expect(statuses).to.deep.equal([401, 401, 401, 401, 401, 401, 429, 429]);
    });
  }

  it('do not count the dead credentials of strangers for others', async () => {
    const statuses = await sendDead(Array.from({ length: 12 }, (_, at) => `2001:db8:${at + 100}::1`));
    expect(new Set(statuses)).to.deep.equal(new Set([401]));
  });

  it('are not used up by forged posts, nor by strangers', async () => {
    const user = await givenUser(app.core, tenantId);
    for (let count = 0; count < 20; count += 1) {
      await openBrowser(app.url).post('/signin', { email: user.userName }, from('203.0.113.1'));
    }
    const stranger = openBrowser(app.url);
    const page = await typeEmail(stranger, user.userName);
    const statuses: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      const form = { ...page.fields, password: `${wrong} ${count}` };
      statuses.push((await stranger.post('/signin/password', form, from('203.0.113.2'))).status);
    }
    expect(statuses.slice(-2)).to.deep.equal([429, 429]);
    expect((await signIn(openBrowser(app.url), user.userName, goodPassword)).status).to.equal(303);
  });

  it('are not used up for a device that signed in before by somebody behind the same address', async () => {
    const user = await givenUser(app.core, tenantId);
    const own = openBrowser(app.url);
    await signIn(own, user.userName, goodPassword);
    for (let count = 0; count < 10; count += 1) await typeEmail(openBrowser(app.url), user.userName);
    expect((await typeEmail(openBrowser(app.url), user.userName)).status).to.equal(429);
    expect((await signIn(own, user.userName, goodPassword)).status).to.equal(303);
  });

  it('count what an application without a secret pushes for sign-ins to come, and take no more than that', async () => {
    const spa = await makeApplication(app.core, tenant, { clientSecretHash: null });
    const push = (ip: string) =>
      supertest(app.url)
        .post('/oidc/request')
        .type('form')
        .set(from(ip))
        .send({
          ...{ client_id: spa.clientId, response_type: 'code', scope: 'openid', redirect_uri: callbackUri },
          ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
        });
    const statuses: number[] = [];
    for (let count = 0; count < 22; count += 1) statuses.push((await push('203.0.113.9')).status);
    expect(statuses).to.deep.equal([...Array<number>(20).fill(201), 429, 429]);
    expect((await push('203.0.113.10')).status).to.equal(201);
  });

  it('count a password whose address was typed a step before', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    const statuses: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      const form = { _csrf: page.fields['_csrf']!, password: `${wrong} ${count}` };
      statuses.push((await browser.post('/signin/password', form)).status);
    }
    expect(statuses).to.deep.equal([...Array<number>(7).fill(401), 429, 429]);
  });

  it('bound what an address begins and asks for, whatever comes of it, and nobody else’s', async () => {
    const begin = async (ip: string) => (await openBrowser(app.url).get('/signin', from(ip))).status;
    const begun: number[] = [];
    for (let count = 0; count < 22; count += 1) begun.push(await begin('203.0.113.9'));
    expect(begun.filter((status) => status === 200)).to.have.length(20);
    expect(begun.at(-1)).to.equal(429);
    expect(await begin('203.0.113.10')).to.equal(200);
    const asked: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      const form = { email: `nobody${count}@local.test` };
      asked.push((await openBrowser(app.url).post('/forgot', form, from('203.0.113.9'))).status);
    }
    expect(asked).to.deep.equal([200, 200, 200, 200, 429, 429]);
  });

  it('bound what applications begin from an address, and from no other', async () => {
    const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const begin = async (ip: string): Promise<number> =>
      (await openBrowser(app.url).get((await party.request()).url, from(ip))).status;
    const begun: number[] = [];
    for (let count = 0; count < 22; count += 1) begun.push(await begin('203.0.113.20'));
    expect(begun).to.deep.equal([...Array<number>(20).fill(303), 429, 429]);
    expect(await begin('203.0.113.21')).to.equal(303);
  });

  it('count codes of a second factor, right password or not', async () => {
    const user = await givenUser(app.core, tenantId);
    await app.core.store
      .tenant(tenantId)
      .collection('credentials')
      .update(user._id, (stored) => ({
        ...stored,
        twoFactor: {
          state: 'on',
          secret: sealSecret(app.core, newSecret()),
          backupCodes: [],
          lastStep: 0,
          enrolledAt: clock.now(),
        },
      }));
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    expect(page.text).to.include('name="code"');
    const statuses: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      statuses.push((await browser.post('/signin/2fa', { ...page.fields, code: '000000' })).status);
    }
    expect(statuses).to.deep.equal([...Array<number>(8).fill(401), 429, 429]);
  });

  it('let many tabs of one browser finish, the first as well as the last', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const first = await browser.get('/signin?return_to=/account%3Ffirst');
    for (let count = 0; count < 30; count += 1) await browser.get('/signin');
    const page = await browser.post('/signin', { _csrf: first.fields['_csrf']!, email: user.userName });
    const done = await typePassword(browser, page, goodPassword);
    expect(done.location).to.equal(`${app.url}/account?first`);
  });
});

describe('a server whose password hashing is behind', () => {
  it('answers a sign-in 503 with Retry-After at once, counts it for nothing, and takes it later', async () => {
    const { limits } = loadConfig({}, 'config');
    const app = await startApp({
      config: { limits: { ...limits, hashWaitSeconds: 0.001 } },
      passwords: createPasswordHasher(),
    });
    try {
      const { _id: tenantId } = await givenTenant(app.core, { 'lockout.threshold': 1 });
      const user = await givenUser(app.core, tenantId);
      const browser = openBrowser(app.url);
      const page = await typeEmail(browser, user.userName);
      const nobody = Array<null>(6).fill(null);
      const work = Promise.all(Array.from({ length: 8 }, () => app.core.passwords.verifyEach(nobody, 'x')));
      const refused = await typePassword(browser, page, goodPassword);
      expect(refused.status).to.equal(503);
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60);
      expect(refused.alert).to.include('Too many sign-ins');
      await work;
      expect((await signIn(browser, user.userName, goodPassword)).status).to.equal(303);
    } finally {
      await app.stop();
    }
  });
});
