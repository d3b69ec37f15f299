import { expect } from 'chai';
import type { Browser, Locator, Page } from 'playwright-core';
import type { TestApp } from './app.js';
import { faultsInBothThemes } from './chromium.js';
import { eventually } from './eventually.js';

/** A person's console in a window of its own. */
export interface OpenConsole {
  readonly page: Page;
  /** What the browser complained of: errors of scripts, refusals of the content security policy. */
  readonly faults: readonly string[];
  readonly heading: (name: string) => Locator;
  readonly dialog: () => Locator;
  readonly row: (text: string) => Locator;
  /** Opens a page and waits until it stands. */
  goTo(path: string, heading: string): Promise<void>;
  /** The token of a request that changes something as this person. */
  csrf(): Promise<string>;
  /** One heading, a title, no fault of accessibility in light and dark, nothing that sticks out at 320 pixels. */
  checkPage(what: string): Promise<void>;
}

/** Signs a person in at the console. */
export async function openConsole(
  app: Pick<TestApp, 'url'>,
  browser: Browser,
  person: { email: string; password: string },
): Promise<OpenConsole> {
  const context = await browser.newContext({
    baseURL: app.url,
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A refused request of the API is logged by the browser itself.
    if (message.type() === 'error' && !message.text().includes('status of 4')) faults.push(message.text());
  });
  await page.goto('/admin');
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true });
  await page.getByRole('heading', { level: 1 }).waitFor();
  return {
    page,
    faults,
    heading,
    dialog: () => page.getByRole('dialog'),
    row: (text) => page.getByRole('row').filter({ hasText: text }),
    async goTo(path, name) {
      await page.goto(path);
      await heading(name).waitFor();
      await page.waitForLoadState('networkidle');
    },
    csrf: async () => (await page.request.get('/api/v1/me')).headers()['x-csrf-token'] ?? '',
    async checkPage(what) {
      expect(await page.getByRole('heading', { level: 1 }).count(), what).to.equal(1);
      expect(await page.title(), what).to.match(/ · Console$/);
      expect(await faultsInBothThemes(page), what).to.deep.equal([]);
      await page.setViewportSize({ width: 320, height: 700 });
      await eventually(
        () => page.evaluate<boolean>('document.documentElement.scrollWidth <= 320'),
        `${what} at 320 pixels`,
      );
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  };
}
