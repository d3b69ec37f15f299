/**
 * What many tenants cost the operator's API: `tsx scripts/bench-tenants.ts [--tenants=500]`. Creates tenants with an invited administrator
 * each, then lists them page by page, against a server of its own (embedded, or MONGODB_URI).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../src/infrastructure/config.js';
import { packageFolder } from '../src/infrastructure/package-info.js';
import { systemActor } from '../src/identity/actors.js';
import { createOperatorKey } from '../src/identity/operator/keys.js';
import { operatorTenant } from '../src/identity/tenants/operator-tenant.js';
import { startServer } from '../src/main.js';

const port = Number(process.env['PORT'] ?? 24391);
const base = `http://127.0.0.1:${port}`;
const key = 'gh_op_a-key-for-this-benchmark-only';
const tenants = Number(/--tenants=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 500);
const rounds = 200;

async function serve(): Promise<void> {
  const env = { ...process.env, HOST: '127.0.0.1', PORT: String(port), BASE_URL: base };
  const { core } = await startServer(loadConfig(env, join(packageFolder, 'config')));
  await createOperatorKey(core, systemActor(operatorTenant.id), { name: 'bench', key });
  process.send?.('ready');
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const res = await fetch(`${base}/api/v1${path}`, init);
  if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${await res.text()}`);
  return (await res.json()) as T;
}

/** Times so many calls, some of them at once. */
async function measure(name: string, count: number, atOnce: number, one: (turn: number) => Promise<unknown>) {
  const spans: number[] = [];
  let turn = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (turn < count) {
        const begun = performance.now();
        await one((turn += 1));
        spans.push(performance.now() - begun);
      }
    }),
  );
  const perMinute = Math.round((spans.length / (performance.now() - start)) * 60_000);
  spans.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((spans[Math.floor(spans.length * share)] ?? 0) * 10) / 10;
  console.log(JSON.stringify({ name, atOnce, perMinute, p50Ms: at(0.5), p99Ms: at(0.99) }));
}

interface Page {
  next: string | null;
}

async function drive(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const child = fork(fileURLToPath(import.meta.url), ['--server'], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      SECRET_KEY: 'a secret key for the benchmark only, not for use',
      DATA_DIR: join(folder, 'data'),
    },
  });
  await once(child, 'message');
  const create = (turn: number) =>
    call('POST', '/tenants', {
      slug: `bench-${turn}`,
      name: `Customer ${turn}`,
      externalId: `crm-${turn}`,
      administrator: { email: `admin@bench-${turn}.test`, givenName: 'Ada', familyName: 'L' },
    });
  await measure('create a tenant and invite its administrator', tenants, 4, create);
  let cursor = '';
  const cursors = [''];
  for (;;) {
    const page = await call<Page>('GET', `/tenants?limit=50&cursor=${encodeURIComponent(cursor)}`);
    if (page.next === null) break;
    cursors.push((cursor = page.next));
  }
  const places = { first: 0, middle: Math.floor(cursors.length / 2), last: cursors.length - 1 };
  for (const [name, place] of Object.entries(places)) {
    const path = `/tenants?limit=50&cursor=${encodeURIComponent(cursors[place] ?? '')}`;
    await measure(`list, ${name} page of 50`, rounds, 1, () => call('GET', path));
  }
  await measure('list, search', rounds, 1, (turn) => call('GET', `/tenants?q=customer%20${turn}`));
  await measure('a call inside a tenant', rounds, 1, async (turn) => {
    const headers = { authorization: `Bearer ${key}`, 'gatehouse-tenant': `bench-${turn}` };
    await (await fetch(`${base}/api/v1/users`, { headers })).text();
  });
  child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

await (process.argv.includes('--server') ? serve() : drive());
