import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Schema } from 'mongoose';
import { defineCollection, type IndexDefinition } from '../../src/persistence/collections/definition.js';
import { openEmbeddedStore } from '../../src/persistence/embedded/store.js';
import type { Collection, Store, StoredDocument } from '../../src/persistence/store.js';
import { systemClock } from '../../src/shared/clock.js';

type Card = StoredDocument & Record<string, unknown>;

const byId: IndexDefinition = { name: 'cards_by_id', key: { tenantId: 1, _id: 1 } };

/** A collection of cards with these fields. */
function cards(...fields: string[]): { cards: Schema } {
  const own = Object.fromEntries(fields.map((field) => [field, String]));
  return { cards: defineCollection<Card>('cards', own as never, [byId]) };
}

const cardsOf = (store: Store): Collection<Card> => store.tenant('t').collection('cards' as never);

describe('documents of the embedded database', () => {
  let folder: string;
  const stores: Store[] = [];
  const open = (schemas: Record<string, Schema>): Store => {
    const store = openEmbeddedStore(folder, schemas, systemClock);
    stores.push(store);
    return store;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await rm(folder, { recursive: true });
  });
  const card = (id: string, fields: Record<string, unknown>) =>
    ({ _id: id, tenantId: 't', ...fields }) as Card;

  it('give back what is absent as absent, and fields the collection does not know as they were', async () => {
    const store = open(cards('title', 'note'));
    await cardsOf(store).insert(card('a', { title: null, more: { deep: [1, null] } }));
    const found = await cardsOf(store).get('a');
    expect(found).to.include({ title: null }).and.not.have.property('note');
    expect(found).to.have.deep.property('more', { deep: [1, null] });
    expect((await cardsOf(store).find({ more: { deep: [1, null] } })).map(({ _id }) => _id)).to.deep.equal([
      'a',
    ]);
  });

  it('are read by a version whose collection has other fields, and by one that is open already', async () => {
    // Inside a write everything that stands is seen, whoever wrote it.
    const touched = (store: Store, id: string) => cardsOf(store).update(id, (stored) => ({ ...stored }));
    const old = open(cards('title', 'gone'));
    await cardsOf(old).insert(card('a', { title: 'A', gone: 'g' }));
    const young = open(cards('fresh', 'title'));
    expect(await cardsOf(young).get('a')).to.include({ title: 'A', gone: 'g' });
    await cardsOf(young).insert(card('b', { title: 'B', fresh: 'f' }));
    expect(await touched(old, 'b')).to.include({ title: 'B', fresh: 'f' });
    await cardsOf(young).update('a', (stored) => ({ ...stored, fresh: 'now' }));
    expect(await touched(old, 'a')).to.include({ title: 'A', gone: 'g', fresh: 'now', version: 3 });
  });
});
