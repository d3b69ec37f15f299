import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import { groupKind } from '../groups/kind.js';
import { readList, rendered, renderResources } from '../list/list-answer.js';
import { findPage, shownBy } from '../list/listing.js';
import type { ResourceDocument, ResourceKind } from '../list/page-search.js';
import type { JsonObject } from '../protocol/json-value.js';
import type { ListRequest } from '../protocol/list/request.js';
import { toListResponse } from '../protocol/list/response.js';
import { project } from '../protocol/projection.js';
import { ScimError } from '../protocol/scim-error.js';
import { compileSort } from '../protocol/list/sort.js';
import { userKind } from '../users/kind.js';

interface PartPage {
  readonly resources: JsonObject[];
  readonly total: number;
  readonly nextCursor: string | undefined;
  /** Whether it ends before its time, as what it holds is large. */
  readonly isCut: boolean;
}

/** One resource type of a root query, with the request as that type understands it. */
interface Part {
  readonly list: ListRequest;
  page(list: ListRequest): Promise<PartPage>;
  shown(resources: readonly JsonObject[]): JsonObject[];
}

function part<D extends ResourceDocument>(
  context: ScimContext,
  request: ScimRequest,
  kind: ResourceKind<D>,
): Part {
  const list = readList(context, request, kind.schema, { unknown: 'never' });
  return {
    list,
    async page(paged) {
      const wanted = shownBy(list.projection, kind.linked);
      const found = await findPage(context, kind, paged);
      const {
        shown,
        total = 0,
        ...page
      } = await rendered(
        found,
        renderResources(kind, wanted, (resource) => resource),
      );
      return { resources: shown, total, ...page };
    },
    shown: (resources) => resources.map((resource) => project(resource, list.projection)),
  };
}

/** How far into a sorted root query an index may point: every page before it is read again. */
const sortedReach = 10_000;

const isUser = (resource: JsonObject): boolean => (resource['meta'] as JsonObject)['resourceType'] === 'User';

/** Both types up to the end of the page, merged. */
async function sortedPage(users: Part, groups: Part): Promise<{ resources: JsonObject[]; total: number }> {
  const { startIndex, count, sortOrder } = users.list;
  const sortBy = users.list.sortBy ?? groups.list.sortBy;
  const end = startIndex - 1 + count;
  if (end > sortedReach) {
    throw new ScimError(400, 'tooMany', `a sorted query over all resources reaches ${sortedReach} of them`);
  }
  const wide = { startIndex: 1, count: end };
  const pages = await Promise.all([users, groups].map((one) => one.page({ ...one.list, ...wide })));
  const total = pages.reduce((sum, page) => sum + page.total, 0);
  const merged = pages.flatMap((page) => page.resources);
  if (sortBy) merged.sort(compileSort(sortBy, sortOrder));
  // Past the last one of a type that ends too early nobody knows what comes next.
  const ends = pages.flatMap((page) => (page.isCut ? merged.indexOf(page.resources.at(-1) ?? {}) + 1 : []));
  const resources = merged.slice(startIndex - 1, Math.min(end, ...ends));
  if (resources.length === 0 && ends.length > 0 && count > 0) {
    const detail = 'the results before this page are too many to sort; query users and groups separately';
    throw new ScimError(400, 'tooMany', detail);
  }
  return {
    resources: resources.flatMap((resource) => (isUser(resource) ? users : groups).shown([resource])),
    total,
  };
}

/** Users first, then groups. */
async function indexedPage(users: Part, groups: Part): Promise<{ resources: JsonObject[]; total: number }> {
  const { startIndex, count } = users.list;
  const first = await users.page(users.list);
  const left = first.isCut ? 0 : count - first.resources.length;
  const begin = Math.max(1, startIndex - first.total);
  const second = await groups.page({ ...groups.list, startIndex: begin, count: left });
  return {
    resources: [...users.shown(first.resources), ...groups.shown(second.resources)],
    total: first.total + second.total,
  };
}

/** A cursor of the root names the type it stands in: `User.` or `Group.`, then that type's own cursor. */
async function cursorPage(users: Part, groups: Part, cursor: string): Promise<unknown> {
  const parts = /^(User|Group)\.(.*)$/s.exec(cursor);
  if (cursor !== '' && parts === null) {
    throw new ScimError(400, 'invalidCursor', 'the cursor is not one of this query');
  }
  const [, type = 'User', inner = ''] = parts ?? [];
  const one = type === 'Group' ? groups : users;
  const page = await one.page({ ...one.list, cursor: inner });
  const next = page.nextCursor === undefined ? undefined : `${type}.${page.nextCursor}`;
  const nextCursor = next ?? (type === 'User' ? 'Group.' : undefined);
  return toListResponse(one.shown(page.resources), undefined, { nextCursor });
}

/** `GET /` and `POST /.search`: users and groups in one list (RFC 7644 sections 3.4.2.1 and 3.4.3). */
export async function searchEverything(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const users = part(context, request, userKind(context));
  const groups = part(context, request, groupKind(context));
  const { cursor, startIndex, sortBy } = users.list;
  const isSorted = (sortBy ?? groups.list.sortBy) !== undefined;
  if (!isSorted && users.list.isSortNamed) {
    throw new ScimError(400, 'invalidValue', '"sortBy" names an attribute that no resource has');
  }
  if (cursor !== undefined) {
    return { status: 200, body: JSON.stringify(await cursorPage(users, groups, cursor)) };
  }
  const { resources, total } = await (isSorted ? sortedPage : indexedPage)(users, groups);
  return { status: 200, body: JSON.stringify(toListResponse(resources, total, { startIndex })) };
}
