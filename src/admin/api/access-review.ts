import { writeEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import {
  countReviewed,
  reviewAccess,
  type ReviewedAccess,
  type ReviewPlace,
  type ReviewQuestion,
} from '../../identity/users/access-review.js';
import { AppError } from '../../shared/errors.js';
import { sendCsv } from '../csv.js';
import { searchParameter, sortParameter } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull } from '../present/fields.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Audit';

const reviewSchema = z
  .strictObject({
    at: instant,
    items: z.array(
      z
        .strictObject({
          user: z.strictObject({
            id,
            label: z.string(),
            enabled: z.boolean(),
            accessExpiresAt: instantOrNull,
            deleted: z.boolean().describe('deleted since'),
          }),
          roles: z.array(
            z.strictObject({
              role: z.string(),
              sources: z.array(
                z.strictObject({
                  type: z
                    .enum(['manual', 'invite', 'rule', 'sso', 'unknown'])
                    .describe('`unknown`: older than what the trail says of sources'),
                  detail: z.string(),
                  since: instantOrNull,
                  until: instantOrNull,
                }),
              ),
            }),
          ),
        })
        .openapi('ReviewedAccess'),
    ),
    total: z
      .number()
      .int()
      .describe('how many people are looked at in all; those who had no such role are left out'),
    next: z.string().nullable().describe('the cursor of the next page; null: this is the last'),
  })
  .openapi('AccessReview');

const atParameter = z.iso
  .datetime({ offset: true })
  .optional()
  .describe('the instant to look at, as far back as the audit trail goes; absent: now');

/** @throws AppError `input.invalid` for an instant to come. */
function instantOf(core: Core, at: string | undefined): Date {
  const now = core.clock.now();
  const wanted = at === undefined ? now : new Date(at);
  if (wanted <= now) return wanted;
  const errors = [{ pointer: '?at', detail: 'must not be in the future' }];
  throw new AppError('input.invalid', 'the instant is in the future', { errors });
}

const placeOf = (cursor = 'u'): ReviewPlace => {
  if (cursor.startsWith('d')) return { deletion: cursor.slice(1) };
  const [user = '', key] = cursor.slice(1).split('.');
  return { user, ...(key !== undefined && { key: Buffer.from(key, 'base64url').toString() }) };
};

function cursorOf(place: ReviewPlace | undefined): string | null {
  if (!place) return null;
  if ('deletion' in place) return `d${place.deletion}`;
  const { key, user } = place;
  return key === undefined ? `u${user}` : `u${user}.${Buffer.from(key).toString('base64url')}`;
}

const filters = {
  at: atParameter,
  q: searchParameter.describe('found anywhere in name or addresses'),
  role: z.string().max(200).optional().describe('key or id of a role: those who had it'),
};

const questionOf = (
  core: Core,
  config: TenantConfig,
  { at, q, role }: z.output<z.ZodObject<typeof filters>>,
): ReviewQuestion => ({
  at: instantOf(core, at),
  q,
  role: role === undefined ? undefined : (fullKeysOf(config, [role])[0] ?? role),
  sort: 'createdAt',
  descending: false,
});

function present({ id: userId, label, enabled, accessExpiresAt, isDeleted, roles }: ReviewedAccess) {
  return {
    user: { id: userId, label, enabled, accessExpiresAt: isoOrNull(accessExpiresAt), deleted: isDeleted },
    roles: roles.map(({ role, sources }) => ({
      role,
      sources: sources.map(({ type, detail, since, until }) => ({
        ...{ type, detail },
        ...{ since: isoOrNull(since), until: isoOrNull(until) },
      })),
    })),
  };
}

const review = route({
  method: 'get',
  path: '/access-review',
  id: 'reviewAccess',
  summary: 'Who had what at an instant, since when, and by which source; a page may be empty before the last',
  tag,
  permission: 'audit.read',
  query: z.strictObject({
    ...filters,
    sort: sortParameter(['createdAt', 'userName'], 'createdAt').describe(
      'of the users of now; those deleted since come last, in the order of that',
    ),
    cursor: z
      .string()
      .max(8000)
      .regex(/^[ud][0-9a-f-]{0,40}(\.[\w-]*)?$/, 'must be the `next` of an answer before')
      .optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(100).describe('most people looked at'),
  }),
  output: reviewSchema,
  async handler({ core, actor, config, query }) {
    const question = {
      ...questionOf(core, config, query),
      sort: query.sort.endsWith('userName') ? ('userName' as const) : ('createdAt' as const),
      descending: query.sort.startsWith('-'),
    };
    const [page, total] = await Promise.all([
      reviewAccess(core, actor.tenantId, question, placeOf(query.cursor), query.limit),
      countReviewed(core, actor.tenantId, question),
    ]);
    const items = page.items.map(present);
    return { body: { at: iso(question.at), items, total, next: cursorOf(page.next) } };
  },
});

const columns = [
  'User',
  'User id',
  'Enabled',
  'Access Until',
  'Deleted',
  'Role',
  'Source',
  'Detail',
  'Since',
  'Until',
];
const atOnce = 500;
const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

function rowsOf({
  id: userId,
  label,
  enabled,
  accessExpiresAt,
  isDeleted,
  roles,
}: ReviewedAccess): string[][] {
  const user = [label, userId, yesOrNo(enabled), isoOrNull(accessExpiresAt) ?? '', yesOrNo(isDeleted)];
  return roles.flatMap(({ role, sources }) =>
    sources.map(({ type, detail, since, until }) => [
      ...[...user, role, type, detail],
      ...[isoOrNull(since) ?? '', isoOrNull(until) ?? ''],
    ]),
  );
}

async function* allRows(core: Core, tenantId: string, question: ReviewQuestion): AsyncGenerator<string[]> {
  for (let place: ReviewPlace | undefined = { user: '' }; place;) {
    const page = await reviewAccess(core, tenantId, question, place, atOnce);
    for (const one of page.items) yield* rowsOf(one);
    place = page.next;
  }
}

const exportReview = route({
  method: 'get',
  path: '/access-review/export.csv',
  id: 'exportAccessReview',
  summary: 'The same as CSV: a row for each source of each role',
  tag,
  permission: 'audit.read',
  query: z.strictObject(filters),
  produces: 'text/csv',
  async handler({ core, actor, config, query, ...reader }) {
    const question = questionOf(core, config, query);
    const { at } = question;
    const changes = [{ path: 'at', before: null, after: at.toISOString() }];
    await writeEvent(core, actor, { action: 'access_review.exported', changes });
    await sendCsv(
      reader,
      'access-review',
      core.clock.now(),
      columns,
      allRows(core, actor.tenantId, question),
    );
    return undefined;
  },
});

export const accessReviewRoutes: readonly Route[] = [review, exportReview];
