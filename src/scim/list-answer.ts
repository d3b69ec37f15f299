import type { ScimAnswer, ScimContext, ScimRequest } from './exchange.js';
import type { Page } from './listing.js';
import type { ResourceSchema } from './protocol/attribute.js';
import type { JsonObject } from './protocol/json-value.js';
import {
  parseListRequest,
  parseSearchRequest,
  type ListOptions,
  type ListRequest,
} from './protocol/list-request.js';
import { toListResponse } from './protocol/list-response.js';
import { project } from './protocol/projection.js';

/** Reads a list request from the query of a GET or the body of a `.search`. */
export function readList(
  context: ScimContext,
  request: ScimRequest,
  schema: ResourceSchema,
  options: ListOptions = {},
): ListRequest {
  const { scimPageDefault, scimPageMax } = context.core.config.limits;
  const limits = { defaultCount: scimPageDefault, maxCount: scimPageMax };
  return request.method === 'POST'
    ? parseSearchRequest(request.body, schema, limits, options)
    : parseListRequest(request.query, schema, limits, options);
}

/** A ListResponse of one page (RFC 7644 section 3.4.2). */
export function renderList(
  list: ListRequest,
  page: Pick<Page<never>, 'total' | 'nextCursor'>,
  resources: readonly JsonObject[],
): ScimAnswer {
  const shown = resources.map((resource) => project(resource, list.projection));
  const position =
    list.cursor === undefined ? { startIndex: list.startIndex } : { nextCursor: page.nextCursor };
  return { status: 200, body: JSON.stringify(toListResponse(shown, page.total, position)) };
}
