import type { JsonObject } from '../json-value.js';
import { isJsonObject, readMember } from '../json-value.js';
import { badRequest } from '../scim-error.js';
import { patchOpUrn } from '../urns.js';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  /** undefined: the resource itself. */
  readonly path: string | undefined;
  /** undefined: the operation has no value; null: unassign. */
  readonly value: unknown;
}

/**
 * Reads a PATCH body (RFC 7644 section 3.5.2). Names of members are matched without regard to case, values are not.
 *
 * @throws ScimError invalidSyntax; invalidPath and noTarget for a bad or missing path; invalidValue for a missing value.
 */
export function parsePatchRequest(body: unknown): PatchOperation[] {
  if (!isJsonObject(body)) throw badRequest('invalidSyntax', 'the body must be a JSON object');
  requireMessageSchema(body, patchOpUrn);
  const operations = readMember(body, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw badRequest('invalidSyntax', '"Operations" must be an array of at least one operation');
  }
  return operations.map((operation, index) => readOperation(operation, index));
}

/**
 * Checks that a message names its schema.
 *
 * @throws ScimError invalidSyntax.
 */
export function requireMessageSchema(body: JsonObject, urn: string): void {
  const schemas = readMember(body, 'schemas');
  const folded = urn.toLowerCase();
  const isNamed =
    Array.isArray(schemas) &&
    schemas.some((schema) => typeof schema === 'string' && schema.toLowerCase() === folded);
  if (!isNamed) throw badRequest('invalidSyntax', `"schemas" must name ${urn}`);
}

function readOperation(operation: unknown, index: number): PatchOperation {
  const where = `operation ${index + 1}`;
  if (!isJsonObject(operation)) throw badRequest('invalidSyntax', `${where} must be an object`);
  const op = readMember(operation, 'op');
  if (op !== 'add' && op !== 'remove' && op !== 'replace') {
    throw badRequest('invalidSyntax', `${where}: "op" must be "add", "remove" or "replace"`);
  }
  const path = readMember(operation, 'path');
  if (path !== undefined && typeof path !== 'string') {
    throw badRequest('invalidPath', `${where}: "path" must be a string`);
  }
  if (path === undefined && op === 'remove')
    throw badRequest('noTarget', `${where}: "remove" needs a "path"`);
  const value = readRawValue(operation);
  if (op !== 'remove' && value === undefined) {
    throw badRequest('invalidValue', `${where}: "${op}" needs a "value"`);
  }
  return { op, path, value };
}

/** Unlike {@link readMember}, distinguishes null from a missing value. */
function readRawValue(operation: JsonObject): unknown {
  if (Object.hasOwn(operation, 'value')) return operation['value'];
  const key = Object.keys(operation).find((name) => name.toLowerCase() === 'value');
  return key === undefined ? undefined : operation[key];
}
