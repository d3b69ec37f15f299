import { expect } from 'chai';
import { newId } from '../../src/shared/ids.js';
import type { RoleDocument } from '../../src/persistence/collections/tenants.js';
import type { NewDocument, Store } from '../../src/persistence/store.js';
import { openTestStore } from '../support/store.js';

const role = (tenantId: string, key: string): NewDocument<RoleDocument> =>
  ({
    _id: newId(),
    tenantId,
    key,
    fullKey: key,
    name: key,
    permissions: [],
  }) as unknown as NewDocument<RoleDocument>;

describe('the store', () => {
  let store: Store;
  before(async () => {
    store = await openTestStore();
  });

  it('gives back what was inserted, and nothing to another tenant', async () => {
    const [ours, theirs] = [newId(), newId()];
    const fresh = await store.tenant(ours).collection('roles').insert(role(ours, 'a'));
    expect(fresh.version).to.equal(1);
    expect(await store.tenant(ours).collection('roles').get(fresh._id)).to.deep.equal(fresh);
    expect(await store.tenant(theirs).collection('roles').get(fresh._id)).to.equal(undefined);
    expect(await store.tenant(theirs).collection('roles').find({})).to.deep.equal([]);
    expect(await store.tenant(ours).collection('roles').findOne({ fullKey: 'a' })).to.deep.equal(fresh);
    expect(await store.tenant(ours).collection('roles').count({})).to.equal(1);
  });

  it('lets one of twenty inserts of the same key through', async () => {
    const tenantId = newId();
    const roles = store.tenant(tenantId).collection('roles');
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => roles.insert(role(tenantId, 'a'))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    const [refused] = results.filter((result) => result.status === 'rejected');
    expect(refused?.reason).to.have.property('code', 'store.duplicate');
    expect(refused?.reason).to.have.nested.property('cause.index', 'roles_key');
  });

  it('undoes a transaction that throws', async () => {
    const tenantId = newId();
    const roles = store.tenant(tenantId).collection('roles');
    const kept = await roles.insert(role(tenantId, 'kept'));
    const failed = store.transaction(function* (tx) {
      const inside = tx.tenant(tenantId).collection('roles');
      yield* inside.update(kept._id, (stored) => ({ ...stored, name: 'changed' }));
      yield* inside.insert(role(tenantId, 'b'));
      expect(yield* inside.count({})).to.equal(2);
      throw new Error('no');
    });
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('no');
    expect(await roles.find({})).to.deep.equal([kept]);
  });

  it('does every change when a hundred clients update one document', async () => {
    const tenantId = newId();
    const roles = store.tenant(tenantId).collection('roles');
    const { _id } = await roles.insert(role(tenantId, '0'));
    await Promise.all(
      Array.from({ length: 100 }, () =>
        roles.update(_id, (r) => ({ ...r, name: String(Number(r.name) + 1) })),
      ),
    );
    expect(await roles.get(_id)).to.include({ name: '100', version: 101 });
  });
});
