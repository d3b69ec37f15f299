import type { ExtensionInput, ResourceSchema, SchemaDefinition } from './attribute.js';
import { compileResourceSchema } from './attribute.js';
import type { CustomSchema } from './custom-schema.js';
import { parseCustomSchemas } from './custom-schema.js';
import { entitlementSchema, roleSchema } from './schemas/catalogue.js';
import { enterpriseUserSchema } from './schemas/enterprise-user.js';
import { gatehouseGroupSchema } from './schemas/gatehouse-group.js';
import { gatehouseUserSchema } from './schemas/gatehouse-user.js';
import { groupSchema } from './schemas/group.js';
import { serviceSchemas } from './schemas/service.js';
import { tenantUserExtension, type TenantAttribute } from './schemas/tenant-user.js';
import { userSchema } from './schemas/user.js';

/** Every schema a tenant has: compiled once, then handed around as a value. */
export interface SchemaRegistry {
  readonly user: ResourceSchema;
  readonly group: ResourceSchema;
  readonly role: ResourceSchema;
  readonly entitlement: ResourceSchema;
  /** The resource types that can be written: users and groups. */
  readonly resources: readonly ResourceSchema[];
  /** What `/Schemas` lists, by lower-case URN; those of the service's own documents included. */
  readonly schemas: ReadonlyMap<string, SchemaDefinition>;
}

/** What a directory can give: the same for every tenant. */
const catalogue = {
  role: compileResourceSchema({
    name: 'Role',
    endpoint: '/Roles',
    description: 'Roles that users can have here',
    core: roleSchema,
    extensions: [],
  }),
  entitlement: compileResourceSchema({
    name: 'Entitlement',
    endpoint: '/Entitlements',
    description: 'Entitlements that users can have here',
    core: entitlementSchema,
    extensions: [],
  }),
};

/**
 * Compiles the built-in schemas, the configured ones and that of a tenant.
 *
 * @param extensionSchemas - `scim.extensionSchemas` of the configuration: `{alias, resource: "User"|"Group", schema}` each.
 * @param tenantAttributes - what the tenant has defined for its users; with none there is no such schema.
 * @throws Error naming every fault of the configured schemas.
 */
export function createSchemaRegistry(
  extensionSchemas: readonly unknown[] = [],
  tenantAttributes: readonly TenantAttribute[] = [],
): SchemaRegistry {
  const custom = parseCustomSchemas(extensionSchemas);
  const user = compileResourceSchema({
    name: 'User',
    endpoint: '/Users',
    description: 'User account',
    core: userSchema,
    extensions: [
      { alias: 'enterprise', schema: enterpriseUserSchema },
      { alias: 'gatehouse', schema: gatehouseUserSchema, retained: true },
      ...extensionsOf(custom, 'User'),
      ...(tenantAttributes.length > 0 ? [tenantUserExtension(tenantAttributes)] : []),
    ],
  });
  const group = compileResourceSchema({
    name: 'Group',
    endpoint: '/Groups',
    description: 'Group',
    core: groupSchema,
    extensions: [
      { alias: 'gatehouse', schema: gatehouseGroupSchema, retained: true },
      ...extensionsOf(custom, 'Group'),
    ],
  });
  const resources = [user, group];
  const definitions = [
    ...resources.flatMap(({ core, extensions }) => [core, ...extensions.map(({ schema }) => schema)]),
    catalogue.role.core,
    catalogue.entitlement.core,
    ...serviceSchemas,
  ];
  return {
    user,
    group,
    ...catalogue,
    resources,
    schemas: new Map(definitions.map((schema) => [schema.id.toLowerCase(), schema])),
  };
}

function extensionsOf(custom: readonly CustomSchema[], resource: CustomSchema['resource']): ExtensionInput[] {
  return custom
    .filter((entry) => entry.resource === resource)
    .map(({ alias, schema }) => ({ alias, schema }));
}

/** Finds the resource type a path below `/scim/v2` speaks of: `/Users/123` is a User; undefined for others. */
export function resourceAt(registry: SchemaRegistry, path: string): ResourceSchema | undefined {
  const start = path.startsWith('/') ? 1 : 0;
  const end = /[/?]/.exec(path.slice(start))?.index;
  const segment = path.slice(start, end === undefined ? undefined : start + end).toLowerCase();
  return registry.resources.find(({ endpoint }) => endpoint.slice(1).toLowerCase() === segment);
}

/** The names of all attributes and sub-attributes that are never returned, so that nothing else shows them either. */
export function neverReturned({ schemas }: SchemaRegistry): string[] {
  const all = [...schemas.values()].flatMap(({ attributes }) => attributes);
  return all
    .flatMap((attribute) => [attribute, ...(attribute.subAttributes ?? [])])
    .filter(({ returned }) => returned === 'never')
    .map(({ name }) => name);
}
