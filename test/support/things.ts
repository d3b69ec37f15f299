/**
 * A collection made up for the storage tests, with every kind of field and index, and generators of random documents and queries for it.
 */
import fc from 'fast-check';
import {
  defineCollection,
  Mixed,
  type IndexDefinition,
} from '../../src/persistence/collections/definition.js';
import type { Collection, FindOptions, Query, Store, StoredDocument } from '../../src/persistence/store.js';

export interface Thing extends StoredDocument {
  name: string | null;
  key: string;
  size: number | null;
  at: Date | null;
  tags: string[];
  owner: string | null;
  parts: { kind?: string | null; weight?: number }[];
  inner: { label?: string | null };
}

export const thingIndexes: readonly IndexDefinition[] = [
  { name: 'things_by_id', key: { tenantId: 1, _id: 1 } },
  { name: 'things_key', key: { tenantId: 1, key: 1 }, unique: true },
  { name: 'things_name', key: { tenantId: 1, name: 1 } },
  { name: 'things_size_name', key: { tenantId: 1, size: 1, name: 1 } },
  { name: 'things_at', key: { tenantId: 1, at: 1 } },
  { name: 'things_tags', key: { tenantId: 1, tags: 1, _id: 1 } },
  { name: 'things_owner', key: { tenantId: 1, owner: 1, name: 1 }, where: { owner: { $gt: '' } } },
  { name: 'things_kinds', key: { tenantId: 1, 'parts.kind': 1 } },
  { name: 'things_label', key: { tenantId: 1, 'inner.label': 1 } },
];

/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- as in src/persistence/collections: SchemaTypeOptions is a class */
export function thingSchema(indexes: readonly IndexDefinition[] = thingIndexes) {
  return defineCollection<Thing>(
    'things',
    {
      // Its keys are whole, so that a text inside can be looked for in them.
      name: { type: String, maxlength: 180 },
      key: { type: String, required: true },
      size: Number,
      at: Date,
      tags: { type: [String], required: true },
      owner: String,
      parts: { type: [Mixed], required: true },
      inner: { type: Mixed, required: true },
    },
    indexes,
  );
}

/* eslint-enable @typescript-eslint/no-unsafe-class-instance-assignment */

/** The collection of things of a store that was opened with {@link thingSchema}. */
export function thingsOf(store: Store, tenantId: string): Collection<Thing> {
  return store.tenant(tenantId).collection('things' as never);
}

const word = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', 'B', 'é', 'z', 'a.b', '\u{1F600}');
const label = fc.option(word);
const number = fc.constantFrom(-2.5, -1, 0, 1, 2, 10, 1e9);
const date = fc.constantFrom(0, 1, 1_700_000_000_000).map((ms) => new Date(ms));

/** The fields of a random thing; what is undefined is left out. */
export const randomThing = fc.record({
  name: label,
  size: fc.option(number),
  at: fc.option(date),
  tags: fc.array(word, { maxLength: 3 }),
  owner: label,
  parts: fc.array(fc.record({ kind: label, weight: number }, { requiredKeys: [] }), { maxLength: 3 }),
  inner: fc.record({ label }, { requiredKeys: [] }),
});

const comparison = (values: fc.Arbitrary<unknown>) =>
  fc.oneof(
    values,
    fc
      .tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte'), values)
      .map(([op, value]) => ({ [op]: value })),
    fc
      .tuple(fc.constantFrom('$in', '$nin'), fc.array(values, { maxLength: 3 }))
      .map(([op, list]) => ({ [op]: list })),
    fc.tuple(values, values).map(([low, high]) => ({ $gte: low, $lt: high })),
  );

/** DocumentDB, which may stand in for MongoDB, has faults of its own: what it gets wrong is asked of the embedded store alone. */
const embeddedOnly = <T>(...items: T[]): T[] => (process.env['MONGODB_URI'] ? [] : items);

// `^a*b`: it takes `a` for a prefix.
const anywhere = ['b', 'a\\.b', 'é', '\u{1F600}', 'nowhere'];
const pattern = fc.constantFrom(
  ...['^a', '^ab', '^a\\.b', 'b$', '^b.', '^(a|b)', '^'],
  ...anywhere,
  ...embeddedOnly('^a*b'),
);
const text = fc.oneof(
  { weight: 4, arbitrary: comparison(word) },
  pattern.map(($regex) => ({ $regex })),
  pattern.map(($regex) => ({ $regex, $options: 'i' })),
);
const textOrNull = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.constantFrom(null, { $ne: null }, { $in: ['a', null] }),
);

// It crashes on `$elemMatch` over an indexed array of strings.
const itemMatch = text.filter((t) => typeof t === 'object').map(($elemMatch) => ({ $elemMatch }));

const clause: fc.Arbitrary<Query> = fc.oneof(
  textOrNull.map((name) => ({ name })),
  fc.oneof(comparison(number), fc.constant(null)).map((size) => ({ size })),
  fc.oneof(comparison(date), fc.constant(null)).map((at) => ({ at })),
  fc.oneof(text, ...embeddedOnly(itemMatch)).map((tags) => ({ tags })),
  textOrNull.map((owner) => ({ owner })),
  text.map((kind) => ({ 'parts.kind': kind })),
  fc
    .record({ kind: text, weight: comparison(number) }, { requiredKeys: [] })
    .map(($elemMatch) => ({ parts: { $elemMatch } })),
  textOrNull.map((inner) => ({ 'inner.label': inner })),
);

/** A random query about things. */
export const randomQuery: fc.Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    clause,
    fc.tuple(clause, clause).map(([a, b]) => ({ ...a, ...b })),
    fc.tuple(tie('query'), tie('query')).map((both) => ({ $and: both })),
    fc.tuple(tie('query'), tie('query')).map((either) => ({ $or: either })),
    fc.tuple(tie('query'), clause).map(([query, either]) => ({ ...query, $or: [either, clauseAbout] })),
    tie('query').map((query) => ({ $nor: [query] })),
  ),
})).query;
const clauseAbout: Query = { owner: 'a' };

export const randomOrder: fc.Arbitrary<FindOptions['sort']> = fc.constantFrom(
  undefined,
  { _id: -1 },
  { name: 1 },
  { name: -1 },
  { key: 1 },
  { at: -1 },
  { size: 1, name: 1 },
  { size: -1, name: -1 },
  { size: 1, name: -1 },
  { owner: 1 },
  { 'inner.label': 1 },
);
