import type { Attribute, AttributeMap, ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject } from '../json-value.js';
import { badRequest } from '../scim-error.js';

/**
 * Refuses attributes that no schema of the resource has, as draft-zollner-scim-interop-profile asks; RFC 7644 lets a server ignore them.
 *
 * @throws ScimError invalidSyntax.
 */
export function refuseUnknown(body: JsonObject, schema: ResourceSchema): void {
  for (const name of Object.keys(body)) {
    const value = body[name];
    const extension = schema.extensionsByUrn.get(name.toLowerCase());
    if (extension === undefined) refuseIn(value, requireKnown(schema.attributes, name));
    else if (isJsonObject(value)) refuseMembers(value, extension.attributes);
  }
}

function requireKnown(attributes: AttributeMap, name: string): Attribute {
  const attribute = findAttribute(attributes, name);
  if (attribute === undefined) throw badRequest('invalidSyntax', `"${name.slice(0, 100)}" is in no schema`);
  return attribute;
}

function refuseMembers(object: JsonObject, attributes: AttributeMap): void {
  for (const name of Object.keys(object)) refuseIn(object[name], requireKnown(attributes, name));
}

function refuseIn(value: unknown, attribute: Attribute): void {
  if (attribute.type !== 'complex') return;
  const elements: unknown[] = Array.isArray(value) ? value : [value];
  for (const element of elements) if (isJsonObject(element)) refuseMembers(element, attribute.subs);
}
