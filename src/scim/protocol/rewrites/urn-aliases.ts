import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';
import { mapMembers } from './value-walk.js';

/**
 * Puts a right URN in the place of wrong ones: in `schemas`, in the keys of a resource, in paths and values of PATCH operations.
 *
 * @param wrong - in lower case.
 * @returns the same body when none is in it.
 */
export function renameUrns(body: JsonObject, wrong: readonly string[], right: string): JsonObject {
  const rename = (text: string): string => renameUrn(text, wrong, right);
  return mapMembers(renameKeys(body, rename), (value, name) => {
    if (!Array.isArray(value)) return value;
    const folded = name.toLowerCase();
    if (folded === 'schemas')
      return mapChanged(value, (urn) => (typeof urn === 'string' ? rename(urn) : urn));
    return folded === 'operations'
      ? mapChanged(value, (operation) => renameInOperation(operation, rename))
      : value;
  });
}

type Rename = (text: string) => string;

function renameInOperation(operation: unknown, rename: Rename): unknown {
  if (!isJsonObject(operation)) return operation;
  return mapMembers(operation, (value, name) => {
    const folded = name.toLowerCase();
    if (folded === 'path' && typeof value === 'string') return rename(value);
    return folded === 'value' && isJsonObject(value) ? renameKeys(value, rename) : value;
  });
}

function renameKeys(object: JsonObject, rename: Rename): JsonObject {
  const names = Object.keys(object);
  if (names.every((name) => rename(name) === name)) return object;
  return Object.fromEntries(names.map((name) => [rename(name), object[name]]));
}

/** A URN alone, or followed by `:attribute`. */
function renameUrn(text: string, wrong: readonly string[], right: string): string {
  if (text.charCodeAt(3) !== colon) return text;
  const folded = text.toLowerCase();
  const found = wrong.find((urn) => folded === urn || folded.startsWith(`${urn}:`));
  return found === undefined ? text : `${right}${text.slice(found.length)}`;
}

const colon = ':'.charCodeAt(0);

/** The same array when no element changes. */
function mapChanged(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = list.map(change);
  return changed.some((item, index) => item !== list[index]) ? changed : list;
}
