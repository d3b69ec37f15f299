import { expect } from 'chai';
import type { RoleDocument } from '../../src/persistence/collections/tenants.js';
import type { Store, Transaction } from '../../src/persistence/store.js';
import { newId } from '../../src/shared/ids.js';
import { roleOf } from '../support/roles.js';
import { openTestStore } from '../support/store.js';

describe('transactions', () => {
  let store: Store;
  before(async () => {
    store = await openTestStore();
  });
  const rolesOf = (tenantId: string) => store.tenant(tenantId).collection('roles');
  const inside = (tx: Transaction, tenantId: string) => tx.tenant(tenantId).collection('roles');

  it('commit all they did, see it before, and give back their result', async () => {
    const tenantId = newId();
    const kept = await rolesOf(tenantId).insert(roleOf(tenantId, 'kept'));
    const result = await store.transaction(function* (tx) {
      const roles = inside(tx, tenantId);
      const fresh = yield* roles.insert(roleOf(tenantId, 'fresh'));
      yield* roles.update(kept._id, (stored) => ({ ...stored, name: 'changed' }));
      expect((yield* roles.get(fresh._id))?.fullKey).to.equal('fresh');
      expect((yield* roles.findOne({ name: 'changed' }))?._id).to.equal(kept._id);
      expect((yield* roles.find({}, { sort: { fullKey: 1 } })).map((role) => role.fullKey)).to.deep.equal([
        'fresh',
        'kept',
      ]);
      expect(yield* roles.remove(fresh._id)).to.equal(true);
      expect(yield* roles.removeMany({ fullKey: 'none' })).to.equal(0);
      return (yield* roles.count({})) + 41;
    });
    expect(result).to.equal(42);
    expect(await rolesOf(tenantId).find({})).to.have.length(1);
    expect(await rolesOf(tenantId).get(kept._id)).to.include({ name: 'changed', version: 2 });
  });

  it('undo everything when their work throws, and throw that', async () => {
    const tenantId = newId();
    const kept = await rolesOf(tenantId).insert(roleOf(tenantId, 'kept'));
    const failed = store.transaction(function* (tx) {
      yield* inside(tx, tenantId).update(kept._id, (stored) => ({ ...stored, fullKey: 'changed' }));
      yield* inside(tx, tenantId).insert(roleOf(tenantId, 'kept'));
      throw new Error('no');
    });
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('no');
    expect(await rolesOf(tenantId).find({})).to.deep.equal([kept]);
    expect(await rolesOf(tenantId).findOne({ fullKey: 'kept' })).to.deep.equal(kept);
    expect(await rolesOf(tenantId).count({ fullKey: 'changed' })).to.equal(0);
  });

  it('undo what they removed by a query as well', async () => {
    const tenantId = newId();
    const kept = [
      await rolesOf(tenantId).insert(roleOf(tenantId, 'a', { name: 'x' })),
      await rolesOf(tenantId).insert(roleOf(tenantId, 'b', { name: 'x' })),
      await rolesOf(tenantId).insert(roleOf(tenantId, 'c', { name: 'y' })),
    ];
    const failed = store.transaction(function* (tx) {
      expect(yield* inside(tx, tenantId).removeMany({ name: 'x' })).to.equal(2);
      expect(yield* inside(tx, tenantId).remove(kept[2]!._id)).to.equal(true);
      expect(yield* inside(tx, tenantId).count({})).to.equal(0);
      throw new Error('no');
    });
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('no');
    expect(await rolesOf(tenantId).find({}, { sort: { fullKey: 1 } })).to.deep.equal(kept);
    expect(await rolesOf(tenantId).findOne({ fullKey: 'b' })).to.deep.equal(kept[1]);
  });

  it('that have read a document of one tenant do not find or change it through another', async () => {
    const [ours, theirs] = [newId(), newId()];
    const { _id } = await rolesOf(ours).insert(roleOf(ours, 'a'));
    const rename = (stored: RoleDocument): RoleDocument => ({ ...stored, name: 'stolen' });
    const found = await store.transaction(function* (tx) {
      expect(yield* inside(tx, ours).get(_id)).to.include({ tenantId: ours });
      yield* inside(tx, ours).update(_id, (stored) => ({ ...stored, name: 'ours' }));
      const other = inside(tx, theirs);
      return {
        got: yield* other.get(_id),
        one: yield* other.findOne({ _id }),
        all: yield* other.find({ _id }),
        count: yield* other.count({}),
        updated: yield* other.update(_id, rename),
        removed: yield* other.remove(_id),
        removedMany: yield* other.removeMany({}),
      };
    });
    expect(found).to.deep.equal({
      got: undefined,
      one: undefined,
      all: [],
      count: 0,
      updated: undefined,
      removed: false,
      removedMany: 0,
    });
    expect(await rolesOf(ours).get(_id)).to.include({ name: 'ours', version: 2 });
  });

  it('do not find any more what they have read and then removed, one by one or by a query', async () => {
    const tenantId = newId();
    const [a, b, c] = [
      await rolesOf(tenantId).insert(roleOf(tenantId, 'a')),
      await rolesOf(tenantId).insert(roleOf(tenantId, 'b')),
      await rolesOf(tenantId).insert(roleOf(tenantId, 'c')),
    ];
    const left = await store.transaction(function* (tx) {
      const roles = inside(tx, tenantId);
      for (const { _id } of [a, b, c]) expect(yield* roles.get(_id)).to.not.equal(undefined);
      yield* roles.remove(a._id);
      yield* roles.removeMany({ fullKey: 'b' });
      const gone: unknown[] = [];
      for (const { _id } of [a, b]) {
        gone.push(yield* roles.get(_id));
        gone.push(yield* roles.findOne({ _id }));
        gone.push(yield* roles.update(_id, (stored) => ({ ...stored, name: 'back' })));
      }
      expect(gone).to.deep.equal(gone.map(() => undefined));
      return (yield* roles.find({})).map(({ fullKey }) => fullKey);
    });
    expect(left).to.deep.equal(['c']);
    expect(await rolesOf(tenantId).count({})).to.equal(1);
  });

  it('end with the refusal of a step, even when their work catches it', async () => {
    const tenantId = newId();
    await rolesOf(tenantId).insert(roleOf(tenantId, 'a'));
    const failed = store.transaction(function* (tx) {
      yield* inside(tx, tenantId).insert(roleOf(tenantId, 'b'));
      try {
        yield* inside(tx, tenantId).insert(roleOf(tenantId, 'a'));
      } catch {
        return 'caught';
      }
      return 'inserted';
    });
    const error: unknown = await failed.catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'store.duplicate');
    expect(await rolesOf(tenantId).count({})).to.equal(1);
  });

  it('of a hundred clients on the same two documents all take effect', async () => {
    const tenantId = newId();
    const [a, b] = [
      await rolesOf(tenantId).insert(roleOf(tenantId, 'a', { name: '100' })),
      await rolesOf(tenantId).insert(roleOf(tenantId, 'b', { name: '0' })),
    ];
    const add = (name: string, by: number) => String(Number(name) + by);
    const move = (_: unknown, i: number) =>
      store.transaction(function* (tx) {
        const roles = inside(tx, tenantId);
        yield* roles.update(a._id, (stored) => ({ ...stored, name: add(stored.name, -1) }));
        yield* roles.update(b._id, (stored) => ({ ...stored, name: add(stored.name, 1) }));
        yield* roles.insert(roleOf(tenantId, `moved ${i}`));
      });
    await Promise.all(Array.from({ length: 100 }, move));
    expect(await rolesOf(tenantId).get(a._id)).to.include({ name: '0', version: 101 });
    expect(await rolesOf(tenantId).get(b._id)).to.include({ name: '100', version: 101 });
    expect(await rolesOf(tenantId).count({})).to.equal(102);
  });

  it('that name the same hot document take turns: none has to run again', async () => {
    const tenantId = newId();
    const { _id } = await rolesOf(tenantId).insert(roleOf(tenantId, 'hot'));
    let runs = 0;
    const change = () =>
      store.transaction(
        function* (tx) {
          runs += 1;
          yield* inside(tx, tenantId).update(_id, (stored) => ({ ...stored, name: `${runs}` }));
        },
        { hot: `roles/${_id}` },
      );
    await Promise.all(Array.from({ length: 20 }, change));
    expect([runs, (await rolesOf(tenantId).get(_id))?.version]).to.deep.equal([20, 21]);
  });

  it('show nothing before they commit', async () => {
    const tenantId = newId();
    const seen: number[] = [];
    const running = store.transaction(function* (tx) {
      for (let i = 0; i < 5; i++) yield* inside(tx, tenantId).insert(roleOf(tenantId, `k${i}`));
      return 'done';
    });
    let state = 'running';
    void running.then((result) => (state = result));
    while (state === 'running') seen.push(await rolesOf(tenantId).count({}));
    expect(seen.every((count) => count === 0 || count === 5)).to.equal(true);
    expect(await rolesOf(tenantId).count({})).to.equal(5);
  });
});
