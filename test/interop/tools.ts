import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFolder } from '../../src/infrastructure/package-info.js';

export const clients = join(packageFolder, 'test/interop/clients');
const python = join(packageFolder, '.cache/interop-python');
const go = join(packageFolder, '.cache/interop-go');
const oauth2ProxyVersion = 'v7.15.6';
/** Until when this process waits for downloads and builds; a client that is not there by then is left out, and the run says so. */
const waitsUntil = Date.now() + 110_000;
const leftOut = new Set<string>();

/** Why a client cannot be run here. */
class Unavailable extends Error {}

/** @param options.isOurs - where it does not end well, that is a fault of ours and no client is left out for it. */
function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; isOurs?: boolean } = {},
): void {
  // Others on this machine come first.
  const done = spawnSync('nice', ['-n', '10', command, ...args], {
    ...options,
    encoding: 'utf8',
    timeout: Math.max(1, waitsUntil - Date.now()),
  });
  if (done.status === 0) return;
  const reason = done.error?.message ?? done.stderr.trim().split('\n').slice(-3).join(' ');
  const Fault = options.isOurs === true && !done.error ? Error : Unavailable;
  throw new Fault(`${command} ${args.join(' ')}: ${reason}`);
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
  if (leftOut.has(path)) context.skip();
  try {
    if (process.env['INTEROP'] !== 'all')
      throw new Unavailable('not in .cache yet, npm run test:interop makes it');
    context.timeout(180_000);
    mkdirSync(dirname(path), { recursive: true });
    make();
  } catch (problem) {
    if (!(problem instanceof Unavailable)) throw problem;
    leftOut.add(path);
    process.stdout.write(`    interop: ${name} skipped: ${problem.message}\n`);
    context.skip();
  }
  return path;
}

/** A Python with the libraries of requirements.txt. */
export function givenPython(context: Mocha.Context): string {
  const stamp = join(python, `made-of-${digestOf('requirements.txt')}`);
  given(context, 'Authlib and requests-oauthlib', stamp, () => {
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
    run('go', ['build', '-o', program, '.'], { cwd, isOurs: true });
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
