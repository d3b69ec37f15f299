import { expect } from 'chai';
import { createConnection, type mongo } from 'mongoose';
import { createLogger } from '../../src/infrastructure/logger.js';
import { collectionNames, schemas } from '../../src/persistence/collections/index.js';
import { openMongoStore } from '../../src/persistence/mongo/store.js';
import { validatorOf } from '../../src/persistence/validation.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { roleOf } from '../support/roles.js';
import { schemaCheck } from '../support/schema-check.js';
import { dropDatabase, freshMongoUri } from '../support/store.js';

const role = () => {
  const now = new Date();
  return { ...roleOf('t', 'a'), version: 1, createdAt: now, updatedAt: now };
};

describe('the check of documents against their schemas', () => {
  const check = schemaCheck(schemas);

  it('takes a document that is as its schema says', () => {
    expect(() => check('roles', role())).not.to.throw();
  });

  it('refuses a wrong type, an unknown value of a closed set, a missing field and an unknown one', () => {
    expect(() => check('roles', { ...role(), name: 5 })).to.throw('/name');
    const { name: _name, ...nameless } = role();
    expect(() => check('roles', nameless)).to.throw('name');
    expect(() => check('roles', { ...role(), colour: 'red' })).to.throw('colour');
    const key = { _id: 'RS256-1', tenantId: 'server', state: 'lost', privateJwk: 'x', retiresAt: null };
    const now = new Date();
    expect(() => check('signing_keys', { ...key, version: 1, createdAt: now, updatedAt: now })).to.throw(
      '/state',
    );
  });

  it('looks inside what a document holds', () => {
    const event = {
      _id: 'e',
      tenantId: 't',
      at: new Date(),
      action: 'user.created',
      changes: [],
      result: 'success',
    };
    const stamps = { version: 1, createdAt: new Date(), updatedAt: new Date() };
    expect(() => check('audit_events', { ...event, ...stamps, actor: { type: 'user', id: 'u' } })).to.throw(
      'label',
    );
  });
});

describe('the check that MongoDB makes itself', () => {
  const mongodbUri = freshMongoUri();
  let db: mongo.Db;
  let end: () => Promise<void>;
  before(async function () {
    if (!mongodbUri) return this.skip();
    const store = await openMongoStore(mongodbUri, schemas, {
      clock: systemClock,
      log: createLogger('silent'),
    });
    const connection = await createConnection(mongodbUri).asPromise();
    db = connection.getClient().db(connection.name);
    end = async () => {
      await connection.close();
      await store.close();
      await dropDatabase(mongodbUri);
    };
  });
  after(async () => {
    if (mongodbUri) await end();
  });

  it('is there for every collection, generated from its schema', async () => {
    const infos = await db.listCollections().toArray();
    const found = new Map(
      infos.map((info) => [info.name, (info as mongo.CollectionInfo).options?.['validator'] as unknown]),
    );
    for (const name of collectionNames)
      expect(found.get(name), name).to.deep.equal(validatorOf(schemas[name]));
  });

  it('refuses a document of a wrong type, whoever writes it', async () => {
    const roles = db.collection<{ _id: string }>('roles');
    await roles.insertOne({ ...role(), _id: newId() });
    const refused: unknown = await roles
      .insertOne({ ...role(), _id: newId(), name: 5 } as never)
      .catch((error: unknown) => error);
    expect(String(refused)).to.contain('Document failed validation');
  });
});
