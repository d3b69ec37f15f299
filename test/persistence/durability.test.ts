import { spawn } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { createLogger } from '../../src/infrastructure/logger.js';
import { openStore } from '../../src/persistence/connect.js';
import { openEmbeddedStore } from '../../src/persistence/embedded/store.js';
import type { Store } from '../../src/persistence/store.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { ManualClock } from '../support/clock.js';
import { eventually } from '../support/eventually.js';
import { roleOf } from '../support/roles.js';
import { dropDatabase, freshMongoUri } from '../support/store.js';
import { thingIndexes, thingSchema, thingsOf } from '../support/things.js';

const log = createLogger('silent');
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error as { code?: string }).code,
  );

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the writer until it has acknowledged some writes, and kills it without a warning. */
async function writeUntilKilled(dataDir: string, mongodbUri: string | undefined): Promise<string[]> {
  const program = resolve('test/support/store-writer.ts');
  const writer = spawn(process.execPath, [
    '--import',
    'tsx',
    program,
    dataDir,
    ...(mongodbUri ? [mongodbUri] : []),
  ]);
  let output = '';
  let complaint = '';
  writer.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (output.length > 10_000) writer.kill('SIGKILL');
  });
  writer.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  await new Promise((done) => writer.on('close', done));
  expect(writer.signalCode, complaint).to.equal('SIGKILL');
  return output.slice(0, output.lastIndexOf('\n')).split('\n');
}

