import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
}
interface Media {
  schema: { $ref?: string };
  example?: unknown;
}
interface OperationObject {
  operationId: string;
  parameters?: Parameter[];
  security: Record<string, string[]>[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}
export interface OpenApiDocument {
  paths: Record<string, Record<string, OperationObject>>;
}

export interface CallInput {
  /** By the names of the operation's parameters, wherever they go. */
  parameters?: Readonly<Record<string, string>>;
  body?: unknown;
}
export interface CallResult {
  status: number;
  body: unknown;
  /** What of the answer is not as the document says; empty: nothing. */
  fault: string;
}
type Call = (input?: CallInput) => Promise<CallResult>;

/** A client made of nothing but an OpenAPI document: a function for each operation, by its id. */
export interface GeneratedClient {
  readonly operations: ReadonlyMap<string, { call: Call; method: string; path: string; example: unknown }>;
}

/**
 * Makes a client, as a generator of clients would.
 *
 * @param fetchFrom - sends a request below the server's address.
 */
export function generateClient(
  document: OpenApiDocument,
  fetchFrom: (path: string, init: RequestInit) => Promise<Response>,
): GeneratedClient {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats.default as unknown as (instance: Ajv2020) => void)(ajv);
  ajv.addSchema(document, 'api');
  const checkOf = (schema: object): ValidateFunction =>
    ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object);

  const judge = async (operation: OperationObject, response: Response): Promise<CallResult> => {
    const text = await response.text();
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    const body: unknown = type.includes('json') ? JSON.parse(text) : text;
    const { status } = response;
    const announced = operation.responses[String(status)];
    if (!announced) return { status, body, fault: `the document knows no answer ${status}: ${text}` };
    const media = announced.content?.[type];
    if (!media)
      return {
        status,
        body,
        fault: announced.content && text !== '' ? `it answers ${status} in ${type}` : '',
      };
    if (!type.includes('json')) return { status, body, fault: '' };
    const check = checkOf(media.schema);
    return { status, body, fault: check(body) ? '' : ajv.errorsText(check.errors) };
  };

  const callOf =
    (method: string, path: string, operation: OperationObject): Call =>
    async ({ body, parameters = {} } = {}) => {
      const given = (operation.parameters ?? []).filter(({ name }) => parameters[name] !== undefined);
      const at = (place: Parameter['in']): [string, string][] =>
        given.filter((one) => one.in === place).map(({ name }) => [name, parameters[name] ?? '']);
      const filled = at('path').reduce(
        (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
        path,
      );
      const query = new URLSearchParams(at('query')).toString();
      const response = await fetchFrom(query === '' ? filled : `${filled}?${query}`, {
        method: method.toUpperCase(),
        headers: {
          ...Object.fromEntries(at('header')),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return judge(operation, response);
    };

  return {
    operations: new Map(
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => {
          const example = operation.requestBody?.content['application/json']?.example;
          return [operation.operationId, { call: callOf(method, path, operation), method, path, example }];
        }),
      ),
    ),
  };
}
