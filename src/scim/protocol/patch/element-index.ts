import { fold } from '../../../shared/fold.js';
import type { Attribute } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject, jsonEqual } from '../json-value.js';

/**
 * Adds elements to a multi-valued attribute. One that is there already (same value, same type or none given) is completed by what the
 * new one adds, never doubled (RFC 7644 section 3.5.2.1); the cost grows with the number of elements, not with its square.
 *
 * @returns `current` itself when nothing is new.
 */
export function appendElements(
  current: readonly unknown[],
  added: readonly unknown[],
  attribute: Attribute,
): readonly unknown[] {
  const elements = [...current];
  const index = new Map<string, number>();
  elements.forEach((element, at) => enter(index, attribute, element, at));
  let isChanged = false;
  for (const element of added) {
    const at = index.get(keyOf(attribute, element));
    if (at === undefined) {
      enter(index, attribute, element, elements.length);
      elements.push(element);
      isChanged = true;
      continue;
    }
    const merged = complete(elements[at], element);
    if (merged !== elements[at]) {
      elements[at] = merged;
      isChanged = true;
    }
  }
  return isChanged ? elements : current;
}

/** The elements, each value of one type once (RFC 7643 section 2.4): a later one completes the first. */
export function distinct(elements: readonly unknown[], attribute: Attribute): unknown[] {
  const places = new Map<string, number>();
  const result: unknown[] = [];
  for (const element of elements) {
    const key = keyOf(attribute, element);
    const at = places.get(key);
    if (at !== undefined) {
      result[at] = complete(result[at], element);
      continue;
    }
    places.set(key, result.length);
    result.push(element);
  }
  return result;
}

function complete(element: unknown, addition: unknown): unknown {
  if (!isJsonObject(element) || !isJsonObject(addition)) return element;
  // Written in another case it is still the same value: it stays unchanged.
  const { value: _value, type: _type, ...rest } = addition;
  const merged: JsonObject = { ...addition, ...element, ...rest };
  return jsonEqual(merged, element) ? element : merged;
}

/** An element is found by value and type, and by its value alone when a client gives no type. */
function enter(index: Map<string, number>, attribute: Attribute, element: unknown, at: number): void {
  const key = keyOf(attribute, element);
  if (!index.has(key)) index.set(key, at);
  if (attribute.valueSub === undefined || !isJsonObject(element)) return;
  const bare = keyOf(attribute, { value: element['value'] });
  if (!index.has(bare)) index.set(bare, at);
}

function keyOf(attribute: Attribute, element: unknown): string {
  if (!isJsonObject(element)) return JSON.stringify(element);
  if (attribute.valueSub !== undefined && element['value'] !== undefined) {
    return JSON.stringify([folded(attribute, 'value', element), folded(attribute, 'type', element)]);
  }
  return JSON.stringify((attribute.subAttributes ?? []).map(({ name }) => element[name] ?? null));
}

function folded(attribute: Attribute, name: string, element: JsonObject): unknown {
  const value = element[name] ?? null;
  return typeof value === 'string' && attribute.subs.get(name)?.caseExact !== true ? fold(value) : value;
}
