import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { createLogger } from '../../src/infrastructure/logger.js';
import { openEmbeddedStore } from '../../src/persistence/embedded/store.js';
import { openMongoStore } from '../../src/persistence/mongo/store.js';
import type { Collection, Store } from '../../src/persistence/store.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { dropDatabase, freshMongoUri } from '../support/store.js';
import {
  randomOrder,
  randomQuery,
  randomThing,
  thingIndexes,
  thingSchema,
  thingsOf,
  type Thing,
} from '../support/things.js';

const ids = (found: readonly Thing[]) => found.map(({ _id }) => _id);

describe('queries on random documents', () => {
  const tenantId = newId();
  const stores: Store[] = [];
  const mongodbUri = freshMongoUri();
  const log = createLogger('silent');
  let folder: string;
  let plain: Collection<Thing>;
  let indexed: { label: string; things: Collection<Thing> }[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
    const choices = [[], thingIndexes, ...thingIndexes.map((index) => [index])];
    const documents = fc.sample(randomThing, { numRuns: 60, seed: 7 }).map((fields, i) => {
      const kept = Object.fromEntries(
        Object.entries(fields).filter(([, value]) => value !== null || i % 2 === 0),
      );
      return { ...(kept as unknown as Thing), _id: newId(), tenantId, key: `k${(i * 37) % 60}` };
    });
    const others = documents.slice(0, 20).map((thing) => ({ ...thing, _id: newId(), tenantId: 'other' }));
    const fill = async (store: Store, label: string) => {
      stores.push(store);
      await thingsOf(store, tenantId).insertMany(documents);
      await thingsOf(store, 'other').insertMany(others);
      return { label, things: thingsOf(store, tenantId) };
    };
    const open: Promise<{ label: string; things: Collection<Thing> }>[] = choices.map((indexes, i) => {
      const schemas = { things: thingSchema(indexes) };
      const label = indexes.map(({ name }) => name).join();
      return fill(openEmbeddedStore(join(folder, String(i)), schemas, systemClock), label);
    });
    if (mongodbUri) {
      const schemas = { things: thingSchema() };
      open.push(fill(await openMongoStore(mongodbUri, schemas, { clock: systemClock, log }), 'MongoDB'));
    }
    const [first, ...rest] = await Promise.all(open);
    plain = first!.things;
    indexed = rest;
  });
  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    if (mongodbUri) await dropDatabase(mongodbUri);
    await rm(folder, { recursive: true });
  });

  it('find and count the same with each index as with none', async () => {
    const property = fc.asyncProperty(randomQuery, randomOrder, async (query, sort) => {
      const options = sort ? { sort } : {};
      const expected = ids(await plain.find(query, options));
      for (const { label, things } of indexed) {
        expect(ids(await things.find(query, options)), label).to.deep.equal(expected);
        expect(await things.count(query), label).to.equal(expected.length);
      }
    });
    await fc.assert(property, { numRuns: 80 });
  }).timeout(120_000);

  it('page by skip and by the last document alike', async () => {
    const property = fc.asyncProperty(
      randomQuery,
      randomOrder,
      fc.integer({ min: 4, max: 16 }),
      async (query, sort, limit) => {
        const options = { limit, ...(sort && { sort }) };
        const expected = ids(await plain.find(query, sort ? { sort } : {}));
        for (const { label, things } of indexed) {
          const bySkip: string[] = [];
          for (let skip = 0; skip <= expected.length; skip += limit) {
            bySkip.push(...ids(await things.find(query, { ...options, skip })));
          }
          expect(bySkip, `${label} by skip`).to.deep.equal(expected);
          if (Object.keys(sort ?? {}).some((field) => field.includes('.'))) continue;
          const byLast: string[] = [];
          for (let page = await things.find(query, options); page.length > 0;) {
            byLast.push(...ids(page));
            page = await things.find(query, { ...options, after: { ...page.at(-1)! } });
          }
          expect(byLast, `${label} after the last`).to.deep.equal(expected);
        }
      },
    );
    await fc.assert(property, { numRuns: 20 });
  }).timeout(120_000);
});
