import type { Actor, Core } from '../identity/core.js';
import { readSignedText, signText } from '../infrastructure/signed-text.js';
import { AppError } from '../shared/errors.js';
import { largestPage, sizeLimit } from '../shared/size.js';
import { z } from './schema.js';

const defaultLimit = 50;
const maxItems = 1000;

/** The parameters every list takes. */
export const pageParameters = {
  cursor: z.string().max(2000).optional().describe('where the next page begins, as the page before gave it'),
  limit: z.coerce.number().int().min(1).max(maxItems).default(defaultLimit).describe('items on a page'),
};

/** `sort=name` or `sort=-name`. */
export function sortParameter<const F extends readonly [string, ...string[]]>(
  fields: F,
  byDefault: F[number] | `-${F[number]}`,
) {
  const values = fields.flatMap((field) => [field, `-${field}`]) as [F[number] | `-${F[number]}`];
  // The compiler cannot see through two open unions that the default is one of the values; the parameter's type says so.
  return z
    .enum(values)
    .default(byDefault as never)
    .describe('field to sort by; `-` before it turns the order round');
}

/** The free text of a search. */
export const searchParameter = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters')
  .optional()
  .describe('found anywhere in the texts, any case');

/** The query of a list of what has a name; see {@link pageOfNamed}. */
export const namedListQueryBy = (byDefault: 'name' | 'createdAt') =>
  z.strictObject({
    q: searchParameter,
    sort: sortParameter(['name', 'createdAt'], byDefault),
    ...pageParameters,
  });

export const namedListQuery = namedListQueryBy('name');

/** The form of every list. */
export function listOf<S extends z.ZodType>(item: S) {
  return z.strictObject({
    items: z.array(item),
    total: z.number().int().describe('how many match in all'),
    next: z.string().nullable().describe('the cursor of the next page; null: this is the last'),
  });
}

const purpose = 'api.cursor';

