import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { chromium, type Browser } from 'playwright-core';
import { startApp, type TestApp } from '../support/app.js';

const executablePath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

const password = 'correct horse battery staple';
const bootstrap = {
  tenants: [{ slug: 'acme', name: 'Acme', users: [{ email: 'ada@home.test', password }] }],
};

describe('passkeys in a real browser', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;

  before(async function () {
    if (executablePath === undefined) this.skip();
    app = await startApp({ bootstrap, host: '127.0.0.1', siteHost: 'localhost' });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    if (browser) await app.stop();
  });

  it('are made at the account page and sign in without a password', async () => {
    const site = app.core.config.baseUrl;
    const context = await browser!.newContext({ baseURL: site });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const;
    await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    await page.goto('/signin');
    await page.getByLabel('Email').fill('ada@home.test');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/account');
    await page.goto('/account/security');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel('Name of the passkey').fill('Test device');
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.waitForURL('**/account/security?done=passkey');
    expect(await page.getByText('Test device').count()).to.equal(1);
    await context.clearCookies();
    await page.goto('/signin?tenant=acme');
    // The browser may offer it by itself before the button is pressed.
    await page
      .getByRole('button', { name: 'Use a passkey' })
      .click({ timeout: 5000 })
      .catch(() => undefined);
    await page.waitForURL('**/account');
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).to.deep.equal([]);
    await context.close();
  });
});
