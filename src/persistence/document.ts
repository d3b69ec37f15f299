import { AppError } from '../shared/errors.js';
import { DuplicateKey, type Change, type Query, type StoredDocument, type UpdateOptions } from './store.js';

/** A document as the adapters handle it: what its collection's own fields are is no matter of theirs. */
export type Doc = StoredDocument & Record<string, unknown>;

/**
 * The value without what is undefined, which neither database stores. What holds nothing undefined is the very same object afterwards, so
 * that an update can tell the fields it left alone.
 */
function stored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return storedList(value);
  let result: Record<string, unknown> | undefined;
  const source = value as Record<string, unknown>;
  for (const key of Object.keys(source)) {
    const item = stored(source[key]);
    if (item === source[key] && item !== undefined) continue;
    result ??= { ...source };
    if (item === undefined) Reflect.deleteProperty(result, key);
    else result[key] = item;
  }
  return result ?? source;
}

function storedList(items: readonly unknown[]): readonly unknown[] {
  const result = items.map((item) => (item === undefined ? null : stored(item)));
  return result.every((item, i) => item === items[i]) ? items : result;
}

/**
 * A document as it is first stored: version 1 and both times, unless given.
 *
 * @param scope - the tenant whose window is written through, or null for the server's.
 */
export function newDocument(document: object, scope: string | null, now: Date): Doc {
  const fresh = { version: 1, createdAt: now, updatedAt: now, ...(stored(document) as Partial<Doc>) } as Doc;
  if (typeof fresh._id !== 'string' || fresh._id === '') throw new Error('a document needs an _id');
  if (typeof fresh.tenantId !== 'string' || fresh.tenantId === '') {
    throw new Error('a document needs a tenantId');
  }
  if (scope !== null && fresh.tenantId !== scope) {
    throw new Error('a document of another tenant cannot be written here');
  }
  return fresh;
}

/**
 * Works out what an update stores.
 *
 * @returns the next version, or undefined when the change has nothing to do.
 * @throws AppError `resource.version_mismatch` when the stored version is not the one asked for.
 */
export function nextDocument(
  before: Doc,
  change: Change<Doc>,
  options: UpdateOptions | undefined,
  now: Date,
): Doc | undefined {
  requireVersion(before, options);
  const changed = change(before);
  if (changed === undefined || changed === before) return undefined;
  return {
    ...(stored(changed) as Doc),
    _id: before._id,
    tenantId: before.tenantId,
    version: before.version + 1,
    createdAt: before.createdAt,
    updatedAt: now,
  };
}

/** @throws AppError `resource.version_mismatch` */
export function requireVersion({ version }: Doc, options: UpdateOptions | undefined): void {
  if (options?.ifVersion !== undefined && options.ifVersion !== version) {
    throw new AppError('resource.version_mismatch', `the stored version is ${version}`);
  }
}

/** An absent value in a query is a slip that MongoDB would read as "any": refused. */
export function requireDefined(query: Query): void {
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) throw new Error(`the query leaves ${key} undefined`);
    if (Array.isArray(value) && key.startsWith('$')) {
      for (const item of value as unknown[]) {
        if (item === undefined) throw new Error(`the query leaves an item of ${key} undefined`);
        if (isPlainObject(item)) requireDefined(item);
      }
    } else if (isPlainObject(value)) requireDefined(value);
  }
}

/** An object literal: no array, date or pattern. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The fields of a document that a find asks for; `_id`, `tenantId` and `version` always. */
export function project(document: Doc, fields: readonly string[] | undefined): Doc {
  if (!fields) return document;
  const { _id, tenantId, version } = document;
  // Lists ask for many of these.
  if (fields.length === 0) return { _id, tenantId, version } as Doc;
  const wanted = ['_id', 'tenantId', 'version', ...fields];
  return Object.fromEntries(
    wanted.flatMap((field) => (field in document ? [[field, document[field]]] : [])),
  ) as Doc;
}

/** The refusal of a second document with the same key. */
export function duplicate(collection: string, index: string): AppError {
  const cause = new DuplicateKey(collection, index);
  return new AppError('store.duplicate', cause.message, { cause });
}
