import { eventCatalogue } from '../../identity/events/catalogue.js';
import { readFeed } from '../../identity/events/feed.js';
import { payloadOf } from '../../identity/events/payload.js';
import { typeFilter, typePattern } from '../../identity/events/types.js';
import { AppError } from '../../shared/errors.js';
import { arrange, listOf, pageOfAll, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const party = z.strictObject({ type: z.string(), id: z.string(), label: z.string() });

const eventSchema = z
  .strictObject({
    cursor: z.string().describe('its place: `after` this one'),
    type: z.string().describe('`noun.verb`, e.g. `user.created` (docs/events.md)'),
    timestamp: instant,
    data: z.strictObject({
      id,
      tenant: z.strictObject({ id, slug: z.string() }).nullable(),
      actor: party,
      target: party.nullable(),
      changes: z.array(z.strictObject({ path: z.string(), before: z.unknown(), after: z.unknown() })),
      truncated: z.boolean().describe('the changes are too large and left out'),
      result: z.enum(['success', 'failure']),
      requestId: z.string().nullable(),
      ip: z.string().nullable(),
    }),
  })
  .openapi('DomainEvent');

const feedSchema = z
  .strictObject({
    items: z.array(eventSchema),
    next: z.string().describe('`after` for the next call; the same as before when nothing is new'),
    more: z.boolean().describe('whether there may be more right now'),
  })
  .openapi('EventFeed');

const maxItems = 1000;

function typesOf(text: string | undefined): string[] {
  const types = (text ?? '').split(',').filter((type) => type !== '');
  const wrong = types.find((type) => !typePattern.test(type));
  if (wrong === undefined) return types;
  const errors = [{ pointer: '?types', detail: `${wrong} is no type of events: user.created, user.*` }];
  throw new AppError('input.invalid', 'the types have faults', { errors });
}

const readEvents = route({
  method: 'get',
  path: '/events',
  id: 'readEvents',
  summary:
    'What happened in the last 30 days, oldest first: each event at least once, in one order for all readers',
  tag: 'Events',
  permission: 'audit.read',
  query: z.strictObject({
    after: z
      .string()
      .regex(/^\d{1,15}$/, 'must be the `next` or a `cursor` of an answer before')
      .optional()
      .describe('absent: from the oldest that is kept'),
    types: z.string().max(2000).optional().describe('with commas: `user.created,group.*`; absent: all'),
    limit: z.coerce.number().int().min(1).max(maxItems).default(100),
  }),
  output: feedSchema,
  async handler({ core, actor, config, query }) {
    const after = Number(query.after ?? 0);
    const isWanted = typeFilter(typesOf(query.types));
    const page = await readFeed(core, actor.tenantId, after, query.limit, isWanted);
    const items = page.items.map(({ place, event }) => {
      const { data, ...payload } = payloadOf(event, config.tenant.slug);
      return { cursor: String(place), ...payload, data: { ...data, changes: [...data.changes] } };
    });
    return { body: { items, next: String(page.upTo), more: page.isMore } };
  },
});

const listTypes = route({
  method: 'get',
  path: '/event-types',
  id: 'listEventTypes',
  summary: 'Every type of events there is, to choose from for a webhook or the feed',
  tag: 'Events',
  permission: 'account.settings',
  query: z.strictObject({ q: searchParameter, sort: sortParameter(['type'], 'type'), ...pageParameters }),
  output: listOf(
    z
      .strictObject({ type: z.string(), description: z.string(), target: z.string().nullable() })
      .openapi('EventType'),
  ),
  async handler(context) {
    const types = Object.entries(eventCatalogue).map(([_id, { text, target }]) => ({ _id, text, target }));
    const found = arrange(types, context.query, { type: ({ _id }) => _id }, ({ _id, text }) => [_id, text]);
    const page = await pageOfAll(context, found);
    const items = page.items.map(({ _id: type, text: description, target }) => ({
      type,
      description,
      target,
    }));
    return { body: { ...page, items } };
  },
});

export const eventRoutes: readonly Route[] = [readEvents, listTypes];
