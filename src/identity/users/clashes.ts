import type { ConflictParty } from '../../shared/errors.js';
import { fold } from '../../shared/fold.js';
import type { Core } from '../core.js';
import type { Clash } from '../duplicates.js';
import { loginKey } from '../email.js';
import { deriveUserKeys } from '../user-keys.js';

async function partyOf(
  core: Core,
  tenantId: string,
  type: ConflictParty['type'],
  { id, label, directoryId }: { id: string; label: string; directoryId: string | null },
): Promise<ConflictParty> {
  const directories = core.store.tenant(tenantId).collection('directories');
  const directory = directoryId === null ? undefined : await directories.get(directoryId);
  return { type, id, label, directory: directory ? { id: directory._id, name: directory.name } : null };
}

/** The user whose userName or primary address is in the way of these, and which of the two it meets. */
export async function findUserClash(
  core: Core,
  tenantId: string,
  wanted: { userName: string; attributes: Record<string, unknown> } | undefined,
  ownId?: string,
): Promise<Clash | undefined> {
  if (!wanted) return undefined;
  const { loginKeys } = deriveUserKeys(wanted.userName, wanted.attributes);
  const users = core.store.tenant(tenantId).collection('users');
  const found = await users.find({ loginKeys: { $in: loginKeys } }, { limit: loginKeys.length + 1 });
  const isNameOf = ({ loginKeys: keys }: { loginKeys: readonly string[] }): boolean =>
    keys.includes(loginKey(wanted.userName));
  const others = found.filter(({ _id }) => _id !== ownId);
  const other = others.find(isNameOf) ?? others[0];
  if (!other) return undefined;
  const { _id: id, userName: label, directoryId } = other;
  const conflictsWith = await partyOf(core, tenantId, 'user', { id, label, directoryId });
  return isNameOf(other)
    ? {
        pointer: '/userName',
        message: 'the userName is taken by another user, as its userName or address',
        conflictsWith,
      }
    : {
        pointer: '/emails',
        message: 'the primary address ("emails") is taken by another user, as its userName or address',
        conflictsWith,
      };
}

/** The group of the same owner that has this name. */
export async function findGroupClash(
  core: Core,
  { tenantId, directoryId }: { tenantId: string; directoryId: string | null },
  displayName: string | undefined,
): Promise<Clash | undefined> {
  if (displayName === undefined) return undefined;
  const groups = core.store.tenant(tenantId).collection('groups');
  const other = await groups.findOne({ owner: directoryId ?? 'local', displayNameKey: fold(displayName) });
  if (!other) return undefined;
  const party = { id: other._id, label: other.displayName, directoryId: other.directoryId };
  return {
    pointer: '/displayName',
    message: 'the displayName is taken by another group',
    conflictsWith: await partyOf(core, tenantId, 'group', party),
  };
}
