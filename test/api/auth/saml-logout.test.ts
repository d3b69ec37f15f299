import { createVerify, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import {
  createConnection,
  updateConnection,
  type SsoConnectionDocument,
} from '../../../src/identity/sso/connections.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import { newId } from '../../../src/shared/ids.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { introspect, loggedOutUri, makeApplication, relyingParty } from '../../support/oidc.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import {
  answerAt,
  honestAnswer,
  leaveForSaml,
  logoutXml,
  persistent,
  redirectQuery,
  samlKey,
  signedAnswer,
  signXml,
  type SamlLogoutSaid,
} from '../../support/saml.js';
import { inflateRawSync } from 'node:zlib';

const issuer = 'https://idp.test/entity';
const idpSloUrl = 'https://idp.test/slo?tenant=1';
const key = () => samlKey(0);
const success = 'urn:oasis:names:tc:SAML:2.0:status:Success';

describe('single logout by SAML', () => {
  const clock = new ManualClock(new Date().toISOString());
  let app: TestApp;
  let tenant: TenantDocument;
  let connection: SsoConnectionDocument;
  let slo: string;
  let application: ApplicationDocument & { secret: string };

  before(async () => {
    app = await startApp({ clock });
    tenant = await givenTenant(app.core, { 'sessions.idleSeconds': 0 });
    connection = await createConnection(app.core, systemActor(tenant._id), {
      name: unique('connection'),
      protocol: 'saml',
      idpEntityId: issuer,
      idpSsoUrl: 'https://idp.test/sso',
      idpSloUrl,
      singleLogout: true,
      idpCertificates: [key().certificate],
      mode: 'required',
      domains: [{ domain: `${unique('company')}.test`, verified: true }],
    });
    slo = `${app.url}/sso/${connection._id}/slo`;
    application = await makeApplication(app.core, tenant);
  });
  after(() => app.stop());
  // Refused messages are told once a minute.
  beforeEach(() => clock.advance(61_000));

  /** Somebody who has signed in there. */
  async function signedIn(browser = openBrowser(app.url)) {
    const domain = connection.verifiedDomains[0]!;
    const email = `${unique('u')}@${domain}`;
    const user = await givenUser(app.core, tenant._id, { email, password: null });
    const request = await leaveForSaml(browser, email);
    const said = honestAnswer(request, { issuer, subject: `sub-${email}`, email, now: clock.now() });
    await answerAt(browser, request, signedAnswer(said, key()));
    expect(await isIn(browser)).to.equal(true);
    return { browser, user, name: `sub-${email}`, index: `s-${said.assertionId}` };
  }
  const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/api/v1/me')).status === 200;

  const message = (over: Partial<SamlLogoutSaid>): SamlLogoutSaid => ({
    kind: 'LogoutRequest',
    id: `_${newId()}`,
    issuer,
    destination: slo,
    issuedAt: clock.now(),
    attributes: '',
    inside: '',
    ...over,
  });
  const requestFor = (name: string, index?: string, over: Partial<SamlLogoutSaid> = {}): string =>
    logoutXml(
      message({
        inside: `${persistent(name)}${index === undefined ? '' : `<samlp:SessionIndex>${index}</samlp:SessionIndex>`}`,
        ...over,
      }),
    );
  const responseTo = (id: string, status = success): string =>
    logoutXml(
      message({
        kind: 'LogoutResponse',
        attributes: ` InResponseTo="${id}"`,
        inside: `<samlp:Status><samlp:StatusCode Value="${status}"/></samlp:Status>`,
      }),
    );
  const byRedirect = (field: 'SAMLRequest' | 'SAMLResponse', xml: string, relayState?: string): string =>
    `${slo}?${redirectQuery(field, xml, { key: key(), ...(relayState !== undefined && { relayState }) })}`;
  /** A message of ours, whose signature holds. */
  function readOurs(address: string, field: 'SAMLRequest' | 'SAMLResponse') {
    const url = new URL(address);
    const [signed = ''] = /SAML(?:Request|Response)=.*(?=&Signature=)/.exec(url.search) ?? [];
    const certificate = new X509Certificate(connection.saml!.signing.certificate);
    const signature = Buffer.from(url.searchParams.get('Signature')!, 'base64');
    expect(createVerify('sha256').update(signed).verify(certificate.publicKey, signature)).to.equal(true);
    const xml = inflateRawSync(Buffer.from(url.searchParams.get(field)!, 'base64')).toString();
    return { url, xml, id: / ID="([^"]*)"/.exec(xml)![1]!, relayState: url.searchParams.get('RelayState') };
  }
  const signOut = async (browser: Browser) =>
    browser.post('/signout', { _csrf: (await browser.get('/signout')).fields['_csrf']! });

  it('leads from our sign-out to the provider’s and back, and our session is over before', async () => {
    const { browser, name, index } = await signedIn();
    const leaving = await signOut(browser);
    expect(leaving.location).to.match(/^https:\/\/idp\.test\/slo\?tenant=1&SAMLRequest=/);
    expect(await isIn(browser)).to.equal(false);
    const { xml, id, relayState } = readOurs(leaving.location!, 'SAMLRequest');
    expect(xml).to.include(`>${name}</saml:NameID>`).and.to.include(`>${index}</samlp:SessionIndex>`);
    expect(xml).to.include(`Destination="${idpSloUrl}"`);
    const back = await browser.get(byRedirect('SAMLResponse', responseTo(id), relayState!));
    expect([back.status, back.location]).to.deep.equal([303, `${app.url}/signout`]);
    expect((await browser.get('/signout')).text).to.include('You are signed out');
    expect((await browser.get(byRedirect('SAMLResponse', responseTo(id)))).status).to.equal(400);
  });

  it('brings an application’s sign-out back to its address, also past a provider that does not confirm', async () => {
    const { browser } = await signedIn();
    const party = await relyingParty(app.core, application);
    const begun = await party.request({ scope: 'openid offline_access' });
    const code = await browser.follow(await browser.get(begun.url), 'http://app.example.test');
    const tokens = await party.exchange(new URL(code.location!), begun);
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token!,
      post_logout_redirect_uri: loggedOutUri,
      state: 'of the app',
    });
    const leaving = await browser.get(`/oidc/session/end?${query.toString()}`);
    const { id } = readOurs(leaving.location!, 'SAMLRequest');
    expect(await introspect(app.core, application, tokens.refresh_token!)).to.deep.equal({ active: false });
    const partial = responseTo(id, 'urn:oasis:names:tc:SAML:2.0:status:Responder');
    const page = await browser.get(byRedirect('SAMLResponse', partial));
    expect(page.status).to.equal(200);
    expect(page.alert).to.include('did not confirm');
    expect(page.text).to.include(`href="${loggedOutUri}?state=of%20the%20app"`);
  });

  it('stays here where the connection does not want it, or the session came another way', async () => {
    const { browser } = await signedIn();
    const actor = systemActor(tenant._id);
    await updateConnection(app.core, actor, connection._id, { singleLogout: false });
    expect((await signOut(browser)).text).to.include('You are signed out');
    await updateConnection(app.core, actor, connection._id, { singleLogout: true });
    expect(await isIn(browser)).to.equal(false);
  });

  it('ends what the provider’s request names, by redirect and by post, and answers it signed', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const xml = requestFor(one.name, one.index);
    const answer = await openBrowser(app.url).get(byRedirect('SAMLRequest', xml, 'theirs & more'));
    const told = readOurs(answer.location!, 'SAMLResponse');
    expect(told.relayState).to.equal('theirs & more');
    expect(told.xml)
      .to.include(`InResponseTo="${/ ID="([^"]*)"/.exec(xml)![1]!}"`)
      .and.to.include(success);
    expect([await isIn(one.browser), await isIn(other.browser)]).to.deep.equal([false, true]);
    const posted = signXml(requestFor(other.name), 'LogoutRequest', { key: key() });
    const form = { SAMLRequest: Buffer.from(posted).toString('base64') };
    const page = await openBrowser(app.url).post(slo, form);
    expect([page.status, await isIn(other.browser)]).to.deep.equal([303, false]);
    const [logout] = await app.core.store
      .tenant(tenant._id)
      .collection('audit_events')
      .find({ action: 'logout', 'target.id': other.user._id });
    expect(logout!.actor).to.include({ label: connection.name });
  });

  it('ends one session of several, and finds people whose key is an attribute', async () => {
    const attributed = await createConnection(app.core, systemActor(tenant._id), {
      name: unique('connection'),
      protocol: 'saml',
      idpEntityId: issuer,
      idpSsoUrl: 'https://idp.test/sso',
      idpCertificates: [key().certificate],
      subjectFrom: 'uid',
      mode: 'required',
      domains: [{ domain: `${unique('company')}.test`, verified: true }],
    });
    const email = `${unique('u')}@${attributed.verifiedDomains[0]!}`;
    await givenUser(app.core, tenant._id, { email, password: null });
    const enter = async () => {
      const browser = openBrowser(app.url);
      const request = await leaveForSaml(browser, email);
      const said = honestAnswer(request, { issuer, subject: email, email, now: clock.now() });
      await answerAt(
        browser,
        request,
        signedAnswer({ ...said, attributes: { ...said.attributes, uid: ['42'] } }, key()),
      );
      return { browser, index: `s-${said.assertionId}` };
    };
    const [one, other] = [await enter(), await enter()];
    const there = `${app.url}/sso/${attributed._id}/slo`;
    const send = (index?: string) =>
      openBrowser(app.url).get(
        `${there}?${redirectQuery('SAMLRequest', requestFor(email, index, { destination: there }), { key: key() })}`,
      );
    expect((await send(one.index)).text).to.include('You are signed out');
    expect([await isIn(one.browser), await isIn(other.browser)]).to.deep.equal([false, true]);
    await send();
    expect(await isIn(other.browser)).to.equal(false);
  });

  /** Addresses and forms by the reason they are refused for. */
  type Hostile = (name: string) => string | { form: Record<string, string> };
  const encoded = (xml: string) => ({ form: { SAMLRequest: Buffer.from(xml).toString('base64') } });
  const query = (xml: string, over: Partial<Parameters<typeof redirectQuery>[2]> = {}): string =>
    `${slo}?${redirectQuery('SAMLRequest', xml, { key: key(), ...over })}`;
  const hostile: [string, string, Hostile][] = [
    ['unsigned', 'without a signature', (name) => query(requestFor(name)).replace(/&Signature=.*/, '')],
    ['signature', 'signed by another key', (name) => query(requestFor(name), { key: samlKey(1) })],
    [
      'signature',
      'whose RelayState was changed',
      (name) => query(requestFor(name), { relayState: 'a' }).replace('RelayState=a', 'RelayState=b'),
    ],
    [
      'algorithm',
      'signed by RSA-SHA1',
      (name) => query(requestFor(name), { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
    ],
    [
      'structure',
      'with a second request before the signed one',
      (name) => query(requestFor(name)).replace('?', `?SAMLRequest=x&`),
    ],
    [
      'malformed',
      'that is a request and an answer',
      (name) => query(requestFor(name)).replace('?', `?SAMLResponse=x&`),
    ],
    ['malformed', 'that unpacks to megabytes', (name) => query(requestFor(name + ' '.repeat(9_000_000)))],
    [
      'malformed',
      'that is another message',
      (name) => query(requestFor(name).replaceAll('LogoutRequest', 'AuthnRequest')),
    ],
    [
      'issuer',
      'of another entity',
      (name) => query(requestFor(name, undefined, { issuer: 'https://evil.test' })),
    ],
    [
      'destination',
      'for another address',
      (name) => query(requestFor(name, undefined, { destination: 'https://other.test/slo' })),
    ],
    ['destination', 'for no address', (name) => query(requestFor(name, undefined, { destination: null }))],
    [
      'expired',
      'issued a quarter of an hour ago',
      (name) => query(requestFor(name, undefined, { issuedAt: new Date(clock.now().getTime() - 900_000) })),
    ],
    [
      'not_yet_valid',
      'of the future',
      (name) => query(requestFor(name, undefined, { issuedAt: new Date(clock.now().getTime() + 300_000) })),
    ],
    ['name_id', 'without a NameID', () => query(logoutXml(message({})))],
    [
      'name_id',
      'with an element in the NameID',
      (name) => query(requestFor(name).replace('</saml:NameID>', '<b/></saml:NameID>')),
    ],
    ['doctype', 'with a DOCTYPE', (name) => query(`<!DOCTYPE r>${requestFor(name)}`)],
    [
      'markup',
      'with a comment in the NameID',
      (name) => query(requestFor(name).replace('</saml:NameID>', '<!--x--></saml:NameID>')),
    ],
    ['unsigned', 'posted without a signature', (name) => encoded(requestFor(name))],
    [
      'signature',
      'posted and changed after it was signed',
      (name) =>
        encoded(signXml(requestFor('somebody'), 'LogoutRequest', { key: key() }).replace('somebody', name)),
    ],
    [
      'signature',
      'posted, signed by another key',
      (name) => encoded(signXml(requestFor(name), 'LogoutRequest', { key: samlKey(1) })),
    ],
    [
      'structure',
      'posted, the signed one inside a forged one',
      (name) => {
        const signed = signXml(requestFor('somebody'), 'LogoutRequest', { key: key() });
        return encoded(requestFor(name).replace('</samlp:LogoutRequest>', `${signed}</samlp:LogoutRequest>`));
      },
    ],
  ];
  describe('refuses, and ends nothing for, a request', () => {
    let victim: Awaited<ReturnType<typeof signedIn>>;
    before(async () => {
      victim = await signedIn();
    });
    for (const [reason, title, make] of hostile) {
      it(`${title}: ${reason}`, async () => {
        const sent = make(victim.name);
        const browser = openBrowser(app.url);
        const page = await (typeof sent === 'string' ? browser.get(sent) : browser.post(slo, sent.form));
        expect(page.status, page.text).to.equal(400);
        expect(page.alert).to.include('could not be accepted');
        const [event] = await app.core.store
          .tenant(tenant._id)
          .collection('audit_events')
          .find({ action: 'sso.logout_refused' }, { sort: { _id: -1 }, limit: 1 });
        expect(event!.changes.map(({ after }) => after)).to.include(reason);
      });
    }

    it('sent a second time, or while the connection is off; all this ended nothing', async () => {
      expect(await isIn(victim.browser)).to.equal(true);
      const address = query(requestFor('nobody'));
      expect((await openBrowser(app.url).get(address)).status).to.equal(303);
      expect((await openBrowser(app.url).get(address)).status).to.equal(400);
      const off = await createConnection(app.core, systemActor(tenant._id), {
        name: unique('connection'),
        protocol: 'saml',
      });
      expect((await openBrowser(app.url).get(`/sso/${off._id}/slo`)).status).to.equal(404);
    });
  });

  it('stands in our metadata, for both bindings', async () => {
    const metadata = (await openBrowser(app.url).get(`/sso/${connection._id}/metadata`)).text;
    expect(
      metadata.match(new RegExp(`<md:SingleLogoutService [^>]*Location="${slo}"/>`, 'g')),
    ).to.have.length(2);
  });
});
