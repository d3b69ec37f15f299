import { expect } from 'chai';
import type { Reader, Step, Store } from '../../src/persistence/store.js';
import { roleOf } from '../support/roles.js';
import { openTestStore } from '../support/store.js';

function* namesStep(reader: Reader, keys: readonly string[]): Step<string[]> {
  const roles = reader.tenant('t').collection('roles');
  const names: string[] = [];
  for (const key of keys) {
    const role = yield* roles.findOne({ key });
    if (role) names.push((yield* roles.get(role._id))?.name ?? '');
  }
  return names;
}

describe('steps that only read', () => {
  let store: Store;
  before(async () => {
    store = await openTestStore();
    for (const key of ['a', 'b']) {
      await store
        .tenant('t')
        .collection('roles')
        .insert(roleOf('t', key, { name: `role ${key}` }));
    }
  });

  it('give the same inside a transaction and outside', async () => {
    const outside = await store.read((reader) => namesStep(reader, ['a', 'none', 'b']));
    expect(outside).to.deep.equal(['role a', 'role b']);
    expect(await store.transaction((tx) => namesStep(tx, ['a', 'none', 'b']))).to.deep.equal(outside);
  });

  it('see one tenant alone, or all of them', async () => {
    const count = (tenantId: string | null) =>
      store.read((reader) =>
        (tenantId ? reader.tenant(tenantId) : reader.server).collection('roles').count({}),
      );
    expect(await count('other')).to.equal(0);
    expect(await count('t')).to.equal(2);
    expect(await count(null)).to.equal(2);
  });

  it('read two documents as one step, each of its own tenant, and as the transaction has written them', async () => {
    const roles = await store.tenant('t').collection('roles').find({});
    const [a, b] = ['a', 'b'].map((key) => roles.find((role) => role.key === key)!._id);
    const place = (tenantId: string, id: string) => ({ tenantId, collection: 'roles' as const, id });
    const names = (found: readonly ({ name: string } | undefined)[]) => found.map((role) => role?.name);
    const look = (reader: Reader) => reader.getBoth(place('t', a!), place('t', b!));
    expect(names(await store.read(look))).to.deep.equal(['role a', 'role b']);
    const foreign = (reader: Reader) => reader.getBoth(place('other', a!), place('t', b!));
    expect(names(await store.read(foreign))).to.deep.equal([undefined, 'role b']);
    expect(names(await store.transaction(foreign))).to.deep.equal([undefined, 'role b']);
    const written = await store.transaction(function* (tx) {
      const first = yield* look(tx);
      yield* tx
        .tenant('t')
        .collection('roles')
        .update(b!, (role) => ({ ...role, name: 'new' }));
      return [...first, ...(yield* look(tx))];
    });
    expect(names(written)).to.deep.equal(['role a', 'role b', 'role a', 'new']);
  });

  it('reject with what they throw', async () => {
    const failed = store.read(function* (reader): Step<never> {
      yield* reader.tenant('t').collection('roles').find({});
      throw new Error('not this way');
    });
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('not this way');
  });
});
