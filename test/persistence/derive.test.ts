import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SignInFlowDocument } from '../../src/persistence/collections/access.js';
import type { RoleDocument } from '../../src/persistence/collections/tenants.js';
import { openEmbeddedStore } from '../../src/persistence/embedded/store.js';
import type { Store } from '../../src/persistence/store.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { ManualClock } from '../support/clock.js';
import { eventually } from '../support/eventually.js';
import { roleOf } from '../support/roles.js';
import { openTestStore } from '../support/store.js';
import { thingSchema, thingsOf, type Thing } from '../support/things.js';

const named = ({ name }: RoleDocument) => ({ name });

describe('what is made of documents', () => {
  const clock = new ManualClock();
  let store: Store;
  before(async () => {
    store = await openTestStore(clock);
  });

  it('is of the document as it stands, however often it was asked for before', async () => {
    const roles = store.tenant('t').collection('roles');
    const { _id } = await roles.insert(roleOf('t', 'changing', { name: 'old' }));
    for (let i = 0; i < 4; i++) expect(await roles.derive(_id, named)).to.deep.equal({ name: 'old' });
    await roles.update(_id, (stored) => ({ ...stored, name: 'new' }));
    for (let i = 0; i < 4; i++) expect(await roles.derive(_id, named)).to.deep.equal({ name: 'new' });
    expect(await roles.derive(_id, ({ key }) => key)).to.equal('changing');
    await roles.remove(_id);
    expect(await roles.derive(_id, named)).to.equal(undefined);
    expect(await roles.deriveAll({ key: 'changing' }, {}, named)).to.deep.equal([]);
  });

  it('is not found by another tenant, even when it is remembered', async () => {
    const roles = store.tenant('t').collection('roles');
    const { _id } = await roles.insert(roleOf('t', 'mine'));
    for (let i = 0; i < 4; i++) await roles.derive(_id, named);
    expect(await store.tenant('other').collection('roles').derive(_id, named)).to.equal(undefined);
    expect(await store.server.collection('roles').derive(_id, named)).to.not.equal(undefined);
  });

  it('has nothing of a transaction that was undone', async () => {
    const roles = store.tenant('t').collection('roles');
    const { _id } = await roles.insert(roleOf('t', 'kept', { name: 'kept' }));
    for (let i = 0; i < 3; i++) await roles.derive(_id, named);
    const failed = store.transaction(function* (tx) {
      yield* tx
        .tenant('t')
        .collection('roles')
        .update(_id, (stored) => ({ ...stored, name: 'undone' }));
      throw new Error('no');
    });
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('no');
    for (let i = 0; i < 3; i++) expect(await roles.derive(_id, named)).to.deep.equal({ name: 'kept' });
  });

  it('ends with its document, to the instant', async () => {
    const flows = store.server.collection('sign_in_flows');
    const expiresAt = new Date(clock.now().getTime() + 1000);
    const tokenHash = newId();
    const { _id } = await flows.insert({
      _id: newId(),
      tenantId: 'server',
      tokenHash,
      csrfToken: 'c',
      state: {},
      expiresAt,
    });
    const csrf = ({ csrfToken }: SignInFlowDocument) => csrfToken;
    for (let i = 0; i < 3; i++) expect(await flows.derive(_id, csrf)).to.equal('c');
    clock.advance(1000);
    expect(await flows.derive(_id, csrf)).to.equal(undefined);
    expect(await flows.deriveAll({ tokenHash }, {}, csrf)).to.deep.equal([]);
  });

  it('comes in the order and from the place asked for, like the documents', async () => {
    const roles = store.tenant('pages').collection('roles');
    for (const name of ['d', 'a', 'c', 'b']) await roles.insert(roleOf('pages', `page-${name}`, { name }));
    const options = { sort: { name: -1 }, skip: 1, limit: 2 } as const;
    expect(await roles.deriveAll({}, options, named)).to.deep.equal([{ name: 'c' }, { name: 'b' }]);
    expect(await roles.deriveAll({ name: { $regex: 'a|d' } }, {}, named)).to.have.length(2);
    expect(await roles.deriveAll({}, { limit: 0 }, named)).to.deep.equal([]);
  });
});

describe('what is made of documents (embedded)', () => {
  it('is made once for as long as a document stands, and anew when another process has changed it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
    const schemas = { things: thingSchema() };
    const [ours, theirs] = [
      openEmbeddedStore(folder, schemas, systemClock),
      openEmbeddedStore(folder, schemas, systemClock),
    ];
    const _id = newId();
    const [mine, foreign] = [thingsOf(ours, 't'), thingsOf(theirs, 't')];
    await mine.insert({ _id, tenantId: 't', key: _id, size: 1, tags: [], parts: [], inner: {} } as never);
    let made = 0;
    const size = (thing: Thing) => ({ size: thing.size, made: ++made });
    for (let i = 0; i < 5; i++) await mine.derive(_id, size);
    expect(made).to.equal(2);
    expect(await mine.deriveAll({}, {}, size)).to.deep.equal([{ size: 1, made: 2 }]);
    // What another process wrote is seen a moment later, when the snapshot of the reads before is given up.
    const until = (wanted: number | undefined) =>
      eventually(async () => {
        const found = await mine.derive(_id, size);
        return found?.size === wanted && { found };
      }, 'what another process wrote is seen');
    await foreign.update(_id, (thing) => ({ ...thing, size: 2 }));
    expect(await until(2)).to.deep.equal({ found: { size: 2, made: 3 } });
    await foreign.remove(_id);
    await until(undefined);
    await Promise.all([ours.close(), theirs.close()]);
    await rm(folder, { recursive: true });
  });
});
