import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../shared/errors.js';
import type { Actor } from './core.js';

const fileSchema = z.strictObject({
  permissions: z.record(z.string(), z.string()),
  staffPermissions: z.record(z.string(), z.string()),
  roles: z.array(
    z.strictObject({
      key: z.string(),
      name: z.string(),
      description: z.string(),
      presets: z.array(z.string()),
      administrator: z.boolean().default(false),
      /** `all`: what an administrator holds; `everything`: what the operator of the server holds too. */
      permissions: z.union([z.enum(['all', 'everything']), z.array(z.string())]),
    }),
  ),
});

const file = fileSchema.parse(
  JSON.parse(readFileSync(new URL('../../config/permissions.json', import.meta.url), 'utf8')),
);

export interface Permission {
  /** `area.action`. */
  key: string;
  label: string;
  /** Held by the operator of the server alone. */
  staffOnly: boolean;
}

/** Every management permission (requirements B5). Permissions of applications are theirs to name. */
export const permissionCatalogue: readonly Permission[] = [
  ...Object.entries(file.permissions).map(([key, label]) => ({ key, label, staffOnly: false })),
  ...Object.entries(file.staffPermissions).map(([key, label]) => ({ key, label, staffOnly: true })),
];

/** Every permission an administrator holds. */
export const administratorPermissions: ReadonlySet<string> = new Set(Object.keys(file.permissions));

/** Whether an actor holds every permission of an administrator. */
export const holdsEverything = (actor: Actor): boolean =>
  [...administratorPermissions].every((permission) => actor.permissions.has(permission));

/** Every permission there is: what the system itself acts with. */
export const allPermissions: ReadonlySet<string> = new Set(permissionCatalogue.map(({ key }) => key));

export interface BuiltInRole {
  key: string;
  name: string;
  description: string;
  permissions: readonly string[];
  /** Whether losing its last holder would leave the tenant without anybody in charge (F-11). */
  isAdministrator: boolean;
}

function permissionsIn(said: 'all' | 'everything' | readonly string[]): readonly string[] {
  if (said === 'all') return [...administratorPermissions];
  return said === 'everything' ? [...allPermissions] : said;
}

/** The roles a preset brings along; they can be copied, not edited. */
export function builtInRoles(preset: string): BuiltInRole[] {
  return file.roles
    .filter((role) => role.presets.includes(preset))
    .map((role) => ({
      key: role.key,
      name: role.name,
      description: role.description,
      permissions: permissionsIn(role.permissions),
      isAdministrator: role.administrator,
    }));
}

function may(actor: Actor, permission: string): boolean {
  return actor.permissions.has(permission);
}

/** @throws AppError `auth.forbidden` naming the permission that is missing. */
export function requirePermission(actor: Actor, permission: string): void {
  if (!may(actor, permission))
    throw new AppError('auth.forbidden', `the permission ${permission} is missing`);
}

/**
 * Nobody gives or takes what they do not hold: the management permissions of these roles must all be the actor's own.
 *
 * @throws AppError `role.not_grantable`.
 */
export function requireGrantable(
  actor: Actor,
  roles: readonly { fullKey: string; permissions: readonly string[] }[],
): void {
  for (const role of roles) {
    const lacking = managementPermissions(role.permissions).find((permission) => !may(actor, permission));
    if (lacking !== undefined) {
      throw new AppError(
        'role.not_grantable',
        `the role ${role.fullKey} holds ${lacking}, which you do not hold yourself`,
      );
    }
  }
}

/** Those of a role's permissions that open something in Gatehouse itself. */
export function managementPermissions(permissions: readonly string[]): string[] {
  return permissions.filter((permission) => allPermissions.has(permission));
}
