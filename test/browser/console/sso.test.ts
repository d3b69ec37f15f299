import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startApp, type TestApp } from '../../support/app.js';
import { faultsInBothThemes, openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { noteClash } from '../../../src/identity/sso/account-clashes.js';
import { givenUser } from '../../support/people.js';
import { samlKey } from '../../support/saml.js';

const password = 'correct horse battery staple';

const bootstrapFor = (idp: Idp) => ({
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      users: [
        {
          email: 'ada@home.test',
          givenName: 'Ada',
          familyName: 'Lovelace',
          password,
          roles: ['administrator'],
        },
      ],
      ssoConnections: [
        {
          name: 'Acme login',
          issuer: idp.issuer,
          clientId: 'gatehouse',
          clientSecret: 'a client secret for tests',
          domains: [{ domain: 'acme.test', verified: true }],
          mode: 'required',
          jitProvisioning: true,
        },
        {
          name: 'Acme SAML',
          protocol: 'saml',
          idpEntityId: 'https://idp.test/entity',
          idpSsoUrl: 'https://idp.test/sso',
          idpCertificates: [samlKey(0).certificate],
          mode: 'off',
        },
      ],
    },
  ],
});

describe('the console’s pages of company sign-ins', function () {
  this.timeout(120_000);
  let app: TestApp;
  let idp: Idp;
  let browser: Browser | undefined;
  let own: OpenConsole;
  let page: Page;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    idp = await startIdp();
    app = await startApp({ bootstrap: bootstrapFor(idp), config: { allowPrivateIssuers: true } });
    own = await openConsole(app, browser, { email: 'ada@home.test', password });
    ({ page } = own);
  });
  after(async () => {
    await browser?.close();
    if (browser) await Promise.all([app.stop(), idp.stop()]);
  });

  const openConnection = async (name: string): Promise<void> => {
    await own.goTo('/admin/sso-connections', 'SSO connections');
    await page.getByRole('link', { name, exact: true }).click();
    await own.heading(name).waitFor();
    await page.waitForLoadState('networkidle');
  };

  it('a set-up link is made and shown once; its page works, also without an account, and in German', async () => {
    await own.goTo('/admin/setup-links', 'Set-up links');
    await page.getByRole('button', { name: 'New set-up link' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('For whom').fill('IT of Beta');
    await dialog.getByLabel('Domains of their addresses').fill('beta-acme.test');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const url = (await dialog.locator('code', { hasText: '/setup/' }).textContent())!;
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await own.row('IT of Beta').getByText('Open', { exact: true }).waitFor();
    await own.checkPage('set-up links');
    const guest = await browser!.newContext({ locale: 'de-DE' });
    const tab = await guest.newPage();
    await tab.goto(url);
    await tab.getByRole('heading', { name: 'Anmeldung über Ihr Unternehmen einrichten' }).waitFor();
    await tab.getByLabel('Issuer').fill(idp.issuer);
    await tab.getByLabel('Client-ID').fill('gatehouse');
    await tab.getByRole('textbox', { name: 'Client-Geheimnis' }).fill('a client secret for tests');
    await tab.getByRole('button', { name: 'Speichern und versuchen' }).click();
    await tab.getByText('Der Anbieter antwortet, wie er soll').waitFor();
    expect(await faultsInBothThemes(tab)).to.deep.equal([]);
    await guest.close();
  });

  it('a test sign-in is opened in a tab of its own; its report comes by itself, and it stands in the list', async () => {
    idp.person = { sub: 'eve', email: 'eve@acme.test', groups: ['Sales'] };
    await openConnection('Acme login');
    await page.getByText('No administrator has emergency access').waitFor();
    await page.getByRole('button', { name: 'Try a sign-in' }).click();
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Open the test in a new tab' }).click(),
    ]);
    await tab.getByText('It would create an account').waitFor();
    await tab.close();
    await page.getByText('It would create an account, and sign it in.').waitFor();
    await page.reload();
    await own.row('eve@acme.test').getByText('Test passed').waitFor();
    await page.getByLabel('Addresses on domains below it too, such as mail.acme.test').click();
    await page.getByText('Saved').waitFor();
    await own.checkPage('a connection');
    expect(own.faults).to.deep.equal([]);
  });

  it('a provider is looked at before its connection is made', async () => {
    await own.goTo('/admin/sso-connections', 'SSO connections');
    await page.getByRole('button', { name: 'New connection' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Other OpenID provider').check();
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByLabel('Name').fill('Globex');
    expect(await dialog.getByLabel('Key').inputValue()).to.equal('globex');
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByLabel('Issuer').fill(idp.issuer);
    await dialog.getByRole('button', { name: 'Look at the provider' }).click();
    await dialog.getByText('The provider was found').waitFor();
    await page.keyboard.press('Escape');
  });

  it('emergency access is refused in words to whoever is not fit for it', async () => {
    await own.goTo('/admin/sso-connections', 'SSO connections');
    await page.getByLabel('Address of an administrator').fill('ada@home.test');
    await page.getByRole('button', { name: 'Arm', exact: true }).click();
    await page.getByText(/no second factor/).waitFor();
    await own.checkPage('the connections');
  });

  it('accounts that met are decided on in place', async () => {
    const [tenant] = await app.core.store.server.collection('tenants').find({ slug: 'acme' });
    const tenantId = tenant!._id;
    const user = await givenUser(app.core, tenantId, { email: 'kim@acme.test' });
    await noteClash(app.core, tenantId, {
      ...{ source: 'sso', sourceId: 'c1', sourceName: 'Acme login', issuer: idp.issuer, subject: 'kim' },
      ...{ incoming: 'kim@acme.test', userId: user._id, reason: 'proof_needed' },
    });
    await own.goTo('/admin/account-clashes', 'Account clashes');
    await own.row('kim@acme.test').getByRole('button', { name: 'Decide' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Merge').click();
    await dialog.getByRole('combobox', { name: 'Account that stays' }).fill('ada');
    await page.getByRole('option', { name: 'Ada Lovelace' }).click();
    await dialog.getByText('Ada Lovelace · ada@home.test').waitFor();
    await dialog.getByLabel('Keep apart').click();
    await dialog.getByRole('button', { name: 'Decide' }).click();
    await own.row('kim@acme.test').getByText('Keep apart').waitFor();
    await own.checkPage('the account clashes');
    expect(own.faults).to.deep.equal([]);
  });

  it('a SAML connection shows its addresses and its certificate', async () => {
    await openConnection('Acme SAML');
    await page
      .getByText(/\/acs$/)
      .first()
      .waitFor();
    await own.checkPage('a SAML connection');
    expect(own.faults).to.deep.equal([]);
  });
});
