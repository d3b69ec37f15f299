import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { tenantHeader } from './authenticate.js';
import { planSchema, queryOf } from './plans.js';
import { exampleOf } from './reference/example.js';
import type { Document, Schema } from './reference/schemas.js';
import type { Route } from './route.js';
import { z } from './schema.js';

/** RFC 9457, as every error of the API is answered. */
const problemSchema = z
  .strictObject({
    type: z.string().describe('an address that explains the code'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().describe('stable, `noun.reason`'),
    errors: z.array(
      z.strictObject({
        pointer: z.string().describe('JSON pointer into the body, or `?name` for a query parameter'),
        detail: z.string(),
      }),
    ),
    requestId: z.string(),
  })
  .openapi('Problem');

type ResponseConfig = RouteConfig['responses'][string];

const problems: Readonly<Record<number, string>> = {
  400: 'The input has faults; `errors` points at them',
  401: 'No credentials, or dead ones',
  403: 'The permission is missing, or a rule forbids it',
  404: 'There is no such thing in this tenant',
  409: 'It collides with what is there',
  412: 'The resource has changed: `If-Match` does not match its version',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'The `Idempotency-Key` was sent with another request before',
  429: 'Too many requests; `Retry-After` says when to come back',
};

function problemStatuses(route: Route): number[] {
  const always = [400, 401, 403, 429];
  const found = route.path.includes('{') ? [404] : [];
  const write = route.method === 'get' ? [] : [409, ...(route.hasTarget ? [412] : [])];
  return [
    ...always,
    ...found,
    ...write,
    ...(route.body ? [413, 415] : []),
    ...(route.method === 'post' ? [422] : []),
  ].sort((a, b) => a - b);
}

/** Which tenant a call is for; an operator key alone may leave it out, where the server as a whole is meant. */
const tenantHeaders = {
  tenant: 'slug or id of the tenant; an operator key has to send it',
  either: 'slug or id of the tenant; without it an operator key means the server’s own',
} as const;

function headersOf(route: Route): Record<string, z.ZodType> {
  const isForTenant = route.scope !== 'server' && route.permission !== 'self';
  return {
    ...(isForTenant && { [tenantHeader]: z.string().optional().describe(tenantHeaders[route.scope]) }),
    ...(route.method === 'post' && {
      'Idempotency-Key': z
        .string()
        .max(255)
        .optional()
        .describe(
          'a word of yours: within 24 hours the same request with it is done once and answered alike',
        ),
    }),
    ...(route.hasTarget &&
      route.method !== 'get' && {
        'If-Match': z.string().optional().describe('the ETag the change was decided on'),
      }),
  };
}

/** How a caller is let in, most common first. */
function securityOf(route: Route): Record<string, string[]>[] {
  const session = { session: [], ...(route.method !== 'get' && { csrfToken: [] }) };
  if (route.permission === 'self') return [session];
  return route.scope === 'server'
    ? [{ operatorKey: [] }, session]
    : [{ apiKey: [] }, session, { operatorKey: [] }];
}

function parametersOf(route: Route): NonNullable<RouteConfig['request']> {
  const places = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const headers = headersOf(route);
  return {
    ...(places.length > 0 && {
      params: z.object(Object.fromEntries(places.map((name) => [name, z.string()]))),
    }),
    ...((route.query ?? route.isPlanned) && { query: queryOf(route) }),
    ...(Object.keys(headers).length > 0 && { headers: z.object(headers) }),
    ...(route.body && {
      body: {
        content: { 'application/json': { schema: route.body } },
        required: !route.body.safeParse(undefined).success,
      },
    }),
  };
}

const successes = { 200: 'OK', 201: 'Created', 202: 'Accepted: a job does it', 204: 'Done' } as const;

const planned: ResponseConfig = {
  description: 'What it would do (`dryRun=true`)',
  content: { 'application/json': { schema: planSchema } },
};

/** With `dryRun=true` the answer is a plan in place of what is usual. */
function withPlan(route: Route, usual: ResponseConfig): ResponseConfig {
  const schema = z.union([route.output ?? planSchema, planSchema]);
  return { ...usual, content: { 'application/json': { schema } } };
}

function successesOf(route: Route): Record<string, ResponseConfig> {
  const { status, otherStatus, isPlanned } = route;
  if (isPlanned) {
    const usual = successOf(route, status);
    return status === 200 ? { 200: withPlan(route, usual) } : { [status]: usual, 200: planned };
  }
  return {
    [status]: successOf(route, status),
    ...(otherStatus && {
      [otherStatus]: { ...successOf(route, otherStatus), description: 'It was there already' },
    }),
  };
}

function successOf(route: Route, status: Route['status']): ResponseConfig {
  const description = successes[status];
  if (status === 204) return { description };
  const schema = route.output ?? z.string();
  return { description, content: { [route.produces]: { schema } } };
}

function operationOf(route: Route): RouteConfig {
  const refusals = problemStatuses(route).map((status): [string, ResponseConfig] => [
    String(status),
    {
      description: problems[status] ?? '',
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  ]);
  return {
    method: route.method,
    path: `/api/v1${route.path}`,
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    ...(route.permission !== 'self' && { description: `Needs the permission \`${route.permission}\`.` }),
    security: securityOf(route),
    request: parametersOf(route),
    responses: { ...successesOf(route), ...Object.fromEntries(refusals) },
  };
}

/** A regular expression as its literal ends: the slash before the flags is the only one that is not escaped. */
const flagged = /^((?:[^\\]|\\.)*)\/([a-z]+)$/s;

/**
 * JSON Schema patterns are bare, and read with the flag `u`: the generator leaves the flags of the literal at their end.
 *
 * @throws Error where a flag changes what matches, since a pattern cannot say so.
 */
export function barePattern(pattern: string): string {
  const [, source, flags] = flagged.exec(pattern) ?? [];
  if (source === undefined || flags === undefined) return pattern;
  if (/[ims]/.test(flags))
    throw new Error(`a pattern of the API cannot have the flags "${flags}": ${source}`);
  return source;
}

/** Mends every pattern of the document, wherever it stands; a property may itself be called `pattern`. */
function mendPatterns(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const record = node as Record<string, unknown>;
  if (typeof record['pattern'] === 'string') record['pattern'] = barePattern(record['pattern']);
  Object.values(record).forEach(mendPatterns);
}

interface Content {
  schema?: Schema;
  example?: unknown;
}

/** Gives every JSON body, asked for or answered, an example that its schema takes. */
function addExamples(document: Document): void {
  const add = (content: Readonly<Record<string, Content>> | undefined): void => {
    const json = content?.['application/json'];
    if (json?.schema) json.example = exampleOf(document, json.schema);
  };
  for (const operations of Object.values(document.paths))
    for (const { requestBody, responses } of Object.values(operations)) {
      add(requestBody?.content);
      for (const response of Object.values(responses)) add(response.content);
    }
}

/**
 * The OpenAPI 3.1 document of the routes, from the schemas that judge their input.
 *
 * @param server - `BASE_URL`.
 */
export function openApiDocument(table: readonly Route[], server: string, version: string) {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'an API key, `gh_sk_...`',
  });
  registry.registerComponent('securitySchemes', 'operatorKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'a key of the operator of the server, `gh_op_...`; for people of the staff their session',
  });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'gh_session',
  });
  registry.registerComponent('securitySchemes', 'csrfToken', {
    type: 'apiKey',
    in: 'header',
    name: 'X-CSRF-Token',
    description: 'as `GET /api/v1/me` gave it in the header of the same name; writes of a session need it',
  });
  for (const route of table) registry.registerPath(operationOf(route));
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse',
      version,
      description: 'Administration and self-service. Errors are RFC 9457 problems.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server }],
  });
  mendPatterns(document);
  addExamples(document as unknown as Document);
  return document;
}
