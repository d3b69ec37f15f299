import type { EntryPlace } from './ledger.js';
import type { Run } from './run.js';

/** The entry with these fields alone. */
export function pick<E extends object>(entry: E, names: ReadonlySet<string>): Partial<E> {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.has(name))) as Partial<E>;
}

/** A window on one collection of the run's tenant: what an entry was put on is found by its id, whatever it is called now. */
export const idIn = <
  N extends
    | 'applications'
    | 'directories'
    | 'scim_clients'
    | 'scim_tokens'
    | 'sso_connections'
    | 'api_keys'
    | 'users'
    | 'groups',
>(
  { core, actor }: Run,
  name: N,
) => core.store.tenant(actor.tenantId).collection(name);

export const placeIn = ({ actor }: Run, kind: string, key: string): EntryPlace => ({
  kind,
  tenantId: actor.tenantId,
  key,
});
