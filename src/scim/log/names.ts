import type { Core } from '../../identity/core.js';
import type { RoleChange } from '../exchange/trace.js';

/** Ids that are given a name in one answer. */
const maxNames = 200;

interface Changed {
  readonly diff: readonly { path: string; before?: unknown; after?: unknown }[];
  readonly roleChanges: readonly RoleChange[];
}

/** The ids of users and groups that changes speak of: whose roles moved, who joined or left. */
function idsIn({ diff, roleChanges }: Changed): string[] {
  const members = diff
    .filter(({ path }) => path.startsWith('members'))
    .flatMap(({ before, after }) => [before, after].flat())
    .map((member) => (member as { value?: unknown } | null)?.value ?? member)
    .filter((id) => typeof id === 'string');
  return [...roleChanges.map(({ userId }) => userId), ...members];
}

/** @returns addresses and names by id of the users and groups that changes speak of, the first 200; who is gone is left out. */
export async function namesIn(
  core: Core,
  tenantId: string,
  changes: readonly Changed[],
): Promise<Record<string, string>> {
  const ids = [...new Set(changes.flatMap(idsIn))].slice(0, maxNames);
  if (ids.length === 0) return {};
  const scope = core.store.tenant(tenantId);
  const [users, groups] = await Promise.all([
    scope.collection('users').find({ _id: { $in: ids } }, { fields: ['email', 'userName'] }),
    scope.collection('groups').find({ _id: { $in: ids } }, { fields: ['displayName'] }),
  ]);
  return Object.fromEntries([
    ...users.map(({ _id, email, userName }) => [_id, email ?? userName] as const),
    ...groups.map(({ _id, displayName }) => [_id, displayName] as const),
  ]);
}
