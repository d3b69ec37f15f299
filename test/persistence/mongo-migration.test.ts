import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { createConnection, mongo } from 'mongoose';
import { retiredIndexes, schemas } from '../../src/persistence/collections/index.js';
import { openStore } from '../../src/persistence/connect.js';
import { storeFormat } from '../../src/persistence/format.js';
import { planMigration, runMigration } from '../../src/persistence/migrations/migration.js';
import { openMongoMigration } from '../../src/persistence/mongo/store.js';
import { createLogger } from '../../src/infrastructure/logger.js';
import { systemClock } from '../../src/shared/clock.js';
import { schemaCheck } from '../support/schema-check.js';
import { dropDatabase, freshMongoUri } from '../support/store.js';

interface Kept {
  indexes: { key: Record<string, 1 | -1>; name: string }[];
  documents: { _id: string }[];
}

/** A database of format 1: indexes and documents as the last version of that format left them. */
async function readFixture(): Promise<Record<string, Kept>> {
  const text = await readFile(new URL('../fixtures/mongodb-format-1.json', import.meta.url), 'utf8');
  return mongo.BSON.EJSON.parse(text) as Record<string, Kept>;
}

const log = createLogger('silent');

describe('migrating a MongoDB database of format 1', () => {
  const databases: { uri: string; connection: Awaited<ReturnType<typeof connect>> }[] = [];
  const connect = (uri: string) => createConnection(uri).asPromise();
  let fixture: Record<string, Kept>;

  before(async function () {
    if (!freshMongoUri()) this.skip();
    fixture = await readFixture();
  });
  after(async () => {
    for (const { uri, connection } of databases) {
      await connection.close();
      await dropDatabase(uri);
    }
  });

  /** A database with the fixture in it. */
  async function givenFormat1(): Promise<{ uri: string; db: mongo.Db }> {
    const uri = freshMongoUri()!;
    const connection = await connect(uri);
    databases.push({ uri, connection });
    const db = connection.getClient().db(connection.name);
    for (const [name, { indexes, documents }] of Object.entries(fixture)) {
      const collection = db.collection<{ _id: string }>(name);
      await db.createCollection(name);
      for (const { key, ...options } of indexes) await collection.createIndex(key, options, {});
      if (documents.length > 0) await collection.insertMany(documents);
    }
    return { uri, db };
  }

  const open = (mongodbUri: string) => openStore({ mongodbUri, dataDir: '', clock: systemClock, log });
  async function migrate(uri: string, work = runMigration): Promise<readonly string[]> {
    const target = await openMongoMigration(uri, schemas, retiredIndexes);
    try {
      return (await work(target, () => undefined)).steps;
    } finally {
      await target.close();
    }
  }
  const indexesOf = async (db: mongo.Db) =>
    Object.fromEntries(
      await Promise.all(
        Object.keys(schemas).map(async (name) => [
          name,
          (
            await db
              .collection(name)
              .listIndexes()
              .toArray()
              .catch(() => [])
          )
            .map((index) => index.name as string)
            .sort(),
        ]),
      ),
    ) as Record<string, string[]>;
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => new Error('it was not refused'),
      (error: unknown) => error as Error,
    );

  it('is asked for by a start, which changes nothing', async () => {
    const { uri, db } = await givenFormat1();
    const before = await indexesOf(db);
    const error = await refusal(open(uri));
    expect(error).to.have.property('name', 'ConfigError');
    expect(error.message).to.contain('format 1').and.to.contain('gatehouse migrate');
    expect(await indexesOf(db)).to.deep.equal(before);
  });

  it('with --dry-run names its steps and changes nothing', async () => {
    const { uri, db } = await givenFormat1();
    const before = await indexesOf(db);
    const steps = await migrate(uri, planMigration);
    expect(steps).to.include('set the validator of users').and.to.include(`set the format to ${storeFormat}`);
    expect(await indexesOf(db)).to.deep.equal(before);
    expect(await refusal(open(uri))).to.have.property('name', 'ConfigError');
  });

  it('keeps every document, and makes validators and indexes those of a new database', async () => {
    const { uri, db } = await givenFormat1();
    await migrate(uri);
    const store = await open(uri);
    try {
      const check = schemaCheck(schemas);
      for (const [name, { documents }] of Object.entries(fixture)) {
        const stored = await db.collection<{ _id: string }>(name).find().toArray();
        const known = name === 'about' ? [] : documents;
        for (const document of known) {
          expect(
            stored.find(({ _id }) => _id === document._id),
            `${name} ${document._id}`,
          ).to.deep.equal(document);
          if (name in schemas) check(name, document as never);
        }
      }
      const users = await store.server.collection('users').find({ loginKeys: 'hopper@acme.test' });
      expect(users.map(({ attributes }) => attributes['displayName'])).to.deep.equal(['Grace Hopper']);
    } finally {
      await store.close();
    }
    const freshUri = freshMongoUri()!;
    await (await open(freshUri)).close();
    const connection = await connect(freshUri);
    databases.push({ uri: freshUri, connection });
    expect(await indexesOf(db)).to.deep.equal(await indexesOf(connection.getClient().db(connection.name)));
  });

  it('does nothing a second time, and a start after it changes no index', async () => {
    const { uri, db } = await givenFormat1();
    await migrate(uri);
    const before = await indexesOf(db);
    expect(await migrate(uri)).to.deep.equal([]);
    await (await open(uri)).close();
    expect(await indexesOf(db)).to.deep.equal(before);
  });

  it('continues where an interrupted one ended', async () => {
    const { uri } = await givenFormat1();
    const all = await migrate(uri, planMigration);
    const target = await openMongoMigration(uri, schemas, retiredIndexes);
    let count = 0;
    const stopped = await refusal(
      runMigration(target, () => {
        if (++count === 5) throw new Error('stopped');
      }),
    );
    await target.close();
    expect(stopped.message).to.equal('stopped');
    expect(await migrate(uri)).to.deep.equal(all.slice(4));
    await (await open(uri)).close();
  });

  it('runs once at a time', async () => {
    const { uri } = await givenFormat1();
    const [first, second] = [
      await openMongoMigration(uri, schemas, retiredIndexes),
      await openMongoMigration(uri, schemas, retiredIndexes),
    ];
    try {
      const unlock = await first.lock();
      const refused = await refusal(runMigration(second, () => undefined));
      expect(refused).to.have.property('code', 'store.conflict');
      expect(refused.message).to.contain('another migration');
      await unlock();
      await runMigration(second, () => undefined);
    } finally {
      await first.close();
      await second.close();
    }
  });

  it('leaves a database of a newer version alone, whose indexes this one would only duplicate', async () => {
    const { uri, db } = await givenFormat1();
    await migrate(uri);
    const users = db.collection('users');
    await users.dropIndex('users_user_name');
    await users.createIndex(
      { tenantId: 1, userNameKey: 1, createdAt: 1 },
      { name: 'users_user_name_v9' },
      {},
    );
    const before = await indexesOf(db);
    expect((await refusal(open(uri))).message).to.contain('newer version');
    expect((await refusal(migrate(uri))).message).to.contain('newer version');
    expect(await indexesOf(db)).to.deep.equal(before);
  });
});

it('an index keeps its name only while its definition stays as it was in format 1', async () => {
  const fixture = await readFixture();
  for (const [name, schema] of Object.entries(schemas)) {
    const kept = new Map((fixture[name]?.indexes ?? []).map((index) => [index.name, index]));
    for (const [key, { name: index = '', unique, partialFilterExpression }] of schema.indexes()) {
      const before = kept.get(index) as Record<string, unknown> | undefined;
      if (!before) continue;
      expect(Object.entries(before['key'] as object), index).to.deep.equal(Object.entries(key));
      expect(before['unique'] ?? false, index).to.equal(unique ?? false);
      expect(before['partialFilterExpression'] ?? null, index).to.deep.equal(partialFilterExpression ?? null);
    }
  }
});
