import { LRUCache } from 'lru-cache';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { TenantDocument } from '../../persistence/collections/tenants.js';
import { frozen } from '../../shared/frozen.js';
import { service } from '../../shared/services.js';
import type { Core } from '../core.js';
import { stampOf } from '../tenants/config.js';

type Directories = ReadonlyMap<string, DirectoryDocument>;

const remembered = service(() => new LRUCache<string, Directories>({ max: 1000 }));

/**
 * A tenant's directories by id, for a request that has just read the tenant. Every change of a directory moves the tenant's version, so that
 * what is remembered of this version holds in every process.
 */
export async function directoriesAt(
  core: Pick<Core, 'store' | 'services'>,
  tenant: Pick<TenantDocument, '_id' | 'version' | 'updatedAt'>,
): Promise<Directories> {
  const lists = remembered(core);
  const key = stampOf(tenant);
  const known = lists.get(key);
  if (known) return known;
  const stored = frozen(await core.store.tenant(tenant._id).collection('directories').find({}));
  const directories = new Map(stored.map((directory) => [directory._id, directory]));
  lists.set(key, directories);
  return directories;
}
