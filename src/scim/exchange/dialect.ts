import { takeForeign } from './columns.js';
import type { ScimContext, ScimRequest } from './request.js';
import { isJsonObject, readMember } from '../protocol/json-value.js';
import { requireFewOperations } from '../protocol/patch/limits.js';
import { rewriteRequest } from '../protocol/rewrites/rewrite-request.js';

/**
 * Puts a request into the form of the RFC, as the directory's attribute mapping and dialect allow, and notes each deviation.
 *
 * @throws ScimError in the dialect `strict`; 400 tooMany for a PATCH of too many operations.
 */
export function applyDialect(context: ScimContext, sent: ScimRequest): ScimRequest {
  requireSize(sent);
  const request = takeForeign(context, sent);
  const { dialect, learnedDialect, schemas, trace } = context;
  const path = `/${request.segments.join('/')}`;
  const { query, body, deviations } = rewriteRequest(
    dialect,
    { method: request.method, path, query: request.query, body: request.body },
    schemas,
    learnedDialect === 'entra',
  );
  if (deviations.length === 0) return request;
  trace.deviations.push(...deviations);
  return { ...request, query: query as ScimRequest['query'], body };
}

/** Before anything looks at them one by one. */
function requireSize({ method, segments, body }: ScimRequest): void {
  if (method !== 'PATCH' || !isJsonObject(body)) return;
  requireFewOperations(readMember(body, 'Operations'), segments[0] === 'Groups' ? 'Group' : 'User');
}
