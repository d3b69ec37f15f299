import { X509Certificate, createVerify } from 'node:crypto';
import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import {
  allowRelinking,
  createConnection,
  deleteConnection,
  updateConnection,
  type SsoConnectionDocument,
  type SsoConnectionInput,
} from '../../../src/identity/sso/connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { givenCrm, givenDirectory } from '../../support/core.js';
import { eventually } from '../../support/eventually.js';
import { ManualClock } from '../../support/clock.js';
import { makeApplication, relyingParty } from '../../support/oidc.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import {
  answerAt,
  assertionXml,
  encryptAssertion,
  honestAnswer,
  leaveForSaml,
  postAnswer,
  readSamlRequest,
  responseXml,
  samlKey,
  signedAnswer,
  signXml,
  type SamlRequest,
  type SamlSaid,
} from '../../support/saml.js';

const issuer = 'https://idp.test/entity';
const certificate = () => samlKey(0).certificate;

describe('a sign-in by SAML', () => {
  const clock = new ManualClock(new Date().toISOString());
  let app: TestApp;
  let tenantId: string;
  let connection: SsoConnectionDocument;
  let domain: string;

  const connect = (input: Partial<SsoConnectionInput> = {}): Promise<SsoConnectionDocument> =>
    createConnection(app.core, systemActor(tenantId), {
      name: unique('connection'),
      protocol: 'saml',
      idpEntityId: issuer,
      idpSsoUrl: 'https://idp.test/sso?tenant=1',
      idpCertificates: [certificate()],
      mode: 'required',
      domains: [{ domain: `${unique('company')}.test`, verified: true }],
      ...input,
    });

  before(async () => {
    app = await startApp({ clock });
    tenantId = (await givenTenant(app.core)).tenantId;
    connection = await connect();
    domain = connection.verifiedDomains[0]!;
  });
  after(() => app.stop());

  const person = async (at = domain): Promise<string> =>
    (await givenUser(app.core, tenantId, { email: `${unique('u')}@${at}`, password: null })).userName;

  const answerOf = (request: SamlRequest, email: string, change: Partial<SamlSaid> = {}): SamlSaid => ({
    ...honestAnswer(request, { issuer, subject: `sub-${email}`, email, now: clock.now() }),
    ...change,
  });

  async function signIn(
    email: string,
    change: Partial<SamlSaid> = {},
    browser = openBrowser(app.url),
  ): Promise<Page> {
    const request = await leaveForSaml(browser, email);
    return answerAt(browser, request, signedAnswer(answerOf(request, email, change), samlKey(0)));
  }

  const isIn = (page: Page): boolean => page.status === 303 && page.location === `${app.url}/account`;

  async function reasons(): Promise<unknown[]> {
    const events = await app.core.store
      .tenant(tenantId)
      .collection('audit_events')
      .find({ result: 'failure' });
    return events.flatMap(({ changes }) =>
      changes.filter(({ path }) => path === 'reason').map(({ after }) => after),
    );
  }

  it('sends a signed request by HTTP-Redirect, and brings a known person in', async () => {
    const email = await person();
    const browser = openBrowser(app.url);
    const request = await leaveForSaml(browser, email);
    expect(request).to.include({
      acs: `${app.url}/sso/${connection._id}/acs`,
      issuer: `${app.url}/sso/${connection._id}/metadata`,
    });
    expect(request.url.searchParams.get('tenant')).to.equal('1');
    expect(request.xml).to.include('nameid-format:persistent').and.include('AllowCreate="true"');
    expect(request.xml).to.include('Destination="https://idp.test/sso?tenant=1"');
    expect(request.xml).to.not.match(/RequestedAuthnContext|ForceAuthn/);
    expect(Buffer.byteLength(request.relayState)).to.be.at.most(80);
    const signed = ['SAMLRequest', 'RelayState', 'SigAlg']
      .map((name) => `${name}=${encodeURIComponent(request.url.searchParams.get(name)!)}`)
      .join('&');
    const key = new X509Certificate(connection.saml!.signing.certificate).publicKey;
    const signature = Buffer.from(request.url.searchParams.get('Signature')!, 'base64');
    expect(createVerify('sha256').update(signed).verify(key, signature)).to.equal(true);
    const page = await answerAt(browser, request, signedAnswer(answerOf(request, email), samlKey(0)));
    expect(isIn(page), page.text).to.equal(true);
    expect((await browser.get('/api/v1/me')).status).to.equal(200);
  });

  it('goes through an application, whose wish for a fresh and a strong sign-in is handed on', async () => {
    const email = await person();
    const tenant = (await app.core.store.tenant(tenantId).collection('tenants').get(tenantId))!;
    const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const asked = await party.request({ prompt: 'login', acr_values: 'urn:strong phr' });
    const browser = openBrowser(app.url);
    const first = await browser.follow(await browser.get(asked.url));
    const leaving = await browser.post('/signin', { _csrf: first.fields['_csrf']!, email });
    const request = readSamlRequest(leaving.location!);
    expect(request.xml).to.include('ForceAuthn="true"');
    expect(request.xml).to.match(
      /<samlp:RequestedAuthnContext[^>]*Comparison="exact"><saml:AuthnContextClassRef[^>]*>urn:strong</,
    );
    expect(request.xml).to.not.include('phr');
    const said = answerOf(request, email, { context: 'urn:strong' });
    const page = await answerAt(browser, request, signedAnswer(said, samlKey(0)));
    const back = await browser.follow(page, 'http://app.example.test');
    const tokens = await party.exchange(new URL(back.location!), asked);
    expect(tokens.claims()).to.include({ email });
    const sessions = app.core.store.tenant(tenantId).collection('sessions');
    expect((await sessions.find({ connectionId: connection._id })).map(({ acr }) => acr)).to.include(
      'urn:strong',
    );
    expect(tokens.claims()!.auth_time).to.equal(Math.floor(clock.now().getTime() / 1000));
  });

  it('refuses a sign-in that is older than the application asks', async () => {
    const email = await person();
    const tenant = (await app.core.store.tenant(tenantId).collection('tenants').get(tenantId))!;
    const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const browser = openBrowser(app.url);
    const first = await browser.follow(await browser.get((await party.request({ max_age: '60' })).url));
    const leaving = await browser.post('/signin', { _csrf: first.fields['_csrf']!, email });
    const request = readSamlRequest(leaving.location!);
    const said = answerOf(request, email, { authnInstant: new Date(clock.now().getTime() - 3_600_000) });
    const page = await answerAt(browser, request, signedAnswer(said, samlKey(0)));
    expect(page.status).to.equal(403);
    expect(page.alert).to.include('sign in again');
  });

  const ways: Record<string, (said: SamlSaid, certificate: string) => string | Promise<string>> = {
    'with a signed response alone': (said) =>
      signXml(responseXml(said, assertionXml(said)), 'Response', { key: samlKey(0) }),
    'with both signed': (said) => signXml(signedAnswer(said, samlKey(0)), 'Response', { key: samlKey(0) }),
    'with an encrypted signed assertion (AES-256-GCM)': (said, pem) =>
      encryptAssertion(signedAnswer(said, samlKey(0)), pem),
    'with an encrypted signed assertion (AES-256-CBC, as Entra sends it)': (said, pem) =>
      encryptAssertion(signedAnswer(said, samlKey(0)), pem, {
        data: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
      }),
    'with an encrypted assertion in a signed response': async (said, pem) =>
      signXml(await encryptAssertion(responseXml(said, assertionXml(said)), pem), 'Response', {
        key: samlKey(0),
      }),
    'signed by RSA-SHA512': (said) =>
      responseXml(
        said,
        signXml(assertionXml(said), 'Assertion', {
          key: samlKey(0),
          signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
          digest: 'http://www.w3.org/2001/04/xmlenc#sha512',
        }),
      ),
    'with a Recipient alone and no Destination': (said) =>
      signedAnswer({ ...said, destination: null }, samlKey(0)),
  };
  for (const [title, way] of Object.entries(ways)) {
    it(`takes an answer ${title}`, async () => {
      const email = await person();
      const browser = openBrowser(app.url);
      const request = await leaveForSaml(browser, email);
      const xml = await way(answerOf(request, email), connection.saml!.encryption.certificate);
      const page = await answerAt(browser, request, xml);
      expect(isIn(page), page.alert).to.equal(true);
    });
  }

  it('takes answers signed by any of several certificates, so that a provider can change its own', async () => {
    const both = await connect({ idpCertificates: [certificate(), samlKey(1).certificate] });
    const email = await person(both.verifiedDomains[0]);
    for (const key of [samlKey(1), samlKey(0)]) {
      const browser = openBrowser(app.url);
      const request = await leaveForSaml(browser, email);
      expect(isIn(await answerAt(browser, request, signedAnswer(answerOf(request, email), key)))).to.equal(
        true,
      );
    }
    await updateConnection(app.core, systemActor(tenantId), both._id, {
      idpCertificates: [samlKey(1).certificate],
    });
    const browser = openBrowser(app.url);
    const request = await leaveForSaml(browser, email);
    const page = await answerAt(browser, request, signedAnswer(answerOf(request, email), samlKey(0)));
    expect(page.status).to.equal(400);
  });

  it('knows people by NameID and entity id, whatever becomes of the address', async () => {
    const email = await person();
    expect(isIn(await signIn(email))).to.equal(true);
    const identities = app.core.store.tenant(tenantId).collection('identities');
    expect(await identities.findOne({ subject: `sub-${email}` })).to.include({
      issuer,
      connectionId: connection._id,
    });
    const moved = await signIn(email, { attributes: { email: [`${unique('new')}@elsewhere.test`] } });
    expect(isIn(moved)).to.equal(true);
    const other = await signIn(email, { nameId: '<saml:NameID>somebody-else</saml:NameID>' });
    expect(other.status).to.equal(403);
    expect(other.alert).to.include('another identity');
  });

  it('knows people by an attribute where the connection says so, and asks for no NameID then', async () => {
    const byAttribute = await connect({
      subjectFrom: 'employeeId',
      attributeMapping: { email: 'mail2', givenName: 'first', familyName: 'last' },
      jitProvisioning: true,
    });
    const email = `${unique('u')}@${byAttribute.verifiedDomains[0]!}`;
    const attempt = async (employeeId: string[]): Promise<Page> => {
      const browser = openBrowser(app.url);
      const request = await leaveForSaml(browser, email);
      expect(request.xml).to.include('nameid-format:unspecified');
      const attributes = { mail2: [email], first: ['Ada'], last: ['Byron'], employeeId };
      const transient =
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x</saml:NameID>';
      return answerAt(
        browser,
        request,
        signedAnswer(answerOf(request, email, { attributes, nameId: transient }), samlKey(0)),
      );
    };
    for (const odd of [[], ['1', '2'], [''], ['x'.repeat(257)]])
      expect((await attempt(odd)).status).to.equal(400);
    expect(isIn(await attempt(['0042']))).to.equal(true);
    const scope = app.core.store.tenant(tenantId);
    const identity = await scope.collection('identities').findOne({ subject: '0042' });
    const user = await scope.collection('users').get(identity!.userId);
    expect(user!.attributes['name']).to.deep.equal({ givenName: 'Ada', familyName: 'Byron' });
    expect(isIn(await attempt(['0042']))).to.equal(true);
  });

  it('reads the attributes of Entra and the shibboleth names without a mapping, and an address in the NameID', async () => {
    const jit = await connect({ jitProvisioning: true });
    const at = jit.verifiedDomains[0]!;
    const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
    const shapes = [
      (email: string) => ({
        attributes: {
          [`${claims}/emailaddress`]: [email],
          [`${claims}/givenname`]: ['Grace'],
          [`${claims}/surname`]: ['Hopper'],
        },
      }),
      (email: string) => ({
        attributes: {
          'urn:oid:0.9.2342.19200300.100.1.3': [email],
          'urn:oid:2.5.4.42': ['Grace'],
          'urn:oid:2.5.4.4': ['Hopper'],
        },
      }),
      (email: string) => ({
        nameId: `<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${email}</saml:NameID>`,
        attributes: { firstName: ['Grace'], lastName: ['Hopper'] },
      }),
    ];
    for (const shape of shapes) {
      const email = `${unique('g')}@${at}`;
      expect(isIn(await signIn(email, shape(email)))).to.equal(true);
      const user = await app.core.store.tenant(tenantId).collection('users').findOne({ loginKeys: email });
      expect(user).to.include({ email, source: 'sso_jit' });
      expect(user!.attributes['name']).to.deep.equal({ givenName: 'Grace', familyName: 'Hopper' });
    }
  });

  it('refuses strangers, foreign domains and shut-out people on a page', async () => {
    const page = await signIn(`${unique('stranger')}@${domain}`);
    expect([page.status, page.alert]).to.deep.equal([
      403,
      'There is no account for you here. Please ask your administrator to add you.',
    ]);
    const email = await person();
    const foreign = await signIn(email, { attributes: { email: ['boss@other.test'] } });
    expect(foreign.alert).to.include('domains');
    const disabled = await givenUser(app.core, tenantId, {
      email: `${unique('d')}@${domain}`,
      password: null,
      input: { active: false },
    });
    expect((await signIn(disabled.userName)).alert).to.include('disabled');
  });

  it('takes the session’s end from the provider', async () => {
    const email = await person();
    const over = await signIn(email, { sessionEnd: new Date(clock.now().getTime() - 1000) });
    expect(over.alert).to.include('session');
    const end = new Date(clock.now().getTime() + 60_000);
    const browser = openBrowser(app.url);
    expect(isIn(await signIn(email, { sessionEnd: end }, browser))).to.equal(true);
    const sessions = await app.core.store
      .tenant(tenantId)
      .collection('sessions')
      .find({ connectionId: connection._id });
    expect(sessions.some(({ expiresAt }) => expiresAt.getTime() === end.getTime())).to.equal(true);
  });

  it('gives roles by the rules of the connection at each sign-in, and takes them again', async () => {
    await givenCrm(app.core, tenantId);
    const ruled = await connect({
      jitProvisioning: true,
      attributeMapping: { groups: 'memberOf' },
      roleRules: [
        { when: { path: 'groups.displayName', is: 'Engineering' }, grant: ['crm:agent'] },
        { when: { path: 'emails.value', matches: 'boss@*' }, grant: ['crm:lead'] },
      ],
    });
    const email = `boss@${ruled.verifiedDomains[0]!}`;
    const users = app.core.store.tenant(tenantId).collection('users');
    const rolesAfter = async (groups: string[]): Promise<(string | null)[][]> => {
      expect(isIn(await signIn(email, { attributes: { email: [email], memberOf: groups } }))).to.equal(true);
      const user = (await users.findOne({ loginKeys: email }))!;
      return user.grants.map(({ role, type, sourceId }) => [role, type, sourceId]);
    };
    const lead = ['crm:lead', 'sso', ruled._id];
    expect(await rolesAfter(['Sales', 'engineering'])).to.deep.equal([['crm:agent', 'sso', ruled._id], lead]);
    expect(await rolesAfter(['Sales'])).to.deep.equal([lead]);
    const { directory } = await givenDirectory(app.core, tenantId, [], unique('directory'));
    const user = (await users.findOne({ loginKeys: email }))!;
    await users.update(user._id, (stored) => ({ ...stored, directoryId: directory._id }));
    expect(await rolesAfter(['Engineering'])).to.deep.equal([]);
    await users.update(user._id, (stored) => ({ ...stored, directoryId: null }));
    expect(await rolesAfter([])).to.deep.equal([lead]);
    await deleteConnection(app.core, systemActor(tenantId), ruled._id);
    await eventually(async () => (await users.get(user._id))!.grants.length === 0, 'the roles are gone');
  });

  describe('an answer', () => {
    async function asked(browser: Browser, email: string): Promise<{ request: SamlRequest; xml: string }> {
      const request = await leaveForSaml(browser, email);
      return { request, xml: signedAnswer(answerOf(request, email), samlKey(0)) };
    }

    it('that is posted twice at once signs in once', async () => {
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, await person());
      const posted = await Promise.all(
        [1, 2, 3, 4].map(() => postAnswer(request.acs, xml, request.relayState)),
      );
      expect(posted.map(({ status }) => status).sort()).to.deep.equal([303, 400, 400, 400]);
      const good = posted.find(({ status }) => status === 303)!;
      const arrivals = await Promise.all([1, 2, 3].map(() => browser.get(good.location!)));
      expect(arrivals.filter(isIn)).to.have.length(1);
      expect((await reasons()).filter((reason) => reason === 'replayed')).to.have.length.at.least(3);
    });

    it('without its RelayState is known by the request it answers', async () => {
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, await person());
      expect(isIn(await answerAt(browser, { ...request, relayState: '' }, xml))).to.equal(true);
    });

    it('is not good for another request, nor a second time', async () => {
      const email = await person();
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, email);
      expect(isIn(await answerAt(browser, request, xml))).to.equal(true);
      const again = await answerAt(browser, request, xml);
      expect([again.status, again.alert?.includes('could not be accepted')]).to.deep.equal([400, true]);
      const other = await leaveForSaml(browser, email);
      const replayed = await answerAt(browser, { ...request, relayState: other.relayState }, xml);
      expect(replayed.status).to.equal(400);
    });

    it('is for the browser that asked, in the tab that asked', async () => {
      const email = await person();
      const browser = openBrowser(app.url);
      const first = await asked(browser, email);
      const foreign = await answerAt(openBrowser(app.url), first.request, first.xml);
      expect([foreign.status, foreign.alert?.includes('did not ask')]).to.deep.equal([403, true]);
      const [one, two] = [await asked(browser, email), await asked(browser, email)];
      const crossed = await answerAt(
        browser,
        { ...one.request, relayState: two.request.relayState },
        one.xml,
      );
      expect(crossed.status).to.equal(400);
      expect(await reasons()).to.include('in_response_to');
      const third = await asked(browser, email);
      expect(isIn(await answerAt(browser, third.request, third.xml))).to.equal(true);
    });

    it('of another connection is refused at each address', async () => {
      const other = await connect({
        idpEntityId: 'https://other.test',
        idpCertificates: [samlKey(1).certificate],
      });
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, await person());
      const acs = `${app.url}/sso/${other._id}/acs`;
      expect((await postAnswer(acs, xml, request.relayState)).status).to.equal(400);
      const page = await fetch(
        `${app.url}/sso/${connection._id}/callback?code=1&state=${request.relayState}`,
      );
      expect(page.status).to.equal(403);
    });

    it('that comes after ten minutes, or half an hour after the start, is refused', async () => {
      const email = await person();
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, email);
      clock.advance(10 * 60_000);
      expect((await answerAt(browser, request, xml)).status).to.equal(400);
      expect(await reasons()).to.include('expired');
      const late = await asked(browser, email);
      clock.advance(31 * 60_000);
      const fresh = signedAnswer(answerOf(late.request, email), samlKey(0));
      expect((await answerAt(browser, late.request, fresh)).status).to.equal(400);
    });

    it('that was kept is forgotten after five minutes', async () => {
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, await person());
      const posted = await postAnswer(request.acs, xml, request.relayState);
      clock.advance(6 * 60_000);
      expect((await browser.get(posted.location!)).status).to.equal(400);
    });

    it('without a request becomes a request, never a session', async () => {
      const email = await person();
      const browser = openBrowser(app.url);
      const request = await leaveForSaml(browser, email);
      const unsolicited = (): string =>
        signedAnswer(answerOf(request, email, { inResponseTo: null }), samlKey(0));
      const xml = unsolicited();
      const posted = await postAnswer(request.acs, xml);
      expect([posted.status, posted.location]).to.deep.equal([303, `${app.url}/sso/${connection._id}/start`]);
      const leaving = await browser.get(posted.location!);
      const fresh = readSamlRequest(leaving.location!);
      expect(isIn(await answerAt(browser, fresh, signedAnswer(answerOf(fresh, email), samlKey(0))))).to.equal(
        true,
      );
      expect((await postAnswer(request.acs, xml)).status).to.equal(400);
      const deep = await postAnswer(request.acs, unsolicited(), '/account?from=portal');
      expect(new URL(deep.location!).searchParams.get('target_link_uri')).to.equal('/account?from=portal');
      const evil = await postAnswer(request.acs, unsolicited(), 'https://evil.test/');
      expect(evil.location).to.equal(`${app.url}/sso/${connection._id}/start`);
    });

    it('is refused while the connection is off', async () => {
      const off = await connect();
      const email = await person(off.verifiedDomains[0]);
      const browser = openBrowser(app.url);
      const { request, xml } = await asked(browser, email);
      const posted = await postAnswer(request.acs, xml, request.relayState);
      await updateConnection(app.core, systemActor(tenantId), off._id, { mode: 'off' });
      expect((await browser.get(posted.location!)).status).to.equal(403);
      expect((await postAnswer(request.acs, xml, request.relayState)).status).to.equal(404);
    });
  });

  it('gives out metadata from the start, in mode off and without the provider’s', async () => {
    const bare = await createConnection(app.core, systemActor(tenantId), {
      name: unique('bare'),
      protocol: 'saml',
      key: unique('bare'),
    });
    const page = await fetch(`${app.url}/sso/${bare.key!}/metadata`);
    expect([page.status, page.headers.get('content-type')]).to.deep.equal([
      200,
      'application/samlmetadata+xml; charset=utf-8',
    ]);
    const xml = await page.text();
    expect(xml).to.include(`entityID="${app.url}/sso/${bare.key!}/metadata"`);
    expect(xml).to.include(`Location="${app.url}/sso/${bare.key!}/acs"`);
    expect(xml)
      .to.match(/use="signing"/)
      .and.match(/use="encryption"/)
      .and.match(/aes256-gcm/);
    for (const [, base64] of xml.matchAll(/<ds:X509Certificate>([^<]+)</g)) {
      const parsed = new X509Certificate(Buffer.from(base64!, 'base64'));
      expect(parsed.verify(parsed.publicKey)).to.equal(true);
      expect(new Date(parsed.validTo).getTime()).to.be.above(clock.now().getTime());
    }
    expect((await fetch(`${app.url}/sso/${unique('none')}/metadata`)).status).to.equal(404);
    expect((await fetch(`${app.url}/sso/${bare.key!}/start`, { redirect: 'manual' })).status).to.equal(404);
  });

  it('by the key of somebody below an administrator is none, also for people known before', async () => {
    const mine = await connect();
    const email = await person(mine.verifiedDomains[0]);
    const by = async (key: number) => {
      const browser = openBrowser(app.url);
      const request = readSamlRequest((await browser.get(`/sso/${mine._id}/start`)).location!);
      return answerAt(browser, request, signedAnswer(answerOf(request, email), samlKey(key)));
    };
    expect(isIn(await by(0))).to.equal(true);
    const manager = { ...systemActor(tenantId), permissions: new Set(['sso.manage']) };
    const both = { idpCertificates: [certificate(), samlKey(1).certificate] };
    const added = updateConnection(app.core, manager, mine._id, both).catch((error: unknown) => error);
    expect(await added).to.include({ code: 'auth.forbidden' });
    expect((await by(1)).status).to.equal(400);
    await updateConnection(app.core, manager, mine._id, { idpCertificates: [samlKey(1).certificate] });
    const refused = await by(1);
    expect(refused.status, refused.alert).to.equal(403);
    await allowRelinking(app.core, systemActor(tenantId), mine._id);
    expect(isIn(await by(1))).to.equal(true);
  });
});
