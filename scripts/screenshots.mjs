// `npm run screenshots`: starts the demo, opens the console in Chromium and writes the pictures of README.md and docs/ to docs/images.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
if (!executablePath) {
  console.error('no Chromium found: set CHROMIUM_PATH');
  process.exit(69);
}

/** Starts the demo; resolves with what it reports. */
function startDemo() {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'demo', '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const facts = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      try {
        resolve(JSON.parse(text));
      } catch {
        // The report is not there as a whole yet.
      }
    });
    child.on('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
  });
  return { child, facts };
}

const { child, facts } = startDemo();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const { url, tenants } = await facts;
  const { email, password } = tenants[0].administrator;
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1280, height: 760 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto('/admin/users');
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Ada Lovelace' }).waitFor();
  mkdirSync('docs/images', { recursive: true });
  const shoot = async (name) => {
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: `docs/images/${name}.png` });
  };
  await shoot('console-users');
  await page.getByRole('link', { name: 'Ada Lovelace' }).click();
  await page.getByRole('button', { name: /^Why/ }).first().click();
  await page.getByRole('dialog').getByRole('listitem').first().waitFor();
  await shoot('console-why');
  await page.goto('/admin/directories');
  await page.locator('tbody a').first().click();
  await page.getByRole('tab', { name: 'Live log' }).click();
  await page.getByRole('row').filter({ hasText: 'PATCH' }).getByRole('button').first().click();
  await page.getByRole('dialog').getByText('Changes').waitFor();
  await shoot('console-live-log');
} finally {
  await browser.close();
  child.kill('SIGINT');
}
