import { escapePattern } from '../../identity/search-text.js';
import type { Query } from '../../persistence/store.js';
import { fold } from '../../shared/fold.js';
import { parseInstant } from '../protocol/date-time.js';
import type { CompareNode, FilterNode } from '../protocol/filter/filter.js';
import { ScimError } from '../protocol/scim-error.js';

/** What of a filter the store can answer. */
export interface StoredFilter {
  /** Matches every resource the filter matches, and perhaps more. */
  readonly query: Query;
  /** Matches nothing else: no look at the resources is needed. */
  readonly exact: boolean;
  /** Matches a handful at most, found by an index: they are read and looked at rather than paged by the store. */
  readonly few?: boolean;
}

/** Translates one comparison; undefined: the store cannot help. May read the store, e.g. for who is a member. */
export type CompareTranslator = (node: CompareNode) => Promise<StoredFilter | undefined>;

export interface FilterTable {
  /** By canonical path, e.g. `emails.value`. */
  readonly comparisons: ReadonlyMap<string, CompareTranslator>;
  /** Paths every resource has: `pr` is true. */
  readonly always: ReadonlySet<string>;
}

const everything: StoredFilter = { query: {}, exact: false };
/** No id is empty: matches nothing. */
const nothing: StoredFilter = { query: { _id: '' }, exact: true };
const all: StoredFilter = { query: {}, exact: true };

const isEverything = (filter: StoredFilter): boolean => Object.keys(filter.query).length === 0;

function conjunction(parts: readonly StoredFilter[]): StoredFilter {
  const few = parts.find((part) => part.few === true);
  if (few) return parts.length === 1 ? few : { ...few, exact: false };
  const queries = parts.filter((part) => !isEverything(part)).map((part) => part.query);
  const exact = parts.every((part) => part.exact);
  const [only] = queries;
  if (queries.length < 2) return { query: only ?? {}, exact };
  return { query: { $and: queries }, exact };
}

function disjunction(parts: readonly StoredFilter[]): StoredFilter {
  const exact = parts.every((part) => part.exact);
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  if (parts.some(isEverything))
    return { query: {}, exact: parts.some((part) => isEverything(part) && part.exact) };
  return { query: { $or: parts.map((part) => part.query) }, exact };
}

function negation(part: StoredFilter): StoredFilter {
  if (!part.exact) return everything;
  return isEverything(part) ? nothing : { query: { $nor: [part.query] }, exact: true };
}

const isComparison = (node: FilterNode): node is CompareNode => 'value' in node;

/** Paths inside `[ ]` are relative to the element. */
function underParent(node: FilterNode, parent: string): FilterNode | undefined {
  if (node.op === 'and' || node.op === 'or') {
    const filters = node.filters.map((part) => underParent(part, parent));
    return filters.every((part) => part !== undefined) ? { op: node.op, filters } : undefined;
  }
  if (!isComparison(node)) return undefined;
  return { ...node, path: { ...node.path, name: `${parent}.${node.path.name}` } };
}

/**
 * The part of a value path the store can answer. One comparison alone is as good as its long form; several must hold for one element,
 * which is for the matcher to see.
 */
async function valuePath(node: FilterNode & { op: '[]' }, table: FilterTable): Promise<StoredFilter> {
  const { filter } = node;
  if (filter.op === 'and') {
    const parts = await Promise.all(
      filter.filters.map((part) => valuePath({ ...node, filter: part }, table)),
    );
    return { ...conjunction(parts), exact: false };
  }
  const lifted = underParent(filter, node.path.name);
  return lifted === undefined ? everything : toStoredFilter(lifted, table);
}

/** No stored text holds a NUL, and MongoDB takes no pattern with one. */
function requireStorable({ value }: CompareNode): void {
  if (typeof value !== 'string' || !value.includes('\0')) return;
  throw new ScimError(400, 'invalidFilter', 'a text in a filter must not hold the character NUL');
}

