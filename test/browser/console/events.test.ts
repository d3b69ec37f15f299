import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../support/app.js';
import { openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';
import { startEndpoint, type Endpoint } from '../../support/endpoint.js';

const ada = { email: 'ada@acme.test', password: 'correct horse battery staple' };
const token = 'gh_scim_a-token-of-the-console-pages';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      users: [{ ...ada, givenName: 'Ada', roles: ['administrator'] }],
      directories: [{ name: 'Acme Okta', dialect: 'okta', tokens: [{ name: 't1', token }] }],
    },
  ],
};

describe('the pages of programs and files in a browser', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let endpoint: Endpoint;
  let view: OpenConsole;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    endpoint = await startEndpoint();
    app = await startApp({ bootstrap, config: { allowPrivateIssuers: true } });
    view = await openConsole(app, browser, ada);
  });
  after(async () => {
    if (!browser) return;
    await browser.close();
    await app.stop();
    await endpoint.stop();
  });

  it('make a webhook with its secret shown once, test it, show what was delivered and deliver it again', async () => {
    const { page, dialog, row } = view;
    await view.goTo('/admin/events', 'Events');
    await page.getByRole('button', { name: 'New webhook' }).first().click();
    await dialog().getByLabel('Address').fill(endpoint.url);
    await dialog().getByLabel('Event types').fill('no.such');
    await dialog().getByLabel('Event types').press('Enter');
    await page.keyboard.press('Tab');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await dialog().getByText('there are no events of the type no.such').first().waitFor();
    await dialog().getByLabel('Event types').press('Backspace');
    await dialog().getByLabel('Event types').fill('user.*');
    await dialog().getByLabel('Event types').press('Enter');
    await page.keyboard.press('Tab');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    const secret = dialog().getByText(/^whsec_/);
    await secret.waitFor();
    const shown = (await secret.textContent()) ?? '';
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await row(endpoint.url).waitFor();
    await page.reload();
    await page.getByRole('link', { name: endpoint.url }).click();
    await view.heading(endpoint.url).waitFor();
    expect(await page.content()).not.to.include(shown);

    await page.getByRole('button', { name: 'Send test event' }).click();
    await page.getByRole('status').filter({ hasText: 'Taken' }).waitFor();
    await endpoint.waitFor('webhook.test');

    await page.request.post('/api/v1/users', {
      headers: { 'X-CSRF-Token': await view.csrf() },
      data: { email: 'new@acme.test' },
    });
    await endpoint.waitFor('user.created');
    await row('user.created').filter({ hasText: 'Delivered' }).waitFor({ timeout: 60_000 });
    await view.checkPage('a webhook');
    await row('user.created').getByRole('button', { name: 'user.created' }).click();
    await dialog().getByText('"new@acme.test"').first().waitFor();
    await dialog().getByRole('listitem').filter({ hasText: '204' }).waitFor();
    await dialog().getByRole('button', { name: 'Deliver again' }).click();
    await endpoint.waitFor('user.created', 2);
  });

  it('show the feed of events by type, with how a program reads it', async () => {
    const { page, row } = view;
    await view.goTo('/admin/events/feed?types=user.created', 'Events');
    await row('new@acme.test').waitFor();
    expect(await row('webhook.created').count()).to.equal(0);
    await page.getByText(/api\/v1\/events\?after=\d+/).waitFor();
    await row('new@acme.test').getByRole('button', { name: 'user.created' }).click();
    await view.dialog().getByText('"cursor"').first().waitFor();
  });

  const csv = (text: string) => ({ name: 'file.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  const result = (text: string) => view.page.getByRole('status').filter({ hasText: text });

  it('take people over from a file: columns are matched, each line is tried before anything is written', async () => {
    const { page, row } = view;
    await view.goTo('/admin/users', 'Users');
    await page.getByRole('link', { name: 'Import', exact: true }).click();
    await view.heading('Import users').waitFor();
    await page
      .locator('input[type=file]')
      .setInputFiles(
        csv('Mail;"First name";Work\r\nkurt@acme.test;Kurt;+49 30 1\r\nnot-an-address;Nobody;\r\n'),
      );
    const phone = page.getByLabel('phone');
    expect(await page.getByLabel('givenName').inputValue()).to.equal('First name');
    expect(await phone.inputValue()).to.equal('');
    await phone.selectOption('Work');
    expect(await page.getByRole('button', { name: 'Import', exact: true }).isDisabled()).to.equal(true);
    await page.getByRole('button', { name: 'Try every line' }).click();
    await result('1 would be taken, 0 are so already, 1 are refused.').waitFor();
    await row('not-an-address').filter({ hasText: 'valid email' }).waitFor();
    await view.checkPage('an import');
    await page.getByRole('button', { name: 'Import 1', exact: true }).click();
    await result('1 taken, 0 were so already, 1 refused.').waitFor();
    const found = await page.request.get('/api/v1/users?q=kurt');
    const { items } = (await found.json()) as { items: { givenName: string; phone: string }[] };
    expect(items[0]).to.deep.include({ givenName: 'Kurt', phone: '+49 30 1' });
  });

  it('invite the people of a file, and put those of another into a group', async () => {
    const { page, row } = view;
    await view.goTo('/admin/users/invites/import', 'Import invitations');
    await page.locator('input[type=file]').setInputFiles(csv('email\nlin@acme.test\n'));
    await page.getByRole('button', { name: 'Try every line' }).click();
    await page.getByRole('button', { name: 'Import 1', exact: true }).click();
    await result('1 taken').waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await row('lin@acme.test').waitFor();

    const made = await page.request.post('/api/v1/groups', {
      headers: { 'X-CSRF-Token': await view.csrf() },
      data: { displayName: 'Editors' },
    });
    const { id } = (await made.json()) as { id: string };
    await view.goTo(`/admin/groups/${id}`, 'Editors');
    await page.getByRole('link', { name: 'Import', exact: true }).click();
    await page.locator('input[type=file]').setInputFiles(csv('email\nkurt@acme.test\nnobody@acme.test\n'));
    await page.getByRole('button', { name: 'Try every line' }).click();
    await row('nobody@acme.test').filter({ hasText: 'refused' }).waitFor();
    await page.getByRole('button', { name: 'Import 1', exact: true }).click();
    await result('1 taken').waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('row').filter({ hasText: 'Kurt' }).waitFor();
  });

  it('keep filters under a name, for oneself or for all, and open the list with them', async () => {
    const { page, dialog } = view;
    await view.goTo('/admin/users', 'Users');
    const views = page.getByRole('group', { name: 'Saved views' });
    expect(await views.count()).to.equal(0);
    await view.goTo('/admin/users?status=pending_activation', 'Users');
    await views.getByRole('button', { name: 'Save view' }).click();
    await dialog().getByLabel('Name').fill('Not there yet');
    await dialog().getByRole('checkbox', { name: 'Everybody of the tenant sees it' }).check();
    await dialog().getByRole('button', { name: 'Save', exact: true }).click();
    await views.getByRole('button', { name: 'Not there yet', exact: true }).waitFor();
    const stored = await page.request.get('/api/v1/views?list=users');
    const { items } = (await stored.json()) as { items: object[] };
    expect(items[0]).to.deep.include({ query: 'status=pending_activation', shared: true });

    const more = () => views.getByRole('button', { name: /^More of the view/ }).click();
    await more();
    await page.getByRole('menuitem', { name: 'Rename or share' }).click();
    await dialog().getByLabel('Name').fill('Waiting');
    await dialog().getByRole('button', { name: 'Save', exact: true }).click();
    await views.getByRole('button', { name: 'Waiting', exact: true }).waitFor();
    await more();
    await page.getByRole('menuitem', { name: 'Open the list with it' }).click();
    await page.goto('/admin/users');
    await page.waitForURL(/status=pending_activation/);
    await views.getByRole('button', { name: 'All', exact: true }).click();
    await page.waitForURL(/users$/);
    await more();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await views.waitFor({ state: 'detached' });
  });

  it('define an attribute, fill it in a directory with a preview, and give the directory a client of its own', async () => {
    const { page, dialog, row } = view;
    await view.goTo('/admin/attributes', 'Attributes');
    await page.getByRole('button', { name: 'New attribute' }).first().click();
    await dialog().getByLabel('Name').fill('costCenter');
    await dialog().getByRole('button', { name: 'Save', exact: true }).click();
    await row('costCenter').waitFor();

    await fetch(`${app.url}/scim/v2/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'emmy@acme.test',
        title: 'Algebra',
        password: ada.password,
      }),
    });
    await view.goTo('/admin/directories', 'SCIM directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByRole('tab', { name: 'Attributes' }).click();
    await page.getByRole('button', { name: 'Add attribute' }).click();
    await page.getByRole('combobox', { name: 'Fills' }).fill('nickName');
    await page.getByRole('combobox', { name: 'From', exact: true }).fill('title');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'The newest that was sent' }).click();
    await result('+ Algebra').waitFor();
    await view.checkPage('a mapping');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved', { exact: true }).waitFor();

    await page.getByRole('tab', { name: 'OAuth clients' }).click();
    await page.getByRole('button', { name: 'New OAuth client' }).click();
    await dialog().getByLabel('Name').fill('Okta');
    await dialog().getByRole('button', { name: 'Create', exact: true }).click();
    await result('Copy it now').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    const client = page.getByRole('article', { name: 'Okta' });
    await client.getByRole('button', { name: 'Second secret' }).click();
    await client.getByRole('status').filter({ hasText: 'Copy it now' }).waitFor();
    await client
      .getByRole('button', { name: /^Revoke .*…$/ })
      .first()
      .waitFor();
    await page.getByLabel('Whose assertions are taken').selectOption('Entra ID');
    await page.getByLabel('Tenant id in Entra').fill('not-a-guid');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'federation' }).waitFor();
    await view.checkPage('clients');
  });

  it('say whether a person may do something and why, who had what, and what rules would change before they are saved', async () => {
    const { page, row } = view;
    await view.goTo('/admin/audit', 'Audit log');
    await page.getByRole('tab', { name: 'Access review' }).click();
    await view.heading('Access review').waitFor();
    await row('Ada').filter({ hasText: 'Administrator' }).waitFor();
    await page.getByRole('searchbox', { name: 'Person' }).fill('nobody');
    await page.getByRole('searchbox', { name: 'Person' }).press('Enter');
    await page.getByRole('status').filter({ hasText: '0 people with roles' }).waitFor();
    await view.checkPage('a review');
    await page.getByRole('tab', { name: 'Check access' }).click();
    await view.heading('Check access').waitFor();
    await page.getByRole('combobox', { name: 'User' }).fill('kurt');
    await page.getByRole('option', { name: /kurt@acme.test/ }).click();
    await page.getByRole('combobox', { name: 'Permission' }).fill('users.read');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await result('No: Kurt may not users.read').waitFor();
    await view.checkPage('a check');

    await view.goTo('/admin/directories', 'SCIM directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByRole('tab', { name: 'Roles' }).click();
    await page.getByRole('button', { name: 'Add rule' }).click();
    await page.getByRole('combobox', { name: 'When' }).fill('title');
    await page.getByLabel('Value').fill('Algebra');
    await page.getByRole('combobox', { name: 'Grants' }).fill('Administrator');
    await page.getByRole('option', { name: 'Administrator' }).click();
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'See the impact' }).click();
    await result('1 gains Administrator').filter({ hasText: 'emmy@acme.test' }).waitFor();
  });

  it('show what a colour and a name make of the sign-in page, and refuse what cannot be read', async () => {
    const { page } = view;
    await view.goTo('/admin/branding', 'Branding');
    await page.getByLabel('Name on pages and in mails').fill('Globex');
    const color = page.getByRole('textbox', { name: 'Colour of buttons and links' });
    await color.fill('#ffff00');
    await result('Too light for white letters').waitFor();
    await color.fill('#7e22ce');
    await result('White letters on it can be read').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.goto('/signin?tenant=acme');
    expect(await page.content()).to.include('Globex');
    const settings = await page.request.get('/api/v1/settings');
    expect(await settings.json()).to.include({ 'branding.color': '#7e22ce' });
  });

  it('have left no error in the browser’s log', () => {
    expect(view.faults).to.deep.equal([]);
  });
});
