/**
 * Keys of documents and index entries, ordered by `ordered-binary`: parts are separated by a zero byte, and every key ends with an id.
 * Dates are numbers there. So no indexed field may hold values of several types, beside null.
 */
import { createHash } from 'node:crypto';
import { toBufferKey, type Key } from 'ordered-binary';

/** Longer strings are cut and end in a hash: an equal one is still found, the order among those that begin alike is arbitrary. */
export const maxExactCharacters = 180;

/** An empty array in an index: MongoDB sorts it before null. */
export const emptyArray = Symbol('empty array');

const nullKey = Symbol('');

/** Escapes the characters that separate parts or that the encoding writes in two ways, in order. */
function textKey(text: string): string {
  const hash = () => createHash('sha256').update(text).digest('base64url').slice(0, 22);
  const exact = text.length > maxExactCharacters ? text.slice(0, maxExactCharacters) + hash() : text;
  if (!/[\0-\x05]/.test(exact)) return exact;
  return exact.replace(/[\0-\x05]/g, (c) => `\x05${String.fromCharCode(c.charCodeAt(0) + 6)}`);
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
/** What a packed UUID begins and ends with, and its bytes: no other part begins so, and no text ends so. */
const [packedBegin, packedEnd, packedBytes] = [26, 1, 18];

/** The last ids that were packed: a document's own is part of all its keys. What an id becomes is the same in every database. */
const packedIds = new Map<string, Uint8Array>();
const maxPackedIds = 1000;

/** Where an id was last read: its document is read next. */
const lastRead = { id: '', key: Buffer.alloc(0), start: 0 };

/** A UUID in half the room and in the same order. */
function packId(id: string): Uint8Array | string {
  const known = packedIds.get(id);
  if (known || id.length !== 36 || !uuid.test(id)) return known ?? id;
  const packed = Buffer.allocUnsafe(packedBytes);
  packed[0] = packedBegin;
  packed.write(id.replaceAll('-', ''), 1, 'hex');
  packed[packedBytes - 1] = packedEnd;
  if (packedIds.size >= maxPackedIds) packedIds.clear();
  packedIds.set(id, packed);
  return packed;
}

/** A value of this field as {@link encodeKey} takes it. The ids that every document has are packed, as they are in nearly every key. */
export function keyValue(field: string, value: unknown): unknown {
  return (field === '_id' || field === 'tenantId') && typeof value === 'string' ? packId(value) : value;
}

/** Whether this field's keys are in the order of its values: ids are only where the bound is one, too. */
export const isInOrder = (field: string, bound: unknown): boolean =>
  field !== '_id' || keyValue(field, bound) !== bound;

function partKey(value: unknown): Key {
  if (typeof value === 'string') return textKey(value);
  // Not -0, which has bytes of its own.
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (typeof value === 'boolean' || value instanceof Uint8Array) return value;
  if (value === null || value === undefined) return nullKey;
  if (value === emptyArray) return null;
  return value instanceof Date ? value.getTime() : Symbol(textKey(JSON.stringify(value)));
}

/** @param parts - values of fields as {@link keyValue} gives them. */
export function encodeKey(parts: readonly unknown[]): Buffer {
  return toBufferKey(parts.map(partKey));
}

const collectionParts = new Map<string, Buffer>();

/** The key of a document, as {@link encodeKey} makes it: put together here, as every read needs one. */
export function documentKey(collection: string, id: string): Buffer {
  const packed = packId(id);
  if (typeof packed === 'string') return encodeKey([collection, packed]);
  const begin = collectionParts.get(collection) ?? keyAfter(encodeKey([collection]));
  collectionParts.set(collection, begin);
  return Buffer.concat([begin, packed]);
}

const readingKeys = new Map<string, Buffer>();

/** The same, for a read that is over before the next one: of an id just read from a key, in a buffer that is used again. */
export function readingKey(collection: string, id: string): Buffer {
  if (id !== lastRead.id) return documentKey(collection, id);
  const used = readingKeys.get(collection) ?? documentKey(collection, id);
  readingKeys.set(collection, used);
  lastRead.key.copy(used, used.length - packedBytes, lastRead.start);
  return used;
}

/** `prefix` followed by these parts. */
export function extendKey(prefix: Buffer, parts: readonly unknown[]): Buffer {
  return Buffer.concat([keyAfter(prefix), encodeKey(parts)]);
}

const idStart = (key: Buffer): number =>
  key.at(-1) === packedEnd ? key.length - packedBytes : key.lastIndexOf(0) + 1;

/** The id at the end of a key. */
export function idOf(key: Buffer): string {
  const start = idStart(key);
  if (key[start] !== packedBegin) return key.toString('utf8', start);
  const hex = key.toString('hex', start + 1, key.length - 1);
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  Object.assign(lastRead, { id, key, start });
  return id;
}

/** Whether a key has a text between its first bytes, so many, and the id. */
export function holdsText(key: Buffer, first: number, text: Buffer): boolean {
  const at = key.indexOf(text, first);
  return at !== -1 && at < idStart(key);
}

/** Where the keys are that differ from this one by their id alone. */
export function rangeOfSame(key: Buffer): { start: Buffer; end: Buffer } {
  const prefix = key.subarray(0, idStart(key) - 1);
  return { start: keyAfter(prefix), end: endOf(prefix) };
}

const withByte = (key: Buffer, byte: number): Buffer => Buffer.concat([key, Buffer.of(byte)]);

/** The first key that could follow this one; also where the keys begin that this one is a part of. */
export const keyAfter = (key: Buffer): Buffer => withByte(key, 0);
/** Where the keys end that this one is a part of. */
export const endOf = (key: Buffer): Buffer => withByte(key, 1);
/** Where the keys end whose last part begins with the text that ends this one. */
export const endOfText = (key: Buffer): Buffer => withByte(key, 0xff);

export type Comparable = string | number | Date;

export function isComparable(value: unknown): value is Comparable {
  if (typeof value === 'string') return value.length <= maxExactCharacters;
  return typeof value === 'number' || value instanceof Date;
}

/** The part of an index that holds values of this value's type: MongoDB compares only within a type. */
export function typeBounds(prefix: Buffer, value: unknown): { start: Buffer; end: Buffer } {
  const begin = keyAfter(prefix);
  if (value instanceof Uint8Array)
    return { start: withByte(begin, packedBegin), end: withByte(begin, packedBegin + 1) };
  return typeof value === 'string'
    ? { start: withByte(begin, 27), end: endOf(prefix) }
    : { start: withByte(begin, 8), end: withByte(begin, 25) };
}

/** The place of one row in a sort as a text to be compared with `<`: its keys, those of descending fields inverted. */
export function orderOf(values: readonly unknown[], directions: readonly (1 | -1)[]): string {
  const keys = values.map((value, i) => {
    const key = keyAfter(encodeKey([value]));
    return directions[i] === -1 ? key.map((byte) => ~byte & 0xff) : key;
  });
  return Buffer.concat(keys).toString('latin1');
}
