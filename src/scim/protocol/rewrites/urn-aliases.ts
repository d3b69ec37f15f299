import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';

/**
 * Puts a right URN in the place of wrong ones: in `schemas`, in the keys of a resource, in paths and values of PATCH operations.
 *
 * @param wrong - in lower case.
 * @returns the same body when none is in it.
 */
export function renameUrns(body: JsonObject, wrong: readonly string[], right: string): JsonObject {
  const rename = (text: string): string => renameUrn(text, wrong, right);
  let result = renameKeys(body, rename);
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (!Array.isArray(value)) continue;
    const folded = name.toLowerCase();
    let list: readonly unknown[] = value;
    if (folded === 'schemas')
      list = mapChanged(value, (urn) => (typeof urn === 'string' ? rename(urn) : urn));
    if (folded === 'operations')
      list = mapChanged(value, (operation) => renameInOperation(operation, rename));
    if (list !== value) result = { ...result, [name]: list };
  }
  return result;
}

type Rename = (text: string) => string;

function renameInOperation(operation: unknown, rename: Rename): unknown {
  if (!isJsonObject(operation)) return operation;
  let result = operation;
  for (const name of Object.keys(operation)) {
    const value = operation[name];
    const folded = name.toLowerCase();
    let renamed = value;
    if (folded === 'path' && typeof value === 'string') renamed = rename(value);
    if (folded === 'value' && isJsonObject(value)) renamed = renameKeys(value, rename);
    if (renamed !== value) result = { ...result, [name]: renamed };
  }
  return result;
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
