import type { ResourceSchema } from '../protocol/attribute.js';
import { compileColumns, type CompiledColumns, type ForeignValues } from '../protocol/column-mapping.js';
import { isJsonObject, readMember, type JsonObject } from '../protocol/json-value.js';
import type { ScimContext, ScimRequest } from './request.js';

// A bulk request asks for each of its operations.
const compiled = new WeakMap<object, { schema: ResourceSchema; columns: CompiledColumns }>();

/** The mapping of the request's directory; undefined where it has none. */
export function columnsOf({ mapping, schemas }: ScimContext): CompiledColumns | undefined {
  if (mapping === undefined || mapping.length === 0) return undefined;
  const known = compiled.get(mapping);
  if (known?.schema === schemas.user) return known.columns;
  const columns = compileColumns(mapping, schemas.user);
  compiled.set(mapping, { schema: schemas.user, columns });
  return columns;
}

interface Taken {
  object: JsonObject;
  isEmpty: boolean;
}

/** Takes the members of these names out of an object, and out of its objects whose key is a URN. */
function takeMembers(
  object: JsonObject,
  wanted: ReadonlySet<string>,
  values: Map<string, unknown>,
  prefix = '',
): Taken {
  const kept = Object.entries(object).flatMap(([key, value]): [string, unknown][] => {
    const name = `${prefix}${key}`.toLowerCase();
    if (wanted.has(name)) {
      values.set(name, value);
      return [];
    }
    if (prefix !== '' || !/^urn:/i.test(key) || !isJsonObject(value)) return [[key, value]];
    const inside = takeMembers(value, wanted, values, `${key}:`);
    if (inside.object === value) return [[key, value]];
    return inside.isEmpty ? [] : [[key, inside.object]];
  });
  const isSame =
    kept.length === Object.keys(object).length && kept.every(([key, value]) => object[key] === value);
  return { object: isSame ? object : Object.fromEntries(kept), isEmpty: kept.length === 0 };
}

/** The same with one operation of a PATCH. @returns undefined: nothing is left of it. */
function takeOperation(
  operation: unknown,
  wanted: ReadonlySet<string>,
  values: Map<string, unknown>,
): unknown {
  if (!isJsonObject(operation)) return operation;
  const path = readMember(operation, 'path');
  const value = readMember(operation, 'value');
  if (typeof path === 'string' && wanted.has(path.toLowerCase())) {
    values.set(path.toLowerCase(), value);
    return undefined;
  }
  const isWhole = path === undefined;
  if (!isJsonObject(value) || !(isWhole || (typeof path === 'string' && /^urn:/i.test(path))))
    return operation;
  const prefix = isWhole ? '' : `${path}:`;
  const { object, isEmpty } = takeMembers(value, wanted, values, prefix);
  if (object === value) return operation;
  if (isEmpty) return undefined;
  const name = Object.keys(operation).find((key) => key.toLowerCase() === 'value') ?? 'value';
  return { ...operation, [name]: object };
}

function takeOperations(
  body: JsonObject,
  wanted: ReadonlySet<string>,
  values: Map<string, unknown>,
): JsonObject {
  const name = Object.keys(body).find((key) => key.toLowerCase() === 'operations');
  const operations = name === undefined ? undefined : body[name];
  if (name === undefined || !Array.isArray(operations)) return body;
  const kept = operations.flatMap((operation: unknown) => {
    const left = takeOperation(operation, wanted, values);
    return left === undefined ? [] : [left];
  });
  return values.size === 0 ? body : { ...body, [name]: kept };
}

const takes = (request: ScimRequest): boolean =>
  request.segments[0] === 'Users' && ['POST', 'PUT', 'PATCH'].includes(request.method);

/** Takes what the directory's mapping reads and no schema has out of a request, before it is judged by the schemas. */
export function takeForeign(context: ScimContext, request: ScimRequest): ScimRequest {
  if (context.mapping === undefined || !takes(request) || !isJsonObject(request.body)) return request;
  const wanted = columnsOf(context)?.foreign;
  if (wanted === undefined || wanted.size === 0) return request;
  const foreign = new Map<string, unknown>();
  const body =
    request.method === 'PATCH'
      ? takeOperations(request.body, wanted, foreign)
      : takeMembers(request.body, wanted, foreign).object;
  return foreign.size === 0 ? request : { ...request, body, foreign };
}

const none: ForeignValues = new Map();

/** What a request says under names that no schema has. */
export const foreignOf = (request: ScimRequest): ForeignValues => request.foreign ?? none;

/** Whether nothing is left of a PATCH but what was taken out of it. */
export function isEmptied({ body, foreign }: ScimRequest): boolean {
  const operations = isJsonObject(body) ? readMember(body, 'Operations') : undefined;
  return foreign !== undefined && Array.isArray(operations) && operations.length === 0;
}
