import { expect } from 'chai';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from '../../../src/sim/browser.js';
import { simpleCookieJar } from '../../../src/sim/cookie-jar.js';
import { targetFileSchema } from '../../../src/sim/target.js';
import { buildIfStale, runGatehouse, untilPrinted, type ServerProcess } from '../../support/process.js';

describe('gatehouse demo as it is shipped', function () {
  this.timeout(180_000);
  let folder: string;
  let demo: ServerProcess;

  before(async () => {
    buildIfStale();
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-demo-test-'));
    demo = runGatehouse(['demo', '--port', '0'], { DATA_DIR: folder, NODE_ENV: 'test' });
    await untilPrinted(demo, /until this stops/);
  });
  after(async () => {
    demo.child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('prints the tour, and tells nobody else what the simulator needs to know', () => {
    expect(demo.output())
      .to.contain('ada@acme.test')
      .and.to.match(/password \S{32}/);
    expect(demo.output()).not.to.contain('not as expected');
    expect(statSync(join(folder, 'demo', 'target.json')).mode & 0o077).to.equal(0);
  });

  it('lets `gatehouse sim run --assert` pass for both dialects', async () => {
    const sim = runGatehouse(['sim', 'run', '--assert'], { DATA_DIR: folder });
    expect(await sim.exited(), sim.output()).to.equal(0);
    expect(sim.output()).to.contain('played by Okta').and.to.contain('played by Microsoft Entra ID');
    expect(sim.output().match(/ended by back-channel logout/g)).to.have.lengthOf(2);
  });

  it('serves one more company of one’s own with `gatehouse sim`, whose page pushes', async () => {
    const path = join(folder, 'demo', 'target.json');
    const { companies } = targetFileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const target = companies.find(({ profile }) => profile === 'ping');
    if (target?.token === undefined) throw new Error('the demo has no directory for Ping');
    const server = target.scimUrl.replace('/scim/v2', '');
    const options = [
      '--profile',
      'ping',
      '--server',
      server,
      '--token',
      target.token,
      '--domain',
      'own.test',
    ];
    const sim = runGatehouse(['sim', '--port', '0', ...options], { DATA_DIR: folder });
    try {
      const [, url] = await untilPrinted(sim, /is at (http:\/\/localhost:\d+)/);
      const browser = openBrowser(simpleCookieJar());
      const page = await browser.submit(await browser.get(url!), {}, '/people/own-ada.lovelace/assign');
      expect(page.body)
        .to.match(/POST \/Users 201 .* create ada@own\.test/)
        .and.not.to.contain('UNEXPECTED');
      const discovery = await browser.get(`${url}/.well-known/openid-configuration`);
      expect(JSON.parse(discovery.body)).to.include({ issuer: url });
    } finally {
      sim.child.kill('SIGTERM');
    }
    expect(await sim.exited(), sim.output()).to.equal(0);
  });

  it('tells with `gatehouse sim --json` in one JSON value what a server needs to know', async () => {
    const sim = runGatehouse(['sim', '--port', '0', '--json'], { DATA_DIR: folder });
    try {
      const told = JSON.parse((await untilPrinted(sim, /^\{.*\}$/m))[0]) as Record<string, string>;
      expect(told).to.include({ name: 'Acme', connection: 'sim-login', clientId: 'gatehouse' });
      expect(told['issuer']).to.equal(told['url']);
      expect(told['clientSecret']).to.have.length.above(20);
      expect((await fetch(told['url'] ?? '')).status).to.equal(200);
    } finally {
      sim.child.kill('SIGTERM');
    }
    expect(await sim.exited(), sim.output()).to.equal(0);
  });

  it('ends with 0 on SIGTERM and leaves nothing behind', async () => {
    demo.child.kill('SIGTERM');
    expect(await demo.exited(), demo.output()).to.equal(0);
    expect(existsSync(join(folder, 'demo', 'target.json'))).to.equal(false);
  });
});
