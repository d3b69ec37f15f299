import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { openEmbeddedStore } from '../../src/persistence/embedded/store.js';
import type { Query, Store } from '../../src/persistence/store.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { thingIndexes, thingSchema, thingsOf, type Thing } from '../support/things.js';

const tenantId = newId();
const thing = (size: number): Thing => {
  const _id = newId();
  return {
    _id,
    tenantId,
    key: _id,
    name: null,
    size,
    at: null,
    tags: [],
    owner: null,
    parts: [],
    inner: {},
  } as never;
};

describe('counting and skipping in big prefixes (embedded)', () => {
  let folder: string;
  let ours: Store;
  let theirs: Store;
  let expected: Thing[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
    const bySize = { name: 'things_size', key: { tenantId: 1, size: 1, _id: 1 } } as const;
    const schemas = { things: thingSchema([...thingIndexes, bySize]) };
    ours = openEmbeddedStore(folder, schemas, systemClock);
    // Another store on the same folder stands for another process: it knows nothing of what the first one wrote.
    theirs = openEmbeddedStore(folder, schemas, systemClock);
    expected = Array.from({ length: 6000 }, (_, i) => thing(i % 3));
    await thingsOf(ours, tenantId).insertMany(expected);
  });
  after(async () => {
    await Promise.all([ours.close(), theirs.close()]);
    await rm(folder, { recursive: true });
  });

  const queries: [Query, (thing: Thing) => boolean][] = [
    [{}, () => true],
    [{ size: 1 }, ({ size }) => size === 1],
    [{ size: { $in: [0, 2, null] } }, ({ size }) => size !== 1],
    // One range is enough: the others are empty, or there is nothing beside them all.
    [{ size: { $in: [1, 7, null] } }, ({ size }) => size === 1],
    [{ size: { $in: [0, 1, 2] } }, () => true],
  ];

  async function check(store: Store, position: number): Promise<void> {
    for (const [query, matches] of queries) {
      const ids = expected.filter(matches).map(({ _id }) => _id);
      expect(await thingsOf(store, tenantId).count(query)).to.equal(ids.length);
      const skip = Math.floor(position * (ids.length + 10));
      const page = ids.slice(skip, skip + 120);
      const heads = await thingsOf(store, tenantId).find(query, { skip, limit: 120, fields: [] });
      expect(heads.map(({ _id }) => _id)).to.deep.equal(page);
      for (const [direction, order] of [
        [1, ids],
        [-1, ids.toReversed()],
      ] as const) {
        const options = { skip, limit: 120, sort: { _id: direction } };
        const found = await thingsOf(store, tenantId).find(query, options);
        expect(found.map(({ _id }) => _id)).to.deep.equal(order.slice(skip, skip + 120));
      }
    }
  }

  async function insert(store: Store, amount: number): Promise<void> {
    const fresh = Array.from({ length: amount }, (_, i) => thing(i % 3));
    await Promise.all(fresh.map((one) => thingsOf(store, tenantId).insert(one)));
    expected = [...expected, ...fresh].sort((a, b) => (a._id < b._id ? -1 : 1));
  }

  async function remove(store: Store, from: number, amount: number): Promise<void> {
    const gone = expected.splice(Math.floor(from * expected.length), amount);
    await Promise.all(gone.map(({ _id }) => thingsOf(store, tenantId).remove(_id)));
  }

  async function fail(): Promise<void> {
    const failed = ours.transaction(function* (tx) {
      const things = tx.tenant(tenantId).collection('things' as never);
      yield* things.insert(thing(0) as never);
      yield* things.remove(expected[0]!._id);
      throw new Error('undone');
    });
    await failed.catch(() => undefined);
  }

  it('stay right while both this process and another one insert, delete and fail', async () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const amount = fc.integer({ min: 1, max: 300 });
    const store = fc.boolean();
    const action = fc.oneof(
      fc.record({ kind: fc.constant('insert' as const), amount, foreign: store, part }),
      fc.record({ kind: fc.constant('remove' as const), amount, foreign: store, part }),
      fc.record({ kind: fc.constant('fail' as const), amount, foreign: store, part }),
    );
    const property = fc.asyncProperty(
      fc.array(action, { minLength: 1, maxLength: 6 }),
      part,
      async (actions, position) => {
        for (const { kind, amount, foreign, part } of actions) {
          const store = foreign && kind !== 'fail' ? theirs : ours;
          if (kind === 'insert') await insert(store, amount);
          else if (kind === 'remove') await remove(store, part, amount);
          else await fail();
          await check(ours, position);
        }
        await check(theirs, position);
      },
    );
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
  }).timeout(60_000);
});
