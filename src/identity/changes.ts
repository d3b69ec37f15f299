import { isDeepStrictEqual } from 'node:util';

/** One changed field; a dotted path, values as stored, null for absent. */
export interface FieldChange {
  path: string;
  before: unknown;
  after: unknown;
}

type PlainObject = Record<string, unknown>;

function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The path of a field; below a SCIM URN it follows a colon (RFC 7644 section 3.10). */
const pathOf = (parent: string, name: string): string =>
  parent === '' ? name : `${parent}${parent.startsWith('urn:') ? ':' : '.'}${name}`;

/**
 * What differs between two plain objects, down to the leaves; lists are compared and reported whole. Only for objects without secrets.
 *
 * @param parent - the path of the objects themselves.
 */
export function changesBetween(before: PlainObject, after: PlainObject, parent = ''): FieldChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes: FieldChange[] = [];
  for (const name of names) {
    const old = before[name];
    const now = after[name];
    if (old === now) continue;
    const path = pathOf(parent, name);
    if (isPlainObject(old) && isPlainObject(now)) changes.push(...changesBetween(old, now, path));
    else if (!isDeepStrictEqual(old ?? null, now ?? null)) {
      changes.push({ path, before: old ?? null, after: now ?? null });
    }
  }
  return changes;
}
