import type { Dialect } from '../../../shared/dialects.js';
import type { ResourceSchema, SchemaExtension } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import { isJsonObject, readMember } from '../json-value.js';
import { tryPatchPath } from '../path.js';
import type { SchemaRegistry } from '../schema-registry.js';
import { resourceAt } from '../schema-registry.js';
import { badRequest } from '../scim-error.js';
import { rewritesOf, type DialectRewrites } from './dialects.js';
import { pathWithoutFilter, rewriteFilterText } from './filter-text.js';
import { bodyOf, missingSchemas } from './messages.js';
import type {
  BodyRewrite,
  OperationRewrite,
  RawOperation,
  Rewrite,
  RewriteContext,
  ScimRequest,
} from './rewrite.js';
import { simpleNameOf } from './rewrite.js';
import { refuseUnknown } from './unknown-attributes.js';
import type { CorrectValue } from './value-walk.js';
import { correctAttribute, correctElement, correctResource } from './value-walk.js';

export interface RewrittenRequest {
  readonly query: JsonObject;
  readonly body: unknown;
  /** Names of the deviations found, each once. */
  readonly deviations: readonly string[];
}

/** One request on its way through the rewrites of its dialect. */
interface Run extends RewriteContext {
  readonly rewrites: DialectRewrites;
  readonly report: (rewrite: Rewrite) => void;
  readonly correctValue: CorrectValue;
}

/** Deviations no other identity provider is known for in a change. */
const entraSigns = [
  'capital-op',
  'dotted-keys',
  'packed-json',
  'malformed-enterprise-urn',
  'string-boolean-filter',
];

/**
 * Corrects what a dialect's clients are known to send wrong, so that the engine behind can be strict. Call it once for each operation of
 * a bulk request too, with that operation's method, path and data.
 *
 * @param isKnownEntra - is it known otherwise that Entra ID sends this directory's requests?
 * @returns the very same `query` and `body` when there was nothing to correct.
 * @throws ScimError in dialect `strict` only: 400 for the first deviation and for an attribute of a POST or PUT that no schema has (the
 * engine ignores those).
 */
export function rewriteRequest(
  dialect: Dialect,
  request: ScimRequest,
  registry: SchemaRegistry,
  isKnownEntra = false,
): RewrittenRequest {
  const schema = request.path === '/Me' ? registry.user : resourceAt(registry, request.path);
  if (schema === undefined) return rewriteElsewhere(dialect, request, registry);
  const isEntra = isKnownEntra || dialect === 'entra' || hasEntraFlag(request);
  const rewritten = rewriteOnce(dialect, request, schema, isEntra);
  // A later operation may have given Entra away: the earlier ones are then read again as Entra's.
  const isFoundOut =
    !isEntra && request.method === 'PATCH' && entraSigns.some((name) => rewritten.deviations.includes(name));
  return isFoundOut ? rewriteOnce(dialect, request, schema, true) : rewritten;
}

/** What belongs to no resource type: `/Bulk`, whose operations are rewritten one by one, and queries over all types. */
function rewriteElsewhere(
  dialect: Dialect,
  request: ScimRequest,
  registry: SchemaRegistry,
): RewrittenRequest {
  const isSearch = request.path === '/' || request.path === '/.search';
  const found = new Set<string>();
  let { query, body } = request;
  if (isSearch || request.path === '/Bulk') {
    for (const schema of registry.resources) {
      const run = startRun(dialect, request, schema, false, found);
      query = rewriteFilterOf(query, run);
      if (isJsonObject(body)) body = rewriteMessage(body, run);
    }
  }
  return { query, body, deviations: [...found] };
}

/** A message that is no resource and no PATCH. */
function rewriteMessage(body: JsonObject, run: Run): JsonObject {
  const named = correctBody(
    body,
    run.rewrites.body.filter((rewrite) => rewrite === missingSchemas),
    run,
  );
  return rewriteFilterOf(named, run);
}

function hasEntraFlag({ query }: ScimRequest): boolean {
  return Object.keys(query).some((name) => /^aadoptscim/i.test(name));
}

function rewriteOnce(
  dialect: Dialect,
  request: ScimRequest,
  schema: ResourceSchema,
  isEntra: boolean,
): RewrittenRequest {
  const found = new Set<string>();
  const run = startRun(dialect, request, schema, isEntra, found);
  const query = rewriteFilterOf(request.query, run);
  const sent = bodyOf(request.method, request.body);
  const body = isJsonObject(sent) ? rewriteBody(sent, run, dialect) : request.body;
  return { query, body, deviations: [...found] };
}

function startRun(
  dialect: Dialect,
  request: ScimRequest,
  schema: ResourceSchema,
  isEntra: boolean,
  found: Set<string>,
): Run {
  const rewrites = rewritesOf[dialect];
  const report = (rewrite: Rewrite): void => {
    if (dialect === 'strict') throw badRequest(rewrite.scimType, rewrite.refusal);
    found.add(rewrite.name);
  };
  let setPaths: ReadonlySet<string> | undefined;
  return {
    request,
    schema,
    rewrites,
    report,
    isEntra,
    setPaths: () => (setPaths ??= setPathsOf(request)),
    correctValue(value, attribute, position) {
      let current = value;
      for (const rewrite of rewrites.value) {
        const corrected = rewrite.correct(current, attribute, position);
        if (corrected === current) continue;
        report(rewrite);
        current = corrected;
      }
      return current;
    },
  };
}

