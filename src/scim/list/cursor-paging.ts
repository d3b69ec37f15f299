import { openCursor, sealCursor, type CursorScope, type OpenedCursor } from './cursor.js';
import type { StoredDocument } from '../../persistence/store.js';
import { listTotal } from '../../shared/list-total.js';
import type { ScimContext } from '../exchange/request.js';
import type { Page, Place, ResourceDocument, Search } from './page-search.js';
import type { ListRequest } from '../protocol/list/request.js';
import { ScimError } from '../protocol/scim-error.js';

const dateFields: ReadonlySet<string> = new Set(['createdAt', 'updatedAt']);

/** The cursor of the page that begins after this place. */
export function nextCursor<D extends ResourceDocument>(
  { context, list, scope }: Pick<Search<D>, 'context' | 'list' | 'scope'>,
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

function sortKeyOf(document: StoredDocument, field: string): Place[0] {
  const value = (document as StoredDocument & Record<string, unknown>)[field];
  return value instanceof Date ? value.getTime() : ((value ?? null) as Place[0]);
}

/** A page in the order of a stored field, found by the store. */
export async function cursorPage<D extends ResourceDocument>(
  search: Search<D>,
  field: string,
  sort: Readonly<Record<string, 1 | -1>>,
): Promise<Page<D>> {
  const { kind, list, query, after } = search;
  const key = after && (dateFields.has(field) ? new Date(Number(after.key)) : after.key);
  const [documents, total] = await Promise.all([
    kind.collection.find(query, {
      sort,
      limit: list.count + 1,
      fields: field === '_id' ? [] : [field],
      ...(after && { after: { [field]: key, _id: after.id } }),
    }),
    kind.collection.count(query, listTotal),
  ]);
  const keys = new Map(documents.map((document) => [document._id, sortKeyOf(document, field)]));
  const found = documents.slice(0, list.count).map(({ _id, version }) => ({ _id, version }));
  const last = documents.length > list.count ? found.at(-1) : undefined;
  const cursorAfter = (id: string): string => nextCursor(search, [keys.get(id) ?? null, id]);
  return { found, total, nextCursor: last && cursorAfter(last._id), cursorAfter };
}
