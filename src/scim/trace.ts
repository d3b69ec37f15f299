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

interface Roles {
  readonly role: string;
}

/** What a request did, gathered on its way for the request log. Differences are worked out later, when the log is written. */
export interface Trace {
  readonly deviations: string[];
  target: { type: string; id: string; label: string } | null;
  /** Adds a way to work out what changed. */
  note(changes: () => AttributeChange[]): void;
  /** Notes the grants of a user before and after; of several notes on one user the last one holds. */
  readonly noteGrants: (userId: string, before: readonly Roles[], after: readonly Roles[]) => void;
  diff(): AttributeChange[];
  roleChanges(): RoleChange[];
}

export function newTrace(): Trace {
  const notes: (() => AttributeChange[])[] = [];
  const grants = new Map<string, [before: readonly Roles[], after: readonly Roles[]]>();
  return {
    deviations: [],
    target: null,
    note: (changes) => void notes.push(changes),
    noteGrants: (userId, before, after) => void grants.set(userId, [before, after]),
    diff: () => notes.flatMap((changes) => changes()),
    roleChanges: () => [...grants].flatMap(([userId, [before, after]]) => diffRoles(userId, before, after)),
  };
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

function diffRoles(userId: string, before: readonly Roles[], after: readonly Roles[]): RoleChange[] {
  const had = new Set(before.map((grant) => grant.role));
  const has = new Set(after.map((grant) => grant.role));
  const granted = [...has].filter((role) => !had.has(role));
  const withdrawn = [...had].filter((role) => !has.has(role));
  return granted.length + withdrawn.length === 0 ? [] : [{ userId, granted, withdrawn }];
}

const secretName = /(?:^|[.:_-])(?:password|secret|token|credential)s?$|secret$|password$|token$/i;
const masked = '[redacted]';

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

/** A masked body without what was masked, so that a replay does not take the mask for a password. */
export function withoutMasked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMasked).filter((entry) => !isMaskedOperation(entry));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, entry]) => key.toLowerCase() === 'value' || entry !== masked,
  );
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutMasked(entry)]));
}

function isMaskedOperation(entry: unknown): boolean {
  return isObject(entry) && Object.values(entry).includes(masked);
}
