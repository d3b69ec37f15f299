import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { acme, ada, alan } from '../../support/acme.js';
import { startApp, type TestApp } from '../../support/app.js';
import { accessibilityFaults, faultsInBothThemes, openChromium } from '../../support/chromium.js';
import { openConsole, type OpenConsole } from '../../support/console.js';
import { eventually } from '../../support/eventually.js';

const bootstrap = acme({
  settings: {
    'roles.requests': true,
    'profile.fields': ['phone', 'picture', 'signature'],
    'profile.userCanEditEmail': true,
    'registration.self': true,
  },
  users: [{ ...ada, roles: ['administrator', 'crm:agent'] }, alan],
  ssoConnections: [
    {
      name: 'Acme Entra',
      key: 'acme-entra',
      issuer: 'https://login.acme.example',
      clientId: 'gatehouse',
      clientSecret: 'a secret of the connection',
      domains: [{ domain: 'acme.example', verified: true }],
      mode: 'optional',
    },
  ],
});

/** Every path of the console's router, so that a new page is looked at without being named here. */
const routes = [
  ...readFileSync('src/console/router.tsx', 'utf8').matchAll(/\bpage\(\s*'([^']*)', ('[^']*'|\w+)/g),
]
  // What only the operator's staff open.
  .filter(([, , permission]) => permission !== "'tenants.manage'")
  .map(([, path]) => path ?? '');

