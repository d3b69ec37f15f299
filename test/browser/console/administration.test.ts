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

  describe('the live log', () => {
    const schemas = {
      user: 'urn:ietf:params:scim:schemas:core:2.0:User',
      patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    };
    const person = { schemas: [schemas.user], userName: 'joan@acme.test', active: true };
    let group: string;

    async function scim(method: string, path: string, data: object): Promise<string> {
      const answer = await fetch(`${app.url}/scim/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify(data),
      });
      const text = await answer.text();
      return text === '' ? '' : (JSON.parse(text) as { id: string }).id;
    }

    async function openLog(): Promise<void> {
      await own.goTo('/admin/directories', 'SCIM directories');
      await page.getByRole('link', { name: 'Acme Okta' }).click();
      await page.getByRole('tab', { name: 'Live log' }).click();
    }

    it('tells where requests will appear while there are none', async () => {
      await openLog();
      await page.getByText('Nothing has come yet').waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
    });

    it('shows names in place of ids, times to the second, and who gained which role', async () => {
      const id = await scim('POST', '/Users', person);
      group = await scim('POST', '/Groups', { displayName: 'Support', members: [] });
      const Operations = [{ op: 'add', path: 'members', value: [{ value: id }] }];
      await scim('PATCH', `/Groups/${group}`, { schemas: [schemas.patch], Operations });
      await openLog();
      const entry = own.row('/Groups/Support');
      expect(await entry.textContent()).to.match(/\d:\d\d:\d\d/);
      await entry.getByText('204').click();
      const gains = own.dialog().getByText('joan@acme.test gains crm: Agent');
      await gains.waitFor();
      await own.dialog().getByText('+ joan@acme.test').waitFor();
      expect(await own.dialog().getByRole('link', { name: 'joan@acme.test' }).getAttribute('href')).to.equal(
        `/admin/users/${id}`,
      );
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await page.keyboard.press('Escape');
    });

    it('says why a replay would be refused now, and with whom it clashes', async () => {
      await openLog();
      await own.row('POST /Users').getByRole('button').click();
      await own.dialog().getByRole('button', { name: 'Replay as a dry run' }).click();
      const answer = own.dialog().getByRole('status');
      await answer.getByText('It would be answered 409 now').waitFor();
      await answer.getByText(/^the userName is taken by another user/).waitFor();
      await answer.getByRole('link', { name: 'It clashed with joan@acme.test' }).waitFor();
    });
  });

  describe('the audit log', () => {
    it('tells deeds as sentences, and is filtered by day, actor, action and target (M3-22)', async () => {
      await own.goTo('/admin/audit', 'Audit log');
      await own.row('created joan@acme.test').getByText('user.created').waitFor();
      const today = new Date().toISOString().slice(0, 10);
      await page.getByLabel('Date from').fill(today);
      await page.getByLabel('Date from').press('Enter');
      await page.waitForURL(new RegExp(`from=${today}`));
      await page.getByLabel('Actor').fill('ada@acme.test');
      await page.getByLabel('Actor').press('Enter');
      await page.waitForURL(/actor=ada/);
      await own.row('created joan@acme.test').waitFor({ state: 'detached' });
      await own.row('signed in').first().click();
      await own.dialog().getByText('ada@acme.test signed in').waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await page.keyboard.press('Escape');
    });

    it('shows the same deeds on the page Overview', async () => {
      await own.goTo('/admin', 'Overview');
      await page.getByText(/changed the members of Support$/).waitFor();
    });
  });

  describe('roles', () => {
    it('of an application get a new permission, with what it changes said before it is saved (M2-3, M3-25)', async () => {
      await own.goTo('/admin/applications', 'Applications');
      await page.getByRole('link', { name: 'CRM' }).click();
      await page.getByRole('tab', { name: 'Roles' }).click();
      await page.getByRole('link', { name: 'Edit roles and permissions' }).click();
      await own.heading('Roles').waitFor();
      await page.getByRole('textbox', { name: 'New permission' }).fill('calls.export');
      await page.getByRole('button', { name: 'Add permission' }).click();
      await page.getByRole('checkbox', { name: 'Agent may calls.export' }).check();
      await page
        .getByRole('status')
        .getByText(/^Agent: affects [12] users?$/)
        .waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await own.dialog().getByRole('listitem').filter({ hasText: 'calls.export' }).waitFor();
      await own.dialog().getByRole('button', { name: 'Save' }).click();
      await saved();
      await page.reload();
      expect(await page.getByRole('checkbox', { name: 'Agent may calls.export' }).isChecked()).to.equal(true);
      expect(await accessibilityFaults(page)).to.deep.equal([]);
    });

    it('say how many have them, can be copied, and are deleted with a word about who loses them', async () => {
      await own.goTo('/admin/roles', 'Roles');
      await page
        .getByRole('columnheader', { name: /Auditor/ })
        .getByRole('link', { name: '1 user' })
        .waitFor();
      await page.getByRole('button', { name: 'More for Auditor' }).click();
      await page.getByRole('menuitem', { name: 'Copy' }).click();
      await own.dialog().getByLabel('Name').fill('Reader');
      await own.dialog().getByRole('button', { name: 'Create' }).click();
      await page.getByRole('button', { name: 'More for Reader' }).click();
      await page.getByRole('menuitem', { name: 'Delete Reader' }).click();
      await own.dialog().getByText('0 users lose it.').waitFor();
      await own.dialog().getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('columnheader', { name: /Reader/ }).waitFor({ state: 'detached' });
    });
  });

  describe('a person’s page', () => {
    const open = async (name: string) => {
      await own.goTo('/admin/users', 'Users');
      await page.getByRole('link', { name }).click();
      await page.getByRole('button', { name: 'Save' }).waitFor();
    };

    it('shows what a directory holds as not to be changed, a role of its rules as ticked, and names the rule (M1-15, M1-20)', async () => {
      await open('joan@acme.test');
      expect(await page.getByLabel('Name', { exact: true }).getAttribute('readonly')).to.equal('');
      const agent = page.getByRole('region', { name: 'CRM' }).getByRole('checkbox', { name: 'Agent' });
      expect(await agent.isChecked()).to.equal(true);
      expect(await agent.isDisabled()).to.equal(true);
      await page.getByText('Given by a rule: groups.displayName is "Support"').waitFor();
      await page.getByRole('button', { name: 'Why? crm: Agent' }).click();
      await own.dialog().getByRole('link', { name: 'Rule 1 of Acme Okta' }).waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await page.keyboard.press('Escape');
    });

    it('says why somebody whom a directory added is not activated, and what brings them in', async () => {
      await open('joan@acme.test');
      await page.getByText('The directory added this person, but no SSO connection').waitFor();
    });

    it('brings into a group and makes its administrator; nothing is stored before Save (M1-13, M4-9, M4-10)', async () => {
      const headers = { 'x-csrf-token': await own.csrf() };
      await page.request.post('/api/v1/groups', { headers, data: { displayName: 'Sales' } });
      await open('Grace Hopper');
      await page.getByRole('switch', { name: 'Approved' }).waitFor();
      await page.getByRole('checkbox', { name: 'Sales' }).check();
      await page.getByRole('switch', { name: 'Group administrator of Sales' }).click();
      await page.getByLabel('Surname').fill('Murray Hopper');
      await page.getByLabel('Limited products').fill('Web');
      await page.keyboard.press('Enter');
      const before = (await (await page.request.get('/api/v1/groups?q=Sales')).json()) as {
        items: unknown[];
      };
      expect(before.items[0]).to.include({ memberCount: 0 });
      await page.getByRole('button', { name: 'Save' }).click();
      await saved();
      const after = (await (await page.request.get('/api/v1/groups?q=Sales')).json()) as { items: unknown[] };
      expect(after.items[0]).to.include({ memberCount: 1 });
      expect(after.items[0]).to.have.nested.property('administrators[0].displayName', 'Grace Murray Hopper');
    });

    it('tells the person’s life as a line through time', async () => {
      await open('joan@acme.test');
      await page.getByRole('tab', { name: 'Activity' }).click();
      const deeds = page.getByRole('listitem').filter({ hasText: 'joan@acme.test' });
      await deeds.filter({ hasText: 'changed the roles of joan@acme.test' }).first().waitFor();
      await deeds.filter({ hasText: 'created joan@acme.test' }).waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
    });
  });

  it('have left no error in the browser’s log', () => {
    expect(own.faults).to.deep.equal([]);
  });
});
