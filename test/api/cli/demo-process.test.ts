import { expect } from 'chai';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildIfStale, runGatehouse, type ServerProcess } from '../../support/process.js';

describe('gatehouse demo as it is shipped', function () {
  this.timeout(180_000);
  let folder: string;
  let demo: ServerProcess;

  before(async () => {
    buildIfStale();
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-demo-test-'));
    demo = runGatehouse(['demo', '--port', '0'], { DATA_DIR: folder, NODE_ENV: 'test' });
    const deadline = performance.now() + 60_000;
    while (!demo.output().includes('until this stops')) {
      expect(demo.child.exitCode, demo.output()).to.equal(null);
      expect(performance.now(), demo.output()).to.be.below(deadline);
      await delay(50);
    }
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

  it('ends with 0 on SIGTERM and leaves nothing behind', async () => {
    demo.child.kill('SIGTERM');
    expect(await demo.exited(), demo.output()).to.equal(0);
    expect(existsSync(join(folder, 'demo', 'target.json'))).to.equal(false);
  });
});
