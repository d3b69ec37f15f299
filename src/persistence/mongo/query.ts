import type { Model, mongo, QueryFilter } from 'mongoose';
import { requireDefined, type Doc } from '../document.js';
import type { FindOptions, Query } from '../store.js';
import type { PageMemory } from './page-memory.js';
import type { Validate } from '../validation.js';

/** One collection as one tenant sees it (scope null: as the server does), inside a transaction when there is a session. */
export interface View {
  name: string;
  model: Model<Doc>;
  scope: string | null;
  /** The date field after which a document is gone; null: it stays. */
  expiry: string | null;
  now: () => Date;
  /** What is remembered of lists; undefined inside a transaction. */
  pages: PageMemory | undefined;
  /** Notes a write to the documents of one tenant (null: of all). */
  noteWrite: (tenantId: string | null) => void;
  /** Checks a document before it is written. */
  validate: Validate | undefined;
  session: mongo.ClientSession | undefined;
  /** Inside a transaction, whose reads are of one moment: what it has read by id and written, so that it is not fetched again. */
  seen: Map<string, Doc> | undefined;
}

export type Filter = QueryFilter<Doc>;

export function sessionOf(view: View): { session?: mongo.ClientSession } {
  return view.session ? { session: view.session } : {};
}

/** The query with the tenant in it, and without what has expired. */
export function filterOf(view: View, query: Query): Filter {
  requireDefined(query);
  const parts: Query[] = [];
  if (view.scope !== null) parts.push({ tenantId: view.scope });
  if (Object.keys(query).length > 0) parts.push(query);
  if (view.expiry !== null) parts.push({ [view.expiry]: { $not: { $lte: view.now() } } });
  const [first = {}, ...others] = parts;
  return others.length > 0 ? { $and: parts } : first;
}

export function sortOf(sort: FindOptions['sort']): [string, 1 | -1][] {
  const order = Object.entries(sort ?? {});
  if (!order.some(([field]) => field === '_id')) order.push(['_id', order.at(-1)?.[1] ?? 1]);
  return order;
}

/** After this value in one field: null and what is missing come first. */
function past(field: string, value: unknown, direction: 1 | -1): Query {
  const isNull = value === null || value === undefined;
  if (direction === 1) return isNull ? { [field]: { $ne: null } } : { [field]: { $gt: value } };
  return isNull ? { $nor: [{}] } : { $or: [{ [field]: { $lt: value } }, { [field]: null }] };
}

/** Only what comes after the document of these sort values. */
export function pastOf(sort: FindOptions['sort'], after: NonNullable<FindOptions['after']>): Query {
  const order = sortOf(sort);
  const valueOf = (field: string) => (after as Record<string, unknown>)[field] ?? null;
  const branches = order.map(([field, direction], i) => ({
    $and: [
      ...order.slice(0, i).map(([before]) => ({ [before]: valueOf(before) })),
      past(field, valueOf(field), direction),
    ],
  }));
  const [first] = order;
  if (!first || branches.length === 1) return branches[0] ?? {};
  const [field, direction] = first;
  // Says nothing new, but lets the server begin the walk over the index at the right place.
  const begin = valueOf(field) === null || direction === -1 ? {} : { [field]: { $gte: valueOf(field) } };
  return { $and: [begin, { $or: branches }] };
}

/** The fields to return, of a page those of its order as well; null: all. */
export function projectionOf({ fields, sort, skip }: FindOptions): Record<string, 1> | null {
  if (!fields) return null;
  return Object.fromEntries(
    ['tenantId', 'version', ...(skip === undefined ? [] : Object.keys(sort ?? {})), ...fields].map(
      (field) => [field, 1],
    ),
  );
}
