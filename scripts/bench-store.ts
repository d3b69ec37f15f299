/**
 * Measures the storage port on its adapters and prints a table: `npm run bench:store`.
 *
 * Embedded in a temporary folder, and on `MONGODB_URI` when that is set. `--users=100000` says how many documents.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createConnection } from 'mongoose';
import { createLogger } from '../src/infrastructure/logger.js';
import type { UserDocument } from '../src/persistence/collections/users.js';
import { openStore } from '../src/persistence/connect.js';
import type { NewDocument, Store } from '../src/persistence/store.js';
import { systemClock } from '../src/shared/clock.js';
import { newId } from '../src/shared/ids.js';

const { values } = parseArgs({ options: { users: { type: 'string', default: '100000' } } });
const total = Number(values.users);
const tenantId = newId();
const directoryId = newId();
const groupIds = Array.from({ length: 10 }, () => newId());

/** A user of about 1 kB, as a directory sends them. */
function user(i: number): NewDocument<UserDocument> {
  const login = `user${String((i * 7919) % 1_000_003).padStart(7, '0')}@example.com`;
  const name = {
    givenName: `Given${i}`,
    familyName: `Family${i % 5000}`,
    formatted: `Given${i} Family${i % 5000}`,
  };
  return {
    _id: newId(),
    tenantId,
    userName: login,
    userNameKey: login,
    email: login,
    emailKey: login,
    loginKeys: [login],
    emailKeys: [login],
    externalId: `00u${i}`,
    directoryId,
    displayNameKey: name.formatted.toLowerCase(),
    familyNameKey: name.familyName.toLowerCase(),
    employeeNumberKey: String(i),
    attributes: {
      name,
      displayName: name.formatted,
      emails: [{ value: login, type: 'work', primary: true }],
      phoneNumbers: [{ value: `+1555${i}`, type: 'work' }],
      title: 'Engineer',
      locale: 'en-US',
      timezone: 'Europe/Berlin',
      enterprise: { employeeNumber: String(i), department: `Department ${i % 40}`, costCenter: '4130' },
    },
    groupIds: [groupIds[i % groupIds.length] ?? ''],
    grants: [],
    enabled: i % 10 !== 0,
    approved: true,
    activatedAt: new Date(),
    accessExpiresAt: null,
    loginType: 'sso',
    source: 'scim',
    accessRevokedAt: null,
  };
}

type Row = [what: string, figure: string];
const perSecond = (count: number, ms: number) => `${Math.round((count / ms) * 1000).toLocaleString('en')}/s`;
const memory = () => `${Math.round(process.memoryUsage().rss / 1e6)} MB`;
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The median of some runs, in milliseconds. */
async function median(runs: number, work: (run: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await timed(() => work(run)));
  return times.sort((a, b) => a - b)[runs >> 1] ?? 0;
}

