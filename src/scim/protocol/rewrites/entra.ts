import type { Attribute, ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import { findAttributePath } from '../attribute-path.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject, isUnassigned, readMember } from '../json-value.js';
import { tryPatchPath } from '../path.js';
import { enterpriseUserUrn } from '../urns.js';
import { findIn, pathWithoutFilter } from './filter-text.js';
import type {
  BodyRewrite,
  FilterRewrite,
  OperationRewrite,
  RawOperation,
  RewriteContext,
  ValueRewrite,
} from './rewrite.js';
import { simpleNameOf } from './rewrite.js';
import { renameUrns } from './urn-aliases.js';

const operationNames = new Set(['add', 'remove', 'replace']);

/** Wrong: `"op": "Add"`. Right: `"op": "add"`. Entra ID without `aadOptscim062020`. */
export const capitalOp: OperationRewrite = {
  name: 'capital-op',
  unit: 'operation',
  scimType: 'invalidSyntax',
  refusal: '"op" must be in lower case',
  correct(operation) {
    const op = typeof operation.op === 'string' ? operation.op.toLowerCase() : '';
    return op !== operation.op && operationNames.has(op) ? { ...operation, op } : operation;
  },
};

/**
 * Wrong: `"Operations": []` (the Entra SCIM validator, for groups with one attribute only). Right: no request at all; here an operation
 * that changes nothing.
 *
 * @see https://github.com/AzureAD/SCIMReferenceCode/issues/112
 */
export const emptyOperations: BodyRewrite = {
  name: 'empty-operations',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: '"Operations" must hold at least one operation',
  correct(body, { request }) {
    const operations = readMember(body, 'Operations');
    const isEmpty = request.method === 'PATCH' && Array.isArray(operations) && operations.length === 0;
    return isEmpty ? { schemas: readMember(body, 'schemas'), Operations: [{ op: 'add', value: {} }] } : body;
  },
};

const malformedUrns = ['urn:ietf:params:scim:schemas:extension:enterprise:2.0user'];

/** Wrong: `urn:ietf:params:scim:schemas:extension:enterprise:2.0User` (Microsoft's documentation). Right: with `:` before `User`. */
export const malformedEnterpriseUrn: BodyRewrite = {
  name: 'malformed-enterprise-urn',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: `the URN is ${enterpriseUserUrn}`,
  correct: (body) => renameUrns(body, malformedUrns, enterpriseUserUrn),
};

/** The qualified form of a name that is no core attribute but one of exactly one extension; `[...]` and `.sub` stay. */
function qualify(name: string, schema: ResourceSchema): string | undefined {
  const attribute = /^[\w$-]+/.exec(name)?.[0];
  if (attribute === undefined || findAttribute(schema.attributes, attribute) !== undefined) return undefined;
  const owners = schema.extensions.filter(
    ({ attributes }) => findAttribute(attributes, attribute) !== undefined,
  );
  return owners.length === 1 && owners[0] !== undefined ? `${owners[0].urn}:${name}` : undefined;
}

/**
 * Wrong: `"path": "manager"`, `{"value": {"department": "x"}}` without a path. Right: with the extension's URN before the name.
 */
export const unqualifiedExtension: OperationRewrite = {
  name: 'unqualified-extension',
  unit: 'operation',
  scimType: 'invalidPath',
  refusal: 'an extension attribute must be named with its URN',
  correct(operation, { schema }) {
    if (typeof operation.path === 'string') {
      const path = qualify(operation.path, schema);
      return path === undefined ? operation : { ...operation, path };
    }
    return splitKeys(operation, (name) =>
      schema.extensionsByUrn.has(name.toLowerCase()) ? undefined : qualify(name, schema),
    );
  },
};

/** Wrong: `manager eq "id"` in a filter. Right: `urn:...:User:manager eq "id"`. */
export const unqualifiedExtensionFilter: FilterRewrite = {
  name: 'unqualified-extension-filter',
  unit: 'filter',
  scimType: 'invalidFilter',
  refusal: 'an extension attribute must be named with its URN',
  correct(term, scope) {
    const name = 'subs' in scope || term.name.includes(':') ? undefined : qualify(term.name, scope);
    return name === undefined ? term : { ...term, name };
  },
};

/** Wrong: `urn:...:User:manager eq "id"`, a complex attribute compared as a whole. Right: `urn:...:User:manager.value eq "id"`. */
export const complexValueFilter: FilterRewrite = {
  name: 'complex-value-filter',
  unit: 'filter',
  scimType: 'invalidFilter',
  refusal: 'a complex attribute compares by one of its sub-attributes',
  correct(term, scope) {
    const attribute = findIn(scope, term.name);
    const isWhole =
      attribute?.type === 'complex' && !attribute.multiValued && attribute.valueSub !== undefined;
    return isWhole && term.literal !== 'null' ? { ...term, name: `${term.name}.value` } : term;
  },
};

/**
 * Wrong: `{"op": "replace", "value": {"name.givenName": "x", "urn:...:User:employeeNumber": "1"}}` (Entra ID with `aadOptscim062020`).
 * Right: one operation with a path for each such key.
 */
export const dottedKeys: OperationRewrite = {
  name: 'dotted-keys',
  unit: 'operation',
  scimType: 'invalidPath',
  refusal: 'a member of "value" must be the name of an attribute, not a path',
  correct: (operation, { schema }) => splitKeys(operation, (name) => toPath(name, schema)),
};

function toPath(name: string, schema: ResourceSchema): string | undefined {
  if (name.includes('[')) return tryPatchPath(pathWithoutFilter(name), schema) && name;
  const isPath = name.includes('.') || name.includes(':');
  return isPath && findAttributePath(name, schema) !== undefined ? name : undefined;
}

/** Moves members of a path-less value into operations of their own. */
function splitKeys(
  operation: RawOperation,
  toPathOf: (name: string) => string | undefined,
): RawOperation | RawOperation[] {
  const { op, path, value } = operation;
  if (path !== undefined || !isJsonObject(value)) return operation;
  const moved: RawOperation[] = [];
  const rest: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const target = toPathOf(name);
    if (target === undefined) rest.push([name, inner]);
    else moved.push({ op, path: target, value: inner });
  }
  if (moved.length === 0) return operation;
  return rest.length === 0 ? moved : [{ op, value: Object.fromEntries(rest) }, ...moved];
}

