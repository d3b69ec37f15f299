import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { systemActor } from '../../src/identity/actors.js';
import { sendPasswordReset } from '../../src/identity/credentials/reset.js';
import { directoryPage } from '../../src/sim/company-pages.js';
import { makeCompany, putEmployee } from '../../src/sim/company.js';
import { departments, makePerson } from '../../src/sim/person.js';
import { startApp, type TestApp } from '../support/app.js';
import { waitForMails } from '../support/mailbox.js';

const executablePath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

const password = 'correct horse battery staple';
const email = 'anna-maria.von-und-zu-hohenlohe-langenburg@home.acme-international.test';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme International',
      settings: {
        'branding.color': '#7a1f5c',
        'branding.supportEmail': 'help-desk-for-everybody@acme-international.test',
      },
      users: [{ email, givenName: 'Anna-Maria', familyName: 'von Hohenlohe', password }],
    },
  ],
};

describe('pages on a phone and without JavaScript', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];

  before(async function () {
    if (executablePath === undefined) {
      process.stdout.write('    browser tests are skipped: no Chromium found (set CHROMIUM_PATH)\n');
      this.skip();
    }
    app = await startApp({ bootstrap });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });
  after(async () => {
    await browser?.close();
    if (browser) await app.stop();
  });

  async function open(javaScriptEnabled: boolean): Promise<Page> {
    const viewport = { width: 360, height: 740 };
    const context = await browser!.newContext({ javaScriptEnabled, baseURL: app.url, viewport });
    contexts.push(context);
    return context.newPage();
  }

  async function expectFits(page: Page, what: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(width, `${what}, ${colorScheme}`).to.be.at.most(360);
    }
  }

  async function typeAddress(page: Page): Promise<void> {
    await page.goto('/signin?tenant=acme');
    await page.getByLabel('Email').fill(email);
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  it('fit 360 pixels without scrolling sideways, in the light and in the dark, and confirm a saved profile (M0-39)', async () => {
    const page = await open(true);
    for (const path of ['/signin', '/signin?tenant=acme', '/forgot', '/nothing', '/reset/x', '/activate/x']) {
      await page.goto(path);
      await expectFits(page, path);
    }
    await typeAddress(page);
    await expectFits(page, 'password');
    await page.getByRole('textbox', { name: 'Password' }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/account');
    await expectFits(page, 'account');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Your profile has been successfully updated.').waitFor();
    for (const place of ['security', 'sessions', 'applications', 'activity', 'privacy']) {
      await page.goto(`/account/${place}`);
      await expectFits(page, place);
    }
    await page.goto('/account/security');
    await page.getByRole('button', { name: /authenticator app/ }).click();
    await expectFits(page, 'enrolment');
    await page.goto('/docs/api');
    await expectFits(page, 'reference');
    const [user] = await app.core.store.server.collection('users').find({});
    await sendPasswordReset(app.core, systemActor(user!.tenantId), user!);
    const [mail] = await waitForMails(app.core, email);
    await page.goto(mail!.link);
    await expectFits(page, 'reset');
    await page.goto('about:blank');
    await page.setContent(mail!.html);
    await expectFits(page, 'mail');
  });

  it('of the simulator fit a phone too', async () => {
    const company = makeCompany({
      name: 'Acme',
      slug: 'acme',
      domain: 'acme.test',
      profile: 'okta',
      brand: '#00297a',
    });
    putEmployee(company, makePerson('Ada Lovelace', 'a-long-domain.acme.test', departments.support), true);
    const line = `12:00:00 PATCH /Users/${'a'.repeat(36)} 200 18 ms  active -> false  | expected 200`;
    const page = await open(true);
    await page.setContent(directoryPage(company, 'Okta', [line, line]));
    await expectFits(page, 'directory');
  });

  it('show a password at a press of a button, and hide it again before it is sent', async () => {
    const page = await open(true);
    await typeAddress(page);
    const field = page.getByRole('textbox', { name: 'Password' });
    await field.fill('typed');
    await page.getByRole('button', { name: 'Show password' }).click();
    expect(await field.getAttribute('type')).to.equal('text');
    await page.getByRole('button', { name: 'Hide password' }).click();
    expect(await field.getAttribute('type')).to.equal('password');
  });

  it('offer no button that does nothing where JavaScript is off, and sign people in all the same', async () => {
    const page = await open(false);
    await typeAddress(page);
    expect(await page.getByRole('button').allTextContents()).to.deep.equal(['Sign in']);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/account');
  });
});
