import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mongoose';
import { createLogger } from '../../src/infrastructure/logger.js';
import { openStore } from '../../src/persistence/connect.js';
import type { Store } from '../../src/persistence/store.js';
import type { Validate } from '../../src/persistence/validation.js';
import { systemClock, type Clock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { afterEveryFile, afterEveryTest, databasePrefix } from './hooks.js';
import { takeSchemaFaults, validateInTests } from './schema-check.js';

const endings: (() => Promise<void>)[] = [];

const faults: string[] = [];

// The write has failed already, and its test with it, unless the product swallowed the error.
afterEveryTest.push((title) => void faults.push(...takeSchemaFaults().map((fault) => `${title}: ${fault}`)));

afterEveryFile.push(async () => {
  for (const end of endings.splice(0)) await end();
  const found = faults.splice(0);
  if (found.length > 0) throw new Error(`documents that are not as their schema says: ${found.join('\n')}`);
});

/** The address of a fresh database on `MONGODB_URI`; undefined when that is not set. */
export function freshMongoUri(): string | undefined {
  const server = process.env['MONGODB_URI'];
  if (!server) return undefined;
  const url = new URL(server);
  url.pathname = `/${databasePrefix}${newId()}`;
  // For `commandsOf` (mongo-commands.ts).
  url.searchParams.set('monitorCommands', 'true');
  return url.href;
}

export async function dropDatabase(uri: string): Promise<void> {
  const connection = await createConnection(uri).asPromise();
  await connection.dropDatabase();
  await connection.close();
}

/** A database on MongoDB with all collections and indexes, which take longest to make. */
interface Database {
  readonly uri: string;
  /** The collections that hold documents. */
  readonly used: Set<string>;
}

/** Databases of closed stores. By whether MongoDB expires documents there. */
const spare = new Map<boolean, Database[]>();

/** Removes all documents, and keeps collections, indexes and the number of the format. */
async function emptyDatabase({ uri, used }: Database): Promise<void> {
  const connection = await createConnection(uri).asPromise();
  await Promise.all([...used].map((name) => connection.db!.collection(name).deleteMany({})));
  await connection.close();
  used.clear();
}

interface Taken {
  readonly database: Database | undefined;
  readonly isPrepared: boolean;
}

async function takeDatabase(expires: boolean): Promise<Taken> {
  const database = spare.get(expires)?.pop();
  if (database) {
    await emptyDatabase(database);
    return { database, isPrepared: true };
  }
  const uri = freshMongoUri();
  return { database: uri === undefined ? undefined : { uri, used: new Set() }, isPrepared: false };
}

/**
 * A store of its own for this test: on MongoDB when `MONGODB_URI` is set, else embedded. Closed and deleted after the run; a database of a
 * store that the test has closed serves the next one.
 *
 * @param clock - what the store stamps and expires by; the machine's unless given.
 */
export async function openTestStore(clock: Clock = systemClock): Promise<Store> {
  const log = createLogger('silent');
  const expires = clock === systemClock;
  const { database, isPrepared } = await takeDatabase(expires);
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  const validate: Validate = (collection, document) => {
    database?.used.add(collection);
    validateInTests(collection, document);
  };
  const options = { clock, log, validate, isPrepared, isLasting: false };
  const store = await openStore({ mongodbUri: database?.uri, dataDir, ...options });
  // Counters are not documents of a collection: nothing validates them.
  database?.used.add('counters');
  const end = store.close.bind(store);
  let closing: Promise<void> | undefined;
  store.close = () =>
    (closing ??= end().then(() => {
      if (database) spare.set(expires, [...(spare.get(expires) ?? []), database]);
    }));
  endings.push(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return store;
}
