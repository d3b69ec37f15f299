import { changesBetween, type FieldChange } from '../../identity/changes.js';
import type { Effects } from '../../identity/users/effects.js';
import type { Failure } from './error-response.js';
import { isObject } from '../../shared/unknown-value.js';

export interface RoleChange {
  userId: string;
  granted: string[];
  withdrawn: string[];
}

interface Roles {
  readonly role: string;
}

/** What a request was about. */
export interface Target {
  type: string;
  id: string;
  label: string;
}

/** One operation of a bulk request. */
export interface TracedOperation {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly failure: Failure | null;
  readonly trace: Trace;
}

/** What a request did, gathered on its way for the request log. Differences are worked out later, when the log is written. */
export interface Trace {
  readonly deviations: string[];
  target: Target | null;
  /** Of a bulk request: what became of each operation. */
  readonly operations: TracedOperation[];
  /** Adds a way to work out what changed. */
  note(changes: () => FieldChange[]): void;
  /** Adds whose grants changed with a write, and who joined or left the group. */
  noteEffects(effects: Effects): void;
  diff(): FieldChange[];
  roleChanges(): RoleChange[];
}

export function newTrace(): Trace {
  const notes: (() => FieldChange[])[] = [];
  const members = new Map<string, boolean>();
  const grants = new Map<string, [before: readonly Roles[], after: readonly Roles[]]>();
  return {
    deviations: [],
    target: null,
    operations: [],
    note: (changes) => void notes.push(changes),
    noteEffects(effects) {
      for (const { userId, before, after } of effects.grants)
        grants.set(userId, [grants.get(userId)?.[0] ?? before, after]);
      for (const id of effects.members.added) members.set(id, true);
      for (const id of effects.members.removed) members.set(id, false);
    },
    diff: () => [...notes.flatMap((changes) => changes()), ...diffMembers(members)],
    roleChanges: () =>
      [...grants]
        .flatMap(([userId, [before, after]]) => diffRoles(userId, before, after))
        .slice(0, maxListed),
  };
}

/** Of a change of so many members no more are listed: an entry of the log has to fit into a document. */
const maxListed = 10_000;

function diffMembers(members: ReadonlyMap<string, boolean>): FieldChange[] {
  const idsOf = (isMember: boolean): string[] =>
    [...members].flatMap(([id, is]) => (is === isMember ? [id] : [])).slice(0, maxListed);
  const [added, removed] = [idsOf(true), idsOf(false)];
  return [
    ...(added.length > 0 ? [{ path: 'members.added', before: null, after: added }] : []),
    ...(removed.length > 0 ? [{ path: 'members.removed', before: removed, after: null }] : []),
  ];
}

type Json = Record<string, unknown>;

/** Attributes that differ in every write or say nothing. */
const silent = new Set(['meta', 'schemas', 'id', 'groups']);

const shown = (resource: Json = {}): Json =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => !silent.has(name)));

/**
 * Attribute by attribute, what differs between two forms of a resource. Multi-valued attributes are compared as a whole.
 *
 * @param before - undefined: it was created; @param after - undefined: it was deleted.
 */
export const diffResources = (before: Json | undefined, after: Json | undefined): FieldChange[] =>
  changesBetween(shown(before), shown(after));

function diffRoles(userId: string, before: readonly Roles[], after: readonly Roles[]): RoleChange[] {
  const had = new Set(before.map((grant) => grant.role));
  const has = new Set(after.map((grant) => grant.role));
  const granted = [...has].filter((role) => !had.has(role));
  const withdrawn = [...had].filter((role) => !has.has(role));
  return granted.length + withdrawn.length === 0 ? [] : [{ userId, granted, withdrawn }];
}

const secretWord =
  /pass(?:word|wd|phrase|code|key)|pwd|secret(?!ar)|token|credential|authorization|(?:api|private)[_-]?key/i;
/** What is not seen in a name, and would hide a word in it. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu;
const plain = /^[\x20-\x7e]*$/;

/** A name as a reader takes it, full-width letters and hidden characters or not. */
const asRead = (text: string): string =>
  plain.test(text) ? text : text.normalize('NFKC').replace(invisible, '');
export const masked = '[redacted]';
const quotedText = /"(?:[^"\\]|\\.)*"?/g;

/** Whether a name is that of a secret, or a text speaks of one. */
export type IsSecret = (text: string) => boolean;

/**
 * What counts as a secret: what sounds like one, and what a schema never returns.
 *
 * @param names - of attributes that are never returned.
 */
export function secretNames(names: readonly string[]): IsSecret {
  if (names.length === 0) return (text) => secretWord.test(asRead(text));
  const never = new RegExp(
    `(?<![A-Za-z0-9])(?:${names.join('|').replaceAll('$', '\\$')})(?![A-Za-z0-9])`,
    'i',
  );
  return (text) => {
    const read = asRead(text);
    return secretWord.test(read) || never.test(read);
  };
}

/** What is compared with, or set to, a value that lacks its quotes. */
const comparedBare = /(\s(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(?!["\s])[^\s()[\]"&]+/gi;
const setBare = /([=:]\s*)(?!["\s])[^\s()[\]"&]+/g;

/** A text without what it says of a secret: `password eq "x"` in a filter or path, `{"password":"x"}` packed into a text. */
function maskText(text: string, isSecret: IsSecret): string {
  if (!isSecret(text)) return text;
  const compared = text.replace(comparedBare, `$1${masked}`);
  // The colons of a URN set nothing.
  const bare = compared.includes('urn:') ? compared : compared.replace(setBare, `$1${masked}`);
  return bare.replace(quotedText, `"${masked}"`);
}

/** Parameters that list names: where one of them is a secret's, the others may be its value. */
const listsNames = /^(?:excluded)?attributes$/i;

/** The detail of an error, which quotes what was sent, quotes and all: what stands between the outermost ones goes. */
export function maskDetail(detail: string, isSecret: IsSecret): string {
  const isQuoting = detail.split('"').length > 3;
  return isQuoting && isSecret(detail) ? detail.replace(/".*"/s, `"${masked}"`) : detail;
}

/** An address without secrets in its query. */
export function maskPath(path: string, isSecret: IsSecret): string {
  const mark = path.indexOf('?');
  if (mark < 0) return path;
  const query = [...new URLSearchParams(path.slice(mark + 1))];
  if (!query.some(([name, value]) => isSecret(name) || isSecret(value))) return path;
  const kept = query.map(([name, value]): [string, string] => [
    name,
    isSecret(name) || (listsNames.test(name) && isSecret(value)) ? masked : maskText(value, isSecret),
  ]);
  return `${path.slice(0, mark)}?${new URLSearchParams(kept).toString()}`;
}

/** A body without its secrets: members named like one, PATCH operations whose path speaks of one, and texts that do. */
export function maskSecrets(value: unknown, isSecret: IsSecret): unknown {
  if (typeof value === 'string') return maskText(value, isSecret);
  if (Array.isArray(value)) return value.map((entry) => maskSecrets(entry, isSecret));
  if (!isObject(value)) return value;
  const path = Object.entries(value).find(([key]) => key.toLowerCase() === 'path')?.[1];
  const isSecretPath = typeof path === 'string' && isSecret(path);
  const copy: Json = {};
  for (const [key, entry] of Object.entries(value)) {
    const hide = isSecret(key) || (isSecretPath && key.toLowerCase() === 'value');
    copy[key] = hide ? masked : maskSecrets(entry, isSecret);
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
