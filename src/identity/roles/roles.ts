import { z } from 'zod';
import type { RoleDocument } from '../../persistence/collections/tenants.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import {
  administratorPermissions,
  builtInRoles,
  requireGrantable,
  type Constraints,
} from '../permissions.js';
import {
  constraintsOf,
  isOfferedPermission,
  tenantConfig,
  tenantConfigStep,
  touchTenant,
  type Role,
  type TenantConfig,
} from '../tenants/config.js';
import type { WriteOptions } from '../versions.js';
import { requireUnused } from './role-use.js';

export type { Role } from '../tenants/config.js';

export interface RoleInput {
  /** Letters, digits, `_`, `-` and `.`; unique within its application, or within the tenant's own roles. */
  key: string;
  /** null: a role of the tenant. */
  applicationKey: string | null;
  name: string;
  description: string;
  /** For an application's role as the application names them; for a tenant's role management permissions and `applicationKey:permission`. */
  permissions: readonly string[];
  /** What limits some of the permissions, by permission. Absent: nothing. */
  constraints?: Constraints | undefined;
}

const keyShape = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/);

const duplicates = {
  roles_key: { code: 'role.key_taken', message: 'the key is taken by another role', pointer: '/key' },
} as const;

/** All roles by full key: the preset's, the tenant's own and its applications'. */
export async function roleCatalogue(core: Core, tenantId: string): Promise<ReadonlyMap<string, Role>> {
  return (await tenantConfig(core, tenantId)).roles;
}

/** All roles, the tenant's before the applications', by key. */
export async function listRoles(core: Core, tenantId: string): Promise<Role[]> {
  const orderOf = (role: Role): string => `${role.applicationKey ?? ''}\n${role.key}`;
  return [...(await roleCatalogue(core, tenantId)).values()].sort((a, b) =>
    orderOf(a) < orderOf(b) ? -1 : 1,
  );
}

/**
 * @param idOrKey - a stored role's id, or a full key such as `administrator` or `crm:agent`.
 * @throws AppError `role.not_found`.
 */
export async function getRole(core: Core, tenantId: string, idOrKey: string): Promise<Role> {
  const roles = await roleCatalogue(core, tenantId);
  const role = roles.get(idOrKey) ?? [...roles.values()].find(({ id }) => id === idOrKey);
  if (!role) throw new AppError('role.not_found', 'there is no such role');
  return role;
}

/** `roleKey`, or `applicationKey:roleKey`: how grants name a role. */
export function fullKeyOf(role: Pick<RoleInput, 'key' | 'applicationKey'>): string {
  return role.applicationKey === null ? role.key : `${role.applicationKey}:${role.key}`;
}

/** What is wrong with a role, with a pointer for each fault. */
export function roleFaults(
  input: Pick<RoleInput, 'key' | 'applicationKey' | 'permissions' | 'constraints'>,
): InputFault[] {
  const errors = keyShape.safeParse(input.key).success
    ? []
    : [{ pointer: '/key', detail: 'must be letters, digits, "_", "-" and ".", at most 64' }];
  input.permissions.forEach((permission, index) => {
    const isKnown =
      input.applicationKey !== null || permission.includes(':') || administratorPermissions.has(permission);
    if (!isKnown)
      errors.push({ pointer: `/permissions/${index}`, detail: `there is no permission ${permission}` });
  });
  for (const permission of Object.keys(input.constraints ?? {})) {
    const isManagement = input.applicationKey === null && !permission.includes(':');
    if (!isManagement && input.permissions.includes(permission)) continue;
    const detail = isManagement ? 'this permission has no limits' : 'the role does not hold this permission';
    errors.push({ pointer: `/constraints/${permission}`, detail });
  }
  return errors;
}

/** @throws AppError `input.invalid` with a pointer for each fault. */
function requireValidRole(input: RoleInput): void {
  const errors = roleFaults(input);
  if (errors.length > 0) throw new AppError('input.invalid', 'the role is not valid', { errors });
}

/** A role as far as it takes permissions to change it. */
export function grantable(
  input: Pick<RoleInput, 'key' | 'applicationKey' | 'permissions'>,
): { fullKey: string; permissions: readonly string[] }[] {
  return input.applicationKey === null ? [{ fullKey: fullKeyOf(input), permissions: input.permissions }] : [];
}

/** A role as the audit trail names it. */
export const rolePartyOf = (
  role: Pick<RoleDocument, '_id' | 'fullKey'>,
): { type: string; id: string; label: string } => ({
  type: 'role',
  id: role._id,
  label: role.fullKey,
});

/**
 * Inserts a role and makes every remembered configuration void.
 *
 * @throws AppError `store.duplicate`, `role.key_taken`, `application.not_found`, `input.invalid`, `role.not_grantable`.
 */
function* insertRoleStep(
  core: Core,
  tx: Transaction,
  actor: Actor,
  input: RoleInput,
  now: Date,
): Step<RoleDocument> {
  requireValidRole(input);
  requireGrantable(actor, grantable(input));
  const scope = tx.tenant(actor.tenantId);
  const tenant = yield* scope.collection('tenants').get(actor.tenantId);
  if (!tenant) throw new AppError('tenant.not_found', 'there is no such tenant');
  if (input.applicationKey === null && builtInRoles(tenant.preset).some(({ key }) => key === input.key)) {
    throw new AppError('role.key_taken', 'the key is that of a built-in role', {
      errors: [{ pointer: '/key', detail: `${input.key} is a built-in role` }],
    });
  }
  const config = yield* tenantConfigStep(core, tx, actor.tenantId);
  if (input.applicationKey === null) requireKnownToServer(config, input.permissions);
  else {
    if (config.serverApplications.has(input.applicationKey))
      throw new AppError(
        'application.of_server',
        'the operator of the server defines the roles of this application',
      );
    const application = yield* scope.collection('applications').findOne({ key: input.applicationKey });
    if (!application) throw new AppError('application.not_found', 'there is no such application');
  }
  yield* touchTenant(tx, actor.tenantId);
  // Who was left with a role of this name, from another preset say, would get what this one holds.
  yield* requireUnused(tx, actor.tenantId, fullKeyOf(input));
  const { constraints, ...fields } = input;
  const role = yield* scope.collection('roles').insert({
    _id: newId(),
    tenantId: actor.tenantId,
    fullKey: fullKeyOf(input),
    ...fields,
    permissions: [...new Set(input.permissions)],
    ...storedConstraints(constraints),
  });
  yield* recordEvent(tx, actor, { action: 'role.created', target: rolePartyOf(role) }, now);
  return role;
}