describe('every page', function () {
  this.timeout(600_000);
  let app: TestApp;
  let browser: Browser | undefined;
  let open: OpenConsole;

  before(async function () {
    browser = await openChromium();
    if (!browser) this.skip();
    app = await startApp({ bootstrap });
    open = await openConsole(app, browser, ada);
    const [user] = await app.core.store.server.collection('users').find({ userName: 'alan@acme.test' });
    const headers = { 'x-csrf-token': await open.csrf() };
    const members = { displayName: 'Support', members: [user!._id] };
    const made = await open.page.request.post('/api/v1/groups', { data: members, headers });
    expect(made.status()).to.equal(201);
  });
  after(async () => {
    await browser?.close();
    if (browser) await app.stop();
  });

  /** The address of one thing of a list, by the first link to one in it; undefined: there is none. */
  async function sampleOf(page: Page, path: string): Promise<string | undefined> {
    const list = `/admin/${path.slice(0, path.indexOf('/:'))}`;
    await page.goto(list);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    const links = await page.locator('main').getByRole('link').all();
    const targets = await Promise.all(links.map((link) => link.getAttribute('href')));
    const known = new Set(routes.map((route) => `/admin/${route}`));
    return (
      targets.find(
        (target) => target !== null && new RegExp(`^${list}/[^/?#]+$`).test(target) && !known.has(target),
      ) ?? undefined
    );
  }

  async function expectGood(page: Page, what: string): Promise<void> {
    expect(await page.getByRole('heading', { level: 1 }).count(), what).to.equal(1);
    expect(await faultsInBothThemes(page), what).to.deep.equal([]);
    await expectReflow(page, what);
  }

  /** A window of 1280 by 1024 pixels at 400 % (WCAG 1.4.10): 320 by 256, without scrolling sideways. */
  async function expectReflow(page: Page, what: string): Promise<void> {
    await page.setViewportSize({ width: 320, height: 256 });
    await eventually(
      () => page.evaluate<boolean>('document.documentElement.scrollWidth <= 320'),
      `${what} at 400 %`,
    );
    await page.setViewportSize({ width: 1280, height: 800 });
  }

  it('of the console has one heading, its title, no fault of accessibility in light and dark, no complaint of the policy, and fits 400 % of zoom', async () => {
    const { page } = open;
    const seen: string[] = [];
    for (const path of routes) {
      const address = path.includes('/:') ? await sampleOf(page, path) : `/admin/${path}`;
      if (address === undefined) continue;
      await page.goto(address);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      const heading = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
      expect(heading, address).to.not.match(/^(?:Not found|Not allowed|Something went wrong)$/);
      expect((await page.title()).includes(' · '), address).to.equal(true);
      await expectGood(page, address);
      seen.push(path);
    }
    const things = ['users/:id', 'groups/:id', 'applications/:id', 'sso-connections/:id', 'directories/:id'];
    expect(seen).to.include.members(things);
    expect(open.faults).to.deep.equal([]);
  });

  it('of one’s own account too, in both languages', async () => {
    const { page } = open;
    await page.goto('/account');
    const menu = page.getByRole('navigation', { name: 'My account' }).getByRole('link');
    const places = await Promise.all(
      (await menu.all()).map(async (link) => (await link.getAttribute('href')) ?? ''),
    );
    expect(places.length).to.equal(6);
    for (const place of places) {
      await page.goto(place);
      const name = await page.getByRole('navigation').locator('[aria-current=page]').textContent();
      expect(await page.getByRole('heading', { level: 1 }).textContent(), place).to.equal(name);
      await expectGood(page, place);
    }
    await page.goto('/account/security');
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    await page.getByRole('img', { name: 'QR code' }).waitFor();
    await expectGood(page, 'enrolment');
    await page.goto('/account');
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByLabel('Theme').selectOption('Dark');
    await page.getByRole('button', { name: 'Save language and theme' }).click();
    await page.getByRole('heading', { level: 1, name: 'Profil', exact: true }).waitFor();
    expect(await page.getAttribute('html', 'data-theme')).to.equal('dark');
    await page.goto('/admin/users');
    await page.getByRole('heading', { level: 1, name: 'Benutzer' }).waitFor();
    expect(await page.getAttribute('html', 'data-mantine-color-scheme')).to.equal('dark');
    await page.goto('/account');
    await page.getByLabel('Sprache').selectOption('English');
    await page.getByLabel('Farbschema').selectOption('Wie das System');
    await page.getByRole('button', { name: 'Sprache und Farbschema speichern' }).click();
    await page.getByRole('heading', { level: 1, name: 'Profile', exact: true }).waitFor();
    expect(open.faults).to.deep.equal([]);
  });

  it('takes a picture, makes it small, and shows it', async () => {
    const { page } = open;
    await page.goto('/account');
    // A picture far larger than what is kept.
    const large = await page.evaluate<string>(`(() => {
      const canvas = document.createElement('canvas');
      canvas.width = 900; canvas.height = 600;
      const brush = canvas.getContext('2d');
      for (let at = 0; at < 3000; at += 1) {
        brush.fillStyle = 'hsl(' + (at * 37) % 360 + ' 80% 50%)';
        brush.fillRect((at * 53) % 900, (at * 97) % 600, 9, 9);
      }
      return canvas.toDataURL('image/png').split(',')[1];
    })()`);
    const field = page.getByLabel('Choose a picture');
    await field.setInputFiles({
      name: 'me.png',
      mimeType: 'image/png',
      buffer: Buffer.from(large, 'base64'),
    });
    await eventually(
      () => page.evaluate<boolean>("document.querySelector('#picture-file').files[0].name === 'picture.jpg'"),
      'the picture made smaller',
    );
    await page.getByRole('button', { name: 'Use this picture' }).click();
    await page.getByText('Your picture is in use.').waitFor();
    const shown = page.getByRole('img', { name: 'Your picture' });
    expect(
      await shown.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
    ).to.equal(256);
    expect(open.faults).to.deep.equal([]);
  });

  it('says before a session ends for want of use, and keeps it when asked to', async () => {
    const { page } = open;
    await open.goTo('/admin/groups', 'Groups');
    const { store, clock } = app.core;
    for (const session of await store.server.collection('sessions').find({})) {
      const soon = new Date(clock.now().getTime() + 110_000);
      const before = new Date(clock.now().getTime() - 60_000);
      await store
        .tenant(session.tenantId)
        .collection('sessions')
        .update(session._id, (stored) => ({ ...stored, expiresAt: soon, lastSeenAt: before }));
    }
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    const dialog = page.getByRole('dialog', { name: 'Are you still there?' });
    await dialog.getByRole('timer').waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await dialog.getByRole('link', { name: 'Sign out' }).waitFor();
    await dialog.getByRole('button', { name: 'Stay signed in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await open.heading('Groups').waitFor();
  });

  describe('of the sign-in, without JavaScript', () => {
    let context: BrowserContext;
    let page: Page;

    before(async () => {
      context = await browser!.newContext({ baseURL: app.url, javaScriptEnabled: false, locale: 'de-DE' });
      page = await context.newPage();
    });
    after(() => context.close());

    it('works in German, and changes the language by a link', async () => {
      await page.goto('/signin?tenant=acme');
      await page.getByRole('heading', { level: 1, name: 'Anmelden' }).waitFor();
      await page.getByRole('link', { name: 'English' }).click();
      await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
      await page.getByRole('link', { name: 'Deutsch' }).click();
      await page.getByLabel('E-Mail').fill('alan@acme.test');
      await page.getByRole('button', { name: 'Weiter' }).click();
      await page.getByLabel('Passwort').fill('falsch');
      await page.getByRole('button', { name: 'Anmelden' }).click();
      expect(await page.getByRole('alert').textContent()).to.equal('E-Mail oder Passwort ist falsch.');
      await expectReflow(page, 'password');
      await page.getByLabel('Passwort').fill(alan.password);
      await page.getByRole('button', { name: 'Anmelden' }).click();
      await page.getByRole('heading', { level: 1, name: 'Profil' }).waitFor();
      await page.getByLabel('Vorname').fill('Alan Mathison');
      await page.getByRole('button', { name: 'Speichern', exact: true }).click();
      await page.getByText('Gespeichert.').waitFor();
      await page.getByRole('button', { name: 'Abmelden' }).click();
      await page.getByRole('heading', { level: 1, name: 'Sie sind abgemeldet' }).waitFor();
    });
  });

  it('of the sign-in has no fault of accessibility', async () => {
    const context = await browser!.newContext({ baseURL: app.url });
    const page = await context.newPage();
    const addresses = [
      '/signin?tenant=acme',
      '/forgot?tenant=acme',
      '/register?tenant=acme',
      '/reset/x',
      '/nothing',
      '/signout',
    ];
    for (const address of addresses) {
      await page.goto(address);
      await expectGood(page, address);
    }
    await page.goto('/signin?tenant=acme');
    await page.getByLabel('Email').fill('alan@acme.test');
    await page.getByRole('button', { name: 'Continue' }).click();
    await expectGood(page, 'password');
    await page.getByRole('textbox', { name: 'Password' }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await expectGood(page, 'wrong password');
    await context.close();
  });
});
