/**
 * Ordered binary keys: comparing the bytes of two keys compares their values as MongoDB orders them (undefined, null, numbers, strings by
 * code point, objects, arrays, booleans, dates). No encoded value is the beginning of another, so keys of several values order field by
 * field.
 */
import { createHash } from 'node:crypto';

/** Longer strings are cut and end in a hash: an equal one is still found, the order among those that begin alike is arbitrary. */
export const longestExactString = 180;

const tag = {
  emptyArray: 0x04,
  null: 0x05,
  number: 0x10,
  id: 0x1c,
  string: 0x20,
  tenant: 0x24,
  object: 0x30,
  array: 0x34,
  boolean: 0x40,
  date: 0x50,
} as const;
/** Greater than any byte a value begins with. */
const above = 0xff;

/** What an empty array contributes to an index: MongoDB's `undefined`, before null. */
export const emptyArray = Symbol('empty array');

const scratch = Buffer.alloc(16_384);

function writeNumber(value: number, at: number): number {
  scratch.writeDoubleBE(value === 0 ? 0 : value, at);
  const first = scratch[at] ?? 0;
  if (first & 0x80) for (let i = at; i < at + 8; i++) scratch[i] = ~(scratch[i] ?? 0) & 0xff;
  else scratch[at] = first | 0x80;
  return at + 8;
}

function cut(text: string): string {
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return text.slice(0, longestExactString) + hash;
}

/** 0 ends a string, so 0 and 1 inside one are escaped, in order. */
function writeText(text: string, at: number): number {
  const escaped = /[\0\x01]/.test(text)
    ? text.replace(/[\0\x01]/g, (c) => (c === '\0' ? '\x01\x01' : '\x01\x02'))
    : text;
  return at + scratch.write(escaped, at, 'utf8');
}

function writeString(text: string, at: number): number {
  const end = writeText(text.length > longestExactString ? cut(text) : text, at);
  scratch[end] = 0;
  return end + 1;
}

function writeTagged(value: unknown, at: number): number {
  if (value === null || value === undefined) return scratch.writeUInt8(tag.null, at);
  if (value === emptyArray) return scratch.writeUInt8(tag.emptyArray, at);
  if (value instanceof Date) return writeNumber(value.getTime(), scratch.writeUInt8(tag.date, at));
  if (value instanceof Uint8Array) {
    scratch.set(value, at);
    return at + value.length;
  }
  const kind = Array.isArray(value) ? tag.array : tag.object;
  return writeString(JSON.stringify(value), scratch.writeUInt8(kind, at));
}

function writeValue(value: unknown, at: number): number {
  if (typeof value === 'string') {
    scratch[at] = tag.string;
    return writeString(value, at + 1);
  }
  if (typeof value === 'number') return writeNumber(value, scratch.writeUInt8(tag.number, at));
  if (typeof value === 'boolean') return scratch.writeUInt8(tag.boolean + Number(value), at);
  return writeTagged(value, at);
}

function taken(end: number): Buffer {
  return Buffer.from(scratch.subarray(0, end));
}

/** A tenant inside an index key: eight bytes of its id's hash. Tenants are only ever compared for equality. */
function tenantKey(tenantId: string): Uint8Array {
  const hash = createHash('sha256').update(tenantId).digest();
  return Buffer.concat([Buffer.of(tag.tenant), hash.subarray(0, 8)]);
}

const tenantKeys = new Map<string, Uint8Array>();

function knownTenantKey(tenantId: string): Uint8Array {
  let key = tenantKeys.get(tenantId);
  if (!key) {
    if (tenantKeys.size > 10_000) tenantKeys.clear();
    tenantKeys.set(tenantId, (key = tenantKey(tenantId)));
  }
  return key;
}

/** The fields that hold ids: a collection has UUIDs there throughout, or none (what tests make up). */
const idFields: ReadonlySet<string> = new Set([
  '_id',
  'accountId',
  'actor.id',
  'connectionId',
  'directoryId',
  'groupIds',
  'target.id',
  'userId',
]);
const digits = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
);
const dash = 0x2d;
const isDashAt = (at: number) => at === 8 || at === 13 || at === 18 || at === 23;

/**
 * A UUID inside an index key: its 16 bytes, which have the order of its text, in less than half the room.
 *
 * @returns undefined when the text is no UUID in lower case.
 */