/**
 * A tenant's role holds of a server application's permissions only what a role of that application gives: the operator decides what there
 * is.
 *
 * @throws AppError `input.invalid`.
 */
function requireKnownToServer(
  config: TenantConfig,
  permissions: readonly string[],
  judged: readonly string[] = permissions,
): void {
  const errors = permissions.flatMap((permission, index) =>
    !judged.includes(permission) || isOfferedPermission(config, permission)
      ? []
      : [{ pointer: `/permissions/${index}`, detail: `no role of the application gives ${permission}` }],
  );
  if (errors.length > 0) throw new AppError('input.invalid', 'the role is not valid', { errors });
}

/** Where `roles.custom` is off people make no roles of the tenant; applications go on naming their own. */
async function requireCustomAllowed(core: Core, actor: Actor, input: RoleInput): Promise<void> {
  if (input.applicationKey !== null || actor.party.type === 'system') return;
  const { settings } = await tenantConfig(core, actor.tenantId);
  if (!settings['roles.custom']) {
    throw new AppError('role.custom_off', 'this tenant has the built-in roles only');
  }
}

/** @throws AppError `role.custom_off`, and as {@link insertRoleStep}. */
export async function createRole(core: Core, actor: Actor, input: RoleInput): Promise<Role> {
  await requireCustomAllowed(core, actor, input);
  const stored = await refuseDuplicates(duplicates, () =>
    core.store.transaction((tx) => insertRoleStep(core, tx, actor, input, core.clock.now())),
  );
  return getRole(core, actor.tenantId, stored._id);
}

/** As they are stored: names of permissions hold dots, which names of fields do not. */
function storedConstraints(constraints: Constraints = {}): Pick<RoleDocument, 'constraints'> {
  const list = Object.entries(constraints).map(([permission, constraint]) => ({ permission, constraint }));
  return list.length > 0 ? { constraints: list } : {};
}

/** Roles as what is changed on request. */
export const roleEntity: Entity<'roles'> = {
  collection: 'roles',
  notFound: () => new AppError('role.not_found', 'there is no such role'),
  partyOf: rolePartyOf,
  factsOf: ({ name, description, permissions, constraints = [] }) => ({
    ...{ name, description, permissions, constraints },
  }),
};

/** What is absent or undefined stays. */
export type RoleChange = {
  [K in 'name' | 'description' | 'permissions' | 'constraints']?: RoleInput[K] | undefined;
};

/** The constraints after a change: those of permissions that the role loses go with them. */
function changedConstraints(before: RoleDocument, { constraints, permissions }: RoleChange): Constraints {
  if (constraints) return constraints;
  const kept = Object.entries(constraintsOf(before));
  return Object.fromEntries(kept.filter(([key]) => permissions?.includes(key) ?? true));
}

/** @throws AppError `role.built_in`, `role.of_server`, `role.not_found`. */
export async function getOwnRole(core: Core, tenantId: string, idOrKey: string): Promise<Role> {
  const role = await getRole(core, tenantId, idOrKey);
  if (role.isOfServer)
    throw new AppError(
      'role.of_server',
      'the operator of the server defines this role; you can only grant it',
    );
  if (role.builtIn) throw new AppError('role.built_in', 'built-in roles are copied, not changed');
  return role;
}

/**
 * Changes a role; everybody who holds it is affected at once.
 *
 * @throws AppError `role.not_found`, `role.built_in`, `role.not_grantable`, `input.invalid`, `resource.version_mismatch`.
 */
export async function updateRole(
  core: Core,
  actor: Actor,
  idOrKey: string,
  change: RoleChange,
  options: WriteOptions = {},
): Promise<Role> {
  const { id } = await getOwnRole(core, actor.tenantId, idOrKey);
  const now = core.clock.now();
  await core.store.transaction((tx) =>
    changeEntity(
      roleEntity,
      { tx, actor, now, id, options },
      {
        action: 'role.updated',
        *wanted(before) {
          const { constraints: _, ...rest } = before;
          const constraints = changedConstraints(before, change);
          const wanted: RoleDocument = {
            ...rest,
            ...storedConstraints(constraints),
            name: change.name ?? before.name,
            description: change.description ?? before.description,
            permissions: [...new Set(change.permissions ?? before.permissions)],
          };
          requireValidRole({ ...wanted, constraints });
          requireGrantable(actor, [...grantable(before), ...grantable(wanted)]);
          const added = wanted.permissions.filter((permission) => !before.permissions.includes(permission));
          if (before.applicationKey === null && added.some((permission) => permission.includes(':')))
            requireKnownToServer(
              yield* tenantConfigStep(core, tx, actor.tenantId),
              wanted.permissions,
              added,
            );
          return wanted;
        },
        after: () => touchTenant(tx, actor.tenantId),
      },
    ),
  );
  return getRole(core, actor.tenantId, id);
}
