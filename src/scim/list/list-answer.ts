import { largestPage, sizeLimit } from '../../shared/size.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import type { Collection } from '../../persistence/store.js';
import type { Found, Page, ResourceDocument, ResourceKind, Wanted } from './page-search.js';
import type { JsonObject } from '../protocol/json-value.js';
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

/**
 * Renders the first of these resources, as many as it likes, at least one.
 *
 * @returns one entry for each of those; undefined for one that is gone since it was found.
 */
type RenderFound<D, T> = (found: readonly Found<D>[]) => Promise<readonly (T | undefined)[]>;

/** A page as it is shown. */
export interface ShownPage<T> {
  readonly shown: T[];
  readonly total: number | undefined;
  readonly nextCursor: string | undefined;
  /** Whether it ends early, because what it shows is large. */
  readonly isCut: boolean;
}

/** Resources rendered between two looks at how much that came to. */
const renderedAtOnce = 100;

/** Shows as much of a page as fits. What a resource shows may be far larger than its document: groups and members are not in it. */
export async function rendered<D, T>(
  { found, total, nextCursor, cursorAfter }: Page<D>,
  render: RenderFound<D, T>,
): Promise<ShownPage<T>> {
  const shown: T[] = [];
  const size = sizeLimit(largestPage);
  let at = 0;
  while (at < found.length && !size.isReached) {
    for (const resource of await render(found.slice(at, at + renderedAtOnce))) {
      at += 1;
      if (resource === undefined) continue;
      shown.push(resource);
      if (size.until(resource)) break;
    }
  }
  const last = at < found.length ? found[at - 1] : undefined;
  const next = last ? cursorAfter(last._id) : nextCursor;
  return { shown, total, nextCursor: next, isCut: last !== undefined };
}

/**
 * The documents of the first of these resources, as far as they fit into memory, at least one.
 *
 * @returns one entry for each of those; undefined for one that is gone since it was found.
 */
export async function documentsOf<D extends ResourceDocument>(
  collection: Collection<D>,
  found: readonly Found<D>[],
): Promise<(D | undefined)[]> {
  const unread = found.filter(({ document }) => !document).map(({ _id }) => _id);
  const size = sizeLimit(largestPage);
  const read =
    unread.length === 0 ? [] : await collection.find({ _id: { $in: unread } }, { until: size.until });
  const byId = new Map(read.map((document) => [document._id, document]));
  const documents = found.map(({ _id, document }) => document ?? byId.get(_id));
  // Where the limit ended the reading, an absent document may be one that was not read.
  const end = size.isReached ? documents.indexOf(undefined) : -1;
  if (end === 0 && found.length > 1) return documentsOf(collection, found.slice(0, found.length >> 1));
  return end > 0 ? documents.slice(0, end) : documents;
}

/** A ListResponse of one page (RFC 7644 section 3.4.2), of resources that are JSON already. */
function renderTexts(list: ListRequest, page: ShownPage<string>): ScimAnswer {
  const { shown: texts } = page;
  const position =
    list.cursor === undefined ? { startIndex: list.startIndex } : { nextCursor: page.nextCursor };
  const { Resources: _none, ...head } = toListResponse([], page.total, position);
  const opening = JSON.stringify({ ...head, itemsPerPage: texts.length }).slice(0, -1);
  return { status: 200, body: `${opening},"Resources":[${texts.join(',')}]}` };
}

/** Renders a page and makes an answer of it. */
export async function answerPage<D>(
  list: ListRequest,
  page: Page<D>,
  render: RenderFound<D, string>,
): Promise<ScimAnswer> {
  return renderTexts(list, await rendered(page, render));
}

/** Renders the resources of a page by the canonical form of their documents. */
export function renderResources<D extends ResourceDocument, T>(
  kind: ResourceKind<D>,
  wanted: Wanted,
  show: (resource: JsonObject) => T,
): RenderFound<D, T> {
  return async (found) => {
    const documents = await documentsOf(kind.collection, found);
    const present = documents.filter((document) => document !== undefined);
    const resources = (await kind.toResources(present, wanted)).values();
    const shown: (T | undefined)[] = [];
    for (const document of documents) {
      const next = document && resources.next();
      // Of groups with very many members only the first ones came.
      if (next?.done) break;
      shown.push(next && show(next.value));
    }
    return shown;
  };
}
