import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { typeEmail } from '../../support/sign-in.js';
import { atProvider, givenConnection, signInAtProvider } from '../../support/sso.js';

const discovery = '/.well-known/openid-configuration';

describe('sign-in at a provider, as time goes by', () => {
  // Tokens of a provider are dated by its own clock, so this one starts at the machine's time.
  let clock: ManualClock;
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;

  before(async () => {
    clock = new ManualClock(new Date().toISOString());
    [app, idp] = await Promise.all([startApp({ clock, config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core)).tenantId;
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.misbehaviour = {};
  });

  async function givenPerson() {
    const connection = await givenConnection(app.core, tenantId, idp);
    const email = `ann@${connection.verifiedDomains[0]!}`;
    await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub: unique('sub'), email };
    return { connection, email };
  }

  it('asks for the metadata again after ten minutes, and uses what it knows while there is no answer', async () => {
    const { email } = await givenPerson();
    const count = (): number => idp.hits.get(discovery) ?? 0;
    await typeEmail(openBrowser(app.url), email);
    const first = count();
    clock.advance(599_000);
    await typeEmail(openBrowser(app.url), email);
    expect(count()).to.equal(first);
    clock.advance(1000);
    await typeEmail(openBrowser(app.url), email);
    expect(count()).to.equal(first + 1);
    idp.misbehaviour = { broken: { path: discovery, status: 500 } };
    clock.advance(600_000);
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
    expect(count()).to.equal(first + 2);
    idp.misbehaviour = {};
    clock.advance(30_000);
    await typeEmail(openBrowser(app.url), email);
    expect(count()).to.equal(first + 3);
  });

  it('does not remember a first failure', async () => {
    const { email } = await givenPerson();
    idp.misbehaviour = { broken: { path: discovery, status: 500 } };
    expect((await typeEmail(openBrowser(app.url), email)).status).to.equal(502);
    idp.misbehaviour = {};
    expect((await typeEmail(openBrowser(app.url), email)).status).to.equal(303);
  });

  it('takes a person back for half an hour', async () => {
    const { email } = await givenPerson();
    const [quick, slow] = [openBrowser(app.url), openBrowser(app.url)];
    const leaving = await Promise.all([quick, slow].map((browser) => typeEmail(browser, email)));
    clock.advance(1_800_000);
    expect((await atProvider(quick, leaving[0]!)).status).to.equal(303);
    clock.advance(1);
    expect((await atProvider(slow, leaving[1]!)).status).to.equal(400);
  });

  it('ends the sessions of a connection that is switched off or deleted (Zitadel CVE-2025-64717)', async () => {
    const off = await givenPerson();
    const first = openBrowser(app.url);
    await signInAtProvider(first, off.email);
    const gone = await givenPerson();
    const second = openBrowser(app.url);
    await signInAtProvider(second, gone.email);
    const connections = app.core.store.tenant(tenantId).collection('sso_connections');
    await connections.update(off.connection._id, (stored) => ({ ...stored, mode: 'off' }));
    await connections.remove(gone.connection._id);
    for (const browser of [first, second]) expect((await browser.get('/account')).status).to.equal(303);
  });

  it('says how somebody signed in, in the provider’s own words too (RFC 8176)', async () => {
    const { email } = await givenPerson();
    idp.person = { ...idp.person, amr: ['pwd', 'fed', 'mfa', 'pwd', '<b>', 7] };
    expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
    const tenant = app.core.store.tenant(tenantId);
    const user = await tenant.collection('users').findOne({ loginKeys: email });
    const session = await tenant.collection('sessions').findOne({ userId: user!._id });
    expect(session).to.include({ method: 'sso' });
    expect(session!.amr).to.deep.equal(['fed', 'pwd', 'mfa']);
  });
});
