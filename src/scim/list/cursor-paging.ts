import { openCursor, sealCursor, type CursorScope, type OpenedCursor } from './cursor.js';
import type { ScimContext } from '../exchange/request.js';
import type { Page, Place, Row, RowDocument, Search } from './page-search.js';
import type { ListRequest } from '../protocol/list/request.js';
import { ScimError } from '../protocol/scim-error.js';
import { largestPage, sizeLimit } from '../../shared/size.js';

const dateFields: ReadonlySet<string> = new Set(['createdAt', 'updatedAt']);

/** The cursor of the page that begins after this place. */
export function nextCursor<D extends RowDocument, R extends Row>(
  { context, list, scope }: Pick<Search<D, R>, 'context' | 'list' | 'scope'>,
  [key, id]: Place,
): string {
  return sealCursor(context.core.secretBox, scope, { key, id, count: list.count }, context.core.clock.now());
}

/**
 * The cursor of a request read back, and the request with the page size the cursor was made for.
 *
 * @throws ScimError 400 invalidCursor, expiredCursor, invalidCount (RFC 9865 section 2.3).
 */
export function continued(
  { core }: ScimContext,
  list: ListRequest,
  scope: CursorScope,
): { after: OpenedCursor | undefined; list: ListRequest } {
  if (list.cursor === undefined || list.cursor === '') return { after: undefined, list };
  const after = openCursor(core.secretBox, scope, list.cursor, core.clock.now());
  // A next page asked for without a count is as long as the first one was.
  if (list.isCounted && list.count !== after.count) {
    throw new ScimError(400, 'invalidCount', `this cursor is for pages of ${after.count}`);
  }
  return { after, list: { ...list, count: after.count } };
}

function keyAt(row: Row, field: string): Place[0] {
  const value = (row as unknown as Record<string, unknown>)[field];
  return value instanceof Date ? value.getTime() : ((value ?? null) as Place[0]);
}

/** A page in the order of a stored field, found by the store. */
export async function cursorPage<D extends RowDocument, R extends Row>(
  search: Search<D, R>,
  field: string,
  sort: Readonly<Record<string, 1 | -1>>,
): Promise<Page<R>> {
  const { kind, list, query, after, read } = search;
  const key = after && (dateFields.has(field) ? new Date(Number(after.key)) : after.key);
  const size = sizeLimit(largestPage);
  const [found, total] = await Promise.all([
    read(query, {
      sort,
      limit: list.count + 1,
      until: size.until,
      ...(after && { after: { [field]: key, _id: after.id } }),
    }),
    kind.collection.count(query),
  ]);
  const rows = found.slice(0, list.count);
  const last = found.length > list.count || size.isReached ? rows.at(-1) : undefined;
  const cursorAfter = (row: R): string => nextCursor(search, [keyAt(row, field), row._id]);
  return { rows, total, nextCursor: last && cursorAfter(last), cursorAfter, isCut: size.isReached };
}
