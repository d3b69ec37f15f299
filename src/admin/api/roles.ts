import type { Core } from '../../identity/core.js';
import { permissionCatalogue, productPermissions } from '../../identity/permissions.js';
import { createRole, getRole, listRoles, updateRole, type Role } from '../../identity/roles/roles.js';
import { reassigned } from '../../identity/roles/reassign.js';
import { deleteRole } from '../../identity/roles/remove-role.js';
import { countHolders } from '../../identity/users/search.js';
import { AppError } from '../../shared/errors.js';
import { arrange, listOf, pageOfAll, pageParameters, searchParameter, sortParameter } from '../list.js';
import { line } from '../present/fields.js';
import { constraintsSchema, presentRole, roleSchema } from '../present/role.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Roles';

const targetRole = (core: Core, tenantId: string, { id }: { readonly id: string }): Promise<Role> =>
  getRole(core, tenantId, id);

/** Roles as the answer. */
async function presentAll(core: Core, tenantId: string, roles: readonly Role[]) {
  const counts = await countHolders(
    core,
    tenantId,
    roles.map(({ fullKey }) => fullKey),
  );
  return roles.map((role, at) => presentRole(role, counts[at] ?? 0));
}

async function reply(core: Core, tenantId: string, role: Role): Promise<Reply<z.input<typeof roleSchema>>> {
  const [body] = await presentAll(core, tenantId, [role]);
  return { ...(body && { body }), version: role.version };
}

const listAll = route({
  method: 'get',
  path: '/roles',
  id: 'listRoles',
  summary: 'Roles of the tenant and of its applications',
  tag,
  permission: 'roles.read',
  query: z.strictObject({
    q: searchParameter,
    application: z.string().max(100).optional().describe('key of an application: its roles alone'),
    sort: sortParameter(['role', 'name'], 'role'),
    ...pageParameters,
  }),
  output: listOf(roleSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const all = await listRoles(core, actor.tenantId);
    const wanted = all.filter(
      (role) => query.application === undefined || role.applicationKey === query.application,
    );
    const sorts = { role: (role: Role) => role.fullKey, name: (role: Role) => role.name.toLowerCase() };
    const found = arrange(wanted, query, sorts, (role) => [role.fullKey, role.name, role.description]);
    const page = await pageOfAll(context, found);
    return { body: { ...page, items: await presentAll(core, actor.tenantId, page.items) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/roles/{id}',
  id: 'getRole',
  summary: 'Read a role, by id or key',
  tag,
  permission: 'roles.read',
  target: targetRole,
  output: roleSchema,
  handler: ({ core, actor, target }) => reply(core, actor.tenantId, target),
});

const permissions = z
  .array(z.string().min(1).max(200))
  .max(500)
  .describe(
    'a tenant’s role: management permissions and `applicationKey:permission`; an application’s: its own',
  );

const constraintsInput = constraintsSchema
  .refine((value) => Object.keys(value).length <= 200, 'at most 200 permissions')
  .optional()
  .describe(
    'what limits some of the permissions: lists of values for the application, `feature`, `profileAccess`',
  );

/** The role that a new one is a copy of. @throws AppError `input.invalid`. */
async function modelOf(
  core: Core,
  tenantId: string,
  name: string,
  application: string | null,
): Promise<Role> {
  const model = await getRole(core, tenantId, name).catch(() => undefined);
  if (model?.applicationKey === application) return model;
  throw new AppError('input.invalid', 'there is no such role to copy', {
    errors: [{ pointer: '/copyOf', detail: `there is no role ${name} in the same place` }],
  });
}

const createOne = route({
  method: 'post',
  path: '/roles',
  id: 'createRole',
  summary: 'Create a role',
  tag,
  permission: 'roles.manage',
  body: z
    .strictObject({
      key: z.string().min(1).max(64),
      application: z.string().max(100).nullable().default(null).describe('null: a role of the tenant'),
      name: line(200),
      description: z.string().max(2000).default(''),
      permissions: permissions.optional().describe('none, or those of `copyOf`, when absent'),
      constraints: constraintsInput,
      copyOf: z
        .string()
        .max(200)
        .optional()
        .describe('key or id of a role of the same place, also a built-in one, whose permissions it takes'),
    })
    .openapi('CreateRole'),
  status: 201,
  output: roleSchema,
  async handler({ core, actor, body }) {
    const { application, copyOf, ...input } = body;
    const model = copyOf === undefined ? undefined : await modelOf(core, actor.tenantId, copyOf, application);
    const role = await createRole(core, actor, {
      ...input,
      permissions: input.permissions ?? model?.permissions ?? [],
      constraints: input.constraints ?? (input.permissions ? undefined : model?.constraints),
      applicationKey: application,
    });
    const headers = { Location: `/api/v1/roles/${role.id}` };
    return { ...(await reply(core, actor.tenantId, role)), headers };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/roles/{id}',
  id: 'changeRole',
  isPlanned: true,
  summary: 'Change a role: everybody who holds it is affected at once',
  tag,
  permission: 'roles.edit',
  target: targetRole,
  body: z
    .strictObject({
      name: line(200).optional(),
      description: z.string().max(2000).optional(),
      permissions: permissions.optional(),
      constraints: constraintsInput,
    })
    .openapi('ChangeRole'),
  output: roleSchema,
  async handler({ core, actor, body, params, ifVersion }) {
    const change = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const role = await updateRole(core, actor, params.id, change, ifVersion);
    return reply(core, actor.tenantId, role);
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/roles/{id}',
  id: 'deleteRole',
  isPlanned: ({ actor, config, params, query, target, ifVersion }) => {
    const [to] = query.reassignTo === undefined ? [] : fullKeysOf(config, [query.reassignTo]);
    const options = { ...ifVersion, ...query, isPlanned: to !== undefined };
    return {
      work: (core) => deleteRole(core, actor, params.id, options),
      ...(to !== undefined && { change: (user) => reassigned(user, target.fullKey, to) }),
    };
  },
  summary: 'Delete a role that no one was given directly, or that another takes the place of',
  tag,
  permission: 'roles.manage',
  target: targetRole,
  query: z.strictObject({
    reassignTo: z
      .string()
      .max(200)
      .optional()
      .describe(
        'key or id of the role of the same place that takes its place, with users, keys, groups and rules',
      ),
  }),
  async handler({ core, actor, params, query, ifVersion }) {
    await deleteRole(core, actor, params.id, { ...ifVersion, reassignTo: query.reassignTo });
    return {};
  },
});

const permissionSchema = z
  .strictObject({
    key: z.string(),
    label: z.string(),
    application: z.string().nullable().describe('null: a management permission'),
    staffOnly: z.boolean(),
  })
  .openapi('Permission');

const listPermissions = route({
  method: 'get',
  path: '/permissions',
  id: 'listPermissions',
  summary: 'Every management permission, and those of the products of the preset',
  tag,
  permission: 'roles.read',
  query: z.strictObject({ q: searchParameter, sort: sortParameter(['key'], 'key'), ...pageParameters }),
  output: listOf(permissionSchema),
  async handler(context) {
    const found = arrange(
      [...permissionCatalogue, ...productPermissions(context.config.tenant.preset)],
      context.query,
      { key: (permission) => permission.key },
      (permission) => [permission.key, permission.label],
    );
    const page = await pageOfAll(context, found);
    return { body: { ...page, items: page.items.map((permission) => ({ ...permission })) } };
  },
});

export const roleRoutes: readonly Route[] = [
  listAll,
  readOne,
  createOne,
  changeOne,
  deleteOne,
  listPermissions,
];
