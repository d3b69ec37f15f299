import type { ScimAnswer, ScimContext, ScimRequest } from './exchange.js';
import type { Page, Row } from './page-search.js';
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

type ListedPage = Pick<Page<Row>, 'total' | 'nextCursor'>;

/** A ListResponse of one page (RFC 7644 section 3.4.2). */
export function renderList(
  list: ListRequest,
  page: ListedPage,
  resources: readonly JsonObject[],
): ScimAnswer {
  const texts = resources.map((resource) => JSON.stringify(project(resource, list.projection)));
  return renderTexts(list, page, texts);
}

/** The same of resources that are JSON already. */
export function renderTexts(list: ListRequest, page: ListedPage, texts: readonly string[]): ScimAnswer {
  const position =
    list.cursor === undefined ? { startIndex: list.startIndex } : { nextCursor: page.nextCursor };
  const { Resources: _none, ...head } = toListResponse([], page.total, position);
  const opening = JSON.stringify({ ...head, itemsPerPage: texts.length }).slice(0, -1);
  return { status: 200, body: `${opening},"Resources":[${texts.join(',')}]}` };
}
