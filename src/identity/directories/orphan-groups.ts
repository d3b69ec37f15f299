import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { Collection } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { fold } from '../../shared/fold.js';

/**
 * Groups of a directory that is gone become groups nobody provisions, as its users do: they can be changed here, and another directory
 * takes over what it writes to. Nothing happens while the directory is there.
 */
export async function releaseGroups(core: Core, tenantId: string, directoryId: string): Promise<void> {
  const scope = core.store.tenant(tenantId);
  if (await scope.collection('directories').get(directoryId)) return;
  const groups = scope.collection('groups');
  const ids: string[] = [];
  for await (const { _id } of groups.iterate({ directoryId }, { fields: [] })) ids.push(_id);
  for (const id of ids) await releaseGroup(groups, id, directoryId, core.clock.now());
}

/** A group whose name a group made here has already gets its id behind it. */
async function releaseGroup(
  groups: Collection<GroupDocument>,
  id: string,
  directoryId: string,
  now: Date,
): Promise<void> {
  const release = (suffix: string): Promise<unknown> =>
    groups.update(id, (group) => {
      if (group.directoryId !== directoryId) return undefined;
      const displayName = `${group.displayName}${suffix}`;
      const named = { displayName, displayNameKey: fold(displayName), shownAt: now };
      return { ...group, ...(suffix !== '' && named), directoryId: null, owner: 'local' };
    });
  try {
    await release('');
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.duplicate') throw error;
    await release(` (${id})`);
  }
}
