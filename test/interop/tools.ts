import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFolder } from '../../src/infrastructure/package-info.js';

export const clients = join(packageFolder, 'test/interop/clients');
const python = join(packageFolder, '.cache/interop-python');
const go = join(packageFolder, '.cache/interop-go');
const oauth2ProxyVersion = 'v7.15.6';
/** What downloads and builds may take; on a slow machine or line the client is left out, and the run says so. */
const patienceMs = 100_000;

/** Why a client cannot be run here. */
class Unavailable extends Error {}

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  // Others on this machine come first.
  const done = spawnSync('nice', ['-n', '10', command, ...args], {
    ...options,
    encoding: 'utf8',
    timeout: patienceMs,
  });
  if (done.status === 0) return;
  const reason = done.error?.message ?? done.stderr.trim().split('\n').slice(-3).join(' ');
  throw new Unavailable(`${command} ${args.join(' ')}: ${reason}`);
}

function demand(command: string, args: string[]): void {
  if (spawnSync(command, args, { stdio: 'ignore' }).status !== 0) {
    throw new Unavailable(`${command} ${args.join(' ')} does not work here`);
  }
}

const digestOf = (...files: string[]): string =>
  files
    .reduce((hash, file) => hash.update(readFileSync(join(clients, file))), createHash('sha256'))
    .digest('hex')
    .slice(0, 12);

/**
 * Gives what a client needs from `.cache`. It is made there with INTEROP=all alone, since that downloads: without it, or where it cannot
 * be made, the tests are skipped and one line says why.
 * @param path - there once it is made.
 */
function given(context: Mocha.Context, name: string, path: string, make: () => void): string {
  if (existsSync(path)) return path;
  try {
    if (process.env['INTEROP'] !== 'all')
      throw new Unavailable('not in .cache yet, npm run test:interop makes it');
    context.timeout(3 * patienceMs);
    mkdirSync(dirname(path), { recursive: true });
    make();
  } catch (problem) {
    if (!(problem instanceof Unavailable)) throw problem;
    process.stdout.write(`    ${name} is skipped: ${problem.message}\n`);
    context.skip();
  }
  return path;
}

/** A Python with the libraries of requirements.txt. */
export function givenPython(context: Mocha.Context): string {
  const stamp = join(python, `made-of-${digestOf('requirements.txt')}`);
  given(context, 'a Python client', stamp, () => {
    demand('python3', ['-c', 'import venv, ensurepip']);
    rmSync(python, { recursive: true, force: true });
    run('python3', ['-m', 'venv', python]);
    const quietly = ['--quiet', '--disable-pip-version-check'];
    run(join(python, 'bin/pip'), ['install', ...quietly, '-r', join(clients, 'requirements.txt')]);
    writeFileSync(stamp, '');
  });
  return join(python, 'bin/python');
}

/** The program with go-oidc. */
export function givenGoOidc(context: Mocha.Context): string {
  const digest = digestOf('go-oidc/main.go', 'go-oidc/go.mod', 'go-oidc/go.sum');
  const program = join(go, `go-oidc-${digest}`);
  return given(context, 'go-oidc', program, () => {
    const cwd = join(clients, 'go-oidc');
    demand('go', ['version']);
    run('go', ['mod', 'download'], { cwd });
    run('go', ['build', '-o', program, '.'], { cwd });
  });
}

/** oauth2-proxy as its makers publish it, built here. */
export function givenOauth2Proxy(context: Mocha.Context): string {
  const program = join(go, `oauth2-proxy-${oauth2ProxyVersion}`);
  return given(context, 'oauth2-proxy', program, () => {
    demand('go', ['version']);
    run('go', ['install', `github.com/oauth2-proxy/oauth2-proxy/v7@${oauth2ProxyVersion}`], {
      env: { ...process.env, GOBIN: go },
    });
    renameSync(join(go, 'oauth2-proxy'), program);
  });
}
