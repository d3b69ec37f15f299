import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../shared/errors.js';
import type { Actor } from './core.js';

const texts = z.record(z.string(), z.string());

/**
 * What limits a permission: lists of values, which the application sees to, and two conditions that are judged here. `feature`: a switch of
 * the tenant; `profileAccess`: the user's own switch.
 */
export const constraintSchema = z
  .strictObject({ feature: z.string(), profileAccess: z.literal(true) })
  .partial()
  .catchall(z.array(z.string().min(1).max(100)).min(1).max(50));
export type Constraint = z.output<typeof constraintSchema>;
/** By permission, as the role names it. */
export type Constraints = Readonly<Record<string, Constraint>>;

const fileSchema = z.strictObject({
  permissions: texts,
  staffPermissions: texts,
  /** The permissions of the manuals' own products, by the key of the application (requirements E). */
  applications: z.record(
    z.string(),
    z.strictObject({
      presets: z.array(z.string()),
      permissions: texts,
      staffOnly: z.array(z.string()).default([]),
      /** The switch of the tenant that a permission asks for. */
      features: texts.default({}),
    }),
  ),
  /** The roles that every application of the tenant has under these presets. */
  services: z.strictObject({
    presets: z.array(z.string()),
    permissions: texts,
    roles: z.array(
      z.strictObject({
        key: z.string(),
        name: z.string(),
        description: z.string(),
        permissions: z.array(z.string()),
      }),
    ),
  }),
  roles: z.array(
    z.strictObject({
      key: z.string(),
      name: z.string(),
      description: z.string(),
      presets: z.array(z.string()),
      administrator: z.boolean().default(false),
      /** `all`: what an administrator holds; `everything`: what the operator of the server holds too. */
      permissions: z.union([z.enum(['all', 'everything']), z.array(z.string())]),
      /** What it gives in the products of the preset, by the application's key. */
      grants: z.record(z.string(), z.union([z.literal('all'), z.array(z.string())])).default({}),
      /** By `application:permission`. */
      constraints: z.record(z.string(), constraintSchema).default({}),
    }),
  ),
});

const file = fileSchema.parse(
  JSON.parse(readFileSync(new URL('../../config/permissions.json', import.meta.url), 'utf8')),
);

export interface Permission {
  /** `area.action`, of an application `application:area.action`. */
  key: string;
  /** The key of the application; null: Gatehouse itself. */
  application: string | null;
  label: string;
  /** Held by the operator of the server alone. */
  staffOnly: boolean;
}

/** Every management permission (requirements B5). Permissions of applications are theirs to name. */
export const permissionCatalogue: readonly Permission[] = [
  ...Object.entries(file.permissions).map(([key, label]) => ({
    ...{ key, label, application: null, staffOnly: false },
  })),
  ...Object.entries(file.staffPermissions).map(([key, label]) => ({
    ...{ key, label, application: null, staffOnly: true },
  })),
];

/** The products of a preset, by the keys of their applications. */
const productsOf = (preset: string): [string, (typeof file.applications)[string]][] =>
  Object.entries(file.applications).filter(([, { presets }]) => presets.includes(preset));

/** What the products of a preset name permissions: for the matrix of roles. */
export function productPermissions(preset: string): Permission[] {
  return productsOf(preset).flatMap(([application, { permissions, staffOnly }]) =>
    Object.entries(permissions).map(([name, label]) => ({
      ...{ key: `${application}:${name}`, label, application, staffOnly: staffOnly.includes(name) },
    })),
  );
}

/**
 * Whether a permission of a preset's product is kept back in a tenant: it is the operator's own, or its switch is off.
 *
 * @param key - `application:permission`.
 * @param features - the tenant's switches.
 */
export function isKeptBack(
  preset: string,
  key: string,
  features: Readonly<Record<string, boolean>> = {},
): boolean {
  const [application = '', ...rest] = key.split(':');
  const product = file.applications[application];
  if (!product?.presets.includes(preset)) return false;
  const name = rest.join(':');
  const feature = product.features[name];
  return product.staffOnly.includes(name) || (feature !== undefined && features[feature] !== true);
}

/** Every switch of a tenant that the operator has. */
export const featureNames: readonly string[] = [
  ...new Set(Object.values(file.applications).flatMap(({ features }) => Object.values(features))),
];

/** The roles that each application of a tenant has by itself under a preset. */
export const serviceRoles = (preset: string) =>
  file.services.presets.includes(preset) ? file.services.roles : [];

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
  constraints: Constraints;
  /** Whether losing its last holder would leave the tenant without anybody in charge (F-11). */
  isAdministrator: boolean;
}

function permissionsIn(said: 'all' | 'everything' | readonly string[]): readonly string[] {
  if (said === 'all') return [...administratorPermissions];
  return said === 'everything' ? [...allPermissions] : said;
}

function productGrants(preset: string, grants: Readonly<Record<string, 'all' | string[]>>): string[] {
  return productsOf(preset).flatMap(([application, { permissions, staffOnly }]) => {
    const said = grants[application] ?? [];
    const names = said === 'all' ? Object.keys(permissions).filter((one) => !staffOnly.includes(one)) : said;
    return names.map((name) => `${application}:${name}`);
  });
}

/** The roles a preset brings along; they can be copied, not edited. */
export function builtInRoles(preset: string): BuiltInRole[] {
  return file.roles
    .filter((role) => role.presets.includes(preset))
    .map((role) => ({
      key: role.key,
      name: role.name,
      description: role.description,
      permissions: [...permissionsIn(role.permissions), ...productGrants(preset, role.grants)],
      constraints: role.constraints,
      isAdministrator: role.administrator,
    }));
}

export function may(actor: Actor, permission: string): boolean {
  return actor.permissions.has(permission);
}

/** @throws AppError `auth.forbidden` naming the permission that is missing. */
export function requirePermission(actor: Actor, permission: string): void {
  if (!may(actor, permission))
    throw new AppError('auth.forbidden', `the permission ${permission} is missing`);
}

/**
 * No one gives or takes what they do not hold: the management permissions of these roles must all be the actor's own.
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
