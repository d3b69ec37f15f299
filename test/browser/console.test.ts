import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { acme, ada, alan, grace, token } from '../support/acme.js';
import { startApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { accessibilityFaults, openChromium } from '../support/chromium.js';
import { openConsole, type OpenConsole } from '../support/console.js';

const bootstrap = acme({ settings: { 'approval.required': true, 'approval.autoApproveScim': false } });

describe('the console in a browser', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let view: OpenConsole;
  let page: Page;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    app = await startApp({ bootstrap });
    view = await openConsole(app, browser, ada);
    ({ page } = view);
  });
  after(async () => {
    await browser?.close();
    if (browser) await app.stop();
  });

  async function scim(path: string, body: object): Promise<{ status: number; id: string }> {
    const answer = await fetch(`${app.url}/scim/v2${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, id: ((await answer.json()) as { id: string }).id };
  }

  const newUser = (userName: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    emails: [{ value: userName, primary: true }],
    active: true,
  });

  const heading = (name: string) => view.heading(name);
  const dialog = () => view.dialog();
  const palette = () => page.getByRole('combobox', { name: 'Page or person' });
  const row = (text: string) => view.row(text);

  it('invites several addresses and tells what came of each (M0-9, M0-11, M2-7, M2-16)', async () => {
    await page.goto('/admin/users');
    await page.getByRole('button', { name: 'Invite Users' }).click();
    await dialog().getByLabel('Email').fill('new@acme.test; Grace <grace@acme.test>, not-an-address');
    await dialog().getByLabel('Roles').click();
    await page.getByRole('listbox').getByRole('option', { name: 'crm: Agent' }).click();
    await dialog().getByRole('switch', { name: 'Temporary Invitation' }).click();
    expect(await dialog().getByLabel('Your Current System Time').inputValue()).not.to.equal('');
    await dialog().getByLabel('Maximum Selected Date and Time').fill('2099-01-01T18:00');
    await dialog().getByRole('button', { name: 'Invite', exact: true }).click();
    const listed = dialog().getByRole('status').getByRole('listitem');
    await listed.first().waitFor();
    const lines = await listed.allTextContents();
    expect(lines[0]).to.equal('new@acme.test: invited');
    expect(lines[1]).to.match(/^grace@acme\.test: already a user/);
    expect(lines[2]).to.match(/^not-an-address: invalid/);
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('tab', { name: 'Invites' }).click();
    await page.getByLabel('Status').selectOption('waiting');
    await page.getByRole('columnheader', { name: 'Expires' }).waitFor();
    await row('new@acme.test').waitFor();
  });

  it('leads from the side menu and from the name menu to Users, with Invites beside it and the status in front (M2-4, M3-5, M4-2, M4-3)', async () => {
    await page.goto('/admin/settings');
    await page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click();
    await heading('Users').waitFor();
    expect(await page.getByRole('tab').allTextContents()).to.deep.equal(['Users', 'Invites']);
    await row('alan@acme.test').waitFor();
    const headers = await page.getByRole('columnheader').allTextContents();
    expect(headers.findIndex((text) => text.includes('Status'))).to.be.lessThan(
      headers.findIndex((text) => text.includes('Name')),
    );
    await page.goto('/admin/settings');
    await page.getByRole('banner').getByRole('button', { name: 'Ada Lovelace' }).click();
    await page.getByRole('menuitem', { name: 'Users', exact: true }).click();
    await heading('Users').waitFor();
  });

  it('advises the least where roles are given (M1-32, M2-2)', async () => {
    await page.goto('/admin/users');
    await page.getByRole('button', { name: 'Invite Users' }).click();
    await dialog().getByText('Give the least that is needed.').waitFor();
    await page.keyboard.press('Escape');
  });

  it('shows who asks for which role and why, and gives it for that time', async () => {
    const { page: own, faults } = await openConsole(app, browser!, grace);
    const asked = await own.evaluate<number>(`(async () => {
      const me = await fetch('/api/v1/me');
      const body = JSON.stringify({ role: 'auditor', reason: 'for the audit', seconds: 7200 });
      const headers = { 'content-type': 'application/json', 'x-csrf-token': me.headers.get('x-csrf-token') };
      return (await fetch('/api/v1/role-requests', { method: 'POST', headers, body })).status;
    })()`);
    expect(asked).to.equal(201);
    await own.context().close();
    expect(faults).to.deep.equal([]);
    await page.goto('/admin/role-requests');
    await row('for the audit').getByRole('button', { name: 'Approve' }).click();
    await dialog().getByRole('button', { name: 'Approve' }).click();
    await row('for the audit')
      .filter({ hasText: 'Ada' })
      .or(row('for the audit').filter({ hasText: 'ada@' }))
      .waitFor();
    await row('for the audit').filter({ hasText: 'Approved' }).waitFor();
  });

  it('keeps a list’s filters in its address, so that a reload shows the same', async () => {
    await page.goto('/admin/users');
    await page.getByRole('searchbox', { name: /^Search/ }).fill('turing');
    await page.waitForURL(/q=turing/);
    await row('alan@acme.test').waitFor();
    await page.reload();
    await row('alan@acme.test').waitFor();
    await row('ada@acme.test').waitFor({ state: 'detached' });
    expect(await page.getByRole('searchbox', { name: /^Search/ }).inputValue()).to.equal('turing');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await row('ada@acme.test').waitFor();
  });

  it('counts who waits for approval on a red button that is gone at none (M1-9)', async () => {
    const { id } = await scim('/Users', { ...newUser('waiting@acme.test'), password: ada.password });
    await page.goto('/admin/users');
    await page.getByRole('link', { name: '1 User Approval Pending' }).click();
    await page.waitForURL(/status=pending_approval/);
    await row('waiting@acme.test').getByRole('button', { name: /^More/ }).click();
    await page.getByRole('menuitem', { name: 'Approve' }).click();
    await page.getByText('waiting@acme.test is approved').waitFor();
    await page.goto('/admin/users');
    await row('ada@acme.test').waitFor();
    expect(await page.getByRole('link', { name: /Approval/ }).count()).to.equal(0);
    await page.goto(`/admin/users/${id}`);
    await page.getByText('Acme Okta manages this person').waitFor();
  });

  it('says what a bulk action would do before it does it, and what came of it', async () => {
    await page.goto('/admin/users');
    await row('alan@acme.test').getByRole('checkbox').check();
    await row('ada@acme.test').getByRole('checkbox').check();
    const selected = page.getByRole('group', { name: 'Selected rows' });
    await selected.getByText('2 selected').waitFor();
    await selected.getByRole('button', { name: 'Disable' }).click();
    await dialog().getByText('1 will change').waitFor();
    await dialog()
      .getByText(/^ada@acme\.test: /)
      .waitFor();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await dialog().getByText('1 disabled').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await row('alan@acme.test').getByText('Disabled').waitFor();
    await page.getByRole('checkbox', { name: 'Show disabled users' }).uncheck();
    await page.getByText('1 hidden (1 disabled, 0 not activated)').waitFor();
    await page.getByRole('link', { name: 'Show', exact: true }).click();
    await row('alan@acme.test').getByRole('button', { name: /^More/ }).click();
    await page.getByRole('menuitem', { name: 'Enable Account' }).click();
    await dialog().getByRole('button', { name: 'Yes' }).click();
    await row('alan@acme.test').getByText('Active').waitFor();
  });

  it('opens a person by the name, edits with one Save, and says why a role is held (M1-12, M1-13, M1-15)', async () => {
    await page.goto('/admin/users');
    await page.getByRole('link', { name: 'Grace Hopper' }).click();
    await page.getByRole('checkbox', { name: 'Auditor' }).check();
    await page.getByLabel('Phone').fill('+49 30 123');
    const card = page.getByRole('region', { name: 'CRM' });
    await card.getByRole('button', { name: 'Remove From Service' }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Why? Auditor' }).click();
    await dialog()
      .getByText(/ada@acme\.test/)
      .waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await page.keyboard.press('Escape');
    await page.reload();
    expect(await page.getByLabel('Phone').inputValue()).to.equal('+49 30 123');
  });

  it('turns off what one may not do to oneself (M1-14)', async () => {
    await page.goto('/admin/users');
    await page.getByRole('link', { name: 'Ada Lovelace' }).click();
    expect(await page.getByRole('switch', { name: 'Enabled' }).isDisabled()).to.equal(true);
    expect(await page.getByRole('button', { name: 'Delete' }).count()).to.equal(0);
  });

  it('asks before it deletes, with the focus on Cancel', async () => {
    await page.goto('/admin/users');
    await row('new@acme.test').getByRole('button', { name: /^More/ }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).waitFor();
    await eventually(
      () => page.evaluate<boolean>("document.activeElement.textContent === 'Cancel'"),
      'the focus on Cancel',
    );
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await row('new@acme.test').waitFor({ state: 'detached' });
  });

  it('shows in the live log why a request failed, with whom it clashed and what it would do now', async () => {
    await scim('/Users', newUser('first@acme.test'));
    expect((await scim('/Users', newUser('first@acme.test'))).status).to.equal(409);
    await page.goto('/admin/directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByRole('tab', { name: 'Live log' }).click();
    await row('409').getByRole('button').click();
    await dialog().getByRole('link', { name: 'It clashed with first@acme.test' }).waitFor();
    await dialog().getByRole('button', { name: 'Replay as a dry run' }).click();
    await dialog().getByText('It would be answered 409 now').waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
  });

  it('follows the log while requests come', async () => {
    await page.goto('/admin/directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByRole('tab', { name: 'Live log' }).click();
    await row('first@acme.test').first().waitFor();
    await scim('/Users', newUser('just-now@acme.test'));
    await row('just-now@acme.test').waitFor();
  });

  it('tries rules on a person before they are saved', async () => {
    await page.goto('/admin/directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByRole('tab', { name: 'Roles' }).click();
    await page.getByRole('button', { name: 'Add rule' }).click();
    await page.getByRole('combobox', { name: 'When' }).fill('userName');
    await page.getByLabel('Value').fill('first@acme.test');
    await page.getByRole('combobox', { name: 'Grants' }).click();
    await page.getByRole('listbox').getByRole('option', { name: 'crm: Agent' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'User' }).fill('first@');
    await page.getByRole('option', { name: /first@acme\.test/ }).click();
    await page.getByRole('status').getByText('crm: Agent').waitFor();
  });

  it('makes a token with a name and an end, and shows it once', async () => {
    await page.goto('/admin/directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByRole('button', { name: 'New token' }).click();
    await dialog().getByLabel('Name').fill('Okta, autumn');
    await dialog().getByLabel('Ends after').selectOption({ label: '90 days' });
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog()
      .getByText(/^gh_scim_\S{20}/)
      .waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await page.reload();
    await row('Okta, autumn').waitFor();
    expect(await row('Okta, autumn').textContent()).not.to.include('never');
    expect(await page.getByText(/^gh_scim_\S{20}/).count()).to.equal(0);
  });

  it('tells at the set-up whom of a directory nothing signs in', async () => {
    await page.goto('/admin/directories');
    await page.getByRole('link', { name: 'Acme Okta' }).click();
    await page.getByText(/^[1-9] (people are|person is) not activated$/).waitFor();
    await page.getByRole('link', { name: 'Show them' }).click();
    await row('first@acme.test').getByText('Not activated').waitFor();
  });

  it('leads through a new connection step by step, and shows the record that proves its domain', async () => {
    await page.goto('/admin/sso-connections');
    await page.getByRole('button', { name: 'New connection' }).first().click();
    const next = dialog().getByRole('button', { name: 'Next' });
    await next.click();
    expect(await dialog().locator('[aria-current=step]').textContent()).to.include('Create the app there');
    await dialog().getByLabel('Name').fill('Acme Entra');
    await dialog().getByLabel('Key').fill('acme-entra');
    await dialog().getByText(`${app.url}/sso/acme-entra/callback`).waitFor();
    await next.click();
    await dialog().getByLabel('Issuer').fill('https://login.acme.example');
    await dialog().getByLabel('Client ID').fill('gatehouse');
    await dialog().getByLabel('Client secret').fill('a secret');
    await next.click();
    await dialog().getByLabel('Domains').fill('acme.example');
    await dialog().getByLabel('Domains').press('Enter');
    await next.click();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await heading('Acme Entra').waitFor();
    await page.getByText(/^_gatehouse\S*\.acme\.example$/).waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
  });

  it('says how many people a change of a role concerns before it is saved; to see people and to export them are two rights (M4-7)', async () => {
    await page.goto('/admin/roles');
    const mayExport = page.getByRole('checkbox', { name: 'Auditor may export the list of users' });
    expect(await page.getByRole('checkbox', { name: 'Auditor may see users' }).isChecked()).to.equal(true);
    expect(await mayExport.isChecked()).to.equal(false);
    await mayExport.check();
    await page.getByRole('status').getByText('affects 2 users').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
  });

  it('asks for the password before a dangerous act when the sign-in was long ago, and goes on by itself', async () => {
    const { store, clock } = app.core;
    const longAgo = new Date(clock.now().getTime() - 3 * 3600_000);
    for (const session of await store.server.collection('sessions').find({})) {
      const own = store.tenant(session.tenantId).collection('sessions');
      await own.update(session._id, (stored) => ({
        ...stored,
        signedInAt: longAgo,
        authenticatedAt: longAgo,
      }));
    }
    await page.goto('/admin/api-keys');
    await page.getByRole('button', { name: 'New API key' }).first().click();
    await dialog().getByLabel('Name').fill('reports');
    await dialog().getByLabel('Role').selectOption('auditor');
    await dialog().getByRole('button', { name: 'Create' }).click();
    const proof = page.getByRole('dialog', { name: 'Prove that it is you' });
    await proof.getByRole('textbox', { name: 'Password' }).fill(ada.password);
    await proof.getByRole('button', { name: 'Continue' }).click();
    await page.getByText(/^gh_sk_\S{20}/).waitFor();
  });

  it('goes by keyboard to a page and to a person', async () => {
    await page.goto('/admin');
    await heading('Overview').waitFor();
    await page.keyboard.press('Control+k');
    await palette().fill('audit');
    await page.keyboard.press('Enter');
    await heading('Audit log').waitFor();
    await page.keyboard.press('Control+k');
    await palette().fill('hopper');
    await page.getByRole('option', { name: /Grace Hopper/ }).waitFor();
    await page.keyboard.press('Enter');
    await heading('Grace Hopper').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('speaks German when asked to, and keeps it', async () => {
    await page.goto('/admin/users');
    await page.getByRole('banner').getByRole('button', { name: 'Ada Lovelace' }).click();
    await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
    await heading('Benutzer').waitFor();
    await page.reload();
    await heading('Benutzer').waitFor();
    expect(await page.getAttribute('html', 'lang')).to.equal('de');
    await page.getByRole('banner').getByRole('button', { name: 'Ada Lovelace' }).click();
    await page.getByRole('menuitemradio', { name: 'English' }).click();
    await heading('Users').waitFor();
  });

  it('shows to each person only the pages their permissions open, and names the one that is missing', async () => {
    const { page: own, faults } = await openConsole(app, browser!, alan);
    const links = own.getByRole('navigation').getByRole('link');
    await links.first().waitFor();
    expect(await links.allTextContents()).to.deep.equal(['Overview', 'Users', 'Groups', 'Account clashes']);
    await own.goto('/admin/settings');
    await own.getByRole('heading', { level: 1, name: 'Not allowed' }).waitFor();
    await own.getByText('account.settings').waitFor();
    await own.context().close();
    expect(faults).to.deep.equal([]);
  });

  it('leads to the sign-in when the session is over, and back', async () => {
    await page.goto('/admin/groups');
    await heading('Groups').waitFor();
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Roles' }).click();
    await page.waitForURL(/\/signin\?return_to=%2Fadmin%2Froles/);
  });

  it('has left no error in the browser’s log', () => {
    expect(view.faults).to.deep.equal([]);
  });
});
