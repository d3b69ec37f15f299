import type { Attribute, ResourceSchema, SchemaExtension } from './attribute.js';
import { findAttribute } from './attribute.js';
import type { FilterNode } from './filter/filter.js';
import { parseElementFilter } from './filter/parse.js';
import { badRequest, ScimError } from './scim-error.js';
import type { AttributePath } from './attribute-path.js';
import { findAttributePath } from './attribute-path.js';

/** The target of a PATCH operation (RFC 7644 section 3.5.2, figure 7). */
export interface PatchPath {
  readonly extension: SchemaExtension | undefined;
  /** undefined: the whole extension object. */
  readonly attribute: Attribute | undefined;
  /** Selects elements of a multi-valued attribute. */
  readonly filter: FilterNode | undefined;
  readonly sub: Attribute | undefined;
}

const valuePath = /^([^[\]"]+)\[(.*)\](?:\.([$\w-]+))?$/s;

/**
 * Parses a PATCH path: `attr`, `attr.sub`, `attr[filter]`, `attr[filter].sub`, each with or without its schema URN.
 *
 * @throws ScimError invalidPath for bad grammar, unknown attributes and filters on single-valued attributes; invalidFilter for a bad filter.
 */
export function parsePatchPath(text: string, schema: ResourceSchema): PatchPath {
  const match = text.includes('[') ? valuePath.exec(text) : null;
  if (match !== null) return parseValuePath(text, match, schema);
  const extension = schema.extensionsByUrn.get(text.toLowerCase());
  if (extension !== undefined) return { extension, attribute: undefined, filter: undefined, sub: undefined };
  const path = requirePath(text, text, schema);
  return { extension: path.extension, attribute: path.attribute, filter: undefined, sub: path.sub };
}

function requirePath(name: string, text: string, schema: ResourceSchema): AttributePath {
  const path = findAttributePath(name, schema);
  if (path === undefined) {
    throw badRequest('invalidPath', `"${shorten(text)}" is not an attribute of ${schema.name}`);
  }
  return path;
}

function parseValuePath(text: string, match: RegExpExecArray, schema: ResourceSchema): PatchPath {
  const [, name = '', filterText = '', subName] = match;
  const { extension, attribute, sub } = requirePath(name.trim(), text, schema);
  if (sub !== undefined || !attribute.multiValued) {
    throw badRequest('invalidPath', `"${shorten(name)}" is not multi-valued and takes no filter`);
  }
  const filter = parseElementFilter(filterText, attribute);
  const target = subName === undefined ? undefined : findAttribute(attribute.subs, subName);
  if (subName !== undefined && target === undefined) {
    throw badRequest('invalidPath', `"${attribute.name}" has no sub-attribute "${subName}"`);
  }
  return { extension, attribute, filter, sub: target };
}

/** Client text in error messages stays short. */
function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** As {@link parsePatchPath}; undefined when the path is bad. */
export function tryPatchPath(text: string, schema: ResourceSchema): PatchPath | undefined {
  try {
    return parsePatchPath(text, schema);
  } catch (error) {
    if (error instanceof ScimError) return undefined;
    throw error;
  }
}
