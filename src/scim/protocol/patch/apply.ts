import type { Attribute, ResourceSchema, SchemaExtension } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject, isUnassigned, jsonEqual, without } from '../json-value.js';
import { changeAttribute, mergeMembers, type AttributeChange } from './attribute.js';
import { PatchWork } from './limits.js';
import type { PatchOperation } from './request.js';
import { parsePatchPath } from '../path.js';
import type { Resource } from '../resource.js';
import { schemasOf } from '../resource.js';
import { badRequest, ScimError } from '../scim-error.js';

/**
 * Applies PATCH operations in order, all or nothing (RFC 7644 section 3.5.2).
 *
 * Pure. What RFC 7644 leaves open: `add` with a value filter that matches nothing creates the element the filter describes; `remove` of
 * what is not there succeeds; a path-less value may name attributes that do not exist as long as one of them does.
 *
 * @param resource - in canonical form.
 * @returns the changed resource with its `schemas` corrected, or the same object when its content has not changed.
 * @throws ScimError 400: invalidPath, invalidFilter, invalidValue, noTarget, mutability.
 */
export function applyPatch(
  resource: Resource,
  operations: readonly PatchOperation[],
  schema: ResourceSchema,
): Resource {
  const work = new PatchWork();
  let draft: JsonObject = resource;
  operations.forEach((operation, index) => {
    try {
      draft = applyOperation(draft, operation, schema, work);
    } catch (error) {
      throw error instanceof ScimError && operations.length > 1
        ? new ScimError(error.status, error.scimType, `operation ${index + 1}: ${error.detail}`)
        : error;
    }
  });
  if (draft === resource || jsonEqual(draft, resource)) return resource;
  return { ...draft, schemas: schemasOf(draft, schema) };
}

function applyOperation(
  resource: JsonObject,
  operation: PatchOperation,
  schema: ResourceSchema,
  work: PatchWork,
): JsonObject {
  const { op, path, value } = operation;
  if (path === undefined) return applyToResource(resource, operation, schema, work);
  const target = parsePatchPath(path, schema);
  const { extension, attribute } = target;
  if (attribute === undefined) return applyToExtension(resource, extension, { op, value, work });
  if (extension === undefined && attribute.name === 'schemas' && op !== 'remove') {
    requireKnownSchemas(value, schema);
    return resource;
  }
  return inContainer(resource, extension, (container) =>
    changeAttribute(container, attribute, { op, filter: target.filter, sub: target.sub, value, work }),
  );
}

/**
 * `schemas` may be a target (RFC 7644 section 3.5.2). It follows from the data, so nothing is left to do.
 *
 * @throws ScimError invalidValue for a URN of no schema of this resource type.
 */
function requireKnownSchemas(value: unknown, schema: ResourceSchema): void {
  for (const urn of Array.isArray(value) ? (value as unknown[]) : [value]) {
    const folded = typeof urn === 'string' ? urn.toLowerCase() : '';
    if (folded === schema.core.id.toLowerCase() || schema.extensionsByUrn.has(folded)) continue;
    throw badRequest('invalidValue', `"schemas" takes the URNs of the schemas of ${schema.name} alone`);
  }
}

/** `op` is never `remove` here: that needs a path. */
function applyToResource(
  resource: JsonObject,
  operation: PatchOperation,
  schema: ResourceSchema,
  work: PatchWork,
): JsonObject {
  const { op, value } = operation;
  if (!isJsonObject(value)) {
    throw badRequest('invalidValue', 'without a "path", "value" must be an object of attributes');
  }
  const names = Object.keys(value);
  let draft = resource;
  let known = 0;
  for (const name of names) {
    const extension = schema.extensionsByUrn.get(name.toLowerCase());
    const attribute = extension === undefined ? findAttribute(schema.attributes, name) : undefined;
    if (extension === undefined && attribute === undefined) continue;
    known += 1;
    draft = applyMember(draft, extension, attribute, { op, value: value[name], work });
  }
  if (known === 0 && names.length > 0) {
    throw badRequest('invalidPath', `"value" names no attribute of ${schema.name}`);
  }
  return draft;
}

/** A change of an attribute, or of an extension, as a whole. */
type WholeChange = Pick<AttributeChange, 'op' | 'value' | 'work'>;

function applyMember(
  resource: JsonObject,
  extension: SchemaExtension | undefined,
  attribute: Attribute | undefined,
  { op, value, work }: WholeChange,
): JsonObject {
  if (attribute === undefined) return applyToExtension(resource, extension, { op, value, work });
  // `schemas` follows from the data.
  if (attribute.name === 'schemas') return resource;
  // What a client has nothing of, or writes null for, it does not ask to be changed.
  if (attribute.mutability === 'readOnly' && isUnassigned(value)) return resource;
  return changeAttribute(resource, attribute, { op, filter: undefined, sub: undefined, value, work });
}

function applyToExtension(
  resource: JsonObject,
  extension: SchemaExtension | undefined,
  { op, value, work }: WholeChange,
): JsonObject {
  return inContainer(resource, extension, (container) => {
    if (op === 'remove' || value === null) return keepReadOnly(container, extension);
    if (!isJsonObject(value)) {
      throw badRequest('invalidValue', `"${extension?.urn ?? ''}" must be an object`);
    }
    return mergeMembers(container, extension?.attributes ?? new Map(), op, value, work);
  });
}

/**
 * What is left of an extension that a client takes away as a whole.
 *
 * @throws ScimError mutability when something in it is immutable.
 */
function keepReadOnly(container: JsonObject, extension: SchemaExtension | undefined): JsonObject {
  const fixed = Object.keys(container).find(
    (name) => extension?.attributes.get(name)?.mutability === 'immutable',
  );
  if (fixed !== undefined) throw badRequest('mutability', `"${fixed}" cannot be changed once it is set`);
  const kept = Object.entries(container).filter(
    ([name]) => extension?.attributes.get(name)?.mutability === 'readOnly',
  );
  return kept.length === Object.keys(container).length ? container : Object.fromEntries(kept);
}

/** Changes the resource, or one of its extension objects; one that ends up empty is dropped. */
function inContainer(
  resource: JsonObject,
  extension: SchemaExtension | undefined,
  change: (container: JsonObject) => JsonObject,
): JsonObject {
  if (extension === undefined) return change(resource);
  const stored = resource[extension.urn];
  const container = isJsonObject(stored) ? stored : {};
  const changed = change(container);
  if (changed === container) return resource;
  return Object.keys(changed).length === 0
    ? without(resource, extension.urn)
    : { ...resource, [extension.urn]: changed };
}
