import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';

const executablePath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Starts Chromium; undefined, after saying so, where there is none. */
export async function openChromium(): Promise<Browser | undefined> {
  if (executablePath !== undefined) return chromium.launch({ executablePath, args: ['--no-sandbox'] });
  process.stdout.write('    browser tests are skipped: no Chromium found (set CHROMIUM_PATH)\n');
  return undefined;
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What depends on the theme: all other rules find the same in each. */
const colorRules = ['color-contrast', 'link-in-text-block'];

/**
 * What axe finds against WCAG and its own good practices: one line each.
 *
 * @param rules - only these; absent: all.
 */
export async function accessibilityFaults(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate<boolean>("typeof axe === 'object'"))) await page.evaluate(`${axe}; undefined`);
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  return page.evaluate<string[]>(`
    axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 150)).join(' | ')))`);
}

/** The faults of a page in the light and in the dark theme. */
export async function faultsInBothThemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await accessibilityFaults(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  return [...light, ...(await accessibilityFaults(page, colorRules)).map((fault) => `dark: ${fault}`)];
}