async function inFlight(
  count: number,
  width: number,
  work: (i: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const client = async () => {
    while (next < count) await work(next++);
  };
  return timed(() => Promise.all(Array.from({ length: width }, client)));
}

async function measureWrites(store: Store, rows: Row[]): Promise<string[]> {
  const users = store.tenant(tenantId).collection('users');
  const ids: string[] = [];
  let load = 0;
  for (let at = 0; at < total; at += 5000) {
    const documents = Array.from({ length: Math.min(5000, total - at) }, (_, i) => user(at + i));
    ids.push(...documents.map(({ _id }) => _id));
    load += await timed(() => users.insertMany(documents));
  }
  rows.push([`load ${total} (insertMany)`, ms(load)], ['resident memory then', memory()]);
  const one = Math.min(1000, total);
  const fresh = (i: number) => users.insert(user(total + i));
  rows.push(['insert one by one', perSecond(one, await inFlight(one, 1, fresh))]);
  rows.push(['insert, 32 in flight', perSecond(5 * one, await inFlight(5 * one, 32, (i) => fresh(one + i)))]);
  rows.push([
    'insert, 1,000 in flight',
    perSecond(10 * one, await inFlight(10 * one, 1000, (i) => fresh(6 * one + i))),
  ]);
  const rename = (i: number) =>
    users.update(ids[(i * 131) % total] ?? '', (stored) => ({ ...stored, enabled: !stored.enabled }));
  rows.push(['update one by one', perSecond(one, await inFlight(one, 1, rename))]);
  rows.push([
    'update, 32 in flight',
    perSecond(5 * one, await inFlight(5 * one, 32, (i) => rename(one + i))),
  ]);
  const join = (i: number) =>
    store.transaction(function* (tx) {
      const inside = tx.tenant(tenantId).collection('users');
      yield* inside.update(ids[(i * 17) % total] ?? '', (u) => ({
        ...u,
        groupIds: [...groupIds.slice(0, 1 + (i % 3))],
      }));
      yield* inside.update(ids[0] ?? '', (u) => ({ ...u }));
    });
  rows.push(['transaction of 2 updates, 32 in flight', perSecond(one, await inFlight(one, 32, join))]);
  return ids;
}

async function measureReads(store: Store, ids: string[], rows: Row[]): Promise<void> {
  const users = store.tenant(tenantId).collection('users');
  const many = Math.min(20_000, total);
  const keyOf = (i: number) => user((i * 31) % total).userNameKey;
  const keys = Array.from({ length: many }, (_, i) => keyOf(i));
  rows.push([
    'get by id',
    perSecond(many, await inFlight(many, 1, (i) => users.get(ids[(i * 37) % total] ?? ''))),
  ]);
  const byKey = (i: number) => users.findOne({ loginKeys: keys[i] ?? '' });
  rows.push(['findOne by unique key', perSecond(many, await inFlight(many, 1, byKey))]);
  const page = (skip: number, sort?: Record<string, 1>) => () =>
    users.find({}, { skip, limit: 100, ...(sort && { sort }) });
  for (const skip of [0, Math.floor(total / 2), total - 100]) {
    rows.push([`page of 100 at ${skip}, id order: first`, ms(await timed(page(skip)))]);
    rows.push([`page of 100 at ${skip}, id order: median`, ms(await median(20, page(skip)))]);
  }
  const middle = Math.floor(total / 2);
  rows.push([
    `page of 100 at ${middle}, by userName: first`,
    ms(await timed(page(middle, { userNameKey: 1 }))),
  ]);
  rows.push([
    `page of 100 at ${middle}, by userName: median`,
    ms(await median(20, page(middle, { userNameKey: 1 }))),
  ]);
  const visible = { directoryId: { $in: [directoryId, null] } };
  const seen = () => users.find(visible, { skip: middle, limit: 100 });
  rows.push([`page of 100 at ${middle}, one directory's: first`, ms(await timed(seen))]);
  rows.push([`page of 100 at ${middle}, one directory's: median`, ms(await median(20, seen))]);
  const after = await users.get(ids[middle] ?? '');
  if (after)
    rows.push(['page of 100 after a key', ms(await median(50, () => users.find({}, { after, limit: 100 })))]);
  for (const [what, query] of [
    ['all', {}],
    ["one directory's", visible],
    ["a group's tenth", { groupIds: groupIds[3] ?? '' }],
  ] as const) {
    rows.push([`count ${what}: first`, ms(await timed(() => users.count(query)))]);
    rows.push([`count ${what}: median`, ms(await median(50, () => users.count(query)))]);
  }
  let extra = 2 * total + 50_000;
  const insertThenCount = async () => {
    await users.insert(user(extra++));
    return timed(() => users.count({}));
  };
  const counts = [await insertThenCount(), await insertThenCount(), await insertThenCount()];
  rows.push(['count all, after an insert', ms(Math.max(...counts))]);
}

/** A scan, and whether other work came to its turn meanwhile. */
async function measureScan(store: Store, rows: Row[]): Promise<void> {
  const users = store.tenant(tenantId).collection('users');
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const scan = await timed(() => users.count({ 'attributes.enterprise.department': 'Department 7' }));
  clearInterval(beat);
  rows.push(
    [`scan of ${total} without an index`, ms(scan)],
    ['longest pause of the event loop in it', ms(longest)],
  );
}

async function measure(mongodbUri: string | undefined): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const options = { mongodbUri, dataDir, clock: systemClock, log: createLogger('silent') };
  const rows: Row[] = [];
  let store = await openStore(options);
  try {
    console.log(`\n${store.description}, ${total} users`);
    const ids = await measureWrites(store, rows);
    await measureReads(store, ids, rows);
    await measureScan(store, rows);
    rows.push(['resident memory at the end', memory()]);
    rows.push(['close', ms(await timed(() => store.close()))]);
    rows.push(['open again', ms(await timed(async () => void (store = await openStore(options))))]);
  } finally {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  }
  for (const [what, figure] of rows) console.log(`${what.padEnd(52)}${figure.padStart(14)}`);
}

await measure(undefined);
const server = process.env['MONGODB_URI'];
if (server) {
  const uri = new URL(server);
  uri.pathname = `/gatehouse-bench-${newId()}`;
  await measure(uri.href);
  const connection = await createConnection(uri.href).asPromise();
  await connection.dropDatabase();
  await connection.close();
}
