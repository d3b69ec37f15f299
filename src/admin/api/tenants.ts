import { jobStatuses, jobStatus } from '../../identity/jobs/kept-jobs.js';
import {
  countUsersOfEach,
  createCustomer,
  customerStatusOf,
  customerStatuses,
  getCustomer,
  operatorIn,
  resumeCustomer,
  searchCustomers,
  suspendCustomer,
} from '../../identity/operator/customers.js';
import { eraseCustomer } from '../../identity/operator/erasure.js';
import type { Core } from '../../identity/core.js';
import { presetNames, settingsCatalogue, type SettingsPatch } from '../../identity/tenants/settings.js';
import { slugRule, slugShape } from '../../identity/tenants/slug.js';
import { updateTenant } from '../../identity/roles/tenant-change.js';
import type { TenantDocument } from '../../identity/tenants/tenants.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant, iso, line } from '../present/fields.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

export const tenantTag = 'Tenants';
const permission = 'tenants.manage';
const scope = 'server';

const fields = {
  id,
  slug: z.string(),
  name: z.string(),
  externalId: z.string().nullable().describe('how your own system names it; unique over the server'),
  status: z.enum(customerStatuses),
  users: z.number().int().describe('how many users it has'),
  createdAt: instant,
};

const tenantSchema = z.strictObject(fields).openapi('Tenant');

async function presentEach(
  core: Core,
  tenants: readonly TenantDocument[],
): Promise<z.input<typeof tenantSchema>[]> {
  const users = await countUsersOfEach(
    core,
    tenants.map(({ _id }) => _id),
  );
  return tenants.map((tenant, index) => ({
    id: tenant._id,
    slug: tenant.slug,
    name: tenant.name,
    externalId: tenant.externalId ?? null,
    status: customerStatusOf(tenant),
    users: users[index] ?? 0,
    createdAt: iso(tenant.createdAt),
  }));
}

async function present(core: Core, tenant: TenantDocument): Promise<z.input<typeof tenantSchema>> {
  const [presented] = await presentEach(core, [tenant]);
  if (!presented) throw new Error('a tenant was not presented');
  return presented;
}

const reply = async (core: Core, tenant: TenantDocument): Promise<Reply<z.input<typeof tenantSchema>>> => ({
  body: await present(core, tenant),
  version: tenant.version,
});

/** The path names a tenant itself: no other tenant's data is read by it. */
export const targetTenant = (
  core: Core,
  _tenantId: string,
  params: { readonly id: string },
): Promise<TenantDocument> => getCustomer(core, params.id);

const listAll = route({
  method: 'get',
  path: '/tenants',
  id: 'listTenants',
  summary: 'Tenants of customers, found by slug, name or externalId',
  tag: tenantTag,
  permission,
  scope,
  query: z.strictObject({
    q: searchParameter,
    status: z.enum(customerStatuses).optional(),
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(tenantSchema),
  async handler(context) {
    const { core, query } = context;
    const descending = query.sort.startsWith('-');
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) => searchCustomers(core, query, { descending, afterId, ...limit }),
      (tenant) => tenant._id,
    );
    return { body: { ...page, items: await presentEach(core, page.items) } };
  },
});

const externalId = line(200).describe('how your own system names it; unique over the server');
const settings = z.strictObject(settingsCatalogue).partial();

const createInput = z
  .strictObject({
    slug: z
      .string()
      .regex(slugShape, slugRule)
      .describe('its short name in addresses; unique over the server'),
    name: line(255),
    externalId: externalId.nullable().optional(),
    preset: z.enum(presetNames).default('default'),
    settings: settings.default({}).describe('by their dotted names, over those of the preset'),
    administrator: z
      .strictObject({
        email: z.string().trim().min(1).max(254),
        givenName: line(200).optional(),
        familyName: line(200).optional(),
      })
      .optional()
      .describe('who is invited as its first administrator'),
  })
  .openapi('CreateTenant');

