import { expect } from 'chai';
import type { SsoConnectionDocument } from '../../src/persistence/collections/sso-connections.js';
import { DuplicateKey, type NewDocument, type Query, type Store } from '../../src/persistence/store.js';
import { AppError } from '../../src/shared/errors.js';
import { newId } from '../../src/shared/ids.js';
import { ManualClock } from '../support/clock.js';
import { roleOf } from '../support/roles.js';
import { openTestStore } from '../support/store.js';

/** The refusal of a promise that must be refused. */
async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const error: unknown = await promise.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error as Error;
}

function connectionOf(
  tenantId: string,
  name: string,
  verifiedDomains: string[],
): NewDocument<SsoConnectionDocument> {
  return {
    _id: newId(),
    tenantId,
    name,
    issuer: 'i',
    clientId: 'c',
    clientSecret: null,
    scopes: ['openid'],
    mode: 'off',
    jitProvisioning: false,
    domains: [],
    verifiedDomains,
  };
}

describe('stored documents', () => {
  const clock = new ManualClock();
  let store: Store;
  before(async () => {
    store = await openTestStore(clock);
  });
  const rolesOf = (tenantId: string) => store.tenant(tenantId).collection('roles');

  it('come back as they were inserted, with version 1 and both times', async () => {
    const tenantId = newId();
    const inserted = await rolesOf(tenantId).insert(roleOf(tenantId, 'a', { permissions: ['x'] }));
    expect(inserted).to.include({ version: 1, fullKey: 'a' });
    expect(inserted.createdAt).to.deep.equal(clock.now());
    expect(await rolesOf(tenantId).get(inserted._id)).to.deep.equal(inserted);
    expect(await rolesOf(tenantId).get(newId())).to.equal(undefined);
  });

  it('keep dates, nested values, null, odd characters and empty arrays, and drop what is undefined', async () => {
    const tenantId = newId();
    const jobs = store.tenant(tenantId).collection('jobs');
    const payload = {
      at: new Date('1969-12-31T23:59:59.999Z'),
      nothing: null,
      absent: undefined,
      list: [1, -2.5, 'é\u{1F600}\0', [], { deep: [null, true] }],
      big: 2 ** 53 - 1,
    };
    const _id = newId();
    const runAt = clock.now();
    await jobs.insert({ _id, tenantId, kind: 'odd', payload, runAt, attempts: 0, leasedUntil: null });
    const { absent, ...kept } = payload;
    expect(absent).to.equal(undefined);
    expect((await jobs.get(_id))?.payload).to.deep.equal(kept);
  });

  it('are not found through another tenant, by any operation', async () => {
    const [ours, theirs] = [newId(), newId()];
    const { _id } = await rolesOf(ours).insert(roleOf(ours, 'a'));
    expect(await rolesOf(theirs).get(_id)).to.equal(undefined);
    expect(await rolesOf(theirs).find({ _id })).to.deep.equal([]);
    expect(await rolesOf(theirs).count({})).to.equal(0);
    expect(await rolesOf(theirs).update(_id, (stored) => ({ ...stored, name: 'b' }))).to.equal(undefined);
    expect(await rolesOf(theirs).remove(_id)).to.equal(false);
    expect(await rolesOf(theirs).removeMany({})).to.equal(0);
    expect(await store.server.collection('roles').get(_id)).to.include({ tenantId: ours, name: 'a' });
  });

  it('move their version and time on with an update, and only then', async () => {
    const tenantId = newId();
    const { _id, createdAt } = await rolesOf(tenantId).insert(roleOf(tenantId, 'a'));
    clock.advance(1000);
    const same = await rolesOf(tenantId).update(_id, () => undefined);
    expect(same).to.include({ version: 1 });
    const changed = await rolesOf(tenantId).update(_id, (stored) => ({ ...stored, name: 'b' }), {
      ifVersion: 1,
    });
    expect(changed).to.include({ name: 'b', version: 2 });
    expect(changed?.updatedAt).to.deep.equal(clock.now());
    expect(changed?.createdAt).to.deep.equal(createdAt);
    expect(await rolesOf(tenantId).get(_id)).to.deep.equal(changed);
  });

  it('refuse an update and a removal of another version than the stored one', async () => {
    const tenantId = newId();
    const { _id } = await rolesOf(tenantId).insert(roleOf(tenantId, 'a'));
    const update = rolesOf(tenantId).update(_id, (stored) => ({ ...stored, name: 'b' }), { ifVersion: 7 });
    expect((await refusal(update)).code).to.equal('resource.version_mismatch');
    expect((await refusal(rolesOf(tenantId).remove(_id, { ifVersion: 7 }))).code).to.equal(
      'resource.version_mismatch',
    );
    expect(await rolesOf(tenantId).remove(_id, { ifVersion: 1 })).to.equal(true);
    expect(await rolesOf(tenantId).remove(_id, { ifVersion: 1 })).to.equal(false);
  });

  it('refuse a second document with a unique key, and name the index; another tenant may have it', async () => {
    const [ours, theirs] = [newId(), newId()];
    await rolesOf(ours).insert(roleOf(ours, 'a'));
    await rolesOf(theirs).insert(roleOf(theirs, 'a'));
    const error = await refusal(rolesOf(ours).insert(roleOf(ours, 'a')));
    expect(error.code).to.equal('store.duplicate');
    expect(error.cause)
      .to.be.instanceOf(DuplicateKey)
      .and.to.include({ collection: 'roles', index: 'roles_key' });
    const other = await rolesOf(ours).insert(roleOf(ours, 'b'));
    const renaming = rolesOf(ours).update(other._id, (stored) => ({ ...stored, fullKey: 'a' }));
    expect(await refusal(renaming)).to.have.nested.property('cause.index', 'roles_key');
    const again = await refusal(rolesOf(ours).insert({ ...roleOf(ours, 'c'), _id: other._id }));
    expect(again).to.have.nested.property('cause.index', '_id_');
    expect(await rolesOf(ours).count({})).to.equal(2);
  });

  it('hold every item of an array to a unique index, and free it when it goes', async () => {
    const tenantId = newId();
    const connections = store.tenant(tenantId).collection('sso_connections');
    const connection = (name: string, verifiedDomains: string[]) =>
      connectionOf(tenantId, name, verifiedDomains);
    const [mine, other] = [`${newId()}.test`, `${newId()}.test`];
    const first = await connections.insert(connection('a', [mine, other]));
    const error = await refusal(connections.insert(connection('b', ['new.test', other])));
    expect(error).to.have.nested.property('cause.index', 'sso_connections_domain');
    await connections.insert(connection('c', []));
    await connections.insert(connection('d', []));
    await connections.update(first._id, (stored) => ({ ...stored, verifiedDomains: [mine] }));
    await connections.insert(connection('b', [other]));
    expect(await store.server.collection('sso_connections').findOne({ verifiedDomains: mine })).to.include({
      name: 'a',
    });
  });

  it('are found by the items an indexed array has now, when others of the same number take their place', async () => {
    const tenantId = newId();
    const connections = store.tenant(tenantId).collection('sso_connections');
    const connection = (name: string, verifiedDomains: string[]) =>
      connectionOf(tenantId, name, verifiedDomains);
    const [a, b, c, d] = Array.from({ length: 4 }, () => `${newId()}.test`) as [
      string,
      string,
      string,
      string,
    ];
    const { _id } = await connections.insert(connection('one', [a, b]));
    const nameOf = async (verifiedDomains: string) =>
      (await store.server.collection('sso_connections').findOne({ verifiedDomains }))?.name;
    for (const [now, gone] of [
      [
        [c, b],
        [a, d],
      ],
      [
        [b, c],
        [a, d],
      ],
      [
        [c, d],
        [a, b],
      ],
      [
        [a, b],
        [c, d],
      ],
    ] as const) {
      await connections.update(_id, (stored) => ({ ...stored, verifiedDomains: [...now] }));
      for (const domain of now) expect(await nameOf(domain), domain).to.equal('one');
      for (const domain of gone) expect(await nameOf(domain), domain).to.equal(undefined);
    }
    await connections.insert(connection('other', [c, d]));
    expect([await nameOf(a), await nameOf(c)]).to.deep.equal(['one', 'other']);
  });

  it('let one of twenty inserts of the same key through', async () => {
    const tenantId = newId();
    const inserts = Array.from({ length: 20 }, () => rolesOf(tenantId).insert(roleOf(tenantId, 'a')));
    const results = await Promise.allSettled(inserts);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).to.have.length(19);
    for (const { reason } of refused) expect(reason).to.have.nested.property('cause.index', 'roles_key');
  });

  it('have every change when a hundred clients update one of them', async () => {
    const tenantId = newId();
    const { _id } = await rolesOf(tenantId).insert(roleOf(tenantId, 'a', { name: '0' }));
    const add = () => rolesOf(tenantId).update(_id, (r) => ({ ...r, name: String(Number(r.name) + 1) }));
    await Promise.all(Array.from({ length: 100 }, add));
    expect(await rolesOf(tenantId).get(_id)).to.include({ name: '100', version: 101 });
  });

  it('are removed by a query, and walked in id order while others come and go', async () => {
    const tenantId = newId();
    const documents = Array.from({ length: 450 }, (_, i) =>
      roleOf(tenantId, `k${i}`, { name: i % 3 ? 'x' : 'y' }),
    );
    await rolesOf(tenantId).insertMany(documents);
    expect(await rolesOf(tenantId).removeMany({ name: 'y' })).to.equal(150);
    const met: string[] = [];
    for await (const { _id } of rolesOf(tenantId).iterate({ name: 'x' }, { fields: [] })) {
      if (met.length === 50) await rolesOf(tenantId).insert(roleOf(tenantId, 'new', { name: 'x' }));
      met.push(_id);
    }
    const expected = documents.filter(({ name }) => name === 'x').map(({ _id }) => _id);
    expect(met.slice(0, 300)).to.deep.equal(expected);
    expect(await rolesOf(tenantId).count({})).to.equal(301);
  });

  it('are found by any bound on their ids, also one that is no id itself, and by ids in other fields', async () => {
    const tenantId = newId();
    const events = store.tenant(tenantId).collection('audit_events');
    const party = { type: 'user', id: newId(), label: 'a' };
    const made = Array.from({ length: 6 }, (_, i) => ({
      ...{ _id: newId(), tenantId, at: clock.now(), action: 'user.created', result: 'success' as const },
      ...{
        actor: i < 4 ? party : { ...party, id: 'nobody' },
        target: null,
        changes: [],
        requestId: null,
        ip: null,
      },
    }));
    await events.insertMany(made);
    const ids = made.map(({ _id }) => _id);
    const found = async (query: Query) =>
      (await events.find(query, { sort: { _id: 1 } })).map(({ _id }) => _id);
    expect(await found({ _id: { $gt: '' } })).to.deep.equal(ids);
    expect(await found({ _id: { $lt: 'x' } })).to.deep.equal(ids);
    expect(await found({ _id: { $gt: 'x' } })).to.deep.equal([]);
    expect(await found({ _id: { $regex: '^0' } })).to.deep.equal(ids);
    expect(await found({ _id: { $gt: ids[1], $lte: ids[3] } })).to.deep.equal(ids.slice(2, 4));
    expect(await found({ 'actor.id': party.id })).to.deep.equal(ids.slice(0, 4));
    expect(await found({ 'actor.id': 'nobody' })).to.deep.equal(ids.slice(4));
    expect(await events.count({ _id: { $gt: ids[1] } })).to.equal(4);
    const after = await events.find({}, { sort: { _id: -1 }, after: { _id: ids[3]! }, limit: 2 });
    expect(after.map(({ _id }) => _id)).to.deep.equal([ids[2], ids[1]]);
  });

  it('come with the wanted fields only, and their id, tenant and version', async () => {
    const tenantId = newId();
    await rolesOf(tenantId).insert(roleOf(tenantId, 'a'));
    const [found] = await rolesOf(tenantId).find({}, { fields: ['name'] });
    expect(found).to.have.all.keys('_id', 'tenantId', 'version', 'name');
  });

  it('are not searched by a query that leaves a value undefined', async () => {
    const error = await rolesOf('t')
      .find({ fullKey: undefined })
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error).and.not.instanceOf(AppError);
    expect(error).to.have.property('message').that.includes('fullKey');
  });
});
