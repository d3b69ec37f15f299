import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createLogger } from '../../src/infrastructure/logger.js';
import { collectionNames, schemas } from '../../src/persistence/collections/index.js';
import { openStore } from '../../src/persistence/connect.js';
import { storeFormat } from '../../src/persistence/format.js';
import { EmbeddedMigrationTarget } from '../../src/persistence/migrations/embedded.js';
import { planMigration, runMigration } from '../../src/persistence/migrations/migration.js';
import { migrateFile, readFileFormat } from '../../src/persistence/migrations/embedded-format-1.js';
import type { Store } from '../../src/persistence/store.js';
import { ManualClock } from '../support/clock.js';

const log = createLogger('silent');
/** When the data were made: later their session has expired. */
const clock = new ManualClock('2026-11-28T00:12:00.000Z');

describe('an embedded database of format 1', () => {
  let dataDir: string;
  let store: Store | undefined;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
    const packed = await readFile(new URL('../fixtures/embedded-format-1.mdb.gz', import.meta.url));
    await writeFile(join(dataDir, 'store.mdb'), gunzipSync(packed));
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    await rm(dataDir, { recursive: true });
  });
  const open = async (): Promise<Store> =>
    (store = await openStore({ mongodbUri: undefined, dataDir, clock, log }));

  it('is refused by a start, with the remedy, and left as it is', async () => {
    const before = await readFile(join(dataDir, 'store.mdb'));
    const refused = await open().catch((error: unknown) => String(error));
    expect(refused).to.include('format 1').and.include('gatehouse migrate');
    expect((await readFile(join(dataDir, 'store.mdb'))).equals(before)).to.equal(true);
    expect(await readFileFormat(dataDir)).to.equal(1);
  });

  it('holds after a migration what it held, found by every index', async () => {
    await migrateFile(dataDir, schemas);
    expect(await readFileFormat(dataDir)).to.equal(storeFormat);
    const { server } = await open();
    const users = await server.collection('users').find({}, { sort: { userNameKey: 1 } });
    expect(users.map(({ userName }) => userName)).to.include.members([
      'ada@acme.test',
      'hopper@acme.test',
      'turing@acme.test',
      'kay@acme.test',
    ]);
    for (const user of users) {
      const scope = store!.tenant(user.tenantId);
      expect(await scope.collection('users').findOne({ loginKeys: user.loginKeys[0]! })).to.deep.equal(user);
      expect(
        await scope.collection('users').find({ directoryId: user.directoryId }, { fields: [] }),
      ).to.deep.include({
        _id: user._id,
        tenantId: user.tenantId,
        version: user.version,
      });
    }
    const grace = users.find(({ userName }) => userName === 'hopper@acme.test')!;
    expect(grace.createdAt).to.be.an.instanceOf(Date);
    expect(grace.attributes).to.deep.include({ name: { givenName: 'Grace', familyName: 'Hopper' } });
    const engineering = await server.collection('groups').findOne({ displayNameKey: 'engineering' });
    expect(await server.collection('users').count({ groupIds: engineering!._id })).to.equal(3);
    for (const name of collectionNames) {
      const found = await server.collection(name).find({});
      expect(await server.collection(name).count({}), name).to.equal(found.length);
    }
    expect(await server.collection('sessions').count({})).to.be.above(0);
    expect(await server.collection('audit_events').count({})).to.be.above(20);
  });

  it('is brought to the present format by `gatehouse migrate`, which first says what it would do', async () => {
    const target = new EmbeddedMigrationTarget(dataDir);
    const planned = await planMigration(target);
    expect(planned).to.include({ from: 1, to: storeFormat });
    expect(await readFileFormat(dataDir)).to.equal(1);
    expect(await runMigration(target, () => undefined)).to.deep.equal(planned);
    expect(await planMigration(target)).to.deep.equal({ from: storeFormat, to: storeFormat, steps: [] });
    expect(await (await open()).server.collection('users').count({})).to.equal(10);
  });

  it('stays beside the new one, and a second migration changes nothing', async () => {
    const before = await readFile(join(dataDir, 'store.mdb'));
    await migrateFile(dataDir, schemas);
    expect((await readFile(join(dataDir, 'store.mdb.format-1'))).equals(before)).to.equal(true);
    const fresh = await readFile(join(dataDir, 'store.mdb'));
    await migrateFile(dataDir, schemas);
    expect((await readFile(join(dataDir, 'store.mdb'))).equals(fresh)).to.equal(true);
    expect((await readdir(dataDir)).filter((name) => name.includes('migrating'))).to.deep.equal([]);
    expect(existsSync(join(dataDir, 'store.mdb'))).to.equal(true);
  });
});
