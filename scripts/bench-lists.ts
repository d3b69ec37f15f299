/**
 * Measures the lists of the administration API at many users: `tsx scripts/bench-lists.ts --users=100000`.
 *
 * Embedded in a temporary folder, over HTTP, one connection. Prints a table of medians in milliseconds, by the clock
 * and of processor time (the client's share included), and one line of the export. `QUESTIONS` adds queries, `ONLY=1` asks those alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemActor } from '../src/identity/actors.js';
import { createApiKey } from '../src/identity/applications/api-keys.js';
import { createTenant } from '../src/identity/tenants/tenants.js';
import { createLogger } from '../src/infrastructure/logger.js';
import { loadConfig } from '../src/infrastructure/config.js';
import { packageFolder } from '../src/infrastructure/package-info.js';
import { startServer } from '../src/main.js';
import type { UserDocument } from '../src/persistence/collections/users.js';
import type { NewDocument } from '../src/persistence/store.js';
import { newId } from '../src/shared/ids.js';

const { values } = parseArgs({ options: { users: { type: 'string', default: '100000' } } });
const total = Number(values.users);
const runs = 9;
const day = 86_400_000;
const group = newId();

/** One in a hundred is disabled, one in two hundred waits, one in ten has a role, one in a thousand leaves soon. */
function madeUser(tenantId: string, i: number): NewDocument<UserDocument> {
  const login = `user${String((i * 7919) % 1_000_003).padStart(7, '0')}@example.com`;
  const name = { givenName: `Given${i}`, familyName: `Family${i % 5000}` };
  const displayName = `${name.givenName} ${name.familyName}`;
  const grant = { role: 'administrator', type: 'manual', detail: 'given', sourceId: null } as const;
  return {
    ...{ _id: newId(), tenantId, userName: login, userNameKey: login, email: login, emailKey: login },
    ...{ loginKeys: [login], emailKeys: [login], externalId: null, directoryId: null },
    displayNameKey: displayName.toLowerCase(),
    familyNameKey: name.familyName.toLowerCase(),
    searchKey: [displayName.toLowerCase(), login, `+1555${i}`].join('\n'),
    employeeNumberKey: null,
    attributes: {
      ...{ name, displayName, title: 'Engineer', locale: 'en-US' },
      emails: [{ value: login, type: 'work', primary: true }],
      phoneNumbers: [{ value: `+1555${i}`, type: 'work' }],
    },
    groupIds: i % 20 === 0 ? [group] : [],
    grants: i % 10 === 0 ? [{ ...grant, since: new Date(), until: null }] : [],
    enabled: i % 100 !== 0,
    approved: true,
    activatedAt: i % 200 === 1 ? null : new Date(),
    accessExpiresAt: i % 1000 === 3 ? new Date(Date.now() + (i % 30) * day + day) : null,
    loginType: i % 5 === 0 ? 'sso' : 'local',
    source: i % 50 === 0 ? 'invite' : 'created',
    accessRevokedAt: null,
  };
}

const usual = [
  'sort=displayName',
  'sort=-createdAt',
  'sort=-updatedAt',
  'sort=email',
  'sort=userName',
  'sort=familyName',
  'status=disabled',
  'status=disabled&sort=-updatedAt',
  'status=pending_activation',
  'status=expired',
  'status=locked',
  'status=active',
  'status=active&sort=email',
  'showDisabled=false&showNonActivated=false',
  'role=administrator',
  'role=administrator&sort=email',
  `group=${group}`,
  `group=${group}&sort=-updatedAt`,
  'loginType=sso',
  'loginType=sso&sort=email',
  'source=invite',
  'source=invite&sort=-createdAt',
  `createdFrom=${new Date(Date.now() - day).toISOString()}`,
  'q=user0000123',
  'q=given99999',
  'q=nobody-at-all',
];
const own = (process.env['QUESTIONS'] ?? '').split(' ').filter((one) => one !== '');
const questions = process.env['ONLY'] ? own : [...usual, ...own];

function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-lists-'));
const env = { NODE_ENV: 'test', PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'silent' };
const config = { ...loadConfig(env, join(packageFolder, 'config')), environment: 'development' };
const server = await startServer(config, { log: createLogger('silent') });
try {
  const { core } = server;
  const tenant = await createTenant(core, { slug: 'acme', name: 'Acme', preset: 'default', settings: {} });
  const { key } = await createApiKey(core, systemActor(tenant._id), { name: 'k', role: 'administrator' });
  const users = core.store.tenant(tenant._id).collection('users');
  for (let at = 0; at < total; at += 500)
    await users.insertMany(
      Array.from({ length: Math.min(500, total - at) }, (_, i) => madeUser(tenant._id, at + i)),
    );
  const get = (path: string): Promise<Response> =>
    fetch(`${server.url}/api/v1${path}`, { headers: { Authorization: `Bearer ${key}` } });
  const timed = async (path: string): Promise<[ms: number, cpu: number, total: number | undefined]> => {
    const begun = performance.now();
    const cpu = cpuMs();
    const body = (await (await get(path)).json()) as { total?: number };
    return [performance.now() - begun, cpuMs() - cpu, body.total];
  };
  console.log(
    `| ${total} users, page of 50 | found | ms, median | ms, first | CPU ms, median |\n|---|---|---|---|---|`,
  );
  for (const question of questions) {
    const path = question.startsWith('/') ? question : `/users?limit=50&${question}`;
    const times: number[] = [];
    const work: number[] = [];
    let found: number | undefined;
    for (let run = 0; run < runs; run += 1) {
      // A write between two looks, so that no total is remembered.
      const some = await users.findOne({ enabled: true });
      if (some) await users.update(some._id, (stored) => ({ ...stored }));
      const [ms, cpu, all] = await timed(path);
      times.push(ms);
      work.push(cpu);
      found = all;
    }
    const first = times[0] ?? 0;
    const median = (numbers: number[]): string =>
      (numbers.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0).toFixed(1);
    console.log(
      `| \`${question.replace(group, '...')}\` | ${found ?? ''} | ${median(times)} | ${first.toFixed(1)} | ${median(work)} |`,
    );
  }
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  const answer = await get('/users/export.csv');
  let bytes = 0;
  let most = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const mb = (value: number): string => `${Math.round(value / 1e6)} MB`;
  console.log(`\nexport: ${seconds} s, ${mb(bytes)}, memory at most ${mb(most - before)} more than before`);
} finally {
  await server.stop(0);
  await rm(folder, { recursive: true, force: true });
}
