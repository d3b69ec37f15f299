import { AppError } from '../shared/errors.js';
import type { Change, Query, StoredDocument, UpdateOptions } from './store.js';

/** A document as the adapters handle it: what its collection's own fields are is no matter of theirs. */
export type Doc = StoredDocument & Record<string, unknown>;

/** A deep copy without what is undefined: neither database stores that, and no caller's object is kept. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? null : copy(item)));
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) result[key] = copy(item);
  return result;
}

/**
 * A document as it is first stored: version 1 and both times, unless given.
 *
 * @param scope - the tenant whose window is written through, or null for the server's.
 */
export function newDocument(document: object, scope: string | null, now: Date): Doc {
  const fresh = { version: 1, createdAt: now, updatedAt: now, ...(copy(document) as Partial<Doc>) } as Doc;
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
  stored: Doc,
  change: Change<Doc>,
  options: UpdateOptions | undefined,
  now: Date,
): Doc | undefined {
  requireVersion(stored, options);
  const changed = change(stored);
  if (changed === undefined || changed === stored) return undefined;
  return {
    ...(copy(changed) as Doc),
    _id: stored._id,
    tenantId: stored.tenantId,
    version: stored.version + 1,
    createdAt: stored.createdAt,
    updatedAt: now,
  };
}

/** @throws AppError `resource.version_mismatch` */
export function requireVersion(stored: Doc, options: UpdateOptions | undefined): void {
  if (options?.ifVersion !== undefined && options.ifVersion !== stored.version) {
    throw new AppError('resource.version_mismatch', `the stored version is ${stored.version}`);
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
