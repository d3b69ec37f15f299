import type { Core } from '../../identity/core.js';
import type { Target } from './trace.js';

const kinds = { Users: 'User', Groups: 'Group' } as const;

/** The resource an address below `/v2` names: `/Users/{id}`. */
function addressedBy(path: string): Target | undefined {
  const [, endpoint = '', id = ''] = /^\/+(Users|Groups)\/+([^/?]+)/.exec(path) ?? [];
  const isKnown = id !== '' && !id.startsWith('.') && !id.startsWith('bulkId:');
  return isKnown
    ? { type: kinds[endpoint as keyof typeof kinds], id: id.slice(0, 200), label: '' }
    : undefined;
}

/**
 * What a refused request was about, for the request log: the resource it names, with the name that resource has in the tenant, be it one
 * that the directory may not see.
 */
export async function refusedTarget(core: Core, tenantId: string, path: string): Promise<Target | null> {
  const target = addressedBy(path);
  if (!target) return null;
  const scope = core.store.tenant(tenantId);
  const label =
    target.type === 'User'
      ? (await scope.collection('users').get(target.id))?.userName
      : (await scope.collection('groups').get(target.id))?.displayName;
  return { ...target, label: label ?? '' };
}