function idKey(text: string): Uint8Array | undefined {
  if (text.length !== 36) return undefined;
  const key = Buffer.allocUnsafe(17);
  let end = key.writeUInt8(tag.id, 0);
  for (let at = 0; at < 36; at += isDashAt(at) ? 1 : 2) {
    if (isDashAt(at)) {
      if (text.charCodeAt(at) !== dash) return undefined;
      continue;
    }
    const high = digits[text.charCodeAt(at)] ?? -1;
    const low = digits[text.charCodeAt(at + 1)] ?? -1;
    if (high < 0 || low < 0) return undefined;
    key[end++] = (high << 4) | low;
  }
  return key;
}

/** A value of this field as {@link encodeKey} and {@link extendKey} take it. */
export function keyValue(field: string, value: unknown): unknown {
  if (field === 'tenantId') return knownTenantKey(String(value));
  return typeof value === 'string' && idFields.has(field) ? (idKey(value) ?? value) : value;
}

/** Whether this field's values are in keys as they are compared: ids are only where the bound is one, too. */
export function isInOrder(field: string, bounds: readonly unknown[]): boolean {
  return !idFields.has(field) || bounds.every((value) => typeof value === 'string' && idKey(value));
}

/** The key of these values, each as {@link keyValue} gives it, in the index of this number. */
export function encodeKey(index: number, values: readonly unknown[]): Buffer {
  let end = scratch.writeUInt16BE(index, 0);
  for (const value of values) end = writeValue(value, end);
  return taken(end);
}

/** `prefix` followed by the encoded values. */
export function extendKey(prefix: Buffer, values: readonly unknown[]): Buffer {
  let end = prefix.copy(scratch, 0);
  for (const value of values) end = writeValue(value, end);
  return taken(end);
}

/** The beginning of every key whose next value is a string that begins with this text. */
export function extendKeyByText(prefix: Buffer, text: string): Buffer {
  const end = prefix.copy(scratch, 0);
  scratch[end] = tag.string;
  return taken(writeText(text, end + 1));
}

/** Where the keys that begin with `prefix` end (exclusive). */
export function endOf(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(above)]);
}

export type Comparable = string | number | Date;

export function isComparable(value: unknown): value is Comparable {
  if (typeof value === 'string') return value.length <= longestExactString;
  return typeof value === 'number' || value instanceof Date;
}

function tagOf(value: Comparable | Uint8Array): number {
  if (value instanceof Uint8Array) return value[0] ?? 0;
  return typeof value === 'string' ? tag.string : typeof value === 'number' ? tag.number : tag.date;
}

/** The part of an index that holds values of this value's type: MongoDB compares only within a type. */
export function typeBounds(prefix: Buffer, value: Comparable | Uint8Array): { start: Buffer; end: Buffer } {
  const type = tagOf(value);
  return {
    start: Buffer.concat([prefix, Buffer.of(type)]),
    end: Buffer.concat([prefix, Buffer.of(type + 1)]),
  };
}

/** The document's id at the end of a key, given where its last fields begin and how many stand before the id. */
export function idAtEnd(key: Buffer, from: number, before: number): string {
  let at = from;
  for (let field = 0; field < before; field++) {
    const kind = key[at];
    if (kind === tag.string || kind === tag.object || kind === tag.array) at = key.indexOf(0, at) + 1;
    else if (kind === tag.number || kind === tag.date || kind === tag.tenant) at += 9;
    else at += kind === tag.id ? 17 : 1;
  }
  if (key[at] !== tag.id) return key.toString('utf8', at + 1, key.length - 1);
  const hex = key.toString('hex', at + 1, at + 17);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The order of one row in a sort, as a text to be compared with `<`: the bytes of its values, those of descending fields inverted.
 */
export function orderOf(values: readonly unknown[], directions: readonly (1 | -1)[]): string {
  let end = 0;
  values.forEach((value, i) => {
    const begin = end;
    end = writeValue(value, begin);
    if (directions[i] === -1) {
      for (let at = begin; at < end; at++) scratch[at] = ~(scratch[at] ?? 0) & 0xff;
    }
  });
  return scratch.toString('latin1', 0, end);
}

/** Where a document stands. */
export function documentKey(collection: string, id: string): string {
  return `${collection}/${id}`;
}

/** The documents of a collection stand between these keys. */
export function documentRange(collection: string): { start: string; end: string } {
  return { start: documentKey(collection, ''), end: `${collection}0` };
}