const createOne = route({
  method: 'post',
  path: '/tenants',
  id: 'createTenant',
  summary:
    'Create a tenant and invite its administrator; the same externalId again answers with the tenant that has it',
  tag: tenantTag,
  permission,
  scope,
  body: createInput,
  status: 201,
  otherStatus: 200,
  output: z
    .strictObject({
      ...fields,
      invitation: z
        .strictObject({
          email: z.string(),
          outcome: z.enum(['invited', 'already_user', 'pending', 'invalid']),
        })
        .nullable()
        .describe('what became of the administrator’s invitation; null: no administrator was invited'),
    })
    .openapi('NewTenant'),
  async handler({ core, actor, body }) {
    const input = { ...body, settings: body.settings as SettingsPatch };
    const { tenant, isNew, invitation } = await createCustomer(core, actor, input);
    return {
      body: { ...(await present(core, tenant)), invitation },
      version: tenant.version,
      ...(!isNew && { status: 200 as const }),
    };
  },
});

const readOne = route({
  method: 'get',
  path: '/tenants/{id}',
  id: 'getTenant',
  summary: 'Read a tenant, by its id or slug',
  tag: tenantTag,
  permission,
  scope,
  target: targetTenant,
  output: tenantSchema,
  handler: ({ core, target }) => reply(core, target),
});

const changeOne = route({
  method: 'patch',
  path: '/tenants/{id}',
  id: 'changeTenant',
  summary: 'Change a tenant; what is absent stays',
  tag: tenantTag,
  permission,
  scope,
  target: targetTenant,
  body: z
    .strictObject({
      name: line(255).optional(),
      externalId: externalId.nullable().optional(),
      preset: z.enum(presetNames).optional(),
      settings: settings.optional().describe('put over those it has'),
    })
    .openapi('ChangeTenant'),
  output: tenantSchema,
  async handler({ core, actor, body, target, ifVersion }) {
    const change = { ...body, settings: body.settings as SettingsPatch | undefined };
    return reply(core, await updateTenant(core, operatorIn(actor, target._id), change, ifVersion));
  },
});

const eraseOne = route({
  method: 'delete',
  path: '/tenants/{id}',
  id: 'eraseTenant',
  summary: 'Erase a tenant and everything of it, for good; a job does it',
  tag: tenantTag,
  permission,
  stepUp: true,
  scope,
  target: targetTenant,
  query: z.strictObject({
    confirm: z.string().max(100).optional().describe('the slug of the tenant, typed again'),
  }),
  status: 202,
  output: z
    .strictObject({
      job: z.strictObject({ id, status: z.enum(jobStatuses) }),
    })
    .openapi('TenantErasure'),
  async handler({ core, actor, query, target, ifVersion }) {
    if (query.confirm !== target.slug) {
      const detail = 'must be the slug of the tenant that is to be erased';
      throw new AppError('input.invalid', `confirm ${detail}`, { errors: [{ pointer: '?confirm', detail }] });
    }
    const job = await eraseCustomer(core, actor, target._id, ifVersion);
    return { body: { job: { id: job._id, status: jobStatus(job) } } };
  },
});

const suspendOne = route({
  method: 'post',
  path: '/tenants/{id}/suspend',
  id: 'suspendTenant',
  summary: 'Suspend a tenant: sign-ins, keys and tokens are refused, sessions end',
  tag: tenantTag,
  permission,
  stepUp: true,
  scope,
  target: targetTenant,
  output: tenantSchema,
  handler: async ({ core, actor, target }) => reply(core, await suspendCustomer(core, actor, target._id)),
});

const resumeOne = route({
  method: 'post',
  path: '/tenants/{id}/resume',
  id: 'resumeTenant',
  summary: 'Resume a suspended tenant; sessions that ended stay ended',
  tag: tenantTag,
  permission,
  scope,
  target: targetTenant,
  output: tenantSchema,
  handler: async ({ core, actor, target }) => reply(core, await resumeCustomer(core, actor, target._id)),
});

export const tenantRoutes: readonly Route[] = [
  listAll,
  createOne,
  readOne,
  changeOne,
  eraseOne,
  suspendOne,
  resumeOne,
];
