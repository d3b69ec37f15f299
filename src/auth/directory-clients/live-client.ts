import { isLiveClient } from '../../identity/directories/access-tokens.js';
import type { Core } from '../../identity/core.js';
import type { DirectoryDocument, ScimClientDocument } from '../../persistence/collections/directories.js';

/** A client by its id, whoever's it is. */
export function findDirectoryClient(core: Core, clientId: string): Promise<ScimClientDocument | undefined> {
  return core.store.server.collection('scim_clients').findOne({ _id: clientId });
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
  return directory?.enabled ? { client, directory } : undefined;
}
