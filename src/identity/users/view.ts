import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import type { CredentialDocument } from './credentials.js';
import { liveGrants } from '../grants/effective-roles.js';
import { groupClosure, reachable, type GroupNode } from '../grants/group-graph.js';
import type { TenantConfig } from '../tenants/config.js';
import { ownValues } from './own-attributes.js';
import { managerOf } from '../visibility.js';
import { statusOf, type UserStatus } from '../grants/user-status.js';

/** A role a user is granted now, with every reason for it. */
interface GrantedRole {
  role: string;
  sources: Grant[];
}

/** A user with all that other collections and the clock say about them. */
export interface UserView {
  user: UserDocument;
  status: UserStatus;
  /** By role, sorted. What a disabled or expired user would have again is told too. */
  roles: GrantedRole[];
  /** Direct and indirect, by name. */
  groups: GroupNode[];
  /** null: no credentials were ever stored. */
  credential: CredentialDocument | null;
  /** The directory that manages the user. */
  directory: { id: string; name: string } | null;
  /** The values of the tenant's own attributes, by name. */
  attributes: Readonly<Record<string, unknown>>;
}

const fields = ['lockedUntil', 'lastLoginAt', 'twoFactor', 'passkeys'] as const;

const unique = (values: readonly (string | null)[]): string[] => [
  ...new Set(values.filter((value) => value !== null)),
];

async function byId<T extends { _id: string }>(load: Promise<T[]>): Promise<Map<string, T>> {
  return new Map((await load).map((document) => [document._id, document]));
}

function rolesOf(user: UserDocument, config: TenantConfig, now: Date): GrantedRole[] {
  const grants = liveGrants(user, config, now);
  return [...new Set(grants.map((grant) => grant.role))]
    .sort()
    .map((role) => ({ role, sources: grants.filter((grant) => grant.role === role) }));
}

async function surroundings({ store }: Core, tenantId: string, users: readonly UserDocument[]) {
  const scope = store.tenant(tenantId);
  const ids = users.map((user) => user._id);
  const directoryIds = unique(users.map((user) => managerOf(user.directoryId)));
  const [credentials, groups, directories] = await Promise.all([
    byId(scope.collection('credentials').find({ _id: { $in: ids } }, { fields })),
    groupClosure(
      store,
      tenantId,
      users.flatMap((user) => user.groupIds),
    ),
    directoryIds.length === 0
      ? new Map<string, { name: string }>()
      : byId(scope.collection('directories').find({ _id: { $in: directoryIds } }, { fields: ['name'] })),
  ]);
  return { credentials, groups, directories };
}

/** The users of a page with what belongs to them: a handful of queries however many they are. */
export async function viewUsers(
  core: Core,
  config: TenantConfig,
  users: readonly UserDocument[],
): Promise<UserView[]> {
  if (users.length === 0) return [];
  const now = core.clock.now();
  const { credentials, groups, directories } = await surroundings(core, config.tenant._id, users);
  return users.map((user) => {
    const credential = credentials.get(user._id) ?? null;
    const managerId = managerOf(user.directoryId);
    const directory = directories.get(managerId ?? '');
    return {
      user,
      status: statusOf(user, config.settings, now, credential?.lockedUntil ?? null),
      roles: rolesOf(user, config, now),
      groups: reachable(user.groupIds, groups).sort((a, b) => (a.displayName < b.displayName ? -1 : 1)),
      credential,
      attributes: ownValues(user, config),
      directory: directory && managerId !== null ? { id: managerId, name: directory.name } : null,
    };
  });
}

/** {@link viewUsers} for one. */
export async function viewUser(core: Core, config: TenantConfig, user: UserDocument): Promise<UserView> {
  const [view] = await viewUsers(core, config, [user]);
  if (!view) throw new Error('a user has exactly one view');
  return view;
}