/**
 * Wrong: `{"op": "Remove", "path": "urn:...:User:manager[value eq \"id\"]"}`, a filter on a single-valued attribute. Right: without it.
 * A removal beside an operation that sets the same attribute is dropped: it speaks of the former value.
 *
 * @see https://github.com/thomaspoignant/scim-patch/issues/453
 */
export const singleValuedFilter: OperationRewrite = {
  name: 'single-valued-filter',
  unit: 'operation',
  scimType: 'invalidPath',
  refusal: 'a single-valued attribute takes no filter',
  correct(operation, context) {
    const match =
      typeof operation.path === 'string' ? /^([^[]+)\[.*\](\.[\w$-]+)?$/s.exec(operation.path) : null;
    const name = match?.[1] ?? '';
    const found = match === null ? undefined : findAttributePath(name, context.schema);
    if (found === undefined || found.sub !== undefined || !isSingleComplex(found.attribute)) return operation;
    if (operation.op === 'remove' && isSetElsewhere(name, context)) return [];
    return { ...operation, path: `${name}${match?.[2] ?? ''}` };
  },
};

const isSingleComplex = ({ type, multiValued }: Attribute): boolean => type === 'complex' && !multiValued;

function isSetElsewhere(name: string, { setPaths }: RewriteContext): boolean {
  return setPaths().has(simpleNameOf(name));
}

/**
 * Wrong: `replace emails[type eq "work"].value` of a user without a work address, which is noTarget (RFC 7644 section 3.5.2.3).
 * Right: `add`, which replaces an existing address and creates a missing one; for a list, after its removal. Only for requests
 * that are Entra's.
 */
export const replaceCreatesElement: OperationRewrite = {
  name: 'replace-creates-element',
  unit: 'operation',
  scimType: 'noTarget',
  refusal: 'no value matches the filter',
  correct(operation, context) {
    const { op, path } = operation;
    if (op !== 'replace' || typeof path !== 'string' || !context.isEntra) return operation;
    // To unassign is no addition: where there is something it goes, where there is nothing nothing comes.
    if (isUnassigned(operation.value) || !/\]\.[\w$-]+$/.test(path)) return operation;
    const isList = tryPatchPath(pathWithoutFilter(path), context.schema)?.sub?.multiValued === true;
    const added = { ...operation, op: 'add' };
    return isList ? [{ op: 'remove', path }, added] : added;
  },
};

/** Wrong: `"path": "manager", "value": [{"value": "id"}]`. Right: `"value": {"value": "id"}`: the attribute has one value. */
export const listForSingle: ValueRewrite = {
  name: 'list-for-single',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'a single-valued attribute takes no array',
  correct: (value, attribute, position) =>
    position === 'whole' && !attribute.multiValued && Array.isArray(value) && value.length === 1
      ? (value[0] as unknown)
      : value,
};

/**
 * Wrong: `{"path": "roles", "value": [{"value": "{\"id\":\"..\",\"value\":\"Admin\",\"displayName\":\"Admin\"}"}]}`
 * (AppRoleAssignmentsComplex). Right: `[{"value": "Admin", "display": "Admin"}]`.
 */
export const packedJson: ValueRewrite = {
  name: 'packed-json',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'a role must be an object, not JSON in a string',
  correct(value, attribute, position) {
    if (position !== 'element' || (attribute.name !== 'roles' && attribute.name !== 'entitlements'))
      return value;
    const text = isJsonObject(value) ? readMember(value, 'value') : value;
    const packed = typeof text === 'string' && text.startsWith('{') ? unpack(text) : undefined;
    if (packed === undefined) return value;
    const { id: _id, ...rest } = packed;
    return isJsonObject(value) ? { ...value, ...rest } : rest;
  },
};

/** A role without a value (the default access of an application) keeps its name alone: no rule on values may meet it. */
function unpack(text: string): JsonObject | undefined {
  try {
    const role: unknown = JSON.parse(text);
    if (!isJsonObject(role)) return undefined;
    const { value, displayName } = role;
    const isRole = typeof value === 'string' || (isUnassigned(value) && typeof displayName === 'string');
    return isRole ? { ...role, value: value ?? null } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Wrong: `{"value": "Admin", "displayName": "Admin"}` in `roles` or `members`. Right: `display`.
 *
 * @see https://github.com/AzureAD/SCIMReferenceCode/issues/20
 */
export const displayNameForDisplay: ValueRewrite = {
  name: 'display-name-for-display',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'the name of an element is its "display"',
  correct(value, attribute, position) {
    if (position !== 'element' || !isJsonObject(value) || !Object.hasOwn(value, 'displayName')) return value;
    if (attribute.subs.get('display') === undefined || attribute.subs.has('displayName')) return value;
    const { displayName, ...rest } = value;
    return { display: displayName, ...rest };
  },
};
