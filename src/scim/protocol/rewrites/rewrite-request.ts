import type { SchemaRegistry } from '../schema-registry.js';
import type { ScimRequest } from './rewrite.js';

/** How a directory's requests are read. `auto` corrects every known deviation, `strict` refuses each. */
export const dialects = [
  'auto',
  'strict',
  'okta',
  'entra',
  'onelogin',
  'jumpcloud',
  'google',
  'ping',
] as const;
export type Dialect = (typeof dialects)[number];

export interface RewrittenRequest {
  readonly query: ScimRequest['query'];
  readonly body: unknown;
  /** Names of the deviations found, each once. */
  readonly deviations: readonly string[];
}

/**
 * Corrects what a dialect's clients are known to send wrong, so that the engine behind it can be strict.
 *
 * @throws ScimError in dialect `strict` only, naming the first deviation.
 */
export function rewriteRequest(
  _dialect: Dialect,
  request: ScimRequest,
  _registry: SchemaRegistry,
): RewrittenRequest {
  return { query: request.query, body: request.body, deviations: [] };
}