function setPathsOf({ body }: ScimRequest): ReadonlySet<string> {
  const operations = isJsonObject(body) ? readMember(body, 'Operations') : undefined;
  const paths = new Set<string>();
  for (const operation of Array.isArray(operations) ? operations.filter(isJsonObject) : []) {
    const [op, path] = [readMember(operation, 'op'), readMember(operation, 'path')];
    const isRemoval = typeof op === 'string' && op.toLowerCase() === 'remove';
    if (typeof path === 'string' && !isRemoval) paths.add(simpleNameOf(path));
  }
  return paths;
}

/** The `filter` of a query or of a search. */
function rewriteFilterOf(parameters: JsonObject, run: Run): JsonObject {
  const filter = parameters['filter'];
  if (typeof filter !== 'string') return parameters;
  const corrected = rewriteFilterText(filter, run.schema, run.rewrites.filter, run.report);
  return corrected === filter ? parameters : { ...parameters, filter: corrected };
}

function rewriteBody(body: JsonObject, run: Run, dialect: Dialect): JsonObject {
  if (run.request.path.endsWith('/.search')) return rewriteMessage(body, run);
  const corrected = correctBody(body, run.rewrites.body, run);
  if (run.request.method !== 'PATCH') {
    const resource = correctResource(corrected, run.schema, run.correctValue);
    if (dialect === 'strict') refuseUnknown(resource, run.schema);
    return correctBody(resource, run.rewrites.bodyLast, run);
  }
  const operations = readMember(corrected, 'Operations');
  if (!Array.isArray(operations)) return corrected;
  const rewritten = operations.flatMap((operation) => rewriteOperation(operation, run));
  const isSame =
    rewritten.length === operations.length && rewritten.every((item, at) => item === operations[at]);
  return isSame ? corrected : { schemas: readMember(corrected, 'schemas'), Operations: rewritten };
}

function correctBody(body: JsonObject, rewrites: readonly BodyRewrite[], run: Run): JsonObject {
  return rewrites.reduce((current, rewrite) => {
    const next = rewrite.correct(current, run);
    if (next !== current) run.report(rewrite);
    return next;
  }, body);
}

function rewriteOperation(input: unknown, run: Run): unknown[] {
  if (!isJsonObject(input)) return [input];
  const operation = readOperation(input);
  const { operation: first, last } = run.rewrites;
  const split = applyAll([operation], first, run);
  const corrected = split.map((part) => rewritePath(rewriteValue(part, run), run));
  return applyAll(corrected, last, run);
}

/** Names of members in lower case; the input itself when they are. */
function readOperation(input: JsonObject): RawOperation {
  const names = Object.keys(input);
  if (names.every((name) => name === name.toLowerCase()) && input['path'] !== null) return input;
  const path = readMember(input, 'path');
  const valueKey = names.find((name) => name.toLowerCase() === 'value');
  return {
    op: readMember(input, 'op'),
    ...(path === undefined ? {} : { path }),
    ...(valueKey === undefined ? {} : { value: input[valueKey] }),
  };
}

function applyAll(
  operations: readonly RawOperation[],
  rewrites: readonly OperationRewrite[],
  run: Run,
): RawOperation[] {
  let current = [...operations];
  for (const rewrite of rewrites) {
    current = current.flatMap((operation) => {
      const corrected = rewrite.correct(operation, run);
      if (corrected !== operation) run.report(rewrite);
      return corrected;
    });
  }
  return current;
}

function rewriteValue(operation: RawOperation, run: Run): RawOperation {
  if (operation.value === undefined || operation.value === null) return operation;
  const corrected = correctOperationValue(operation, run);
  return corrected === operation.value ? operation : { ...operation, value: corrected };
}

function correctOperationValue({ path, value }: RawOperation, run: Run): unknown {
  const { schema, correctValue } = run;
  if (path === undefined) return isJsonObject(value) ? correctResource(value, schema, correctValue) : value;
  const target = typeof path === 'string' ? tryPatchPath(pathWithoutFilter(path), schema) : undefined;
  if (target === undefined || typeof path !== 'string') return value;
  const { extension, attribute, sub } = target;
  if (attribute === undefined) return correctExtension(value, extension, run);
  if (sub !== undefined) return correctAttribute(value, sub, correctValue);
  const isElement = path.includes('[') || (attribute.multiValued && !Array.isArray(value));
  return isElement
    ? correctElement(value, attribute, correctValue)
    : correctAttribute(value, attribute, correctValue);
}

function correctExtension(value: unknown, extension: SchemaExtension | undefined, run: Run): unknown {
  if (extension === undefined || !isJsonObject(value)) return value;
  return correctResource({ [extension.urn]: value }, run.schema, run.correctValue)[extension.urn];
}

function rewritePath(operation: RawOperation, run: Run): RawOperation {
  const { path } = operation;
  if (typeof path !== 'string' || !path.includes('[')) return operation;
  const corrected = rewriteFilterText(path, run.schema, run.rewrites.filter, run.report);
  return corrected === path ? operation : { ...operation, path: corrected };
}
