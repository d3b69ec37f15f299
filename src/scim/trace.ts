/** One attribute that changed. */
export interface AttributeChange {
  path: string;
  before: unknown;
  after: unknown;
}

export interface RoleChange {
  userId: string;
  granted: string[];
  withdrawn: string[];
}

/** What a request did, gathered on its way for the request log. Differences are worked out later, when the log is written. */
export interface Trace {
  readonly deviations: string[];
  target: { type: string; id: string; label: string } | null;
  readonly changes: (() => AttributeChange[])[];
  readonly roleChanges: (() => RoleChange[])[];
}

export function newTrace(): Trace {
  return { deviations: [], target: null, changes: [], roleChanges: [] };
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (left: unknown, right: unknown): boolean =>
  left === right || JSON.stringify(left) === JSON.stringify(right);

/** Attributes that differ in every write or say nothing. */
const silent = new Set(['meta', 'schemas', 'id', 'groups']);

function compare(path: string, before: unknown, after: unknown, into: AttributeChange[]): void {
  if (same(before, after)) return;
  if (isObject(before) && isObject(after)) {
    const join = path.startsWith('urn:') ? ':' : '.';
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(`${path}${join}${key}`, before[key], after[key], into);
    }
    return;
  }
  into.push({ path, before: before ?? null, after: after ?? null });
}

/**
 * Attribute by attribute, what differs between two forms of a resource. Multi-valued attributes are compared as a whole.
 *
 * @param before - undefined: it was created; @param after - undefined: it was deleted.
 */
export function diffResources(before: Json | undefined, after: Json | undefined): AttributeChange[] {
  const changes: AttributeChange[] = [];
  for (const key of new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])) {
    if (!silent.has(key)) compare(key, before?.[key], after?.[key], changes);
  }
  return changes;
}

/** Which roles a user has gained and lost; empty when none. */
export function diffRoles(
  userId: string,
  before: readonly { role: string }[],
  after: readonly { role: string }[],
): RoleChange[] {
  const had = new Set(before.map((grant) => grant.role));
  const has = new Set(after.map((grant) => grant.role));
  const granted = [...has].filter((role) => !had.has(role));
  const withdrawn = [...had].filter((role) => !has.has(role));
  return granted.length + withdrawn.length === 0 ? [] : [{ userId, granted, withdrawn }];
}

const secretName = /(?:^|[.:_-])(?:password|secret|token|credential)s?$|secret$|password$|token$/i;
export const masked = '[redacted]';

/** A body without its secrets: members named like one, and PATCH operations whose path is one. */
export function maskSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (!isObject(value)) return value;
  const path = Object.entries(value).find(([key]) => key.toLowerCase() === 'path')?.[1];
  const isSecretPath = typeof path === 'string' && secretName.test(path);
  const copy: Json = {};
  for (const [key, entry] of Object.entries(value)) {
    const hide = secretName.test(key) || (isSecretPath && key.toLowerCase() === 'value');
    copy[key] = hide ? masked : maskSecrets(entry);
  }
  return copy;
}
