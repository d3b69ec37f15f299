import { isJsonObject, readMember } from '../json-value.js';
import type { JsonObject } from '../json-value.js';
import { requireMessageSchema } from '../patch/request.js';
import type { SchemaRegistry } from '../schema-registry.js';
import { badRequest, ScimError } from '../scim-error.js';
import { bulkRequestUrn } from '../urns.js';

export interface BulkOperation {
  /** Position in the request, from 0. */
  readonly index: number;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly bulkId: string | undefined;
  /** `/Users`, `/Groups`: the canonical endpoint of the resource type. */
  readonly endpoint: string;
  /** undefined for POST; may be `bulkId:<id>`. */
  readonly id: string | undefined;
  /** Entity tag the resource must have (as If-Match). */
  readonly version: string | undefined;
  /** A list: the operations of a PATCH alone, which the dialect may take. */
  readonly data: JsonObject | readonly unknown[];
}

/** An operation that cannot even be tried: it gets its error in its place of the answer. */
export interface BulkRefusal {
  readonly index: number;
  readonly method: string;
  readonly bulkId: string | undefined;
  /** As the client wrote it. */
  readonly path: string;
  readonly error: ScimError;
}

export interface BulkRequest {
  /** Stop after so many failed operations; undefined: never. */
  readonly failOnErrors: number | undefined;
  readonly entries: readonly (BulkOperation | BulkRefusal)[];
}

/**
 * Reads a bulk request (RFC 7644 section 3.7). A fault of one operation is that operation's; `failOnErrors` below 1 counts as absent.
 *
 * @throws ScimError invalidSyntax for the envelope, 413 for more than `maxOperations`.
 */
export function parseBulkRequest(
  body: unknown,
  registry: SchemaRegistry,
  limits: { maxOperations: number },
): BulkRequest {
  if (!isJsonObject(body)) throw badRequest('invalidSyntax', 'the body must be a JSON object');
  requireMessageSchema(body, bulkRequestUrn);
  const operations = readMember(body, 'Operations');
  if (!Array.isArray(operations)) throw badRequest('invalidSyntax', '"Operations" must be an array');
  if (operations.length > limits.maxOperations) {
    throw new ScimError(
      413,
      undefined,
      `the request has ${operations.length} operations, more than the ${limits.maxOperations} allowed`,
    );
  }
  const failOnErrors = readMember(body, 'failOnErrors');
  if (failOnErrors !== undefined && !Number.isSafeInteger(failOnErrors)) {
    throw badRequest('invalidSyntax', '"failOnErrors" must be an integer');
  }
  const taken = new Set<string>();
  return {
    failOnErrors: Number(failOnErrors) >= 1 ? Number(failOnErrors) : undefined,
    entries: operations.map((operation, index) => readEntry(operation, index, registry, taken)),
  };
}

/** Separates operations that can run from those that are refused at once. */
export function isRefusal(entry: BulkOperation | BulkRefusal): entry is BulkRefusal {
  return 'error' in entry;
}

function readEntry(
  input: unknown,
  index: number,
  registry: SchemaRegistry,
  taken: Set<string>,
): BulkOperation | BulkRefusal {
  const operation = isJsonObject(input) ? input : {};
  const rawMethod = readMember(operation, 'method');
  const method = typeof rawMethod === 'string' ? rawMethod.slice(0, 16).toUpperCase() : '';
  const rawBulkId = readMember(operation, 'bulkId');
  const bulkId = typeof rawBulkId === 'string' && rawBulkId !== '' ? rawBulkId : undefined;
  try {
    return { index, bulkId, ...readOperation(operation, method, bulkId, registry, taken) };
  } catch (error) {
    if (error instanceof ScimError) return { index, method, bulkId, path: readPathText(operation), error };
    throw error;
  }
}

function readPathText(operation: JsonObject): string {
  const path = readMember(operation, 'path');
  return typeof path === 'string' ? path.slice(0, 200) : '';
}

function readOperation(
  operation: JsonObject,
  method: string,
  bulkId: string | undefined,
  registry: SchemaRegistry,
  taken: Set<string>,
): Omit<BulkOperation, 'index' | 'bulkId'> {
  if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE') {
    throw badRequest('invalidSyntax', '"method" must be POST, PUT, PATCH or DELETE');
  }
  if (method === 'POST') claimBulkId(bulkId, taken);
  const { endpoint, id } = readPath(readMember(operation, 'path'), registry);
  if ((method === 'POST') !== (id === undefined)) {
    throw badRequest(
      'invalidSyntax',
      `the "path" of ${method} must ${id === undefined ? '' : 'not '}name a resource`,
    );
  }
  return { method, endpoint, id, version: readVersion(operation), data: readData(operation, method) };
}

function readData(operation: JsonObject, method: string): BulkOperation['data'] {
  const data = method === 'DELETE' ? {} : readMember(operation, 'data');
  if (method === 'PATCH' && Array.isArray(data)) return data as unknown[];
  if (!isJsonObject(data)) throw badRequest('invalidSyntax', `${method} needs "data", an object`);
  return data;
}

function readVersion(operation: JsonObject): string | undefined {
  const version = readMember(operation, 'version');
  if (version === undefined || typeof version === 'string') return version;
  throw badRequest('invalidSyntax', '"version" must be a string');
}

function claimBulkId(bulkId: string | undefined, taken: Set<string>): void {
  if (bulkId === undefined) throw badRequest('invalidSyntax', 'POST needs a "bulkId"');
  if (taken.has(bulkId)) throw badRequest('invalidValue', 'the "bulkId" is taken by an earlier operation');
  taken.add(bulkId);
}

function readPath(path: unknown, registry: SchemaRegistry): { endpoint: string; id: string | undefined } {
  const match = typeof path === 'string' ? /^\/([^/?]+)(?:\/([^/?]+))?\/?$/.exec(path) : null;
  const named = `/${match?.[1] ?? ''}`.toLowerCase();
  const resource = registry.resources.find(({ endpoint }) => endpoint.toLowerCase() === named);
  if (resource === undefined || match?.[2]?.startsWith('.') === true) {
    throw badRequest('invalidSyntax', '"path" must be /Users or /Groups, or one resource of them');
  }
  return { endpoint: resource.endpoint, id: match?.[2] === undefined ? undefined : decode(match[2]) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('invalidSyntax', '"path" is not a valid URI');
  }
}
