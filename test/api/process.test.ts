import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  buildIfStale,
  freePort,
  runGatehouse,
  untilPrinted,
  untilStatus,
  type ServerProcess,
} from '../support/process.js';

const token = 'gh_scim_a-token-for-the-process-tests-0001';
const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      directories: [{ name: 'Okta', tokens: [{ name: 't1', token }] }],
    },
  ],
};
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];

describe('the server as a process', function () {
  this.timeout(120_000);
  let dataDir: string;
  let env: Record<string, string>;
  let url: string;
  let running: ServerProcess | undefined;

  before(buildIfStale);

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-process-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const file = join(dataDir, 'bootstrap.json');
    await writeFile(file, JSON.stringify(bootstrap));
    env = { PORT: String(port), DATA_DIR: dataDir, BOOTSTRAP_FILE: file, DRAIN_SECONDS: '0' };
  });

  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await running?.exited();
    running = undefined;
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = async (): Promise<ServerProcess> => {
    running = runGatehouse(['start'], env);
    await untilStatus(`${url}/readyz`, 200);
    return running;
  };

  /** The line comes right after the server listens. */
  const firstRunAddress = async (server: ServerProcess): Promise<string> =>
    (await untilPrinted(server, /http:\/\/[^\s"]+\/first-run\/[\w-]+/))[0];

  const createUser = (userName: string): Promise<Response> =>
    fetch(`${url}/scim/v2/Users`, { method: 'POST', headers, body: JSON.stringify({ schemas, userName }) });

  it('drains on SIGTERM: 503 on /readyz while requests are still answered, then exit code 0', async () => {
    env['DRAIN_SECONDS'] = '3';
    const server = await start();
    server.child.kill('SIGTERM');
    await untilStatus(`${url}/readyz`, 503);
    expect((await createUser('late@acme.test')).status).to.equal(201);
    expect(await server.exited()).to.equal(0);
  });

  it('loses nothing it acknowledged to a kill -9 right after the answer', async () => {
    const server = await start();
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, index) => createUser(`user${index}@acme.test`)),
    );
    server.child.kill('SIGKILL');
    await server.exited();
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { id: string }).id),
    );
    expect(answers.map((answer) => answer.status)).to.deep.equal(ids.map(() => 201));
    await start();
    for (const id of ids) {
      expect((await fetch(`${url}/scim/v2/Users/${id}`, { headers })).status, id).to.equal(200);
    }
  });

  it('keeps the secret it made for itself, readable by its owner alone', async () => {
    const server = await start();
    const made = await readFile(join(dataDir, 'secret-key'), 'utf8');
    server.child.kill('SIGTERM');
    await server.exited();
    await start();
    expect(await readFile(join(dataDir, 'secret-key'), 'utf8')).to.equal(made);
  });

  it('lets nobody else into the folder it makes for its data', async () => {
    env['DATA_DIR'] = join(dataDir, 'made');
    env['SECRET_KEY'] = 'a secret key for the process tests, long enough';
    await start();
    expect((await stat(env['DATA_DIR'])).mode & 0o077).to.equal(0);
  });

  it('ends with code 78, having changed nothing, when the database was sealed under another SECRET_KEY', async () => {
    const server = await start();
    server.child.kill('SIGTERM');
    await server.exited();
    running = runGatehouse(['start'], { ...env, SECRET_KEY: 'another secret key, which is long enough too' });
    expect(await running.exited()).to.equal(78);
    expect(running.output())
      .to.match(/SECRET_KEY: is not the one/)
      .and.not.match(/\n\s+at /);
  });

  it('ends with code 78 and every problem when the configuration has faults', async () => {
    running = runGatehouse(['start'], { ...env, PORT: 'x', LOG_LEVEL: 'loud' });
    expect(await running.exited()).to.equal(78);
    expect(running.output()).to.include('PORT').and.include('LOG_LEVEL');
  });

  it('ends with code 78 and the JSON path when the bootstrap file has a fault', async () => {
    await writeFile(env['BOOTSTRAP_FILE']!, JSON.stringify({ tenants: [{ slug: 'acme', name: 7 }] }));
    running = runGatehouse(['start'], env);
    expect(await running.exited()).to.equal(78);
    expect(running.output()).to.include('tenants[0].name');
  });

  it('tells in one line what the bootstrap file made, changed and left, and what of it people have overridden since', async () => {
    const first = await start();
    await untilPrinted(first, /"created":3,"updated":0,"unchanged":0,"overridden":\[\]/);
    const created = (await (await createUser('one@acme.test')).json()) as { id: string };
    expect(created.id).to.be.a('string');
    first.child.kill('SIGTERM');
    await first.exited();
    const revoke = runGatehouse(['token', 'revoke', '--directory', 'Okta', '--name', 't1'], env);
    expect(await revoke.exited()).to.equal(0);
    const second = await start();
    await untilPrinted(
      second,
      /"created":0,"updated":0,"unchanged":3,"overridden":\["tenants\[0\]\.directories\[0\]\.tokens\[0\]"\]/,
    );
    expect((await createUser('two@acme.test')).status).to.equal(401);
  });

  it('started fresh, prints an address whose page makes the first administrator and a key that opens the API', async () => {
    const { BOOTSTRAP_FILE: _file, ...fresh } = env;
    env = fresh;
    const first = await start();
    const printed = await firstRunAddress(first);
    first.child.kill('SIGTERM');
    await first.exited();
    const again = await start();
    const address = await firstRunAddress(again);
    expect(address).to.equal(printed);
    const page = await (await fetch(address)).text();
    const password = 'seven quiet herons wait';
    const sent = await fetch(address, {
      method: 'POST',
      body: new URLSearchParams({
        _csrf: / name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? '',
        organization: 'Acme',
        email: 'ada@acme.test',
        password,
        password2: password,
      }),
    });
    expect(sent.status).to.equal(200);
    const key = /gh_sk_[\w-]+/.exec(await sent.text())?.[0] ?? '';
    const authorization = `Bearer ${key}`;
    expect((await fetch(`${url}/api/v1/users`, { headers: { authorization } })).status).to.equal(200);
    expect((await fetch(address)).status).to.equal(410);
    again.child.kill('SIGTERM');
    await again.exited();
    const used = await start();
    expect(used.output()).to.not.include('/first-run/');
    for (const server of [again, used]) expect(server.output()).to.not.include(key);
  });

  it('ends with code 69 and a plain sentence when the port is taken', async () => {
    await start();
    const other = runGatehouse(['start'], { ...env, DATA_DIR: join(dataDir, 'other') });
    expect(await other.exited()).to.equal(69);
    expect(other.output()).to.match(/port \d+ is taken/);
  });
});
