import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '../../../src/cli/command.js';
import { runCli } from '../../../src/cli/main.js';
import { listen } from '../../../src/sim/listener.js';
import { profileNames } from '../../../src/sim/profiles/profile.js';
import { startProvider, type Provider } from '../../support/provider.js';

describe('gatehouse sim and gatehouse demo', () => {
  let folder: string;
  let provider: Provider;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-sim-'));
    provider = await startProvider('auto', {});
  });
  after(async () => {
    await provider.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number; out: string[]; err: string }> {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(args, {
      env: { NODE_ENV: 'test', DATA_DIR: folder, ...env },
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      readInput: () => Promise.resolve(''),
    });
    return { code, out, err: err.join('\n') };
  }
  const against = (profile: string, token = provider.token): string[] => [
    'sim',
    'run',
    '--profile',
    profile,
    '--server',
    provider.app.url,
    '--token',
    token,
  ];

  for (const profile of profileNames) {
    it(`plays ${profile} against a server that is named, and ends with 0`, async () => {
      const { code, out, err } = await run([...against(profile), '--assert']);
      expect(err).to.equal('');
      expect(code).to.equal(exitCodes.ok);
      expect(out.join('\n')).to.match(
        /\d\d:\d\d:\d\d POST \/Users\S* 201 \d+ ms {2}create grace@\S+ {2}\| expected 201/,
      );
      expect(out.at(-1)).to.contain('Every answer was the expected one');
    });
  }

  it('tells one JSON object on each line with --json', async () => {
    const { out } = await run([...against('ping'), '--json']);
    const lines = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find((line) => line['what'] === 'POST /Users')).to.deep.include({ status: 201, faults: [] });
  });

  it('ends with 1 at the first unexpected answer with --assert, and tells what was wrong', async () => {
    const { code, out, err } = await run([...against('okta', 'gh_scim_wrong'), '--assert']);
    expect(code).to.equal(exitCodes.failed);
    expect(err).to.match(/not as expected: GET \/Users\?startIndex=1&count=2: answered 401 "/);
    expect(out.at(-1)).to.contain('UNEXPECTED: answered 401');
  });

  it('ends with 69 when nobody answers', async () => {
    const { code, err } = await run([
      'sim',
      'run',
      '--server',
      'http://127.0.0.1:9',
      '--token',
      'x',
      '--assert',
    ]);
    expect(code).to.equal(exitCodes.unavailable);
    expect(err).to.contain('no answer from http://127.0.0.1:9/scim/v2');
  });

  for (const [what, args] of [
    ['an unknown profile', ['--profile', 'nobody']],
    ['an unknown scenario', ['--scenario', 'heist', '--token', 'x']],
    ['a speed that is no time', ['--speed', 'fast', '--token', 'x']],
  ] as const) {
    it(`refuses ${what} with 64`, async () => {
      expect((await run(['sim', 'run', ...args])).code).to.equal(exitCodes.usage);
    });
  }

  it('says how to begin when no demo runs (66), and refuses a file that is none (65)', async () => {
    const none = await run(['sim', 'run']);
    expect(none.code).to.equal(exitCodes.noInput);
    expect(none.err).to.contain('gatehouse demo');
    const path = join(folder, 'target.json');
    for (const content of ['{"companies": []}', 'no JSON']) {
      await writeFile(path, content);
      expect((await run(['sim', 'run', '--target', path])).code, content).to.equal(exitCodes.data);
    }
  });

  it('refuses to start a demo in production', async () => {
    const { code, err } = await run(['demo'], { NODE_ENV: 'production' });
    expect(code).to.equal(exitCodes.config);
    expect(err).to.contain('production');
  });

  it('ends with 69 when a port of the demo is taken, and lets go of the others', async () => {
    // Below the range outgoing connections take their ports from, so that nobody else comes in between.
    const base = 20_000 + 4 * (process.pid % 2000);
    const taken = await listen(base + 2);
    try {
      const { code, err } = await run(['demo', '--port', String(base)]);
      expect(code).to.equal(exitCodes.unavailable);
      expect(err).to.contain(`port ${base + 2} is taken: free ${base}-${base + 3}, or give --port 0`);
      const asJson = await run(['demo', '--port', String(base), '--json']);
      expect(JSON.parse(asJson.out.join(''))).to.include({
        exitCode: exitCodes.unavailable,
        code: 'server.unavailable',
      });
    } finally {
      await taken.stop();
    }
    await (await listen(base + 1)).stop();
  });

  it('ends with 69 and a plain sentence when the port of a simulated company is taken', async () => {
    const taken = await listen(0);
    try {
      const { code, err } = await run(['sim', '--port', String(taken.port)]);
      expect(code).to.equal(exitCodes.unavailable);
      expect(err).to.equal(`gatehouse sim: port ${taken.port} is taken: give another one with --port`);
    } finally {
      await taken.stop();
    }
  });

  for (const option of ['--overlap', '--directory', '--name']) {
    it(`says in its own words that ${option} -1 has no value`, async () => {
      const { code, err } = await run(['token', 'rotate', option, '-1']);
      expect(code).to.equal(exitCodes.usage);
      expect(err).to.contain(
        `${option} needs a value; one that begins with a dash is written ${option}=VALUE`,
      );
    });
  }

  it('refuses an overlap that is no whole number in its own words', async () => {
    for (const overlap of ['-1', '1.5', 'x', '']) {
      const { code, err } = await run([
        'token',
        'rotate',
        '--directory',
        'd',
        '--name',
        'n',
        `--overlap=${overlap}`,
      ]);
      expect(code, overlap).to.equal(exitCodes.usage);
      expect(err, overlap).to.contain('--overlap must be a whole number');
    }
  });
});