describe('a process that is killed while it writes', () => {
  it('has lost nothing that was acknowledged, and left no half of a transaction', async function () {
    this.timeout(120_000);
    const [dataDir, mongodbUri] = [await freshFolder(), freshMongoUri()];
    const acknowledged = await writeUntilKilled(dataDir, mongodbUri);
    expect(acknowledged.length).to.be.greaterThan(100);
    const store = await openStore({ mongodbUri, dataDir, clock: systemClock, log });
    const roles = store.tenant('t').collection('roles');
    for (const line of acknowledged) {
      const [id = '', state] = line.split(' ');
      const stored = await roles.get(id);
      expect(stored, line).to.not.equal(undefined);
      if (state) expect(stored?.name, line).to.equal(state);
      expect(await roles.findOne({ fullKey: stored?.fullKey ?? '' }), line).to.deep.equal(stored);
    }
    const halves = await roles.find({ fullKey: { $regex: '^pair-' } });
    const pairs = new Map<string, number>();
    for (const { fullKey } of halves) {
      const pair = fullKey.slice('pair-a-'.length);
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect([...pairs.values()].every((count) => count === 2)).to.equal(true);
    expect(await roles.count({})).to.equal((await roles.find({})).length);
    await store.close();
    // The killed process may have left a transaction open, which holds the drop up for a minute.
    if (mongodbUri) await Promise.race([dropDatabase(mongodbUri), wait(2000)]);
  });
});

describe('the embedded database', () => {
  it('says so when its folder cannot be used', async () => {
    const file = join(await freshFolder(), 'file');
    await writeFile(file, 'not a folder');
    const opening = openStore({ mongodbUri: undefined, dataDir: file, clock: systemClock, log });
    expect(await codeOf(opening)).to.equal('server.unavailable');
  });

  it('refuses writes while its folder is away, and goes on when it is back', async () => {
    const dataDir = join(await freshFolder(), 'data');
    const store = await openStore({ mongodbUri: undefined, dataDir, clock: systemClock, log });
    const roles = store.tenant('t').collection('roles');
    await roles.insert(roleOf('t', 'before'));
    await rename(dataDir, `${dataDir}-away`);
    const refused = async () => {
      const code = await codeOf(store.ping());
      return code !== 'none' && code;
    };
    expect(await eventually(refused, 'the folder is missed')).to.equal('server.unavailable');
    expect(await codeOf(roles.insert(roleOf('t', 'lost')))).to.equal('server.unavailable');
    await rename(`${dataDir}-away`, dataDir);
    await store.ping();
    await roles.insert(roleOf('t', 'after'));
    expect((await roles.find({}, { sort: { fullKey: 1 } })).map(({ fullKey }) => fullKey)).to.deep.equal([
      'after',
      'before',
    ]);
    await store.close();
  });

  it('builds an index that is new, or defined otherwise, from the documents that stand', async () => {
    const folder = await freshFolder();
    const things = (store: Store) => thingsOf(store, 't');
    const first = openEmbeddedStore(folder, { things: thingSchema([]) }, systemClock);
    const fields = { name: null, size: 1, at: null, tags: ['a', 'b'], owner: 'o', parts: [], inner: {} };
    await things(first).insertMany(
      Array.from({ length: 30 }, (_, i) => ({
        ...fields,
        _id: newId(),
        tenantId: 't',
        key: `k${i}`,
        size: i,
      })),
    );
    await first.close();
    const second = openEmbeddedStore(folder, { things: thingSchema() }, systemClock);
    expect(await things(second).count({ tags: 'b' })).to.equal(30);
    expect(await things(second).find({ size: { $gte: 28 } })).to.have.length(2);
    expect(
      await codeOf(things(second).insert({ ...fields, _id: newId(), tenantId: 't', key: 'k7' })),
    ).to.equal('store.duplicate');
    await second.close();
    const [unique] = thingIndexes.filter(({ name }) => name === 'things_owner');
    const third = () =>
      openEmbeddedStore(
        folder,
        { things: thingSchema([{ ...unique!, unique: true, key: { owner: 1 } }]) },
        systemClock,
      );
    expect(third).to.throw('things_owner');
  });

  it('gives back the room of what has expired when it sweeps', async () => {
    const clock = new ManualClock();
    const folder = await freshFolder();
    const store = openEmbeddedStore(
      folder,
      { things: thingSchema([{ name: 'things_expiry', key: { at: 1 }, expires: true }]) },
      clock,
    );
    const fields = { name: null, size: 1, tags: [], owner: null, parts: [], inner: {} };
    const at = (ms: number | null) => (ms === null ? null : new Date(clock.now().getTime() + ms));
    await thingsOf(store, 't').insertMany(
      Array.from({ length: 300 }, (_, i) => ({
        ...fields,
        _id: newId(),
        tenantId: 't',
        key: `k${i}`,
        at: at(i < 250 ? 1000 : null),
      })),
    );
    await store.increment('k', 1, at(1000) ?? new Date());
    clock.advance(1000);
    await store.sweep();
    await store.close();
    // Looked at with a clock that says nothing has expired yet.
    const again = openEmbeddedStore(
      folder,
      { things: thingSchema() },
      new ManualClock('2000-01-01T00:00:00.000Z'),
    );
    expect(await thingsOf(again, 't').count({})).to.equal(50);
    expect(await again.increment('k', 1, new Date())).to.have.property('count', 1);
    await again.close();
  });

  it('closes after what is being written, and lets nothing in afterwards', async () => {
    const dataDir = await freshFolder();
    const store = await openStore({ mongodbUri: undefined, dataDir, clock: systemClock, log });
    const roles = store.tenant('t').collection('roles');
    const writing = Promise.all(Array.from({ length: 200 }, (_, i) => roles.insert(roleOf('t', `k${i}`))));
    await store.close();
    expect(await writing).to.have.length(200);
    expect(await codeOf(roles.insert(roleOf('t', 'late')))).to.not.equal('none');
    const again = await openStore({ mongodbUri: undefined, dataDir, clock: systemClock, log });
    expect(await again.tenant('t').collection('roles').count({})).to.equal(200);
    await again.close();
  });
});

/** A wire to the database that can be cut and mended. */
async function openWire(uri: string): Promise<{ uri: string; cut(): Promise<void>; mend(): Promise<void> }> {
  const target = new URL(uri);
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;
  const mend = async () => {
    server = createServer((near) => {
      const far = connect(Number(target.port || 27017), target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => to.destroy()).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    port = (server.address() as { port: number }).port;
  };
  const cut = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  };
  await mend();
  const through = new URL(uri);
  through.host = `127.0.0.1:${port}`;
  through.searchParams.set('directConnection', 'true');
  return { uri: through.href, cut, mend };
}

describe('MongoDB', () => {
  const direct = freshMongoUri();
  before(function () {
    if (!direct) this.skip();
  });

  it('away is server.unavailable at once or after five seconds, and all is well when it is back', async function () {
    this.timeout(120_000);
    const wire = await openWire(direct!);
    const options = { dataDir: tmpdir(), clock: systemClock, log };
    const store = await openStore({ mongodbUri: wire.uri, ...options });
    const roles = store.tenant('t').collection('roles');
    await roles.insert(roleOf('t', 'before'));
    await wire.cut();
    expect(await codeOf(store.ping())).to.equal('server.unavailable');
    const failures = [
      roles.insert(roleOf('t', 'lost')),
      roles.find({}),
      store.increment('k', 1, new Date()),
      store.transaction(function* (tx) {
        yield* tx.tenant('t').collection('roles').insert(roleOf('t', 'lost'));
      }),
    ];
    expect(await Promise.all(failures.map(codeOf))).to.deep.equal(failures.map(() => 'server.unavailable'));
    expect(await codeOf(openStore({ mongodbUri: wire.uri, ...options }))).to.equal('server.unavailable');
    await wire.mend();
    await store.ping();
    await roles.insert(roleOf('t', 'after'));
    expect((await roles.find({}, { sort: { fullKey: 1 } })).map(({ fullKey }) => fullKey)).to.deep.equal([
      'after',
      'before',
    ]);
    await store.close();
    await wire.cut();
    await dropDatabase(direct!);
  });
});
