import { LRUCache } from 'lru-cache';
import type { ResourceSchema } from '../../scim/protocol/attribute.js';
import { createSchemaRegistry, type SchemaRegistry } from '../../scim/protocol/schema-registry.js';
import type { Core } from '../core.js';
import type { TenantDocument } from '../../persistence/collections/tenants.js';
import { liveAttributes, stampOf, type TenantConfig, type UserAttribute } from './config.js';
import { service } from '../../shared/services.js';

/** What of a server its schemas are made from and kept in. */
type SchemaHost = Pick<Core, 'config' | 'services'>;

/** The registries of one server. */
interface Registries {
  /** Of tenants without attributes of their own, and of strangers. */
  readonly common: SchemaRegistry;
  /** By the list of attributes in a tenant's cached configuration. */
  readonly byList: WeakMap<readonly UserAttribute[], SchemaRegistry>;
  /** By what the list says, so that a new version of a tenant with the same attributes has the same registry. */
  readonly byContent: LRUCache<string, SchemaRegistry>;
}

const maxRegistries = 500;
const registries = service(({ config }: Pick<Core, 'config'>): Registries => ({
  common: createSchemaRegistry(config.scim.extensionSchemas),
  byList: new WeakMap(),
  byContent: new LRUCache<string, SchemaRegistry>({ max: maxRegistries }),
}));

/** The schemas of a server without those of any tenant: built-in ones and those of its configuration. */
export function commonSchemas(core: SchemaHost): SchemaRegistry {
  return registries(core).common;
}

/** The schemas of a tenant: the server's, and the tenant's own user attributes. Compiled once for each content. */
export function tenantSchemas(
  core: SchemaHost,
  { attributes }: Pick<TenantConfig, 'attributes'>,
): SchemaRegistry {
  const { common, byList, byContent } = registries(core);
  if (attributes.length === 0) return common;
  const present = byList.get(attributes);
  if (present) return present;
  const content = JSON.stringify(attributes);
  const registry =
    byContent.get(content) ?? createSchemaRegistry(core.config.scim.extensionSchemas, attributes);
  byContent.set(content, registry);
  byList.set(attributes, registry);
  return registry;
}

// An attribute's every change moves the tenant's version, so a list is found by the version just read.
const attributeLists = service(() => new LRUCache<string, readonly UserAttribute[]>({ max: 5000 }));

/** The same for a request that has read the tenant and needs nothing else of its configuration. */
export async function schemasAt(
  core: SchemaHost & Pick<Core, 'store'>,
  tenant: Pick<TenantDocument, '_id' | 'version' | 'updatedAt'>,
): Promise<SchemaRegistry> {
  const key = stampOf(tenant);
  const lists = attributeLists(core);
  const known = lists.get(key);
  if (known) return tenantSchemas(core, { attributes: known });
  const stored = core.store.tenant(tenant._id).collection('user_attributes');
  const attributes = liveAttributes(await stored.find({}, { sort: { nameKey: 1 } }));
  lists.set(key, attributes);
  return tenantSchemas(core, { attributes });
}

/** The User as the schemas of a tenant have it. */
export function userSchemaOf(core: SchemaHost, config: Pick<TenantConfig, 'attributes'>): ResourceSchema {
  return tenantSchemas(core, config).user;
}