/** Everything that decides what is listed and in which order: what a cursor is bound to. */
function questionOf(path: string, query: Readonly<Record<string, unknown>>): string {
  const { cursor: _cursor, limit: _limit, ...rest } = query;
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  return JSON.stringify([path, ...entries.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Where a list goes on, signed, and bound to the tenant and to the question it answers. */
function makeCursor(core: Core, tenantId: string, question: string, position: unknown): string {
  return signText(core.secretBox, purpose, `${tenantId}\n${question}`, position);
}

function readCursor(core: Core, tenantId: string, question: string, cursor: string): unknown {
  const signed = readSignedText(core.secretBox, purpose, `${tenantId}\n${question}`, cursor);
  if (signed) return signed.value;
  throw new AppError('input.invalid', 'the cursor does not belong to this list', {
    errors: [{ pointer: '?cursor', detail: 'not a cursor of this list with these filters and this order' }],
  });
}

interface ListContext {
  readonly core: Core;
  readonly actor: Actor;
  readonly query: Readonly<Record<string, unknown>> & {
    readonly limit: number;
    readonly cursor?: string | undefined;
  };
  readonly req: { readonly path: string };
}

/** How far a page reaches, as a store's `find` takes it. */
interface PageLimit {
  readonly limit: number;
  readonly until: (read: unknown) => boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next: string | null;
}

/**
 * One page of a list that goes on after a position. It ends before its time when what it holds is large.
 *
 * @param load - what the limit allows of the items after the position, and how many there are in all.
 * @param positionOf - what of the page's last item is needed to go on; must survive JSON.
 * @throws AppError `input.invalid` for a cursor that is not ours, or that belongs to another question.
 */
export async function pageAfter<T, P>(
  { core, actor, query, req }: ListContext,
  load: (after: P | undefined, limit: PageLimit) => Promise<{ items: readonly T[]; total: number }>,
  positionOf: (item: T) => P,
): Promise<Page<T>> {
  const question = questionOf(req.path, query);
  const after =
    query.cursor === undefined ? undefined : (readCursor(core, actor.tenantId, question, query.cursor) as P);
  const size = sizeLimit(largestPage);
  const { items, total } = await core.turns.run(actor.tenantId, () =>
    load(after, { limit: query.limit + 1, until: size.until }),
  );
  const page = items.slice(0, query.limit);
  const last = items.length > query.limit || size.isReached ? page.at(-1) : undefined;
  const next = last === undefined ? null : makeCursor(core, actor.tenantId, question, positionOf(last));
  return { items: page, total, next };
}

/** Items presented between two looks at how much that came to. */
const presentedAtOnce = 100;

/**
 * A page in the form it is answered in, as far as that fits: an item may show far more than its document holds.
 *
 * @param positionOf - as {@link pageAfter} was given it.
 */
export async function presented<T, O>(
  { core, actor, query, req }: ListContext,
  page: Page<T>,
  present: (items: readonly T[]) => Promise<readonly O[]>,
  positionOf: (item: T) => unknown,
): Promise<{ items: O[]; total: number; next: string | null }> {
  const size = sizeLimit(largestPage);
  const items: O[] = [];
  while (items.length < page.items.length) {
    for (const item of await present(page.items.slice(items.length, items.length + presentedAtOnce))) {
      items.push(item);
      if (size.until(item)) break;
    }
    const last = page.items[items.length - 1];
    if (!size.isReached || items.length === page.items.length || last === undefined) continue;
    const question = questionOf(req.path, query);
    return { items, total: page.total, next: makeCursor(core, actor.tenantId, question, positionOf(last)) };
  }
  return { ...page, items };
}

/** One page of a list short enough to be held: what an administrator types in, never what a directory pushes. */
export async function pageOfAll<T>(context: ListContext, all: readonly T[]): Promise<Page<T>> {
  const numbered = all.map((item, index) => ({ item, index }));
  const page = await pageAfter(
    context,
    (after: number | undefined, { limit, until }) => {
      const begin = after === undefined ? 0 : after + 1;
      const items = numbered.slice(begin, begin + limit);
      const end = items.findIndex(until);
      return Promise.resolve({ items: end < 0 ? items : items.slice(0, end + 1), total: all.length });
    },
    ({ index }) => index,
  );
  return { ...page, items: page.items.map(({ item }) => item) };
}

/**
 * Filters and sorts what is held.
 *
 * @param q - found anywhere in the texts, without regard to case; absent: everything.
 * @param sort - a field of `fields`, with `-` for the other direction.
 */
export function arrange<T, F extends string>(
  all: readonly T[],
  { q, sort }: { q?: string | undefined; sort: F | `-${F}` },
  fields: Readonly<Record<F, (item: T) => string | number>>,
  texts: (item: T) => readonly (string | null)[],
): T[] {
  const needle = q?.toLowerCase();
  const found =
    needle === undefined
      ? [...all]
      : all.filter((item) => texts(item).some((text) => text?.toLowerCase().includes(needle)));
  const descending = sort.startsWith('-');
  const valueOf = fields[(descending ? sort.slice(1) : sort) as F];
  return found.sort((a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)];
    return (left < right ? -1 : left > right ? 1 : 0) * (descending ? -1 : 1);
  });
}

/**
 * One page of a short list of what has a name, by the query {@link namedListQuery}.
 *
 * @param texts - what a search looks at.
 */
export function pageOfNamed<
  T extends { readonly _id: string; readonly name: string; readonly createdAt: Date },
>(
  context: ListContext & { readonly query: z.output<typeof namedListQuery> },
  all: readonly T[],
  texts: (item: T) => readonly (string | null)[],
): Promise<Page<T>> {
  const sorts = {
    name: ({ name }: T) => name.toLowerCase(),
    createdAt: ({ _id, createdAt }: T) => `${createdAt.toISOString()} ${_id}`,
  };
  return pageOfAll(context, arrange(all, context.query, sorts, texts));
}
