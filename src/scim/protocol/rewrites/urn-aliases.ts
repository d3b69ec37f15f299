import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';

/** Wrong URN in lower case -> right URN. */
export type UrnAliases = ReadonlyMap<string, string>;

/** Puts right URNs in the place of wrong ones: in `schemas`, in the keys of a resource, in paths and values of PATCH operations. */
export function renameUrns(body: JsonObject, aliases: UrnAliases): JsonObject {
  const renamed = renameKeys(body, aliases);
  let result = renamed;
  for (const name of Object.keys(renamed)) {
    const value = renamed[name];
    if (!Array.isArray(value)) continue;
    const folded = name.toLowerCase();
    let list: readonly unknown[] = value;
    if (folded === 'schemas') list = mapChanged(value, (urn) => rename(urn, aliases));
    if (folded === 'operations')
      list = mapChanged(value, (operation) => renameInOperation(operation, aliases));
    if (list !== value) result = { ...result, [name]: list };
  }
  return result;
}

function renameInOperation(operation: unknown, aliases: UrnAliases): unknown {
  if (!isJsonObject(operation)) return operation;
  let result = operation;
  for (const name of Object.keys(operation)) {
    const value = operation[name];
    const folded = name.toLowerCase();
    let renamed = value;
    if (folded === 'path') renamed = rename(value, aliases);
    if (folded === 'value' && isJsonObject(value)) renamed = renameKeys(value, aliases);
    if (renamed !== value) result = { ...result, [name]: renamed };
  }
  return result;
}

function renameKeys(object: JsonObject, aliases: UrnAliases): JsonObject {
  const names = Object.keys(object);
  if (names.every((name) => rename(name, aliases) === name)) return object;
  return Object.fromEntries(names.map((name) => [rename(name, aliases), object[name]]));
}

/** A URN alone, or followed by `:attribute`. */
function rename<T>(text: T, aliases: UrnAliases): T | string {
  if (typeof text !== 'string' || !/^urn:/i.test(text)) return text;
  const folded = text.toLowerCase();
  for (const [wrong, right] of aliases) {
    if (folded === wrong) return right;
    if (folded.startsWith(`${wrong}:`)) return `${right}${text.slice(wrong.length)}`;
  }
  return text;
}

/** The same array when no element changes. */
function mapChanged(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = list.map(change);
  return changed.some((item, index) => item !== list[index]) ? changed : list;
}
