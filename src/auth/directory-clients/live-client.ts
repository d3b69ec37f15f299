import { isLiveClient } from '../../identity/directories/access-tokens.js';
import { isOpen } from '../../identity/tenants/state.js';
import type { Core } from '../../identity/core.js';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { ScimClientDocument } from '../../persistence/collections/scim-credentials.js';

/** A client by its id, whoever's it is. */
export function findDirectoryClient(core: Core, clientId: string): Promise<ScimClientDocument | undefined> {
  return core.store.server.collection('scim_clients').findOne({ _id: clientId });
}

/** Whether tokens are given for a directory: it is enabled, and its tenant is open. */
export async function isUsable(core: Core, directory: DirectoryDocument): Promise<boolean> {
  if (!directory.enabled) return false;
  const tenant = await core.store.tenant(directory.tenantId).collection('tenants').get(directory.tenantId);
  return tenant !== undefined && isOpen(tenant);
}

/** A client that may get tokens now, with its directory; undefined for any other. */
export async function findLiveClient(
  core: Core,
  clientId: string,
): Promise<{ client: ScimClientDocument; directory: DirectoryDocument } | undefined> {
  const client = await findDirectoryClient(core, clientId);
  if (!client || !isLiveClient(client, core.clock.now())) return undefined;
  const scope = core.store.tenant(client.tenantId);
  const directory = await scope.collection('directories').get(client.directoryId);
  return directory && (await isUsable(core, directory)) ? { client, directory } : undefined;
}
