import { parseFilter } from '../../src/scim/protocol/filter/parse.js';
import { compileFilter } from '../../src/scim/protocol/filter/match.js';
import { applyPatch } from '../../src/scim/protocol/patch/apply.js';
import { parsePatchRequest } from '../../src/scim/protocol/patch/request.js';
import { parseResource } from '../../src/scim/protocol/resource-parse.js';
import type { RewrittenRequest } from '../../src/scim/protocol/rewrites/rewrite-request.js';
import { rewriteRequest } from '../../src/scim/protocol/rewrites/rewrite-request.js';
import { patchOpUrn } from '../../src/scim/protocol/urns.js';
import type { Json } from './scim-protocol.js';
import { refusal, registry } from './scim-protocol.js';
import type { Dialect } from '../../src/shared/dialects.js';

/** Rewrites a PATCH given by its operations. */
export function rewritePatch(
  dialect: Dialect,
  operations: unknown,
  path = '/Users/u1',
  query: Record<string, unknown> = {},
): RewrittenRequest {
  const body = { schemas: [patchOpUrn], Operations: operations };
  return rewriteRequest(dialect, { method: 'PATCH', path, query, body }, registry);
}

/** The operations after the rewrites of a dialect. */
export function operationsAfter(dialect: Dialect, operations: unknown, path?: string): Json {
  return (rewritePatch(dialect, operations, path).body as Json).Operations;
}

/** Rewrites, parses and applies a PATCH of a user: what the server does. */
export function patchAs(
  dialect: Dialect,
  operations: unknown,
  resource: Record<string, unknown>,
  query: Record<string, unknown> = {},
): Record<string, Json> {
  const { body } = rewritePatch(dialect, operations, '/Users/u1', query);
  return applyPatch(resource, parsePatchRequest(body), registry.user);
}

/** Rewrites and parses the body of a POST to /Users or /Groups. */
export function createAs(dialect: Dialect, body: unknown, path = '/Users'): Record<string, Json> {
  const rewritten = rewriteRequest(dialect, { method: 'POST', path, query: {}, body }, registry);
  const schema = path.startsWith('/Groups') ? registry.group : registry.user;
  return parseResource(rewritten.body, schema, { mode: 'create' });
}

/** Rewrites a query's filter and applies it to a user. */
export function matchesAs(dialect: Dialect, filter: string, resource: unknown): boolean {
  const { query } = rewriteRequest(
    dialect,
    { method: 'GET', path: '/Users', query: { filter }, body: undefined },
    registry,
  );
  return compileFilter(parseFilter(String(query['filter']), registry.user))(resource);
}

/** How dialect `strict` answers a PATCH. */
export function strictly(operations: unknown): string {
  return refusal(() => rewritePatch('strict', operations));
}
