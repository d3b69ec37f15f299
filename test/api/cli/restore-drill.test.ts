import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { world } from '../../support/bootstrap.js';
import {
  buildIfStale,
  freePort,
  runGatehouse,
  untilStatus,
  type ServerProcess,
} from '../../support/process.js';

const run = promisify(execFile);
const key = 'gh_sk_a_key_of_acme_for_the_tests_01';

/** The commands of a fenced block of docs/operations.md, as an operator would paste them. */
async function documented(name: string): Promise<string> {
  const text = await readFile(join(packageFolder, 'docs/operations.md'), 'utf8');
  const block = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/operations.md has no block "sh ${name}"`);
  return block;
}

const drill = process.env['MONGODB_URI'] ? describe.skip : describe;

drill('the restore drill of docs/operations.md', function () {
  this.timeout(180_000);
  before(buildIfStale);

  let folder: string;
  let env: Record<string, string>;
  let url: string;
  const running: ServerProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-drill-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const program = join(folder, 'gatehouse');
    await writeFile(
      program,
      `#!/bin/sh\nexec "${process.execPath}" "${packageFolder}/dist/cli/main.js" "$@"\n`,
    );
    await chmod(program, 0o755);
    env = {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      NODE_ENV: 'development',
      DATA_DIR: join(folder, 'data'),
      BACKUP: join(folder, 'backup'),
      PORT: String(port),
      DRAIN_SECONDS: '0',
    };
  });
  afterEach(async () => {
    for (const { child } of running.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const paste = (commands: string): Promise<{ stdout: string }> =>
    run('bash', ['-euc', commands], { cwd: folder, env });
  async function serve(): Promise<ServerProcess> {
    const server = runGatehouse(['start'], env);
    running.push(server);
    await untilStatus(`${url}/readyz`, 200);
    return server;
  }
  async function stop(server: ServerProcess): Promise<void> {
    server.child.kill('SIGTERM');
    expect(await server.exited(), server.output()).to.equal(0);
  }
  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    expect(answer.ok, text).to.equal(true);
    return JSON.parse(text) as Record<string, unknown>;
  }
  const emails = async (): Promise<string[]> =>
    ((await call('GET', '/users?limit=100'))['items'] as { email: string }[])
      .map(({ email }) => email)
      .sort();

  it('brings everything back, with the commands as they are written there', async () => {
    const file = world('acme');
    file.tenants[0]!.apiKeys[0]!.key = key;
    const setup = join(folder, 'setup.json');
    await writeFile(setup, JSON.stringify(file));
    await paste(`gatehouse import "${setup}"`);

    const first = await serve();
    await call('POST', '/users', {
      email: 'grace@home.test',
      givenName: 'Grace',
      familyName: 'H',
      roles: [],
    });
    const before = { emails: await emails(), directories: await call('GET', '/directories') };
    const { stdout } = await paste(await documented('backup'));
    expect(stdout).to.match(/^ok {3}database .*documents read/m);
    await call('POST', '/users', {
      email: 'late@home.test',
      givenName: 'Too',
      familyName: 'Late',
      roles: [],
    });
    await stop(first);
    await writeFile(join(env['DATA_DIR']!, 'store.mdb'), 'a disk that died');

    const restore = await documented('restore');
    const steps = restore.split('\n').filter((line) => line !== 'gatehouse start');
    expect(steps.length).to.equal(restore.split('\n').length - 1);
    await paste(steps.join('\n'));
    const second = await serve();
    expect(before.emails).to.include('grace@home.test');
    expect({ emails: await emails(), directories: await call('GET', '/directories') }).to.deep.equal(before);
    await stop(second);
  });
});
