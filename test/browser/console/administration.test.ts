import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { acme, ada, crm, grace, okta, token } from '../../support/acme.js';
import { startApp, type TestApp } from '../../support/app.js';
import { accessibilityFaults, openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';
import { totpCode } from '../../support/totp.js';

const lead = { key: 'lead', name: 'Lead', permissions: ['calls.read', 'calls.delete'] };
const roleRules = [{ when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] }];
const bootstrap = acme({
  applications: [{ ...crm, roles: [...crm.roles, lead] }],
  directories: [{ ...okta, roleRules }],
});

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
    own = await openConsole(app, browser, ada);
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
        .getByText(/^(affects|Nothing changes for anyone now)/)
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
      await answer.getByText(/^The userName is taken by another user/).waitFor();
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
      await own.dialog().getByRole('status').filter({ hasText: 'affects 0 users' }).waitFor();
      await own.dialog().getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('columnheader', { name: /Reader/ }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'More for Auditor' }).click();
      await page.getByRole('menuitem', { name: 'Delete Auditor' }).click();
      await own.dialog().getByText('It was given to people, groups or API keys by hand.').waitFor();
      expect(await own.dialog().getByRole('button', { name: 'Delete' }).isDisabled()).to.equal(true);
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await own.dialog().getByLabel('Who has it gets instead').selectOption('Administrator');
      await own
        .dialog()
        .getByText(/1 .*gains Administrator/)
        .waitFor();
      await own.dialog().getByRole('button', { name: 'Cancel' }).click();
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
      await page.getByText('Given by a rule: Member of the group Support').waitFor();
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

  describe('the list of users, as the manuals have it', () => {
    const menuOf = async (name: string) => {
      await page.getByRole('button', { name: `More for ${name}`, exact: true }).click();
      return page.getByRole('menuitem').allTextContents();
    };
    const choose = (item: string) => page.getByRole('menuitem', { name: item, exact: true }).click();

    it('creates a user by name, email and role and nothing more, who is not activated and can be sent the link again (M3-10, M3-14, M3-23, M4-11)', async () => {
      await own.goTo('/admin/users', 'Users');
      await page.getByRole('button', { name: 'Create User' }).click();
      await own.dialog().getByLabel('Name', { exact: true }).fill('Linus');
      const asked = await own.dialog().locator('label').allTextContents();
      expect(asked.map((label) => label.replace(/\W+$/, ''))).to.have.members([
        'Name',
        'Surname',
        'Email',
        'Role',
      ]);
      await own.dialog().getByLabel('Email').fill('not an address');
      await own.dialog().getByRole('button', { name: 'Create User' }).click();
      const email = own.dialog().getByLabel('Email');
      await own
        .dialog()
        .getByRole('alert')
        .getByText(/^Nothing is saved yet/)
        .waitFor();
      expect(await own.dialog().getByText('valid email').count(), 'how often it is said').to.equal(1);
      expect(await email.getAttribute('aria-invalid')).to.equal('true');
      await email.fill('linus@acme.test');
      await own.dialog().getByRole('button', { name: 'Create User' }).click();
      await own.row('linus@acme.test').getByText('Not activated').waitFor();
      expect(await menuOf('Linus')).to.include('Resend Activation Link');
      await choose('Resend Activation Link');
      await page.getByText('A new link is on its way to linus@acme.test').waitFor();
    });

    it('offers in a row’s menu what fits, and asks with Yes before it disables and enables; privacy is left to the operator (M0-15, M1-24, M3-17, M3-19, M3-20, M3-24)', async () => {
      await own.goTo('/admin/users', 'Users');
      expect(await menuOf('Alan Turing')).to.deep.equal([
        'Edit Role/Permissions',
        'Send Password Reset Email',
        'Invalidate Sessions',
        'Disable Account',
        'Delete',
      ]);
      await choose('Disable Account');
      await own.dialog().getByText('Disable alan@acme.test?').waitFor();
      await own.dialog().getByRole('button', { name: 'Yes' }).click();
      await own.row('alan@acme.test').getByText('Disabled').waitFor();
      expect(await menuOf('Alan Turing'))
        .to.include('Enable Account')
        .and.not.include('Disable Account');
      await choose('Enable Account');
      await own.dialog().getByRole('button', { name: 'Yes' }).click();
      await own.row('alan@acme.test').getByText('Active').waitFor();
      await menuOf('Alan Turing');
      await choose('Edit Role/Permissions');
      await own.heading('Alan Turing').waitFor();
      for (const label of ['Name', 'Email']) await page.getByLabel(label, { exact: true }).waitFor();
      await page.getByRole('group', { name: 'Account Roles' }).waitFor();
      expect(await page.getByLabel(/password/i).count()).to.equal(0);
    });

    it('resets a second factor with a warning, only where there is one (M4-13, M4-15)', async () => {
      const theirs = await openConsole(app, browser!, grace);
      const headers = { 'x-csrf-token': await theirs.csrf() };
      const begun = await theirs.page.request.post('/api/v1/me/2fa', { headers });
      const { secret } = (await begun.json()) as { secret: string };
      const code = totpCode(secret, Math.floor(Date.now() / 30_000));
      const confirmed = await theirs.page.request.post('/api/v1/me/2fa/confirm', { headers, data: { code } });
      expect(confirmed.status()).to.equal(200);
      await theirs.page.context().close();
      await own.goTo('/admin/users', 'Users');
      await own.row('grace@acme.test').getByRole('button', { name: /^More/ }).click();
      await choose('Reset 2FA');
      await own.dialog().getByText('the password alone opens this account').waitFor();
      await own.dialog().getByRole('button', { name: 'Reset' }).click();
      await page.getByText('The second factor of grace@acme.test is off').waitFor();
    });

    it('has the columns of the manuals, some of them to be chosen (M1-2, M2-8)', async () => {
      await own.goTo('/admin/users', 'Users');
      await page.getByRole('button', { name: 'Columns' }).click();
      for (const name of ['Phone', 'Enabled', 'Approved', 'Access level', 'Access until', '2FA']) {
        await page.getByRole('menuitemcheckbox', { name, exact: true }).click();
        await page.getByRole('columnheader', { name, exact: true }).waitFor();
      }
      await page.keyboard.press('Escape');
      const headers = await page.getByRole('columnheader').allTextContents();
      expect(headers).to.include.members([
        'Status',
        'Name',
        'Email',
        'Roles',
        'Login',
        'Created',
        'Last login',
      ]);
    });

    it('finds by name, role and day of creation, and by access level (M3-6, M4-8)', async () => {
      await own.goTo('/admin/users', 'Users');
      const search = page.getByRole('searchbox', { name: /^Search/ });
      for (const text of ['uring', 'auditor']) {
        await search.fill(text);
        await own.row('grace@acme.test').waitFor({ state: 'detached' });
        await own.row('alan@acme.test').waitFor();
      }
      await search.fill(new Date().toISOString().slice(0, 10));
      await own.row('grace@acme.test').waitFor();
      await page.getByRole('button', { name: 'Clear', exact: true }).click();
      await page.getByRole('button', { name: 'Filters' }).click();
      const levels = page.getByLabel('Access level');
      expect(await levels.locator('option').allTextContents()).to.deep.equal([
        'Any',
        'Account',
        'Group',
        'Unassigned',
      ]);
      await levels.selectOption({ label: 'Group' });
      await own.row('ada@acme.test').waitFor({ state: 'detached' });
      await own.row('grace@acme.test').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Without Access level: Group' }).click();
      await own.row('ada@acme.test').waitFor();
    });

    it('says at each choice of a filter how many it would show', async () => {
      await own.goTo('/admin/users', 'Users');
      const roles = page.getByLabel('Role', { exact: true });
      await roles.locator('option', { hasText: 'Auditor (1)' }).waitFor({ state: 'attached' });
      await page.getByLabel('Login type').selectOption('local');
      await own.row('alan@acme.test').waitFor();
    });

    it('shows disabled and non-activated users by two switches, and says what it hides (M3-7, M3-8)', async () => {
      await own.goTo('/admin/users', 'Users');
      await page.getByRole('checkbox', { name: 'Show non-activated users' }).uncheck();
      await page.getByText(/hidden \(0 disabled, [1-9] not activated\)/).waitFor();
      await own.row('linus@acme.test').waitFor({ state: 'detached' });
      await page.getByRole('checkbox', { name: 'Show non-activated users' }).check();
      await own.row('linus@acme.test').waitFor();
    });

    it('exports at once, deletes after a question, and adds a deleted person again (M0-20, M1-29, M1-30, M4-12, M4-17)', async () => {
      await own.goTo('/admin/users', 'Users');
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      expect((await download).suggestedFilename()).to.match(/^users-.*\.csv$/);
      await menuOf('Linus');
      await choose('Delete');
      await own.dialog().getByRole('button', { name: 'Cancel' }).click();
      await own.row('linus@acme.test').waitFor();
      await menuOf('Linus');
      await choose('Delete');
      await own.dialog().getByRole('button', { name: 'Delete' }).click();
      await own.row('linus@acme.test').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Create User' }).click();
      await own.dialog().getByLabel('Email').fill('linus@acme.test');
      await own.dialog().getByRole('button', { name: 'Create User' }).click();
      await own.row('linus@acme.test').getByText('Not activated').waitFor();
    });
  });

  describe('invitations, as the manuals have them', () => {
    it('are local at first, advise a temporary one, and are sent (M2-13, M2-15, M2-18, M2-19)', async () => {
      await own.goTo('/admin/users/invites', 'Users');
      await page.getByRole('button', { name: 'Invite Users' }).first().click();
      expect(await own.dialog().getByLabel('Login Type').inputValue()).to.equal('local');
      await own.dialog().getByText('For people who are needed only for a while').waitFor();
      await own.dialog().getByLabel('Email').fill('barbara@acme.test');
      await own.dialog().getByRole('button', { name: 'Invite', exact: true }).click();
      await own.dialog().getByText('barbara@acme.test: invited').waitFor();
      await own.dialog().getByRole('button', { name: 'Close' }).last().click();
    });

    it('have columns of their own, with Expires in place of Responded while they wait (M2-5, M2-6, M2-9, M2-10, M2-11)', async () => {
      await own.goTo('/admin/users/invites', 'Users');
      const headers = () => page.getByRole('columnheader').allTextContents();
      await own
        .row('barbara@acme.test')
        .getByText('ada@acme.test')
        .or(own.row('barbara@acme.test').getByText('Ada Lovelace'))
        .waitFor();
      expect(await headers()).to.include.members(['Email', 'Status', 'Roles', 'Sender', 'Responded']);
      await page.getByLabel('Status').selectOption({ label: 'Waiting' });
      await page.getByRole('columnheader', { name: 'Expires' }).waitFor();
      expect(await headers()).to.not.include('Responded');
      await page.getByRole('searchbox', { name: /^Search/ }).fill('nobody');
      await own.row('barbara@acme.test').waitFor({ state: 'detached' });
    });
  });

  describe('services of a person', () => {
    it('are enabled without a role and removed with all roles, once it is saved (M1-26, M1-28)', async () => {
      await own.goTo('/admin/users', 'Users');
      await page.getByRole('link', { name: 'Alan Turing' }).click();
      const card = page.getByRole('region', { name: 'CRM' });
      await card.getByRole('button', { name: 'Enable service' }).click();
      await page.getByRole('button', { name: 'Save' }).click();
      await saved();
      await page.reload();
      await card.getByRole('button', { name: 'Remove From Service' }).waitFor();
      expect(await card.getByRole('checkbox', { name: 'Agent' }).isChecked()).to.equal(false);
      await card.getByRole('button', { name: 'Remove From Service' }).click();
      await own.dialog().getByRole('button', { name: 'Remove' }).click();
      await card.getByRole('button', { name: 'Enable service' }).waitFor();
    });
  });

  describe('the browser', () => {
    it('has logged no error', () => expect(own.faults).to.deep.equal([]));
  });
});
