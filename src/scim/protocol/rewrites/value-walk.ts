import type { Attribute, AttributeMap, ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';

/** Corrects one value; returns it itself when there is nothing to correct. */
export type CorrectValue = (value: unknown, attribute: Attribute, position: 'whole' | 'element') => unknown;

/** Corrects the values of a resource, or of the object of a path-less operation; attributes it does not know are left alone. */
export function correctResource(
  resource: JsonObject,
  schema: ResourceSchema,
  correct: CorrectValue,
): JsonObject {
  return mapMembers(resource, (value, name) => {
    const attribute = findAttribute(schema.attributes, name);
    if (attribute !== undefined) return correctAttribute(value, attribute, correct);
    const extension = schema.extensionsByUrn.get(name.toLowerCase());
    return extension !== undefined && isJsonObject(value)
      ? correctMembers(value, extension.attributes, correct)
      : value;
  });
}

/** The object with its members mapped: a copy made once, or the same object when none changes. */
export function mapMembers(object: JsonObject, map: (value: unknown, name: string) => unknown): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(object)) {
    const mapped = map(object[name], name);
    if (mapped === object[name]) continue;
    copy ??= { ...object };
    copy[name] = mapped;
  }
  return copy ?? object;
}

/** Corrects what was sent for one attribute. */
export function correctAttribute(value: unknown, attribute: Attribute, correct: CorrectValue): unknown {
  if (value === null || value === undefined || attribute.mutability === 'readOnly') return value;
  const whole = correct(value, attribute, 'whole');
  if (!attribute.multiValued) return correctSubs(whole, attribute, correct);
  if (!Array.isArray(whole)) return correctElement(whole, attribute, correct);
  let result: unknown[] = whole;
  for (const [index, element] of whole.entries()) {
    const corrected = correctElement(element, attribute, correct);
    if (corrected === element) continue;
    if (result === whole) result = [...(whole as unknown[])];
    result[index] = corrected;
  }
  return result;
}

/** Corrects one element of a multi-valued attribute. */
export function correctElement(element: unknown, attribute: Attribute, correct: CorrectValue): unknown {
  return correctSubs(correct(element, attribute, 'element'), attribute, correct);
}

function correctSubs(value: unknown, attribute: Attribute, correct: CorrectValue): unknown {
  return attribute.type === 'complex' && isJsonObject(value)
    ? correctMembers(value, attribute.subs, correct)
    : value;
}

function correctMembers(object: JsonObject, attributes: AttributeMap, correct: CorrectValue): JsonObject {
  return mapMembers(object, (value, name) => {
    const attribute = findAttribute(attributes, name);
    return attribute === undefined ? value : correctAttribute(value, attribute, correct);
  });
}
