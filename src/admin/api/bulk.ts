import {
  cancelBulk,
  getBulk,
  listBulk,
  progressOf,
  rowsAfter,
  startBulk,
  type BulkJobDocument,
  type BulkRow,
  type PlacedRow,
} from '../../identity/bulk/jobs.js';
import {
  bulkActionNames,
  bulkActions,
  kindOfAction,
  rowsOfFilter,
  rowsOfIds,
  type BulkActionOptions,
} from '../../identity/bulk/user-actions.js';
import type { Actor, Core } from '../../identity/core.js';
import { getGroup } from '../../identity/groups/groups.js';
import { requirePermission } from '../../identity/permissions.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import {
  bulkRowSchema,
  bulkSchema,
  bulkStatuses,
  presentBulk,
  presentRow,
  replyBulk,
  rowOutcomes,
} from '../present/bulk.js';
import { fullKeysOf } from '../role-names.js';
import { expiryOf } from './users.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { requireUnprovisioned } from '../../identity/groups/search.js';
import { requireGroupsOn } from './group-target.js';
import { userFilterOf, userFilters } from '../present/user-filter.js';

const tag = 'Bulk actions and imports';

const maxIds = 10_000;

const bulkInput = z
  .strictObject({
    action: z.enum(bulkActionNames).describe('needs the permission it needs for one user'),
    ids: z.array(z.string().min(1).max(100)).min(1).max(maxIds).optional().describe('these users'),
    filter: z
      .strictObject(userFilters)
      .optional()
      .describe('or all that match, as the list of users finds them; `{}`: all the list shows'),
    role: z.string().min(1).max(200).optional().describe('add-role, remove-role: key or id'),
    group: z.string().min(1).max(200).optional().describe('add-group, remove-group: id'),
    accessExpiresAt: z.iso
      .datetime({ offset: true })
      .nullable()
      .optional()
      .describe('set-access-end: when access ends; null: never'),
    expectedCount: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe('how many users you saw: refused when it is another number now'),
    hold: z.boolean().optional().describe('disable: as for one user'),
    dryRun: z.boolean().default(false).describe('only shows what would happen to each row'),
  })
  .openapi('BulkAction');

type BulkInput = z.output<typeof bulkInput>;

const fault = (pointer: string, detail: string): AppError =>
  new AppError('input.invalid', 'the body has 1 fault(s)', { errors: [{ pointer, detail }] });

type Facts = (core: Core, actor: Actor, config: TenantConfig, body: BulkInput) => Promise<BulkActionOptions>;

const roleOf: Facts = (_core, _actor, config, { action, role }) => {
  if (role === undefined) throw fault('/role', 'name a role');
  const [key = role] = fullKeysOf(config, [role]);
  if (action === 'add-role' && !config.roles.has(key)) throw fault('/role', `there is no role ${role}`);
  return Promise.resolve({ role: key });
};

const groupOf: Facts = async (core, actor, _config, { group }) => {
  if (group === undefined) throw fault('/group', 'name a group');
  await requireGroupsOn(core, actor.tenantId);
  const found = await getGroup(core, actor.tenantId, group);
  await requireUnprovisioned(core, found);
  return { group: found._id };
};

/** What an action is about beside the users. Each throws `input.invalid` where that is not said; `group.not_found`. */
const factsOf: Readonly<Partial<Record<BulkInput['action'], Facts>>> = {
  disable: (_core, _actor, _config, { hold }) => Promise.resolve(hold === undefined ? {} : { hold }),
  'set-access-end'(core, _actor, config, { accessExpiresAt }) {
    if (accessExpiresAt === undefined) throw fault('/accessExpiresAt', 'say when access ends');
    expiryOf({ accessExpiresAt }, config.settings, core.clock.now());
    return Promise.resolve({ accessExpiresAt });
  },
  'add-role': roleOf,
  'remove-role': roleOf,
  'add-group': groupOf,
  'remove-group': groupOf,
};

