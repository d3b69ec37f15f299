import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { firstRunToken } from '../../../src/identity/bootstrap/first-run.js';
import type { Demo } from '../../../src/sim/demo.js';
import { startApp } from '../../support/app.js';
import { openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';
import { startTestDemo } from '../../support/demo.js';
import { eventually } from '../../support/eventually.js';

const password = 'seven quiet herons wait';

/** Presses Tab until the element with the focus has this name, as a person without a mouse does. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      "document.activeElement.getAttribute('aria-label') || (document.activeElement.labels && document.activeElement.labels[0] || document.activeElement).textContent",
    );
    if (focused.trim() === name) return;
  }
  throw new Error(`no Tab leads to ${name}`);
}

describe('the first minutes in a browser', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
  });
  after(() => browser?.close());

  it('lead from the printed address to the console, whose first steps tick themselves, by keyboard alone', async () => {
    const app = await startApp({});
    try {
      const context = await browser!.newContext({ baseURL: app.url, reducedMotion: 'reduce' });
      const page = await context.newPage();
      await page.goto(`/first-run/${(await firstRunToken(app.core)) ?? ''}`);
      await page.getByLabel('Name of your organization').fill('Acme');
      await page.getByLabel('Email').fill('ada@acme.test');
      await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
      await page.getByRole('textbox', { name: 'Password again' }).fill(password);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Gatehouse is set up' }).waitFor();
      await tabTo(page, 'The console');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      const start = page.getByRole('region', { name: 'Getting started' });
      await start.getByText('0 of 6 done').waitFor();
      await tabTo(page, 'Skip to the content');
      await tabTo(page, 'Invite people');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
      await tabTo(page, 'Invite Users');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Email').waitFor();
      await dialog.getByLabel('Email').press('Control+a');
      await page.keyboard.type('grace@acme.test');
      await dialog.getByLabel('Roles').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Escape');
      await dialog.getByRole('button', { name: 'Invite', exact: true }).press('Enter');
      await dialog.getByText('grace@acme.test: invited').waitFor();
      await page.keyboard.press('Escape');
      await page.goto('/admin');
      await start.getByText('1 of 6 done').waitFor();
      await start.getByRole('button', { name: 'Dismiss' }).press('Enter');
      await start.waitFor({ state: 'detached' });
      await context.close();
    } finally {
      await app.stop();
    }
  });

  describe('with the demo', () => {
    let demo: Demo;
    let open: OpenConsole;
    let app: Page;

    before(async () => {
      demo = await startTestDemo();
      const [acme] = demo.tenants;
      const person = { email: acme!.localEmail, password: acme!.secrets.localPassword };
      open = await openConsole({ url: demo.serverUrl }, browser!, person);
      app = await (await browser!.newContext()).newPage();
    });
    after(() => demo.stop());

    const company = (): string => demo.tenants[0]!.companyUrl;
    const ada = (page: Page) => page.getByRole('row').filter({ hasText: 'Ada Lovelace' });

    it('a person of a company signs in to the application through it, and the console says why she has the role', async () => {
      await app.goto(demo.product.url);
      await app.getByRole('button', { name: 'Sign in', exact: true }).click();
      await app.getByLabel('Email').fill('ada@acme.test');
      await app.getByRole('button', { name: 'Continue' }).click();
      await app.getByRole('button', { name: /^Ada Lovelace/ }).click();
      await app.getByText('calls.read').waitFor();
      const { page } = open;
      await page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click();
      await page.getByRole('link', { name: 'Ada Lovelace' }).click();
      await page
        .getByRole('button', { name: /^Why\?/ })
        .first()
        .click();
      await open
        .dialog()
        .getByText(/Support/)
        .first()
        .waitFor();
      await page.keyboard.press('Escape');
    });

    it('a move at the company is seen in the live log with what it changed, and the application shows the new role', async () => {
      const { page } = open;
      await page.getByRole('navigation').getByRole('link', { name: 'SCIM directories' }).click();
      await page.getByRole('link', { name: 'Acme directory' }).click();
      await page.getByRole('tab', { name: 'Live log' }).click();
      await page.getByRole('row').filter({ hasText: 'PATCH' }).first().waitFor();
      const directory = await (await browser!.newContext()).newPage();
      await directory.goto(company());
      await ada(directory).getByRole('button', { name: 'Move to Sales Managers' }).click();
      const moved = page.getByRole('row').filter({ hasText: 'Sales Managers' }).filter({ hasText: 'PATCH' });
      await moved.first().getByRole('button').first().click();
      await open.dialog().getByText('Changes').first().waitFor();
      await page.keyboard.press('Escape');
      await app.getByRole('button', { name: 'Refresh' }).click();
      await app.getByText('manager').first().waitFor();
      await ada(directory)
        .getByRole('button', { name: /^Unassign/ })
        .click();
      await eventually(async () => {
        await app.goto(demo.product.url);
        return (await app.getByText('ended your session').count()) > 0;
      }, 'the application without Ada');
      expect(open.faults).to.deep.equal([]);
    });
  });
});
