import type { ScimContext, ScimRequest } from './exchange.js';
import { rewriteRequest } from './protocol/rewrites/rewrite-request.js';

/**
 * Puts a request into the form of the RFC, as the directory's dialect allows, and notes each deviation.
 *
 * @throws ScimError in the dialect `strict`.
 */
export function applyDialect(context: ScimContext, request: ScimRequest): ScimRequest {
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
