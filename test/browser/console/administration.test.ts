import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startApp, type TestApp } from '../../support/app.js';
import { accessibilityFaults, openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';

const password = 'correct horse battery staple';
const token = 'gh_scim_a-token-for-the-tests-of-administration';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      roles: [{ key: 'auditor', name: 'Auditor', permissions: ['users.read'] }],
      applications: [
        {
          key: 'crm',
          name: 'CRM',
          clientId: 'crm',
          clientSecret: 'a-secret-of-the-crm-application',
          redirectUris: ['http://localhost:4000/cb'],
          roles: [
            { key: 'agent', name: 'Agent', permissions: ['calls.read'] },
            { key: 'lead', name: 'Lead', permissions: ['calls.read', 'calls.delete'] },
          ],
        },
      ],
      users: [
        {
          email: 'ada@acme.test',
          givenName: 'Ada',
          familyName: 'Lovelace',
          password,
          roles: ['administrator'],
        },
        { email: 'alan@acme.test', givenName: 'Alan', familyName: 'Turing', password, roles: ['auditor'] },
        {
          email: 'grace@acme.test',
          givenName: 'Grace',
          familyName: 'Hopper',
          password,
          roles: ['crm:agent'],
        },
      ],
      directories: [
        {
          name: 'Acme Okta',
          dialect: 'okta',
          tokens: [{ name: 't1', token }],
          roleRules: [{ when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] }],
        },
      ],
    },
  ],
};

describe('the console’s pages of administration', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let own: OpenConsole;
  let page: Page;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    app = await startApp({ bootstrap });
    own = await openConsole(app, browser, { email: 'ada@acme.test', password });
    ({ page } = own);
  });
  after(async () => {
    await browser?.close();
    if (browser) await app.stop();
  });

  const saved = () => page.getByText('Saved', { exact: true }).last().waitFor();

  describe('settings', () => {
    it('are found by a word, typed as a number and a unit, and saved card by card', async () => {
      await own.goTo('/admin/settings', 'Settings');
      await page.getByRole('searchbox', { name: 'Search settings' }).fill('without use');
      const card = page.getByRole('region', { name: 'Sessions' });
      const idle = card.getByLabel('A session without use lasts');
      expect(await idle.inputValue()).to.equal('15');
      expect(await page.getByRole('region', { name: 'Lockout' }).count()).to.equal(0);
      await idle.fill('2');
      await card.getByLabel('Unit').selectOption('hours');
      await card.getByText('Accounts are protected less: A session without use lasts').waitFor();
      await card.getByRole('button', { name: 'Save' }).click();
      await saved();
      await page.reload();
      expect(await idle.inputValue()).to.equal('2');
      const settings = (await (await page.request.get('/api/v1/settings')).json()) as Record<string, unknown>;
      expect(settings['sessions.idleSeconds']).to.equal(7200);
    });

    it('have a name in words each, and none is told with marks of code', async () => {
      await own.goTo('/admin/settings', 'Settings');
      const text = (await page.getByRole('main').textContent()) ?? '';
      expect(text).not.to.match(/[a-z]+\.[a-z]+[A-Z]\w+|`/);
      expect(text).to.include('People may register themselves');
    });

    it('are told with those a preset changes, and for whom, before it is used', async () => {
      await own.goTo('/admin/settings', 'Settings');
      await page.getByLabel('Preset').selectOption({ label: 'Service portal' });
      await page.getByRole('button', { name: 'See what it changes' }).click();
      const change = own.dialog().getByRole('row').filter({ hasText: 'User Approval Required' });
      expect(await change.getByRole('cell').allTextContents()).to.deep.equal([
        'User Approval Required',
        'Off',
        'On',
      ]);
      await own
        .dialog()
        .getByRole('status')
        .getByText(/^affects/)
        .waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await own.dialog().getByRole('button', { name: 'Cancel' }).click();
      await own.dialog().waitFor({ state: 'detached' });
    });
  });

  it('have left no error in the browser’s log', () => {
    expect(own.faults).to.deep.equal([]);
  });
});
