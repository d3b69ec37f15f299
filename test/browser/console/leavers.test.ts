import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../support/app.js';
import { openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';
import { eventually } from '../../support/eventually.js';
import { browserOf, makeApplication, relyingParty } from '../../support/oidc.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

const password = 'correct horse battery staple';
const token = 'gh_scim_a-token-for-the-page-of-leavers';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      users: [{ email: 'ada@acme.test', password, roles: ['administrator'] }],
      directories: [{ name: 'Acme Okta', dialect: 'okta', tokens: [{ name: 't1', token }] }],
    },
  ],
};

describe('the page of a leaver', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let receiver: Receiver;
  let open: OpenConsole;
  let applicationId: string;

  /** A call of the directory. */
  async function scim(method: string, path: string, body: object): Promise<{ id: string }> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
    const answer = await fetch(`${app.url}/scim/v2${path}`, { method, headers, body: JSON.stringify(body) });
    expect(answer.ok, await answer.clone().text()).to.equal(true);
    return (await answer.json()) as { id: string };
  }

  /** Somebody who is signed in at an application when the directory deactivates them. */
  async function leave(): Promise<void> {
    const { core } = app;
    const [tenant] = await core.store.server.collection('tenants').find({ slug: 'acme' });
    const application = await makeApplication(core, tenant!, { backchannelLogoutUri: receiver.url });
    applicationId = application._id;
    const { id } = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'robin@acme.test',
      emails: [{ value: 'robin@acme.test', primary: true }],
      name: { givenName: 'Robin', familyName: 'Smith' },
      password,
      active: true,
    });
    const user = await core.store.tenant(tenant!._id).collection('users').get(id);
    await (await relyingParty(core, application)).signIn(await browserOf(core, user!));
    await scim('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
    await eventually(async () => {
      const deliveries = core.store.tenant(tenant!._id).collection('logout_deliveries');
      return (await deliveries.find({ userId: id })).some(({ status }) => status === 'confirmed');
    }, 'the confirmation of the application');
  }

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    receiver = await startReceiver();
    app = await startApp({ bootstrap, config: { allowPrivateIssuers: true } });
    await leave();
    open = await openConsole(app, browser, { email: 'ada@acme.test', password });
  });
  after(async () => {
    await browser?.close();
    if (!browser) return;
    await app.stop();
    await receiver.stop();
  });

  it('says what ended and who confirmed it, and saves the signed receipt', async () => {
    const { page } = open;
    await open.goTo('/admin/leavers', 'Leavers');
    const person = page
      .getByRole('link', { name: 'Robin Smith' })
      .or(page.getByRole('link', { name: 'robin@acme.test' }));
    const name = (await person.textContent()) ?? '';
    await person.click();
    await open.heading(name).waitFor();
    await page.getByText('Confirmed', { exact: true }).waitFor();
    await open.checkPage('receipt');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the signed file' }).click(),
    ]);
    const saved = JSON.parse(await readFile(await file.path(), 'utf8')) as Record<string, unknown>;
    expect(saved).to.include({ isComplete: true, sessionCount: 1 }).and.to.include.keys('jws');
    const menu = page.getByRole('navigation').first();
    const print = page.getByRole('button', { name: 'Print' });
    expect([await print.isVisible(), await menu.isVisible()]).to.deep.equal([true, true]);
    await page.emulateMedia({ media: 'print' });
    expect([await print.isVisible(), await menu.isVisible()]).to.deep.equal([false, false]);
    await page.emulateMedia({ media: 'screen' });
    expect(open.faults).to.deep.equal([]);
  });

  it('has its delivery on the page of the application too', async () => {
    const { page } = open;
    await page.goto(`/admin/applications/${applicationId}`);
    await page.getByRole('tab', { name: 'Logout tokens' }).click();
    const list = page.getByRole('table', { name: 'Logout tokens' });
    await list.getByText('Confirmed', { exact: true }).waitFor();
    await open.checkPage('logout tokens');
    expect(open.faults).to.deep.equal([]);
  });

  it('waits for a decision where the change guard of the directory holds it back', async () => {
    const { page, dialog } = open;
    const [directory] = await app.core.store.server.collection('directories').find({ name: 'Acme Okta' });
    await page.goto(`/admin/directories/${directory!._id}?tab=guard`);
    await page.getByText('Nothing is held back.').waitFor();
    await page.getByRole('switch', { name: 'Guard this directory' }).check();
    await page.getByRole('textbox', { name: 'Number of people' }).fill('1');
    await page.getByRole('checkbox', { name: 'The last person with a role keeps it' }).uncheck();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await eventually(
      async () => (await app.core.store.server.collection('directories').get(directory!._id))?.changeGuard,
      'the guard',
    );
    for (const name of ['grace', 'edsger']) {
      const { id } = await scim('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: `${name}@acme.test`,
        active: true,
      });
      await scim('PATCH', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      });
    }
    await page.goto('/admin');
    await page.getByText('its changes are held back').waitFor();
    await page.getByRole('link', { name: 'Acme Okta' }).first().click();
    const held = page.getByRole('table', { name: 'Held changes' });
    await held.getByRole('link', { name: 'edsger@acme.test' }).waitFor();
    await open.checkPage('held changes');
    await page.getByRole('button', { name: 'Release all' }).click();
    await dialog().getByRole('button', { name: 'Release', exact: true }).click();
    await page.getByText('1 decided').waitFor();
    await page.getByText('Nothing is held back.').waitFor();
    expect(open.faults).to.deep.equal([]);
  });
});
