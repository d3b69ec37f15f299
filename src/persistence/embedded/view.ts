import type { Doc } from '../document.js';
import type { Query } from '../store.js';
import type { Database } from './database.js';
import type { Collected } from './indexes.js';
import { documentKey } from './keys.js';
import type { Validate } from '../validation.js';

/** One collection as one tenant sees it, or, with scope null, as the server does. */
export interface View {
  readonly database: Database;
  readonly collection: Collected;
  readonly scope: string | null;
  readonly now: () => Date;
  /** Checks a document before it is written. */
  readonly validate?: Validate | undefined;
  /** Inside a transaction, what it has read and written so far, by key: nobody else writes meanwhile. */
  readonly seen?: Map<string, Doc>;
}

/** Whether the clock has passed a document's end. */
export function isExpired({ collection, now }: View, document: Doc): boolean {
  const end = collection.expiry === null ? undefined : document[collection.expiry];
  return end instanceof Date && end <= now();
}

/** Whether the document belongs to the scope and has not expired. */
export function isVisible(view: View, document: Doc): boolean {
  return (view.scope === null || document.tenantId === view.scope) && !isExpired(view, document);
}

/** Longer keys do not fit in the database, so no document has such an id; asking for one must not be an error. */
const longestId = 1000;

export function getDocument(view: View, id: string): Doc | undefined {
  if (id.length > longestId) return undefined;
  const key = documentKey(view.collection.name, id);
  const document = view.seen?.get(key) ?? view.database.documents.get(key);
  if (!document || !isVisible(view, document)) return undefined;
  view.seen?.set(key, document);
  return document;
}

/** The query with the tenant in it. */
export function scoped(view: View, query: Query): Query {
  return view.scope === null ? query : { $and: [{ tenantId: view.scope }, query] };
}
