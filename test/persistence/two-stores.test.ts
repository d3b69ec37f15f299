import { expect } from 'chai';
import { createLogger } from '../../src/infrastructure/logger.js';
import { openStore } from '../../src/persistence/connect.js';
import type { Store } from '../../src/persistence/store.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { roleOf } from '../support/roles.js';
import { dropDatabase, freshMongoUri } from '../support/store.js';

/** As two processes have it: each store takes turns with itself alone, and knows nothing of the other. */
describe('one MongoDB under two stores', () => {
  const mongodbUri = freshMongoUri();
  const stores: Store[] = [];
  before(async function () {
    if (!mongodbUri) this.skip();
    const open = () =>
      openStore({ mongodbUri, dataDir: '', clock: systemClock, log: createLogger('silent') });
    stores.push(await open());
    stores.push(await open());
  });
  after(async () => {
    for (const store of stores) await store.close();
    if (mongodbUri) await dropDatabase(mongodbUri);
  });
  const rolesOf = (store: Store, tenantId: string) => store.tenant(tenantId).collection('roles');
  const oneMore = (name: string) => String(Number(name) + 1);
  /** Forty pieces of work, half of them on each store, all at once. */
  const forty = <R>(work: (store: Store, index: number) => Promise<R>): Promise<R[]> =>
    Promise.all(Array.from({ length: 40 }, (_, i) => work(stores[i % 2]!, i)));

  it('loses none of forty updates of one document', async () => {
    const tenantId = newId();
    const { _id } = await rolesOf(stores[0]!, tenantId).insert(roleOf(tenantId, 'a', { name: '0' }));
    await forty((store) =>
      rolesOf(store, tenantId).update(_id, (stored) => ({ ...stored, name: oneMore(stored.name) })),
    );
    expect(await rolesOf(stores[1]!, tenantId).get(_id)).to.include({ name: '40', version: 41 });
  });

  it('loses none of forty updates in transactions', async () => {
    const tenantId = newId();
    const { _id } = await rolesOf(stores[0]!, tenantId).insert(roleOf(tenantId, 'a', { name: '0' }));
    await forty((store, i) =>
      store.transaction(function* (tx) {
        const roles = tx.tenant(tenantId).collection('roles');
        yield* roles.update(_id, (stored) => ({ ...stored, name: oneMore(stored.name) }));
        yield* roles.insert(roleOf(tenantId, `made ${i}`));
      }),
    );
    expect(await rolesOf(stores[1]!, tenantId).get(_id)).to.include({ name: '40', version: 41 });
    expect(await rolesOf(stores[1]!, tenantId).count({})).to.equal(41);
  });

  it('lets one of forty that all found the same version change it', async () => {
    const tenantId = newId();
    const { _id } = await rolesOf(stores[0]!, tenantId).insert(roleOf(tenantId, 'a'));
    const changed = await forty((store, i) =>
      rolesOf(store, tenantId)
        .update(_id, (stored) => ({ ...stored, name: `by ${i}` }), { ifVersion: 1 })
        .then(
          () => 'changed',
          (error: unknown) => (error as { code?: string }).code,
        ),
    );
    expect(changed.filter((code) => code === 'changed')).to.have.length(1);
    expect(new Set(changed)).to.deep.equal(new Set(['changed', 'resource.version_mismatch']));
  });

  it('lets one of forty inserts of a unique key through', async () => {
    const tenantId = newId();
    /** As a client does it: who hears that too many write at once asks again. */
    const insert = async (store: Store): Promise<unknown> => {
      try {
        await rolesOf(store, tenantId).insert(roleOf(tenantId, 'a'));
        return 'made';
      } catch (error) {
        const { code } = error as { code?: string };
        return code === 'store.conflict' ? insert(store) : code;
      }
    };
    const made = await forty(insert);
    expect(made.filter((code) => code === 'made')).to.have.length(1);
    expect(new Set(made)).to.deep.equal(new Set(['made', 'store.duplicate']));
    expect(await rolesOf(stores[1]!, tenantId).count({})).to.equal(1);
  });

  it('counts forty at once right', async () => {
    const key = newId();
    const end = new Date(Date.now() + 60_000);
    const counts = await forty((store) => store.increment(key, 1, end));
    expect(counts.map(({ count }) => count).sort((a, b) => a - b)).to.deep.equal(counts.map((_, i) => i + 1));
  });
});
