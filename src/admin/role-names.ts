import type { Role, TenantConfig } from '../identity/tenants/config.js';

/** A role by its full key or its id. */
function findRole(config: TenantConfig, name: string): Role | undefined {
  return config.roles.get(name) ?? [...config.roles.values()].find((role) => role.id === name);
}

/** Roles named by key or id, by their full keys; a name nobody knows stays as it is, for the domain to refuse. */
export function fullKeysOf(config: TenantConfig, names: readonly string[]): string[] {
  return names.map((name) => findRole(config, name)?.fullKey ?? name);
}
