import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.js';
import {
  buildIfStale,
  freePort,
  runGatehouse,
  smallDisk,
  untilStatus,
  type ServerProcess,
  type SmallDisk,
} from '../support/process.js';

const token = 'gh_scim_a-token-for-the-process-tests-0001';
const bootstrap = {
  tenants: [{ slug: 'acme', name: 'Acme', directories: [{ name: 'Okta', tokens: [{ name: 't1', token }] }] }],
};
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];

describe('a server process in trouble', function () {
  this.timeout(120_000);
  let folder: string;
  let env: Record<string, string>;
  let url: string;
  let running: ServerProcess | undefined;
  let disk: SmallDisk | undefined;
  let counter = 0;

  before(buildIfStale);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-process-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const file = join(folder, 'bootstrap.json');
    await writeFile(file, JSON.stringify(bootstrap));
    env = { PORT: String(port), DATA_DIR: join(folder, 'data'), BOOTSTRAP_FILE: file, DRAIN_SECONDS: '0' };
  });

  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await running?.exited();
    running = undefined;
    await disk?.remove();
    disk = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (stdout?: number): Promise<ServerProcess> => {
    running = runGatehouse(['start'], env, stdout);
    await untilStatus(`${url}/readyz`, 200);
    return running;
  };
  const needDisk = async (test: Mocha.Context, megabytes: number): Promise<SmallDisk> => {
    disk = await smallDisk(megabytes);
    if (disk) return disk;
    process.stdout.write('      (this user may not mount a small file system: skipped)\n');
    return test.skip();
  };

  /** Creates a user. @returns its id, or the status when it was refused. */
  const createUser = async (): Promise<string | number> => {
    const body = JSON.stringify({ schemas, userName: `user${++counter}@acme.test`, title: 't'.repeat(2000) });
    const answer = await fetch(`${url}/scim/v2/Users`, { method: 'POST', headers, body });
    const { id } = (await answer.json()) as { id: string };
    return answer.status === 201 ? id : answer.status;
  };
  const expectAllThere = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      expect((await fetch(`${url}/scim/v2/Users/${id}`, { headers })).status, id).to.equal(200);
    }
  };

  it('answers 503 while the disk of its data is full, goes on when there is room, and has lost nothing', async function () {
    if (process.env['MONGODB_URI']) return this.skip();
    const full = await needDisk(this, 40);
    env['DATA_DIR'] = join(full.path, 'data');
    const server = await start();
    const kept = [await createUser()];
    await full.fill();
    const refused: number[] = [];
    for (let round = 0; round < 40 && refused.length < 16; round++) {
      for (const result of await Promise.all(Array.from({ length: 8 }, createUser))) {
        if (typeof result === 'number') refused.push(result);
        else kept.push(result);
      }
    }
    expect(refused).to.have.length.at.least(16);
    expect([...new Set(refused)]).to.deep.equal([503]);
    await untilStatus(`${url}/readyz`, 503);
    await untilStatus(`${url}/healthz`, 200);
    await full.free();
    await untilStatus(`${url}/readyz`, 200);
    kept.push(await createUser());
    expect(kept.filter((id) => typeof id === 'number')).to.deep.equal([]);
    server.child.kill('SIGTERM');
    expect(await server.exited()).to.equal(0);
    await start();
    await expectAllThere(kept as string[]);
  });

  it('goes on while the disk of its log is full, and tells later how many lines were lost', async function () {
    const full = await needDisk(this, 4);
    const file = join(full.path, 'log');
    const out = openSync(file, 'a');
    try {
      const server = await start(out);
      await full.fill();
      for (let i = 0; i < 60; i++) expect(await createUser()).to.be.a('string');
      await full.free();
      await createUser();
      server.child.kill('SIGTERM');
      expect(await server.exited()).to.equal(0);
    } finally {
      closeSync(out);
    }
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.includes('are lost'));
    expect(lines).to.have.length.at.least(1);
    expect((JSON.parse(lines[0]!) as { count: number }).count).to.be.greaterThan(10);
  });

  it('ends at a second signal with writes in flight, and loses nothing it acknowledged', async () => {
    env['DRAIN_SECONDS'] = '30';
    const server = await start();
    const kept: string[] = [];
    const state = { isOver: false };
    const writing = Array.from({ length: 16 }, async () => {
      while (!state.isOver) {
        const result = await createUser().catch(() => 0);
        if (typeof result === 'string') kept.push(result);
      }
    });
    await eventually(() => kept.length > 0, 'a write is acknowledged');
    server.child.kill('SIGTERM');
    await untilStatus(`${url}/readyz`, 503);
    server.child.kill('SIGTERM');
    const code = await Promise.race([server.exited(), delay(20_000, 'still there')]);
    state.isOver = true;
    await Promise.all(writing);
    expect(code).to.equal(null);
    await start();
    await expectAllThere(kept);
  });

  it('cuts off no request of clients that keep their connections busy, and ends with code 0', async () => {
    const server = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const outcome = { answered: 0, reset: 0, refused: 0 };
    const get = (): Promise<void> =>
      new Promise((resolve) => {
        const call = request(`${url}/scim/v2/Users?count=1`, { agent, headers }, (answer) => {
          answer.resume().once('end', () => {
            outcome.answered += 1;
            resolve();
          });
        });
        call.once('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'ECONNREFUSED') outcome.refused += 1;
          else if (call.reusedSocket) outcome.reset += 1;
          resolve();
        });
        call.end();
      });
    const clients = Array.from({ length: 8 }, async () => {
      while (outcome.refused === 0) await get();
    });
    await eventually(() => outcome.answered > 20, 'the clients are busy');
    server.child.kill('SIGTERM');
    expect(await server.exited()).to.equal(0);
    await Promise.all(clients);
    agent.destroy();
    expect(outcome.reset).to.equal(0);
  });

  it('does not wait for clients that never finish what they send', async () => {
    const server = await start();
    const { connect } = await import('node:net');
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(Number(env['PORT']), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    server.child.kill('SIGTERM');
    expect(await server.exited()).to.equal(0);
    for (const socket of sockets) socket.destroy();
  });
});
