import type { JsonObject } from '../json-value.js';
import { isUnassigned, readMember } from '../json-value.js';
import { bulkRequestUrn, patchOpUrn, searchRequestUrn } from '../urns.js';
import type { BodyRewrite, RewriteContext } from './rewrite.js';

/**
 * Wrong: a body without `schemas`, or with `[]` (authentik, whose serializer omits default values; WSO2; the UnboundID SDK
 * in bulk). Right: with the URN that follows from method and address. Another URN stays an error.
 *
 * @see https://github.com/goauthentik/authentik/issues/16677
 */
export const missingSchemas: BodyRewrite = {
  name: 'missing-schemas',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: '"schemas" must name the schema of the message',
  correct(body, context) {
    if (!isUnassigned(readMember(body, 'schemas'))) return body;
    const rest = Object.entries(body).filter(([name]) => name.toLowerCase() !== 'schemas');
    return { schemas: [urnOf(context)], ...Object.fromEntries(rest) };
  },
};

function urnOf({ request: { method, path }, schema }: RewriteContext): string {
  if (path.endsWith('/.search')) return searchRequestUrn;
  if (path === '/Bulk') return bulkRequestUrn;
  return method === 'PATCH' ? patchOpUrn : schema.core.id;
}

/**
 * Wrong: `"data": [{"op": "remove", "path": "nickName"}]` in a bulk request, as RFC 7644 section 3.7.3 prints it against its own section
 * 3.5.2. Right: the whole message, `{"schemas": [...PatchOp], "Operations": [...]}`.
 *
 * @see https://www.rfc-editor.org/errata/rfc7644
 */
export const bareOperations: BodyRewrite = {
  name: 'bare-operations',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: 'the body of a PATCH must be an object with "Operations", not the list alone',
  correct: (body, { request }) =>
    Array.isArray(request.body) ? { schemas: [patchOpUrn], Operations: request.body as unknown[] } : body,
};

/** What the rewrites see of a body: a PATCH that is a list alone counts as one without anything beside it. */
export function bodyOf(method: string, body: unknown): unknown {
  return method === 'PATCH' && Array.isArray(body) ? ({ Operations: body } satisfies JsonObject) : body;
}
