import type { Attribute, AttributeMap, ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';
import { badRequest } from '../scim-error.js';

/** What becomes of a member that no schema has: false leaves it out. */
type OnUnknown = (name: string) => boolean;

/**
 * Refuses attributes that no schema of the resource has, as draft-zollner-scim-interop-profile asks; RFC 7644 lets a server ignore them.
 *
 * @throws ScimError invalidSyntax.
 */
export function refuseUnknown(body: JsonObject, schema: ResourceSchema): void {
  filterKnown(body, schema, (name) => {
    throw badRequest('invalidSyntax', `"${name.slice(0, 100)}" is in no schema`);
  });
}

/** The resource without attributes and sub-attributes that no schema has; itself when it has none of them. */
export function withoutUnknown(body: JsonObject, schema: ResourceSchema): JsonObject {
  return filterKnown(body, schema, () => false);
}

function filterKnown(body: JsonObject, schema: ResourceSchema, onUnknown: OnUnknown): JsonObject {
  return filterMembers(body, (name, value) => {
    const attribute = findAttribute(schema.attributes, name);
    if (attribute !== undefined) return inAttribute(value, attribute, onUnknown);
    const extension = schema.extensionsByUrn.get(name.toLowerCase());
    if (extension === undefined) return onUnknown(name) ? value : undefined;
    return isJsonObject(value) ? inObject(value, extension.attributes, onUnknown) : value;
  });
}

function inObject(object: JsonObject, attributes: AttributeMap, onUnknown: OnUnknown): JsonObject {
  return filterMembers(object, (name, value) => {
    const attribute = findAttribute(attributes, name);
    if (attribute === undefined) return onUnknown(name) ? value : undefined;
    return inAttribute(value, attribute, onUnknown);
  });
}

function inAttribute(value: unknown, attribute: Attribute, onUnknown: OnUnknown): unknown {
  if (attribute.type !== 'complex') return value;
  if (isJsonObject(value)) return inObject(value, attribute.subs, onUnknown);
  if (!Array.isArray(value)) return value;
  const elements: readonly unknown[] = value;
  const kept = elements.map((element) =>
    isJsonObject(element) ? inObject(element, attribute.subs, onUnknown) : element,
  );
  return kept.some((element, at) => element !== elements[at]) ? kept : value;
}

/** Maps the members of an object; those mapped to undefined are left out. @returns the same object when every member stays. */
function filterMembers(object: JsonObject, map: (name: string, value: unknown) => unknown): JsonObject {
  const names = Object.keys(object);
  let result: Record<string, unknown> | undefined;
  for (const [at, name] of names.entries()) {
    const kept = map(name, object[name]);
    if (kept !== object[name]) {
      result ??= Object.fromEntries(names.slice(0, at).map((earlier) => [earlier, object[earlier]]));
    }
    if (result !== undefined && kept !== undefined) result[name] = kept;
  }
  return result ?? object;
}
