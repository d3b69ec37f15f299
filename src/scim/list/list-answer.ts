import { largestPage, sizeLimit } from '../../shared/size.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import type { Page, Row } from './page-search.js';
import type { ResourceSchema } from '../protocol/attribute.js';
import {
  parseListRequest,
  parseSearchRequest,
  type ListOptions,
  type ListRequest,
} from '../protocol/list/request.js';
import { toListResponse } from '../protocol/list/response.js';

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

/** Renders the first of these rows, as many as it likes, at least one. */
type RenderRows<R, T> = (rows: readonly R[]) => Promise<readonly T[]>;

/** Rows rendered between two looks at how much that came to. */
const renderedAtOnce = 100;

/**
 * What a page shows, as much as fits: what a resource shows may be far larger than its document, as its groups and members are not in it.
 *
 * @returns with the page as it is then: it ends with the last row that is shown.
 */
export async function rendered<R extends Row, T>(
  page: Page<R>,
  render: RenderRows<R, T>,
): Promise<{ page: Page<R>; shown: T[] }> {
  const { rows } = page;
  const shown: T[] = [];
  const size = sizeLimit(largestPage);
  while (shown.length < rows.length) {
    const before = shown.length;
    for (const one of await render(rows.slice(before, before + renderedAtOnce))) {
      shown.push(one);
      if (size.until(one)) break;
    }
    const last = rows[shown.length - 1];
    if (last === undefined || shown.length === before) break;
    if (!size.isReached || shown.length === rows.length) continue;
    return { page: { ...page, nextCursor: page.cursorAfter(last), isCut: true }, shown };
  }
  return { page, shown };
}

/** A ListResponse of one page (RFC 7644 section 3.4.2), of resources that are JSON already. */
function renderTexts(list: ListRequest, page: ListedPage, texts: readonly string[]): ScimAnswer {
  const position =
    list.cursor === undefined ? { startIndex: list.startIndex } : { nextCursor: page.nextCursor };
  const { Resources: _none, ...head } = toListResponse([], page.total, position);
  const opening = JSON.stringify({ ...head, itemsPerPage: texts.length }).slice(0, -1);
  return { status: 200, body: `${opening},"Resources":[${texts.join(',')}]}` };
}

/** Finds a page, renders it and makes an answer of it. */
export async function answerPage<R extends Row>(
  list: ListRequest,
  found: Page<R>,
  render: RenderRows<R, string>,
): Promise<ScimAnswer> {
  const { page, shown } = await rendered(found, render);
  return renderTexts(list, page, shown);
}
