import type { Collection, Query, StoredDocument } from '../../persistence/store.js';
import type { CursorScope, OpenedCursor } from './cursor.js';
import type { ScimContext } from '../exchange/request.js';
import type { ResourceSchema } from '../protocol/attribute.js';
import type { JsonObject } from '../protocol/json-value.js';
import type { ListRequest } from '../protocol/list/request.js';
import type { FilterTable } from './stored-filter.js';

/** What of a resource is put together from other documents, and therefore only when it is looked at or shown. */
export interface Wanted {
  /** The linked attribute: `groups`, `members`. */
  readonly links: boolean;
  /** What is told of managers beside their ids. */
  readonly managers: boolean;
  /** `status` and `lockedUntil` of users. */
  readonly standing: boolean;
}

/** The documents of resources. */
export type ResourceDocument = StoredDocument & { readonly directoryId: string | null };

/** A resource that a search found. */
export interface Found<D> {
  readonly _id: string;
  /** Its version, where the search read it. */
  readonly version?: number;
  /** Its document, where the search had to read it. */
  readonly document?: D;
}

/** How one resource type is found and read. */
export interface ResourceKind<D extends ResourceDocument> {
  readonly schema: ResourceSchema;
  readonly collection: Collection<D>;
  /** What the directory sees, as a query and as a test. */
  readonly visible: Query;
  readonly isVisible: (document: Pick<D, 'directoryId'>) => boolean;
  readonly table: FilterTable;
  /** Attributes that sort by a stored field every resource has, by canonical path. */
  readonly storedSorts: ReadonlyMap<string, string>;
  /** The multi-valued attribute that is put together from other documents (`groups`, `members`). */
  readonly linked: string;
  /** Canonical forms, in order; of groups with very many members only the first ones, at least one. */
  toResources(documents: readonly D[], wanted: Wanted): Promise<JsonObject[]>;
}

/** One query with all that is known about it. */
export interface Search<D extends ResourceDocument> {
  readonly context: ScimContext;
  readonly kind: ResourceKind<D>;
  readonly list: ListRequest;
  readonly query: Query;
  readonly scope: CursorScope;
  /** Where a cursor says to go on; undefined: at the beginning. */
  readonly after: OpenedCursor | undefined;
}

/** Where a resource stands in an order: its sort key, null when it has none, and its id. */
export type Place = readonly [key: string | number | null, id: string];

export interface Page<D> {
  readonly found: Found<D>[];
  /** undefined: not worth a walk over everything (cursor paging of an unindexed filter). */
  readonly total: number | undefined;
  /** undefined: no further page, or paging by index. */
  readonly nextCursor: string | undefined;
  /** The cursor of the page after one that ends with this resource of it; undefined: paging by index. */
  readonly cursorAfter: (id: string) => string | undefined;
}
