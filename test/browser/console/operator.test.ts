import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../support/app.js';
import { openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';

const ola = { email: 'ola@operator.test', password: 'correct horse battery staple' };
const bootstrap = {
  tenants: [
    { slug: 'operator', name: 'Operator', users: [{ ...ola, givenName: 'Ola', roles: ['operator'] }] },
    { slug: 'acme', name: 'Acme' },
  ],
};

describe('the operator’s pages in a browser', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let view: OpenConsole;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    app = await startApp({ bootstrap });
    view = await openConsole(app, browser, ola);
  });
  after(async () => {
    if (!browser) return;
    await browser.close();
    await app.stop();
  });

  it('make a tenant with its administrator, suspend, resume and enter it, and erase it after a proof', async () => {
    const { page, dialog, row } = view;
    await view.goTo('/admin/tenants', 'Tenants');
    await page.getByRole('button', { name: 'New tenant' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('Globex');
    await dialog().getByLabel('Email of its first administrator').fill('hank@globex.test');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('Globex is made, and hank@globex.test is invited').waitFor();
    await row('globex').getByRole('link', { name: 'Globex' }).click();
    await view.heading('Globex').waitFor();
    await page.getByRole('button', { name: 'Suspend' }).click();
    await dialog().getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Suspended', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Active', { exact: true }).waitFor();
    await view.checkPage('a tenant');

    await page.getByRole('button', { name: 'Enter' }).click();
    await page.getByRole('status').filter({ hasText: 'globex' }).waitFor();
    await view.goTo('/admin/users', 'Users');
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const saved = await file;
    expect(saved.suggestedFilename()).to.match(/^users.*\.csv$/);
    const people = await readFile(await saved.path(), 'utf8');
    expect(people).to.include('hank@globex.test').and.not.to.include(ola.email);
    await page.getByRole('button', { name: 'Leave' }).click();
    await view.heading('Tenants').waitFor();

    await page.getByRole('link', { name: 'Globex' }).click();
    await page.getByRole('button', { name: 'Erase…' }).click();
    await dialog().getByLabel('Type the short name globex').fill('acme');
    await dialog().getByRole('button', { name: 'Erase for good' }).click();
    await dialog().getByRole('alert').filter({ hasText: 'must be the slug' }).first().waitFor();
    await dialog().getByLabel('Type the short name globex').fill('globex');
    await dialog().getByRole('button', { name: 'Erase for good' }).click();
    await view.heading('Tenants').waitFor();
    await row('globex').waitFor({ state: 'detached' });
    await row('acme').waitFor();
  });

  it('make a key that is shown once, and show how the server does', async () => {
    const { page, dialog, row } = view;
    await view.goTo('/admin/operator-keys', 'Operator keys');
    await page.getByRole('button', { name: 'New operator key' }).first().click();
    await dialog().getByLabel('Name').fill('deploy');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    const key =
      (await dialog()
        .getByText(/^gh_op_/)
        .textContent()) ?? '';
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await row('deploy').waitFor();
    expect(await page.content()).not.to.include(key);
    await view.checkPage('operator keys');

    await page.getByRole('link', { name: 'Health' }).click();
    await view.heading('Health').waitFor();
    await page.getByText('This process').waitFor();
    await view.checkPage('health');
    await view.goTo('/admin/jobs', 'Jobs');
  });

  it('have left no error in the browser’s log', () => {
    expect(view.faults).to.deep.equal([]);
  });
});
