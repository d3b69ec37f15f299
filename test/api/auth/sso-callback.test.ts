import { expect } from 'chai';
import type { SsoConnectionInput } from '../../../src/identity/sso/connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { typeEmail } from '../../support/sign-in.js';
import { atProvider, givenConnection } from '../../support/sso.js';

describe('the callback address of a connection', () => {
  let app: TestApp;
  let honest: Idp;
  let hostile: Idp;

  before(async () => {
    [app, honest, hostile] = await Promise.all([
      startApp({ config: { allowPrivateIssuers: true } }),
      startIdp(),
      startIdp({ host: '127.0.0.3' }),
    ]);
  });
  after(() => Promise.all([app.stop(), honest.stop(), hostile.stop()]));
  beforeEach(() => {
    // The providers that need the defence are those that do not name themselves in their answers.
    for (const idp of [honest, hostile]) {
      idp.misbehaviour = {
        metadata: (document) => ({ ...document, authorization_response_iss_parameter_supported: undefined }),
        response: (params) => ({ ...params, iss: undefined }),
      };
    }
  });

  async function givenPerson(idp: Idp, input: Partial<SsoConnectionInput> = {}) {
    const { tenantId } = await givenTenant(app.core);
    const connection = await givenConnection(app.core, tenantId, idp, input);
    const email = `${unique('ann')}@${connection.verifiedDomains[0]!}`;
    await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub: unique('sub'), email };
    return { connection, email };
  }

  const sentTo = (page: Page): string => new URL(page.location!).searchParams.get('redirect_uri')!;

  it('is its own: by its key where it has one, else by its id', async () => {
    const key = unique('acme');
    const [plain, keyed] = [await givenPerson(honest), await givenPerson(honest, { key })];
    for (const [{ email }, address] of [
      [plain, plain.connection._id],
      [keyed, key],
    ] as const) {
      honest.person = { sub: unique('sub'), email };
      const browser = openBrowser(app.url);
      const leaving = await typeEmail(browser, email);
      expect(sentTo(leaving)).to.equal(`${app.url}/sso/${address}/callback`);
      expect((await atProvider(browser, leaving)).status).to.equal(303);
    }
  });

  it('is nobody’s at /sso/callback', async () => {
    const { email } = await givenPerson(honest);
    const browser = openBrowser(app.url);
    const returning = await browser.get((await typeEmail(browser, email)).location!);
    const url = new URL(returning.location!);
    expect((await browser.get(`/sso/callback${url.search}`)).status).to.equal(404);
  });

  it('takes no code of another provider, whose token endpoint never sees it (mix-up, RFC 9700 section 4.4)', async () => {
    const victim = await givenPerson(honest);
    const evil = await givenPerson(hostile, { mode: 'optional' });
    honest.person = { sub: unique('sub'), email: victim.email };
    const browser = openBrowser(app.url);
    const lured = await browser.get(`/sso/${evil.connection._id}/start`);
    // The hostile provider sends the browser on to the honest one, with the state of its own request.
    const detour = new URL(lured.location!.replace(hostile.issuer, honest.issuer));
    detour.searchParams.set('redirect_uri', `${app.url}/sso/${victim.connection._id}/callback`);
    const before = [hostile.hits.get('/token') ?? 0, honest.hits.get('/token') ?? 0];
    const returning = await browser.get(detour.href);
    const answer = await browser.get(returning.location!);
    expect(answer.status).to.equal(400);
    expect([hostile.hits.get('/token') ?? 0, honest.hits.get('/token') ?? 0]).to.deep.equal(before);
    expect((await browser.get('/account')).status).to.equal(303);
  });

  for (const [title, other] of [
    ['another connection’s id', (ids: string[]) => ids[1]!],
    ['its own id while it has a key', (ids: string[]) => ids[0]!],
    ['what is nobody’s', () => 'nobody-s'],
  ] as const) {
    it(`refuses an answer at ${title}, once and for all`, async () => {
      const { connection, email } = await givenPerson(honest, { key: unique('acme') });
      const stranger = await givenPerson(hostile);
      honest.person = { sub: unique('sub'), email };
      const browser = openBrowser(app.url);
      const returning = await browser.get((await typeEmail(browser, email)).location!);
      const address = other([connection._id, stranger.connection._id]);
      const before = honest.hits.get('/token') ?? 0;
      const misled = returning.location!.replace(/\/sso\/[^/]+\//, `/sso/${address}/`);
      expect((await browser.get(misled)).status).to.equal(400);
      const [noted] = await app.core.store
        .tenant(connection.tenantId)
        .collection('sso_sign_ins')
        .find({ connectionId: connection._id }, { sort: { _id: -1 }, limit: 1 });
      expect(noted).to.include({ state: 'failed', stage: 'authorization', reason: 'stray_answer' });
      expect((await browser.get(returning.location!)).status).to.equal(400);
      expect(honest.hits.get('/token') ?? 0).to.equal(before);
    });
  }

  it('changes with the key: who left before the change is asked to begin again', async () => {
    const { connection, email } = await givenPerson(honest);
    const browser = openBrowser(app.url);
    const leaving = await typeEmail(browser, email);
    const key = unique('later');
    const connections = app.core.store.tenant(connection.tenantId).collection('sso_connections');
    await connections.update(connection._id, (stored) => ({ ...stored, key, keys: [key] }));
    expect((await atProvider(browser, leaving)).status).to.equal(400);
    expect((await atProvider(browser, await typeEmail(browser, email))).status).to.equal(303);
  });
});
