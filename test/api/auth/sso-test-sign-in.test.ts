import { expect } from 'chai';
import type { SsoConnectionDocument, SsoConnectionInput } from '../../../src/identity/sso/connections.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { lackingOf } from '../../../src/auth/sso/lacking-claims.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTwoFactor } from '../../support/audited-things.js';
import { idpClient, startIdp, type Idp } from '../../support/idp.js';
import { unique } from '../../support/people.js';
import { answerAt, honestAnswer, readSamlRequest, samlKey, signedAnswer } from '../../support/saml.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';

const entity = 'https://idp.test/entity';

describe('sign-ins at a company’s provider, tried and noted', () => {
  const clock = new ManualClock(new Date().toISOString());
  let app: TestApp;
  let idp: Idp;
  let acme: ApiTenant;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ clock, config: { allowPrivateIssuers: true } }), startIdp()]);
    acme = await givenTenant(app);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.misbehaviour = {};
  });

  const connect = (input: Partial<SsoConnectionInput> = {}): Promise<SsoConnectionDocument> =>
    givenConnection(app.core, acme.tenant._id, idp, input);
  const open = async ({ _id }: SsoConnectionDocument): Promise<{ id: string; url: string }> =>
    (await acme.call('post', `/sso-connections/${_id}/test-sign-in`).expect(201)).body;
  const noted = async ({ _id }: SsoConnectionDocument, id: string) =>
    (await acme.call('get', `/sso-connections/${_id}/sign-ins/${id}`).expect(200)).body;
  const newest = async ({ _id }: SsoConnectionDocument) =>
    (await acme.call('get', `/sso-connections/${_id}/sign-ins`).expect(200)).body.items[0];

  /** Begins a test in a browser and goes through the provider. */
  async function run(connection: SsoConnectionDocument, browser = openBrowser(app.url)) {
    const { id, url } = await open(connection);
    const leaving = await browser.get(url);
    const returning = await browser.get(leaving.location ?? '');
    const page: Page = await browser.get(returning.location ?? '');
    return { id, url, page, browser, report: await noted(connection, id) };
  }

  const usersOf = (): Promise<number> => app.core.store.tenant(acme.tenant._id).collection('users').count({});

  it('a test says what a sign-in would do, and changes nothing, also while the connection is off', async () => {
    await acme.givenApplication('crm');
    const connection = await connect({
      mode: 'off',
      jitProvisioning: true,
      roleRules: [{ when: { path: 'groups.displayName', is: 'Sales' }, grant: ['crm:agent'] }],
    });
    const email = `${unique('new')}@${connection.verifiedDomains[0]!}`;
    idp.person = { sub: unique('sub'), email, given_name: 'Eve', family_name: 'N', groups: ['Sales'] };
    const before = await usersOf();
    const { browser, page, report, url } = await run(connection);
    expect(page.status).to.equal(200);
    expect(page.text).to.include('would create an account').and.include('crm:agent');
    expect(report).to.include({ kind: 'test', state: 'passed', person: email });
    expect(report.report).to.include({ account: 'create', reason: null });
    expect(report.report.roles[0]).to.include({ role: 'crm:agent' });
    expect(report.report.claims.map(({ name }: { name: string }) => name)).to.include.members([
      'sub',
      'groups',
    ]);
    expect(report.report.person).to.include({ email, givenName: 'Eve', groups: 'Sales' });
    expect(await usersOf()).to.equal(before);
    expect((await browser.get('/api/v1/me')).status).to.equal(401);
    expect((await openBrowser(app.url).get(url)).status).to.equal(403);
    const late = await open(connection);
    clock.advance(601_000);
    expect((await openBrowser(app.url).get(late.url)).status).to.equal(403);
  });

  it('a test tells of an account that it would connect, and of one it would refuse, with what the provider does not say', async () => {
    const connection = await connect();
    const email = `${unique('ada')}@${connection.verifiedDomains[0]!}`;
    const user = await acme.givenUser({ email });
    idp.person = { sub: unique('sub'), email };
    const linked = await run(connection);
    expect(linked.report.report).to.deep.include({ account: 'link', user: { id: user._id, label: email } });
    expect(linked.report.report.lacking.map(({ what }: { what: string }) => what)).to.include('names');
    const identities = await acme.call('get', `/users/${user._id}/identities`).expect(200);
    expect(identities.body.items).to.deep.equal([]);
    idp.person = { sub: unique('sub'), email: 'eve@elsewhere.test' };
    const refused = await run(connection);
    expect(refused.report).to.include({ state: 'refused', reason: 'domain_foreign' });
    expect(refused.page.alert).to.include('refused');
  });

  it('a test that fails at the provider says where and why, and is no failed sign-in', async () => {
    const connection = await connect();
    idp.person = { sub: unique('sub') };
    idp.misbehaviour = { tokenError: { status: 401, error: 'invalid_client' } };
    const { page, report } = await run(connection);
    expect(page.status).to.equal(502);
    expect(report).to.include({ state: 'failed', stage: 'token', reason: 'invalid_client' });
    expect(report.hint).to.include('secret');
    const events = await acme.call('get', '/audit-events?action=login.failed').expect(200);
    const targets = events.body.items.map(({ target }: { target: { id: string } }) => target.id);
    expect(targets).not.to.include(connection._id);
  });

  it('the log has every sign-in with stage, reason, hint and the reference that the person saw', async () => {
    const connection = await connect({ jitProvisioning: true });
    const email = `${unique('bob')}@${connection.verifiedDomains[0]!}`;
    idp.person = { sub: unique('sub'), email, given_name: 'Bob' };
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
    expect(await newest(connection)).to.include({ state: 'admitted', person: email, kind: 'sign_in' });
    idp.misbehaviour = { tokenError: { status: 401, error: 'invalid_client' } };
    const page = await signInAtProvider(openBrowser(app.url), email);
    const failed = await newest(connection);
    expect(failed).to.include({ state: 'failed', stage: 'token', reason: 'invalid_client', person: email });
    const shown = /Reference: ([\w-]+)/.exec(page.text)?.[1];
    expect(failed.reference.replaceAll('-', '')).to.include(shown!.replaceAll('-', '').toLowerCase());
    idp.misbehaviour = {};
    idp.person = { sub: unique('sub'), email: 'eve@elsewhere.test' };
    await signInAtProvider(openBrowser(app.url), email);
    expect(await newest(connection)).to.include({ state: 'refused', reason: 'domain_foreign' });
    const { body } = await acme
      .call('get', `/sso-connections/${connection._id}/sign-ins?state=refused`)
      .expect(200);
    expect(body.total).to.equal(1);
    const other = await givenTenant(app);
    await other.call('get', `/sso-connections/${connection._id}/sign-ins`).expect(404);
  });

  it('a SAML connection is tested alike, and takes no other answers while it is off', async () => {
    const connection = await createConnection(app.core, acme.system, {
      ...{ name: unique('saml'), protocol: 'saml', mode: 'off', jitProvisioning: true },
      ...{
        idpEntityId: entity,
        idpSsoUrl: 'https://idp.test/sso',
        idpCertificates: [samlKey(0).certificate],
      },
      domains: [{ domain: `${unique('company')}.test`, verified: true }],
    });
    const email = `${unique('sam')}@${connection.verifiedDomains[0]!}`;
    const browser = openBrowser(app.url);
    const { id, url } = await open(connection);
    const request = readSamlRequest((await browser.get(url)).location ?? '');
    const said = honestAnswer(request, { issuer: entity, subject: unique('s'), email, now: clock.now() });
    const page = await answerAt(browser, request, signedAnswer(said, samlKey(0)));
    expect(page.status).to.equal(200);
    expect((await noted(connection, id)).report).to.include({ account: 'create' });
    expect((await answerAt(browser, request, signedAnswer(said, samlKey(0)))).status).to.equal(404);
    const forged = await open(connection);
    const second = readSamlRequest((await browser.get(forged.url)).location ?? '');
    const evil = honestAnswer(second, { issuer: entity, subject: unique('s'), email, now: clock.now() });
    expect((await answerAt(browser, second, signedAnswer(evil, samlKey(1)))).status).to.equal(400);
    expect(await noted(connection, forged.id)).to.include({ state: 'failed', reason: 'signature' });
  });

  it('with sso.guardRequired a connection becomes required only with emergency access and a test of the last hour', async () => {
    const connection = await connect({ mode: 'optional' });
    await acme.call('patch', '/settings').send({ 'sso.guardRequired': true }).expect(200);
    const require = () => acme.call('patch', `/sso-connections/${connection._id}`).send({ mode: 'required' });
    const refused = await require().expect(409);
    expect(refused.body.code).to.equal('sso_connection.not_ready');
    expect(refused.body.errors).to.have.length(2);
    const administrator = await givenTwoFactor(app, acme, ['administrator']);
    const armedUntil = new Date(clock.now().getTime() + 86_400_000).toISOString();
    await acme.call('put', `/users/${administrator}/break-glass`).send({ armedUntil }).expect(204);
    expect((await require().expect(409)).body.errors).to.have.length(1);
    const email = `${unique('eve')}@${connection.verifiedDomains[0]!}`;
    await acme.givenUser({ email });
    idp.person = { sub: unique('sub'), email };
    await run(connection);
    clock.advance(3_601_000);
    await require().expect(409);
    await run(connection);
    const change = (body: object) => acme.call('patch', `/sso-connections/${connection._id}`).send(body);
    // A test speaks for the provider as it was.
    await change({ clientSecret: 'another one' }).expect(200);
    await require().expect(409);
    const { clientSecret } = idpClient;
    await change({ mode: 'required', clientSecret }).expect(409);
    await change({ clientSecret }).expect(200);
    await run(connection);
    await require().expect(200);
    const moved = await change({ issuer: 'https://idp.other.test', clientSecret: 'its own' }).expect(409);
    expect(moved.body.code).to.equal('sso_connection.not_ready');
    await change({ clientSecret: 'a renewed one' }).expect(200);
    await acme.call('patch', '/settings').send({ 'sso.guardRequired': false }).expect(200);
  });

  const asked = { claims: {} as never, word: { groups: [], authTime: undefined, idToken: {} } };
  for (const [issuer, words] of [
    ['https://acme.okta.com', 'Groups claim filter'],
    ['https://login.microsoftonline.com/0aa7/v2.0', 'Add groups claim'],
    ['https://accounts.google.com', 'by a directory'],
    ['https://id.acme.test/realms/acme', 'Group Membership'],
    ['https://id.acme.test', 'claim groups'],
  ] as const) {
    it(`missing groups are mended in words of the provider: ${issuer}`, () => {
      const rules = [{ id: 'r', when: { path: 'groups.displayName', is: 'x' }, grant: ['a:b'] }];
      const connection = { issuer, roleRules: rules } as unknown as SsoConnectionDocument;
      const found = lackingOf(connection, asked).find(({ what }) => what === 'groups');
      expect(found?.hint).to.include(words);
    });
  }
});
