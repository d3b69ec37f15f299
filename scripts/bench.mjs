// Measures this build by the SCIM benchmark: `npm run bench [-- --pops 1000,10000 --conc 1,16 --peers bare-express]`.
// Starts the built server on a fresh embedded database, then on MONGODB_URI where that is set, drives it, and prints the tables.
// The benchmark itself stands beside the project (BENCH_DIR, default ../shared/bench).
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { measureFairness } from './bench-fairness.mjs';
import { manyTenants, measureStart } from './bench-start.mjs';

const { values: options } = parseArgs({
  options: {
    pops: { type: 'string', default: '1000,10000' },
    conc: { type: 'string', default: '1,16' },
    groups: { type: 'string', default: '1000,10000,50000' },
    secs: { type: 'string', default: '1' },
    sync: { type: 'string', default: '10000' },
    peers: { type: 'string', default: '' },
    port: { type: 'string', default: '3900' },
    out: { type: 'string', default: '.cache/bench' },
    only: { type: 'string' },
    users: { type: 'string', default: '20000' },
    tenants: { type: 'string', default: '500' },
    row: { type: 'string' },
    profile: { type: 'string' },
  },
});
const bench = resolve(process.env.BENCH_DIR ?? '../shared/bench');
const isFairness = options.only === 'fairness';
if (!isFairness && options.only !== 'start' && !existsSync(join(bench, 'scim-bench.mjs'))) {
  console.error(`no benchmark at ${bench}: set BENCH_DIR to the folder of scim-bench.mjs`);
  process.exit(78);
}
const token = `gh_scim_${randomBytes(32).toString('base64url')}`;
/** The tenants of the fairness benchmark, beside the one that is measured otherwise. */
const [loud, quiet] = ['loud', 'quiet'].map((slug) => ({
  slug,
  token: `gh_scim_${randomBytes(32).toString('base64url')}`,
  key: `gh_sk_${randomBytes(32).toString('base64url')}`,
}));
const bootstrap = {
  tenants: [
    { slug: 'bench', name: 'Bench', directories: [{ name: 'Bench', tokens: [{ name: 'bench', token }] }] },
    ...(isFairness ? [loud, quiet] : []).map(({ slug, token: own, key }) => ({
      slug,
      name: slug,
      directories: [{ name: slug, tokens: [{ name: 'bench', token: own }] }],
      apiKeys: [{ name: 'bench', key, role: 'administrator' }],
    })),
  ],
};

const secretKey = randomBytes(48).toString('base64url');

/** A folder for a database, with the bootstrap file in it. */
function makeDataDir(content = bootstrap) {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify(content));
  return dataDir;
}

/** Starts a server, on an empty database unless one is given; gives its process and how to end it. */
async function start(mongodbUri, watched = false, given = undefined) {
  const dataDir = given ?? makeDataDir();
  const file = join(dataDir, 'bootstrap.json');
  const watch = watched ? ['--import', resolve('scripts/loop-watch.mjs')] : [];
  const profile = options.profile ? ['--cpu-prof', '--cpu-prof-dir', resolve(options.profile)] : [];
  const child = spawn(process.execPath, [...watch, ...profile, 'dist/cli/main.js', 'start'], {
    stdio: ['ignore', 'ignore', 'inherit', ...(watched ? ['ipc'] : [])],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: options.port,
      DATA_DIR: dataDir,
      BOOTSTRAP_FILE: file,
      LOG_LEVEL: 'info',
      SECRET_KEY: secretKey,
      DRAIN_SECONDS: '0',
      MONGODB_URI: mongodbUri ?? '',
    },
  });
  for (let tries = 0; tries < 1500; tries += 1) {
    const ready = await fetch(`http://127.0.0.1:${options.port}/readyz`).then(
      (r) => r.ok,
      () => false,
    );
    if (ready) break;
    await delay(50);
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await new Promise((done) => child.once('exit', done));
    if (given === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  return { child, stop };
}

const run = (script, args) =>
  execFileSync(process.execPath, [join(bench, script), ...args], { stdio: 'inherit' });

/** The same for this build and its peers. */
const workload = ['pops', 'conc', 'groups', 'secs'].flatMap((name) => [`--${name}`, options[name]]);

/** Load and initial sync, each on a server of its own. */
async function measure(name, mongodbUri, out) {
  const common = (child) => [
    '--base',
    `http://127.0.0.1:${options.port}/scim/v2`,
    '--token',
    token,
    '--pid',
    String(child.pid),
    '--name',
    name,
  ];
  const load = await start(mongodbUri?.('load'));
  const only = options.only ? ['--only', options.only] : [];
  run('scim-bench.mjs', [...common(load.child), ...workload, ...only, '--out', join(out, `${name}.json`)]);
  await load.stop();
  if (options.only || options.sync === '0') return;
  const sync = await start(mongodbUri?.('sync'));
  run('scim-bench.mjs', [
    ...common(sync.child),
    '--sync',
    options.sync,
    '--out',
    join(out, `${name}-sync.json`),
  ]);
  await sync.stop();
}

if (isFairness) {
  const { child, stop } = await start(undefined, true);
  const seconds = Math.max(2, Number(options.secs));
  await measureFairness(
    `http://127.0.0.1:${options.port}`,
    { loud, quiet },
    { users: Number(options.users), seconds, row: options.row, child },
  ).finally(stop);
  process.exit(0);
}
if (options.only === 'start') {
  const dataDir = makeDataDir(manyTenants(Number(options.tenants)));
  await measureStart(() => start(undefined, false, dataDir), Number(options.tenants));
  rmSync(dataDir, { recursive: true, force: true });
  process.exit(0);
}
const out = resolve(options.out);
mkdirSync(out, { recursive: true });
await measure('mine', undefined, out);
if (process.env.MONGODB_URI) {
  const database = (suffix) => {
    const url = new URL(process.env.MONGODB_URI);
    url.pathname = `/gatehouse_bench_${process.pid}_${suffix}`;
    return url.href;
  };
  await measure('mine-mongodb', database, out);
}
if (options.peers) {
  const work = resolve('.cache/bench-peers');
  mkdirSync(work, { recursive: true });
  const peers = ['--work', work, '--systems', options.peers];
  run('run.mjs', [...peers, '--install']);
  const sync = options.sync === '0' ? ['--no-sync'] : [];
  run('run.mjs', [...peers, ...workload, ...sync, '--out', out]);
}
run('table.mjs', [out]);
