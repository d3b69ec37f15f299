import { fold } from '../../../shared/fold.js';
import type { AttributePath } from '../attribute-path.js';
import { leafOf } from '../attribute-path.js';
import { isPrimary } from '../attribute-value.js';
import { parseInstant } from '../date-time.js';
import { isJsonObject } from '../json-value.js';
import type { Resource } from '../resource.js';

export type SortKey = string | number | undefined;

/**
 * Makes the function that reads a resource's sort key (RFC 7644 section 3.4.2.3): text folded unless case-exact, instants as milliseconds,
 * of several values the primary one, else the first.
 */
export function compileSortKey(path: AttributePath): (resource: Resource) => SortKey {
  const { attribute, sub, extension } = path;
  const leaf = leafOf(path);
  return (resource) => {
    const container = extension === undefined ? resource : resource[extension.urn];
    let value = isJsonObject(container) ? container[attribute.name] : undefined;
    if (Array.isArray(value)) value = value.find(isPrimary) ?? (value[0] as unknown);
    if (sub !== undefined) value = isJsonObject(value) ? value[sub.name] : undefined;
    if (typeof value === 'boolean') return Number(value);
    if (typeof value === 'number') return value;
    if (typeof value !== 'string') return undefined;
    if (leaf.type === 'dateTime') return parseInstant(value);
    return leaf.caseExact ? value : fold(value);
  };
}

/**
 * Makes a comparator; resources without the attribute come last ascending and first descending, equal ones in the order of their ids.
 */
export function compileSort(
  path: AttributePath,
  order: 'ascending' | 'descending',
): (left: Resource, right: Resource) => number {
  const keyOf = compileSortKey(path);
  const sign = order === 'ascending' ? 1 : -1;
  return (left, right) => sign * compareKeys(keyOf(left), keyOf(right)) || compareIds(left, right);
}

function compareKeys(left: SortKey, right: SortKey): number {
  if (left === undefined || right === undefined) {
    return Number(left === undefined) - Number(right === undefined);
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareIds(left: Resource, right: Resource): number {
  return String(left['id']) < String(right['id']) ? -1 : 1;
}
