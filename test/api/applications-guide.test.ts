import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemActor } from '../../src/identity/actors.js';
import { endAccess } from '../../src/identity/users/actions.js';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { startApp } from '../support/app.js';
import { openBrowser, type Browser, type Page } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import type { Json } from '../support/provider.js';

const page = (name: string): Promise<string> => readFile(join(packageFolder, name), 'utf8');

async function blockOf(name: string, language: string): Promise<string> {
  const text = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(await page(name))?.[1];
  if (text === undefined) throw new Error(`${name} has no block of ${language}`);
  return text;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The file of the README with the application at another port. */
async function bootstrapFor(home: string): Promise<{ tenants: Json[]; applications: Json[] }> {
  const file = JSON.parse((await blockOf('README.md', 'json')).replaceAll('http://localhost:4000', home));
  file.applications[0].backchannelLogoutUri = `${home}/bcl`;
  return file;
}

/** Runs the program in a folder that finds the libraries. @returns it, once it answers. */
async function run(folder: string, env: Record<string, string>): Promise<ChildProcess> {
  await writeFile(join(folder, 'app.mjs'), await blockOf('docs/applications.md', 'js'));
  const child = spawn(process.execPath, [join(folder, 'app.mjs')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(errors)));
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}

describe('docs/applications.md', () => {
  /** Signs in at whatever page the application has sent the browser to. */
  async function signIn(browser: Browser, home: string, email: string, password: string): Promise<Page> {
    const first = await browser.follow(await browser.get(home));
    const second = await browser.post(new URL('/signin', first.url).href, { ...first.fields, email });
    const done = await browser.post(new URL('/signin/password', first.url).href, {
      ...second.fields,
      password,
    });
    return browser.follow(done);
  }

  it('holds an application that runs as it stands: sign-in, refresh, sign-out and back-channel logout', async () => {
    const home = `http://localhost:${await freePort()}`;
    const bootstrap = await bootstrapFor(home);
    const { email, password } = bootstrap.tenants[0]!['users'][0];
    const app = await startApp({ bootstrap, config: { allowPrivateIssuers: true } });
    await mkdir(join(packageFolder, 'node_modules'), { recursive: true });
    const folder = await mkdtemp(join(packageFolder, 'node_modules', '.docs-'));
    let child: ChildProcess | undefined;
    try {
      child = await run(folder, { ISSUER: `${app.url}/oidc`, APP_URL: home });
      const browser = openBrowser(app.url);
      const shown = await signIn(browser, home, email, password);
      expect(shown.status, shown.text).to.equal(200);
      const claims = JSON.parse(shown.text);
      expect(claims).to.include({ email, name: 'Ada L' });
      const refreshed = await browser.follow(await browser.get(`${home}/refresh`));
      expect(JSON.parse(refreshed.text).sub).to.equal(claims.sub);
      const out = await browser.follow(await browser.get(`${home}/signout`), `${home}/`);
      expect(out.location).to.equal(`${home}/`);
      expect((await browser.get(`${app.url}/api/v1/me`)).status).to.equal(401);

      expect((await signIn(browser, home, email, password)).status).to.equal(200);
      const tenant = await app.core.store.server.collection('tenants').findOne({ slug: 'acme' });
      await endAccess(app.core, systemActor(tenant!._id), claims.sub);
      await eventually(async () => (await browser.get(home)).status !== 200, 'signed out', { pauseMs: 50 });
      expect((await browser.get(home)).status).to.equal(303);
    } finally {
      child?.kill();
      await app.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(120_000);

  it('names only files that are there', async () => {
    for (const [, file] of (await page('docs/applications.md')).matchAll(/`(src\/[\w/.-]+)`/g)) {
      expect((await page(file!)).length, file).to.be.above(0);
    }
  });
});
