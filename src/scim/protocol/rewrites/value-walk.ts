import type { Attribute, AttributeMap, ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';

/** Corrects one value; returns it itself when there is nothing to correct. */
export type MendValue = (value: unknown, attribute: Attribute, position: 'whole' | 'element') => unknown;

/** Corrects the values of a resource, or of the object of a path-less operation; attributes it does not know are left alone. */
export function mendResource(resource: JsonObject, schema: ResourceSchema, mend: MendValue): JsonObject {
  return mapMembers(resource, (value, name) => {
    const attribute = findAttribute(schema.attributes, name);
    if (attribute !== undefined) return mendAttribute(value, attribute, mend);
    const extension = schema.extensionsByUrn.get(name.toLowerCase());
    return extension !== undefined && isJsonObject(value)
      ? mendMembers(value, extension.attributes, mend)
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
export function mendAttribute(value: unknown, attribute: Attribute, mend: MendValue): unknown {
  if (value === null || value === undefined || attribute.mutability === 'readOnly') return value;
  const whole = mend(value, attribute, 'whole');
  if (!attribute.multiValued) return mendSubs(whole, attribute, mend);
  if (!Array.isArray(whole)) return mendElement(whole, attribute, mend);
  let result: unknown[] = whole;
  for (const [index, element] of whole.entries()) {
    const mended = mendElement(element, attribute, mend);
    if (mended === element) continue;
    if (result === whole) result = [...(whole as unknown[])];
    result[index] = mended;
  }
  return result;
}

/** Corrects one element of a multi-valued attribute. */
export function mendElement(element: unknown, attribute: Attribute, mend: MendValue): unknown {
  return mendSubs(mend(element, attribute, 'element'), attribute, mend);
}

function mendSubs(value: unknown, attribute: Attribute, mend: MendValue): unknown {
  return attribute.type === 'complex' && isJsonObject(value)
    ? mendMembers(value, attribute.subs, mend)
    : value;
}

function mendMembers(object: JsonObject, attributes: AttributeMap, mend: MendValue): JsonObject {
  return mapMembers(object, (value, name) => {
    const attribute = findAttribute(attributes, name);
    return attribute === undefined ? value : mendAttribute(value, attribute, mend);
  });
}
