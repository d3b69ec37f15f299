import type { ResourceSchema } from '../attribute.js';
import type { AttributePath } from '../attribute-path.js';
import { findAttributePath, leafOf, toAttributePath } from '../attribute-path.js';
import type { FilterNode } from '../filter/filter.js';
import { parseFilter } from '../filter/parse.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject, readMember } from '../json-value.js';
import { requireMessageSchema } from '../patch/request.js';
import type { Projection } from '../projection.js';
import { parseProjection } from '../projection.js';
import { badRequest } from '../scim-error.js';
import { searchRequestUrn } from '../urns.js';

export interface ListLimits {
  /** Resources on a page when `count` is absent. */
  defaultCount: number;
  /** Most resources on a page; a larger `count` is clipped, with a cursor refused (RFC 9865 section 2.1). */
  maxCount: number;
}

export interface ListOptions {
  /** As in `parseFilter`: `never` for searches over several resource types. */
  unknown?: 'refuse' | 'never';
}

/** A query over resources (RFC 7644 section 3.4.2, RFC 9865). */
export interface ListRequest {
  readonly filter: FilterNode | undefined;
  /** As the client wrote it: part of what a cursor is bound to. */
  readonly filterText: string | undefined;
  readonly sortBy: AttributePath | undefined;
  /** `sortBy` was given, be it with an attribute this type does not have. */
  readonly isSortNamed: boolean;
  readonly sortOrder: 'ascending' | 'descending';
  /** From 1. */
  readonly startIndex: number;
  /** From 0; 0 asks for the total only. */
  readonly count: number;
  /** `count` was given, not left to the default. */
  readonly isCounted: boolean;
  /** undefined: index-based paging; '': the first page of cursor-based paging. */
  readonly cursor: string | undefined;
  readonly projection: Projection;
}

/**
 * Reads the parameters of a list request; others than SCIM's are ignored (Entra leaves `aadOptscim062020` in its URLs).
 *
 * @param query - parsed query string (`+` already read as a space), or the body of a search.
 * @throws ScimError invalidFilter, invalidValue, invalidCount.
 */
export function parseListRequest(
  query: JsonObject,
  schema: ResourceSchema,
  limits: ListLimits,
  options: ListOptions = {},
): ListRequest {
  const filterText = readText(query, 'filter');
  const cursor = readText(query, 'cursor', true);
  const startIndex = readInteger(query, 'startIndex');
  if (cursor !== undefined && startIndex !== undefined) {
    throw badRequest('invalidValue', '"cursor" and "startIndex" exclude each other');
  }
  return {
    filter: filterText === undefined ? undefined : parseFilter(filterText, schema, options),
    filterText,
    sortBy: readSortBy(query, schema, options),
    isSortNamed: readText(query, 'sortBy') !== undefined,
    sortOrder: readSortOrder(query),
    startIndex: Math.max(1, startIndex ?? 1),
    count: readCount(query, limits, cursor !== undefined),
    isCounted: readInteger(query, 'count') !== undefined,
    cursor,
    projection: parseProjection(query, schema),
  };
}

/**
 * Reads the body of `POST .../.search` (RFC 7644 section 3.4.3).
 *
 * @throws ScimError invalidSyntax for a body without the SearchRequest schema, and what {@link parseListRequest} throws.
 */
export function parseSearchRequest(
  body: unknown,
  schema: ResourceSchema,
  limits: ListLimits,
  options: ListOptions = {},
): ListRequest {
  if (!isJsonObject(body)) throw badRequest('invalidSyntax', 'the body must be a JSON object');
  requireMessageSchema(body, searchRequestUrn);
  return parseListRequest(body, schema, limits, options);
}

/** An empty text counts as absent, but for `cursor`, where it asks for the first page. */
function readText(query: JsonObject, name: string, mayBeEmpty = false): string | undefined {
  const value = readMember(query, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw badRequest('invalidValue', `"${name}" must be given once, as text`);
  return value.trim() === '' && !mayBeEmpty ? undefined : value;
}

function readInteger(query: JsonObject, name: string): number | undefined {
  const value = readMember(query, name);
  if (value === undefined || value === '') return undefined;
  const number = typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw badRequest('invalidValue', `"${name}" must be an integer`);
  return number as number;
}

function readCount(query: JsonObject, limits: ListLimits, hasCursor: boolean): number {
  const count = readInteger(query, 'count');
  if (count === undefined) return limits.defaultCount;
  if (hasCursor && count > limits.maxCount) {
    throw badRequest('invalidCount', `"count" must not be above ${limits.maxCount}`);
  }
  return Math.min(Math.max(0, count), limits.maxCount);
}

function readSortBy(
  query: JsonObject,
  schema: ResourceSchema,
  options: ListOptions,
): AttributePath | undefined {
  const name = readText(query, 'sortBy');
  if (name === undefined) return undefined;
  const path = findAttributePath(name.trim(), schema);
  const sortable = path && toSortable(path);
  if (sortable === undefined && (path !== undefined || options.unknown !== 'never')) {
    throw badRequest('invalidValue', `"${name.slice(0, 100)}" is not an attribute to sort by`);
  }
  return sortable;
}

/** A multi-valued complex attribute sorts by its `value` (RFC 7644 section 3.4.2.3). */
function toSortable(path: AttributePath): AttributePath | undefined {
  const leaf = leafOf(path);
  if (leaf.returned === 'never') return undefined;
  if (leaf.type !== 'complex') return path;
  return leaf.multiValued && leaf.valueSub !== undefined
    ? toAttributePath(path.extension, leaf, leaf.valueSub)
    : undefined;
}

function readSortOrder(query: JsonObject): 'ascending' | 'descending' {
  const order = readText(query, 'sortOrder')?.toLowerCase() ?? 'ascending';
  if (order === 'ascending' || order === 'descending') return order;
  throw badRequest('invalidValue', '"sortOrder" must be "ascending" or "descending"');
}
