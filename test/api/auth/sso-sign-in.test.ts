import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { getUser } from '../../../src/identity/users/users.js';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { attempt, signIn, typeEmail } from '../../support/sign-in.js';
import { atProvider, givenConnection, signInAtProvider } from '../../support/sso.js';

describe('forwarding to the company’s provider', () => {
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

  const address = (): string => `${unique('jdoe')}@${domain}`;

  it('forwards an address on the domain, known or not, in any case (M0-4, M0-5)', async () => {
    const user = await givenUser(app.core, tenantId, { email: address() });
    for (const email of [user.userName, address(), `JDoe@${domain.toUpperCase()}`]) {
      const page = await typeEmail(openBrowser(app.url), email);
      expect(page.status, email).to.equal(303);
      expect(page.location, email).to.match(new RegExp(`^${idp.issuer}/authorize`));
    }
  });

  it('forwards no other domain: subdomains, parents and look-alikes get the password page (M0-6)', async () => {
    for (const other of [`sub.${domain}`, `${domain}.evil.test`, `x${domain}`, 'test.test']) {
      const page = await typeEmail(openBrowser(app.url), `jdoe@${other}`);
      expect(page.status, other).to.equal(200);
      expect(page.text).to.include('name="password"');
    }
  });

  it('sends code flow with PKCE, state, nonce and login_hint, to the connection’s own callback address', async () => {
    const email = address();
    const page = await typeEmail(openBrowser(app.url), email);
    const sent = Object.fromEntries(new URL(page.location!).searchParams);
    expect(sent).to.include({
      response_type: 'code',
      client_id: 'gatehouse',
      code_challenge_method: 'S256',
      login_hint: email,
      redirect_uri: `${app.url}/sso/${connection._id}/callback`,
    });
    expect(sent['scope']!.split(' ')).to.include.members(['openid', 'email', 'profile']);
    for (const name of ['state', 'nonce', 'code_challenge']) expect(sent[name]).to.match(/^[\w-]{43}$/);
  });

  it('signs the person in and goes on to the page asked for', async () => {
    const user = await givenUser(app.core, tenantId, { email: address(), password: null });
    idp.person = { sub: unique('sub'), email: user.userName };
    const browser = openBrowser(app.url);
    const page = await signInAtProvider(browser, user.userName, '?return_to=/account?from=sso');
    expect(page.status).to.equal(303);
    expect(page.location).to.equal(`${app.url}/account?from=sso`);
    const account = await browser.get('/account');
    expect(account.text).to.include(user.userName).and.include('through your company');
  });

  it('lets a person in at their own device while strangers’ wrong passwords lock the account elsewhere', async () => {
    const both = await givenConnection(app.core, tenantId, idp, { mode: 'optional' });
    const email = `${unique('jdoe')}@${both.verifiedDomains[0]!}`;
    await givenUser(app.core, tenantId, { email });
    idp.person = { sub: unique('sub'), email };
    const arrive = async (browser: Browser) =>
      atProvider(
        browser,
        await browser.get(`/sso/${both._id}/start?login_hint=${encodeURIComponent(email)}`),
      );
    const own = openBrowser(app.url);
    expect((await arrive(own)).status).to.equal(303);
    const guesses: number[] = [];
    while (guesses.length < 5) guesses.push((await attempt(app.url, email, 'wrong wrong wrong')).status);
    expect(guesses.at(-1)).to.equal(429);
    expect((await arrive(openBrowser(app.url))).status, 'a device that is not known').to.equal(403);
    expect((await arrive(own)).status).to.equal(303);
  });

  it('takes the address from userinfo when the ID token has none', async () => {
    const user = await givenUser(app.core, tenantId, { email: address(), password: null });
    idp.person = { sub: unique('sub'), email: user.userName };
    idp.misbehaviour = { claims: ({ email: _, ...claims }) => claims };
    const page = await signInAtProvider(openBrowser(app.url), user.userName);
    expect(page.status).to.equal(303);
  });

  it('accepts a provider that signs with ES256', async () => {
    const other = await startIdp({ alg: 'ES256', host: '127.0.0.3' });
    try {
      const { verifiedDomains } = await givenConnection(app.core, tenantId, other);
      const user = await givenUser(app.core, tenantId, {
        email: `ann@${verifiedDomains[0]!}`,
        password: null,
      });
      other.person = { sub: 'ann', email: user.userName };
      expect((await signInAtProvider(openBrowser(app.url), user.userName)).status).to.equal(303);
    } finally {
      await other.stop();
    }
  });

  it('forwards a password that is posted directly, right as it may be (Zitadel GHSA-25rw)', async () => {
    const user = await givenUser(app.core, tenantId, { email: address() });
    const browser = openBrowser(app.url);
    const { fields } = await browser.get('/signin');
    const page = await browser.post('/signin/password', {
      _csrf: fields['_csrf']!,
      email: user.userName.toUpperCase(),
      password: goodPassword,
    });
    expect(page.status).to.equal(303);
    expect(page.location).to.match(new RegExp(`^${idp.issuer}/authorize`));
    const account = await browser.get('/account');
    expect(account.status).to.equal(303);
  });

  it('lets the optional mode choose: password, or a link to the provider', async () => {
    const optional = await givenConnection(app.core, tenantId, idp, { mode: 'optional' });
    const user = await givenUser(app.core, tenantId, { email: `ben@${optional.verifiedDomains[0]!}` });
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, user.userName);
    expect(page.status).to.equal(200);
    const link = new RegExp(`href="(/sso/${optional._id}/start[^"]*)"`).exec(page.text)?.[1];
    expect(link).to.be.a('string');
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(303);
    idp.person = { sub: unique('sub'), email: user.userName };
    const leaving = await browser.get(link!.replaceAll('&amp;', '&'));
    expect(new URL(leaving.location!).searchParams.get('login_hint')).to.equal(user.userName);
    expect((await atProvider(browser, leaving)).status).to.equal(303);
  });

  it('signs in locally when the connection is off', async () => {
    const off = await givenConnection(app.core, tenantId, idp, { mode: 'off' });
    const user = await givenUser(app.core, tenantId, { email: `ben@${off.verifiedDomains[0]!}` });
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(303);
    expect((await openBrowser(app.url).get(`/sso/${off._id}/start`)).status).to.equal(404);
  });

  it('neither routes nor links by a domain that is not verified', async () => {
    const name = `${unique('claimed')}.test`;
    await givenConnection(app.core, tenantId, idp, { domains: [{ domain: name }] });
    const page = await typeEmail(openBrowser(app.url), `ann@${name}`);
    expect(page.status).to.equal(200);
    idp.person = { sub: unique('sub'), email: `ann@${name}` };
    const refused = await signInAtProvider(openBrowser(app.url), address());
    expect(refused.status).to.equal(403);
  });

  it('refuses a person nobody knows with a 403 page', async () => {
    const email = address();
    idp.person = { sub: unique('sub'), email };
    const page = await signInAtProvider(openBrowser(app.url), email);
    expect(page.status).to.equal(403);
    expect(page.alert).to.include('no account');
  });

  it('makes an unknown person just in time where the connection says so, without any role', async () => {
    const jit = await givenConnection(app.core, tenantId, idp, { jitProvisioning: true });
    const email = `new@${jit.verifiedDomains[0]!}`;
    idp.person = { sub: unique('sub'), email, given_name: 'Nia', family_name: 'New' };
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
    const [user] = await app.core.store.tenant(tenantId).collection('users').find({ loginKeys: email });
    expect(user).to.include({ source: 'sso_jit', loginType: 'sso', enabled: true });
    expect(user!.grants).to.deep.equal([]);
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
    expect(await app.core.store.tenant(tenantId).collection('users').count({ loginKeys: email })).to.equal(1);
  });

  it('makes one user of two first sign-ins at once', async () => {
    const jit = await givenConnection(app.core, tenantId, idp, { jitProvisioning: true });
    const email = `twin@${jit.verifiedDomains[0]!}`;
    idp.person = { sub: unique('sub'), email };
    const pages = await Promise.all([1, 2, 3].map(() => signInAtProvider(openBrowser(app.url), email)));
    expect(pages.map(({ status }) => status)).to.deep.equal([303, 303, 303]);
    expect(await app.core.store.tenant(tenantId).collection('users').count({ loginKeys: email })).to.equal(1);
  });

  it('activates whoever waits for activation, since their company vouches for the address', async () => {
    const user = await givenUser(app.core, tenantId, { email: address(), password: null });
    await app.core.store
      .tenant(tenantId)
      .collection('users')
      .update(user._id, (stored) => ({ ...stored, activatedAt: null }));
    idp.person = { sub: unique('sub'), email: user.userName };
    expect((await signInAtProvider(openBrowser(app.url), user.userName)).status).to.equal(303);
    expect((await getUser(app.core, tenantId, user._id)).activatedAt).to.be.instanceOf(Date);
  });

  it('refuses disabled, expired and locked people with a 403 page, and revives nobody', async () => {
    const make = () => givenUser(app.core, tenantId, { email: address(), password: null });
    const [disabled, expired, locked] = [await make(), await make(), await make()];
    await setEnabled(app.core, systemActor(tenantId), disabled._id, false);
    const users = app.core.store.tenant(tenantId).collection('users');
    await users.update(expired._id, (stored) => ({ ...stored, accessExpiresAt: new Date(0) }));
    await app.core.store
      .tenant(tenantId)
      .collection('credentials')
      .insert({
        _id: locked._id,
        tenantId,
        passwordHash: null,
        passwordIsTemporary: false,
        passwordChangedAt: null,
        failureCount: 3,
        failureTimes: [],
        lockedUntil: new Date(Date.now() + 60_000),
        sharedLockedUntil: new Date(Date.now() + 60_000),
        lockReason: 'too_many_failures',
        lastLoginAt: null,
      });
    for (const [user, word] of [
      [disabled, 'disabled'],
      [expired, 'ended'],
      [locked, 'locked'],
    ] as const) {
      idp.person = { sub: unique('sub'), email: user.userName };
      const page = await signInAtProvider(openBrowser(app.url), user.userName);
      expect(page.status).to.equal(403);
      expect(page.alert).to.include(word);
    }
    expect((await getUser(app.core, tenantId, disabled._id)).enabled).to.equal(false);
  });

  it('knows a person by (connection, iss, sub), not by the address', async () => {
    const user = await givenUser(app.core, tenantId, { email: address(), password: null });
    const sub = unique('sub');
    idp.person = { sub, email: user.userName };
    await signInAtProvider(openBrowser(app.url), user.userName);
    const renamed = address();
    idp.person = { sub, email: renamed };
    const browser = openBrowser(app.url);
    expect((await signInAtProvider(browser, user.userName)).status).to.equal(303);
    expect(JSON.parse((await browser.get('/api/v1/me')).text)).to.include({ id: user._id });
    idp.person = { sub: unique('other'), email: renamed };
    const second = await signInAtProvider(openBrowser(app.url), user.userName);
    expect(second.status).to.equal(403);
    expect(second.alert).to.include('another identity');
  });

  it('links a user anew after a deletion and a new creation', async () => {
    const email = address();
    const first = await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub: unique('sub'), email };
    await signInAtProvider(openBrowser(app.url), email);
    await app.core.store.tenant(tenantId).collection('users').remove(first._id);
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(403);
    await givenUser(app.core, tenantId, { email, password: null });
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
  });

  it('knows one subject of one issuer apart in two connections of a tenant', async () => {
    const other = await givenConnection(app.core, tenantId, idp);
    const [ann, bob] = [address(), `bob@${other.verifiedDomains[0]!}`];
    for (const email of [ann, bob]) await givenUser(app.core, tenantId, { email, password: null });
    const sub = unique('shared');
    for (const email of [ann, bob, ann]) {
      idp.person = { sub, email };
      const browser = openBrowser(app.url);
      expect((await signInAtProvider(browser, email)).status).to.equal(303);
      expect((await browser.get('/account')).text).to.include(email);
    }
    const identities = app.core.store.tenant(tenantId).collection('identities');
    expect(await identities.count({ subject: sub })).to.equal(2);
  });

  it('is begun by the provider’s portal, by GET and POST, with its hint and for pages of ours alone', async () => {
    const start = `/sso/${connection._id}/start`;
    const hint = `ann@${domain}`;
    const byGet = await openBrowser(app.url).get(
      `${start}?iss=${encodeURIComponent(idp.issuer)}&login_hint=${hint}&target_link_uri=/account?x=1`,
    );
    expect(new URL(byGet.location!).searchParams.get('login_hint')).to.equal(hint);
    const browser = openBrowser(app.url);
    const posted = await browser.post(start, { iss: idp.issuer, login_hint: hint });
    expect(posted.status).to.equal(303);
    const leaving = await browser.get(posted.location!);
    expect(new URL(leaving.location!).searchParams.get('login_hint')).to.equal(hint);
    for (const bad of [
      'iss=https://evil.test',
      'target_link_uri=https://evil.test/',
      'target_link_uri=//evil.test',
      'target_link_uri=javascript:alert(1)',
    ]) {
      expect((await openBrowser(app.url).get(`${start}?${bad}`)).status, bad).to.equal(400);
    }
  });

  it('keeps two tabs and two connections apart', async () => {
    const other = await givenConnection(app.core, tenantId, idp);
    const [ann, bob] = await Promise.all([
      givenUser(app.core, tenantId, { email: address(), password: null }),
      givenUser(app.core, tenantId, { email: `bob@${other.verifiedDomains[0]!}`, password: null }),
    ]);
    const browser = openBrowser(app.url);
    const first = await typeEmail(browser, ann.userName, '?return_to=/account?tab=1');
    const second = await typeEmail(browser, bob.userName, '?return_to=/account?tab=2');
    idp.person = { sub: unique('bob'), email: bob.userName };
    const secondBack = await atProvider(browser, second);
    expect(secondBack.location).to.equal(`${app.url}/account?tab=2`);
    idp.person = { sub: unique('ann'), email: ann.userName };
    const firstBack = await atProvider(browser, first);
    expect(firstBack.location).to.equal(`${app.url}/account?tab=1`);
    expect((await browser.get('/account')).text).to.include(ann.userName);
  });

  it('asks a local administrator for their password before an optional provider may be connected (GrowthBook PR 6392)', async () => {
    const optional = await givenConnection(app.core, tenantId, idp, { mode: 'optional' });
    const admin = await givenUser(app.core, tenantId, {
      email: `boss@${optional.verifiedDomains[0]!}`,
      roles: ['administrator'],
    });
    idp.person = { sub: unique('sub'), email: admin.userName };
    const start = `/sso/${optional._id}/start`;
    const stranger = openBrowser(app.url);
    const refused = await atProvider(stranger, await stranger.get(start));
    expect(refused.status).to.equal(403);
    expect(refused.alert).to.include('password first');
    const other = await givenUser(app.core, tenantId);
    const somebodyElse = openBrowser(app.url);
    await signIn(somebodyElse, other.userName, goodPassword);
    const elses = await atProvider(somebodyElse, await somebodyElse.get(start));
    expect([elses.status, elses.alert?.includes('password first')]).to.deep.equal([403, true]);
    const browser = openBrowser(app.url);
    await signIn(browser, admin.userName, goodPassword);
    expect((await atProvider(browser, await browser.get(start))).status).to.equal(303);
    const later = openBrowser(app.url);
    expect((await atProvider(later, await later.get(start))).status).to.equal(303);
  });

  it('takes a password without its code for no proof that an account is somebody’s (Casdoor CVE-2026-9091)', async () => {
    const optional = await givenConnection(app.core, tenantId, idp, { mode: 'optional' });
    const admin = await givenUser(app.core, tenantId, {
      email: `two@${optional.verifiedDomains[0]!}`,
      roles: ['administrator'],
    });
    const enrolled = {
      state: 'on' as const,
      secret: 'x',
      backupCodes: [],
      lastStep: 0,
      enrolledAt: new Date(),
    };
    await app.core.store
      .tenant(tenantId)
      .collection('credentials')
      .update(admin._id, (stored) => ({ ...stored, twoFactor: enrolled }));
    idp.person = { sub: unique('sub'), email: admin.userName };
    const browser = openBrowser(app.url);
    const half = await signIn(browser, admin.userName, goodPassword);
    expect(half.text).to.include('/signin/2fa');
    const refused = await atProvider(browser, await browser.get(`/sso/${optional._id}/start`));
    expect(refused.status).to.equal(403);
    expect((await browser.get('/api/v1/me')).status).to.equal(401);
  });

  it('asks the provider for its metadata once, and again when the settings change', async () => {
    const path = '/.well-known/openid-configuration';
    const before = idp.hits.get(path) ?? 0;
    const fresh = await givenConnection(app.core, tenantId, idp);
    for (let times = 0; times < 3; times += 1) {
      await typeEmail(openBrowser(app.url), `x@${fresh.verifiedDomains[0]!}`);
    }
    expect((idp.hits.get(path) ?? 0) - before).to.equal(1);
  });

  it('is counted in the metrics, by method and result', async () => {
    const count = async (labels: string): Promise<number> => {
      const { text } = await openBrowser(app.url).get('/metrics');
      return Number(new RegExp(`^signin_total\\{${labels}\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    };
    const before = [
      await count('method="sso",result="forwarded"'),
      await count('method="sso",result="succeeded"'),
    ];
    const failed = await count('method="password",result="failed"');
    const user = await givenUser(app.core, tenantId, { email: address(), password: null });
    idp.person = { sub: unique('sub'), email: user.userName };
    await signInAtProvider(openBrowser(app.url), user.userName);
    await attempt(app.url, `${unique('nobody')}@local.test`, 'wrong wrong wrong');
    expect(await count('method="sso",result="forwarded"')).to.equal(before[0]! + 1);
    expect(await count('method="sso",result="succeeded"')).to.equal(before[1]! + 1);
    expect(await count('method="password",result="failed"')).to.equal(failed + 1);
  });

  it('records forwarding, refusal and sign-in', async () => {
    const own = await givenTenant(app.core);
    const { verifiedDomains } = await givenConnection(app.core, own.tenantId, idp);
    const user = await givenUser(app.core, own.tenantId, {
      email: `eve@${verifiedDomains[0]!}`,
      password: null,
    });
    idp.person = { sub: unique('sub'), email: `nobody@${verifiedDomains[0]!}` };
    await signInAtProvider(openBrowser(app.url), user.userName);
    idp.person = { sub: unique('sub'), email: user.userName };
    await signInAtProvider(openBrowser(app.url), user.userName);
    const events = await app.core.store.tenant(own.tenantId).collection('audit_events').find({});
    const actions = events
      .map(({ action }) => action)
      .filter((action) => /^(login|sso\.identity)/.test(action));
    expect(actions).to.deep.equal([
      'login.forwarded',
      'login.refused',
      'login.forwarded',
      'sso.identity_linked',
      'login.succeeded',
    ]);
  });
});
