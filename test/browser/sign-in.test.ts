import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { startApp, type TestApp } from '../support/app.js';

const executablePath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

const password = 'correct horse battery staple';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      users: [{ email: 'ada@home.test', givenName: 'Ada', familyName: 'Byron', password }],
    },
  ],
};

describe('sign-in in a real browser', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    if (executablePath === undefined) {
      process.stdout.write('    browser tests are skipped: no Chromium found (set CHROMIUM_PATH)\n');
      this.skip();
    }
    app = await startApp({ bootstrap });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    if (browser) await app.stop();
  });
  beforeEach(async () => {
    context = await browser!.newContext({ javaScriptEnabled: false, baseURL: app.url });
    page = await context.newPage();
    complaints.length = 0;
    page.on('console', (message) => complaints.push(message.text()));
  });
  afterEach(() => context.close());

  it('signs in without JavaScript, by labels and buttons alone, and out again', async () => {
    await page.goto('/signin');
    await page.getByLabel('Email').fill('ADA@home.test');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/account');
    expect(await page.getByRole('heading', { level: 1 }).count()).to.equal(1);
    await page.getByRole('button', { name: /sign out/i }).click();
    await page.goto('/account');
    expect(page.url()).to.include('/signin');
  });

  it('masks the password (M0-27) and tells the password manager what each field is', async () => {
    await page.goto('/signin');
    expect(await page.getByLabel('Email').getAttribute('autocomplete')).to.equal('username');
    await page.getByLabel('Email').fill('ada@home.test');
    await page.getByRole('button', { name: 'Continue' }).click();
    const field = page.getByLabel('Password');
    expect(await field.getAttribute('type')).to.equal('password');
    expect(await field.getAttribute('autocomplete')).to.equal('current-password');
  });

  it('says what is wrong in an alert, and has no complaint of the content security policy', async () => {
    await page.goto('/signin');
    await page.getByLabel('Email').fill('ada@home.test');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Password').fill('not her password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).to.not.equal('');
    const policy = complaints.filter((text) => /content security policy/i.test(text));
    expect(policy).to.deep.equal([]);
  });

  it('fits a screen 320 pixels wide without scrolling sideways', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto('/signin');
    const box = await page.getByRole('main').boundingBox();
    expect(box!.x + box!.width).to.be.at.most(320);
  });
});
