import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { updateConnection } from '../../../src/identity/sso/connections.js';
import { askPasswordReset } from '../../../src/identity/credentials/reset.js';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { waitForMails } from '../../support/mailbox.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { attempt, signIn, typeEmail, typePassword } from '../../support/sign-in.js';
import { givenConnection } from '../../support/sso.js';

describe('people whom their company alone signs in', () => {
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;
  let connection: SsoConnectionDocument;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core)).tenantId;
    connection = await givenConnection(app.core, tenantId, idp);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  /** Two names, one of them at the company. */
  async function givenTwoNames(company: 'email' | 'userName', activated = true) {
    const inside = `${unique('kate')}@${connection.verifiedDomains[0]!}`;
    const outside = `${unique('kate')}@home.test`;
    const [email, userName] = company === 'email' ? [inside, outside] : [outside, inside];
    const user = await givenUser(app.core, tenantId, { email, activated, input: { userName } });
    return { user, inside, outside };
  }

  for (const company of ['email', 'userName'] as const) {
    it(`cannot use a password by the other name while their ${company} is on a required domain`, async () => {
      const { inside, outside } = await givenTwoNames(company);
      const browser = openBrowser(app.url);
      const page = await signIn(browser, outside, goodPassword);
      expect(page.status).to.equal(403);
      expect(page.alert).to.include('company');
      expect((await browser.get('/account')).status).to.equal(303);
      expect((await attempt(app.url, outside, 'a wrong password')).status).to.equal(401);
      expect((await typeEmail(openBrowser(app.url), inside)).location).to.include(idp.issuer);
    });

    it(`get no reset link to the other name either (${company})`, async () => {
      const { user } = await givenTwoNames(company);
      await askPasswordReset(app.core, user.userName, tenantId);
      const [mail] = await waitForMails(app.core, user.email!);
      expect(mail).to.include({ template: 'password_reset_sso' });
    });
  }

  it('cannot go on to the session with a code, or with a link they already had', async () => {
    const late = await givenConnection(app.core, tenantId, idp, { mode: 'optional' });
    const names = { email: `${unique('eve')}@home.test`, userName: `eve@${late.verifiedDomains[0]!}` };
    const user: UserDocument = await givenUser(app.core, tenantId, {
      email: names.email,
      input: { userName: names.userName },
    });
    const browser = openBrowser(app.url);
    const page = await typeEmail(browser, names.email);
    await askPasswordReset(app.core, names.email, tenantId);
    const [mail] = await waitForMails(app.core, user.email!);
    expect(mail).to.include({ template: 'password_reset' });
    await updateConnection(app.core, systemActor(tenantId), late._id, { mode: 'required' });
    expect((await typePassword(browser, page, goodPassword)).status).to.equal(403);
    expect((await openBrowser(app.url).get(mail!.link)).status).to.equal(410);
  });

  it('are those of the tenant that requires it: another tenant’s provider closes nothing (home realm by tenant)', async () => {
    const other = await givenTenant(app.core);
    const domain = connection.verifiedDomains[0]!;
    const email = `${unique('same')}@${domain}`;
    await givenUser(app.core, other.tenantId, { email });
    const query = `?tenant=${other.slug}`;
    expect((await typeEmail(openBrowser(app.url), email, query)).status).to.equal(200);
    expect((await attempt(app.url, email, goodPassword, query)).status).to.equal(303);
    const home = await app.core.store.tenant(tenantId).collection('tenants').get(tenantId);
    const forwarded = await typeEmail(openBrowser(app.url), email, `?tenant=${home!.slug}`);
    expect(forwarded.location).to.include(idp.issuer);
    expect((await typeEmail(openBrowser(app.url), email)).location).to.include(idp.issuer);
  });
});
