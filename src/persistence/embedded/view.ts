import type { Doc } from '../document.js';
import type { Query } from '../store.js';
import type { Database } from './database.js';
import type { Collected } from './indexes.js';
import { readingKey } from './keys.js';
import type { Validate } from '../validation.js';

/** One collection as one tenant sees it, or, with scope null, as the server does. */
export interface View {
  readonly database: Database;
  readonly collection: Collected;
  readonly scope: string | null;
  readonly now: () => Date;
  /** Checks a document before it is written. */
  readonly validate?: Validate | undefined;
  /** Inside a transaction, what it has read and written so far, by collection and id: nobody else writes in the meantime. */
  readonly seen?: Map<string, Doc> | undefined;
}

/** Whether the clock has passed a document's end. */
export function isExpired({ collection, now }: View, document: Doc): boolean {
  const end = collection.expiry === null ? undefined : document[collection.expiry];
  return end instanceof Date && end <= now();
}

/** Whether the document belongs to the scope and has not expired. */
function isVisible(view: View, document: Doc): boolean {
  return (view.scope === null || document.tenantId === view.scope) && !isExpired(view, document);
}

/** Longer keys do not fit in the database, so no document has such an id; asking for one must not be an error. */
const maxIdCharacters = 180;

export const seenKey = ({ collection }: View, id: string): string => `${collection.name}/${id}`;

/** What stands in the database under this id, whoever may see it. */
export function getStored({ database, collection }: View, id: string): Doc | undefined {
  return id.length > maxIdCharacters ? undefined : database.documents.get(readingKey(collection.name, id));
}

export function getDocument(view: View, id: string): Doc | undefined {
  const document = view.seen?.get(seenKey(view, id)) ?? getStored(view, id);
  if (!document || !isVisible(view, document)) return undefined;
  view.seen?.set(seenKey(view, id), document);
  return document;
}

/** The query with the tenant in it. */
export function scoped(view: View, query: Query): Query {
  return view.scope === null ? query : { $and: [{ tenantId: view.scope }, query] };
}
