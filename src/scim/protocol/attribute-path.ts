import type { Attribute, ResourceSchema, SchemaExtension } from './attribute.js';
import { findAttribute } from './attribute.js';

/** An attribute named in a filter, in `sortBy`, in `attributes` or in a PATCH path, found in the schema. */
export interface AttributePath {
  /** Canonical: `userName`, `name.familyName`, `urn:...:User:manager.value`. Inside `[ ]` relative to the element: `type`. */
  readonly name: string;
  readonly extension: SchemaExtension | undefined;
  readonly attribute: Attribute;
  readonly sub: Attribute | undefined;
}

/** Makes a path from its parts. */
export function toAttributePath(
  extension: SchemaExtension | undefined,
  attribute: Attribute,
  sub: Attribute | undefined,
): AttributePath {
  const prefix = extension === undefined ? '' : `${extension.urn}:`;
  const suffix = sub === undefined ? '' : `.${sub.name}`;
  return { name: `${prefix}${attribute.name}${suffix}`, extension, attribute, sub };
}

/** What a path ends at. */
export function leafOf(path: AttributePath): Attribute {
  return path.sub ?? path.attribute;
}

/**
 * Finds `[URN:]name[.sub]` (RFC 7644 section 3.10), without regard to case. The URN holds dots itself, so it is taken off first.
 *
 * @returns undefined when the resource type has no such attribute.
 */
export function findAttributePath(text: string, schema: ResourceSchema): AttributePath | undefined {
  if (text.length > 4 && text.slice(0, 4).toLowerCase() === 'urn:') return findQualified(text, schema);
  return findIn(schema.attributes, text, undefined);
}

function findQualified(text: string, schema: ResourceSchema): AttributePath | undefined {
  const folded = text.toLowerCase();
  const coreUrn = schema.core.id;
  if (folded.startsWith(`${coreUrn.toLowerCase()}:`)) {
    return findIn(schema.attributes, text.slice(coreUrn.length + 1), undefined);
  }
  const extension = schema.extensions.find(({ urn }) => folded.startsWith(`${urn.toLowerCase()}:`));
  return extension && findIn(extension.attributes, text.slice(extension.urn.length + 1), extension);
}

function findIn(
  attributes: ResourceSchema['attributes'],
  name: string,
  extension: SchemaExtension | undefined,
): AttributePath | undefined {
  const dot = name.indexOf('.');
  const attribute = findAttribute(attributes, dot === -1 ? name : name.slice(0, dot));
  if (attribute === undefined || dot === -1) {
    return attribute && toAttributePath(extension, attribute, undefined);
  }
  const sub = findAttribute(attribute.subs, name.slice(dot + 1));
  return sub && toAttributePath(extension, attribute, sub);
}
