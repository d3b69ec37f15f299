import { expect } from 'chai';
import { PageMemory } from '../../src/persistence/mongo/page-memory.js';
import type { Store } from '../../src/persistence/store.js';
import { listTotal } from '../../src/shared/list-total.js';
import { newId } from '../../src/shared/ids.js';
import { roleOf } from '../support/roles.js';
import { openTestStore } from '../support/store.js';

const question = { collection: 'users', scope: 'a', query: {}, sort: { name: 1 as const } };

describe('what is remembered of lists', () => {
  it('is the nearest place before a position, and a total for as long as it may be old', () => {
    let now = 0;
    const pages = new PageMemory(() => now);
    const writes = pages.writes(question);
    pages.rememberPosition(question, writes, 100, { _id: 'x', name: 'm' } as never);
    pages.rememberTotal(question, writes, 250);
    expect(pages.positionBefore(question, 99)).to.equal(undefined);
    expect(pages.positionBefore(question, 130)).to.deep.equal({
      position: 100,
      after: { _id: 'x', name: 'm' },
    });
    expect(pages.positionBefore({ ...question, sort: { name: -1 } }, 130)).to.equal(undefined);
    expect(pages.positionBefore({ ...question, scope: 'b' }, 130)).to.equal(undefined);
    expect(pages.total(question, 2000)).to.equal(250);
    now = 2001;
    expect(pages.total(question, 2000)).to.equal(undefined);
  });

  it('is forgotten with a write to the same tenant or to all, and not with one to another', () => {
    const pages = new PageMemory();
    const remember = () => pages.rememberTotal(question, pages.writes(question), 3);
    const total = () => pages.total(question, 60_000);
    remember();
    pages.noteWrite('users', 'b');
    pages.noteWrite('groups', 'a');
    expect(total()).to.equal(3);
    pages.noteWrite('users', 'a');
    expect(total()).to.equal(undefined);
    remember();
    pages.noteWrite('users', null);
    expect(total()).to.equal(undefined);
  });

  it('leaves out what was read before a write and comes after it', () => {
    const pages = new PageMemory();
    const writes = pages.writes(question);
    pages.noteWrite('users', 'a');
    pages.rememberTotal(question, writes, 3);
    expect(pages.total(question, 60_000)).to.equal(undefined);
  });
});

describe('pages of a list', () => {
  let store: Store;
  before(async () => {
    store = await openTestStore();
  });

  it('are those of the list as it is, whatever was written between them', async () => {
    const tenantId = newId();
    const roles = store.tenant(tenantId).collection('roles');
    await roles.insertMany(
      Array.from({ length: 30 }, (_, i) => roleOf(tenantId, `r${String(i).padStart(2, '0')}`)),
    );
    const page = async (skip: number) =>
      (await roles.find({}, { sort: { fullKey: 1 }, skip, limit: 10, fields: ['fullKey'] })).map(
        ({ fullKey }) => fullKey,
      );
    const all = (await roles.find({}, { sort: { fullKey: 1 } })).map(({ fullKey }) => fullKey);
    expect(await page(0)).to.deep.equal(all.slice(0, 10));
    expect(await page(10)).to.deep.equal(all.slice(10, 20));
    expect(await page(14)).to.deep.equal(all.slice(14, 24));
    expect(await page(20)).to.deep.equal(all.slice(20));
    expect(await roles.count({}, listTotal)).to.equal(30);
    const first = await roles.findOne({ fullKey: 'r00' });
    await roles.remove(first!._id);
    expect(await roles.count({}, listTotal)).to.equal(29);
    expect(await page(10)).to.deep.equal(all.slice(11, 21));
    await store.transaction(function* (tx) {
      yield* tx.tenant(tenantId).collection('roles').insert(roleOf(tenantId, 'r00'));
    });
    expect(await roles.count({}, listTotal)).to.equal(30);
    expect(await page(20)).to.deep.equal(all.slice(20));
  });

  it('name the versions of now, of one tenant, and belong to the reader alone', async () => {
    const [tenantId, other] = [newId(), newId()];
    const roles = store.tenant(tenantId).collection('roles');
    await roles.insertMany([roleOf(tenantId, 'a'), roleOf(tenantId, 'b')]);
    await store.tenant(other).collection('roles').insert(roleOf(other, 'c'));
    const heads = (scope = tenantId, limit = 10) =>
      store
        .tenant(scope)
        .collection('roles')
        .find({}, { sort: { fullKey: 1 }, limit, fields: [] });
    const versions = async () => (await heads()).map(({ version }) => version);
    const [first] = await heads();
    expect(await versions()).to.deep.equal([1, 1]);
    first!.version = 7;
    expect(await versions()).to.deep.equal([1, 1]);
    expect(await heads(other)).to.have.length(1);
    expect(await heads(tenantId, 1)).to.have.length(1);
    // What moves no entry of an index moves the version all the same.
    await roles.update(first!._id, (stored) => ({ ...stored }));
    expect(await versions()).to.deep.equal([2, 1]);
    const undone = store.transaction(function* (tx) {
      yield* tx.tenant(tenantId).collection('roles').remove(first!._id);
      throw new Error('undone');
    });
    await undone.catch(() => undefined);
    expect(await versions()).to.deep.equal([2, 1]);
    await store.transaction(function* (tx) {
      yield* tx.tenant(tenantId).collection('roles').remove(first!._id);
    });
    expect(await versions()).to.deep.equal([1]);
  });
});