function rowsOf(
  core: Core,
  actor: Actor,
  config: TenantConfig,
  { filter, ids }: BulkInput,
): AsyncIterable<BulkRow> | Iterable<BulkRow> {
  if ((ids === undefined) === (filter === undefined)) throw fault('', 'give either ids or a filter');
  if (ids) return rowsOfIds(ids);
  return rowsOfFilter(core, actor.tenantId, userFilterOf(config, filter ?? {}));
}

const beginAction = route({
  method: 'post',
  path: '/users/bulk',
  id: 'startBulkAction',
  stepUp: true,
  summary: 'Do something with many users, one by one: by ids, or all that a filter finds now',
  tag,
  permission: 'users.read',
  body: bulkInput,
  status: 202,
  output: bulkSchema,
  async handler({ core, actor, config, body }) {
    const permission = bulkActions[body.action];
    requirePermission(actor, permission);
    const rows = rowsOf(core, actor, config, body);
    const options = (await factsOf[body.action]?.(core, actor, config, body)) ?? {};
    const kind = kindOfAction(body.action);
    const { dryRun, expectedCount } = body;
    const input = { kind, permission, isDryRun: dryRun, options: { ...options }, expectedCount };
    return replyBulk(core, await startBulk(core, actor, input, rows));
  },
});

const targetBulk = (
  core: Core,
  tenantId: string,
  { id }: { readonly id: string },
): Promise<BulkJobDocument> => getBulk(core, tenantId, id);

const listAll = route({
  method: 'get',
  path: '/bulk',
  id: 'listBulkJobs',
  summary: 'Bulk actions and imports of the last 30 days, the newest first',
  tag,
  permission: 'users.read',
  query: z.strictObject({
    q: searchParameter.describe('found anywhere in the kind, or in the name of who asked'),
    kind: z.string().max(100).optional(),
    status: z.enum(bulkStatuses).optional(),
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(bulkSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listBulk(core, actor.tenantId, query, {
          ...limit,
          descending: query.sort.startsWith('-'),
          afterId,
        }),
      (job) => job._id,
    );
    const items = await Promise.all(page.items.map((job) => presentBulk(core, job)));
    return { body: { ...page, items } };
  },
});

const readOne = route({
  method: 'get',
  path: '/bulk/{id}',
  id: 'getBulkJob',
  summary: 'How far a bulk action or an import has come',
  tag,
  permission: 'users.read',
  target: targetBulk,
  output: bulkSchema,
  handler: async ({ core, target }) => ({ body: await presentBulk(core, target), version: target.version }),
});

async function totalOf(core: Core, job: BulkJobDocument, outcome: string | undefined): Promise<number> {
  if (outcome === undefined) return job.total;
  const counts = await progressOf(core, job);
  if (outcome !== 'open') return counts[outcome as keyof typeof counts];
  return job.total - counts.done - counts.unchanged - counts.refused;
}

const listRows = route({
  method: 'get',
  path: '/bulk/{id}/rows',
  id: 'listBulkRows',
  summary: 'What became of each row, in their order',
  tag,
  permission: 'users.read',
  target: targetBulk,
  query: z.strictObject({ outcome: z.enum(rowOutcomes).optional(), ...pageParameters }),
  output: listOf(bulkRowSchema),
  async handler(context) {
    const { core, query, target } = context;
    const page = await pageAfter(
      context,
      async (after: number | undefined, { limit }) => ({
        items: await rowsAfter(core, target, { after, limit, outcome: query.outcome }),
        total: await totalOf(core, target, query.outcome),
      }),
      (row: PlacedRow) => row.place,
    );
    return { body: { ...page, items: page.items.map(presentRow) } };
  },
});

const cancelOne = route({
  method: 'post',
  path: '/bulk/{id}/cancel',
  id: 'cancelBulkJob',
  summary: 'Stop it; rows that are done stay done',
  tag,
  permission: 'users.read',
  target: targetBulk,
  output: bulkSchema,
  async handler({ core, actor, params }) {
    const job = await cancelBulk(core, actor, params.id);
    return { body: await presentBulk(core, job), version: job.version };
  },
});

export const bulkRoutes: readonly Route[] = [beginAction, listAll, readOne, listRows, cancelOne];