/** Works out which query finds the candidates of a filter, and whether that is already the answer. */
export async function toStoredFilter(node: FilterNode, table: FilterTable): Promise<StoredFilter> {
  if ('filters' in node) {
    const parts = await Promise.all(node.filters.map((part) => toStoredFilter(part, table)));
    return node.op === 'and' ? conjunction(parts) : disjunction(parts);
  }
  if (node.op === 'not') return negation(await toStoredFilter(node.filter, table));
  if (node.op === 'never') return nothing;
  if (node.op === 'pr') return table.always.has(node.path.name) ? all : everything;
  if (node.op === '[]') return valuePath(node, table);
  requireStorable(node);
  return (await table.comparisons.get(node.path.name)?.(node)) ?? everything;
}

/** MongoDB refuses patterns of more than some 30,000 bytes. */
const maxPatternLength = 1000;

const patterns: ReadonlySet<CompareNode['op']> = new Set(['co', 'sw', 'ew']);

/** What of a text that is too long for a pattern is looked for: its end for `ew`, else its beginning; whole characters only. */
function soughtText(op: CompareNode['op'], text: string): string {
  if (text.length <= maxPatternLength || !patterns.has(op)) return text;
  return op === 'ew'
    ? text.slice(-maxPatternLength).replace(/^[\uDC00-\uDFFF]/, '')
    : text.slice(0, maxPatternLength).replace(/[\uD800-\uDBFF]$/, '');
}

type Operators = Partial<Record<CompareNode['op'], (field: string, text: string) => Query>>;

const textQueries: Operators = {
  eq: (field, text) => ({ [field]: text }),
  ne: (field, text) => ({ [field]: { $ne: text } }),
  co: (field, text) => ({ [field]: { $regex: escapePattern(text) } }),
  sw: (field, text) => ({ [field]: { $regex: `^${escapePattern(text)}` } }),
  ew: (field, text) => ({ [field]: { $regex: `${escapePattern(text)}$` } }),
};

/**
 * A text attribute with a stored field of its own.
 *
 * @param caseExact - false: the field holds the value folded.
 * @param exact - false: the field is made of more than the attribute; it finds candidates for `eq` alone.
 * @param few - equality finds a handful at most.
 * @param many - the field is an array: `ne` (any value differs) is then for the matcher.
 */
export function textField(
  field: string,
  { caseExact = false, exact = true, few = false, many = false } = {},
): CompareTranslator {
  return ({ op, value }) => {
    if (typeof value !== 'string' || (!exact && op !== 'eq') || (many && op === 'ne')) {
      return Promise.resolve(undefined);
    }
    const wanted = caseExact ? value : fold(value);
    const text = soughtText(op, wanted);
    const query = textQueries[op]?.(field, text);
    // `$` of a pattern also stands before a last line break: such values are left to the matcher.
    return Promise.resolve(
      query && { query, exact: exact && op !== 'ew' && text === wanted, few: few && op === 'eq' },
    );
  };
}

const instantOperators: Partial<Record<CompareNode['op'], string>> = {
  eq: '$eq',
  ne: '$ne',
  gt: '$gt',
  ge: '$gte',
  lt: '$lt',
  le: '$lte',
};

/**
 * A resource that is related to the one whose id is compared.
 *
 * @param field - holds one of the ids that `find` gives.
 */
export function relatedField(field: string, find: (id: string) => Promise<string[]>): CompareTranslator {
  return async ({ op, value }) => {
    if (op !== 'eq' || typeof value !== 'string') return undefined;
    const ids = await find(value);
    return ids.length === 0 ? nothing : { query: { [field]: { $in: ids } }, exact: true };
  };
}

/** An instant with a stored Date. */
export function instantField(field: string): CompareTranslator {
  return ({ op, value }) => {
    const instant = parseInstant(String(value));
    const operator = instantOperators[op];
    if (operator === undefined || instant === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ query: { [field]: { [operator]: new Date(instant) } }, exact: true });
  };
}
