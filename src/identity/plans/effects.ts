import { createHash, type Hash } from 'node:crypto';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { effectiveRoles, liveGrants, mayUseRoles } from '../grants/effective-roles.js';
import { groupGrants } from '../grants/group-grants.js';
import { groupSource } from '../grants/grants.js';
import { reachable, type GroupNode } from '../grants/group-graph.js';
import type { MappingGroup } from '../grants/rule-paths.js';
import { servicesOf } from '../grants/services.js';
import { statusWithoutLock, type UserStatus } from '../grants/user-status.js';
import { partyOf } from '../users/change-events.js';
import { rolesByDirectory } from '../users/save.js';
import { retired } from '../visibility.js';
import { isForwarded, permissionsOf, type World } from './world.js';

export const planKinds = [
  'user.added',
  'role.gained',
  'role.lost',
  'permission.gained',
  'permission.lost',
  'status',
  'forwarded',
  'not_forwarded',
  'administrator.locked_out',
] as const;
export type PlanKind = (typeof planKinds)[number];

/** One thing that would happen, and to whom. */
export interface PlannedChange {
  kind: PlanKind;
  /** The role, the permission or the new status; empty for the other kinds. */
  what: string;
  users: number;
  /** The first of them. */
  examples: { id: string; label: string }[];
}

/** What is given to people whose roles do not work yet: they have it once they are active. */
export type LaterChange = Pick<PlannedChange, 'what' | 'users'> & { kind: 'role.gained' | 'role.lost' };

/** What one user has under a world. */
interface Standing {
  status: UserStatus;
  roles: readonly string[];
  /** Roles of somebody who is not activated or approved yet. */
  later: readonly string[];
  permissions: ReadonlySet<string>;
  isForwarded: boolean;
  isAdministrator: boolean;
}

const maxExamples = 5;
const closed: ReadonlySet<UserStatus> = new Set(['deleted', 'disabled', 'expired']);
const none: Standing = {
  status: 'deleted',
  roles: [],
  later: [],
  permissions: new Set(),
  isForwarded: false,
  isAdministrator: false,
};

/** What users have under one world. Users with the same roles share what is worked out of them. */
export class Standings {
  readonly #world: World;
  readonly #now: Date;
  readonly #permissions = new Map<string, ReadonlySet<string>>();

  constructor(world: World, now: Date) {
    this.#world = world;
    this.#now = now;
  }

  of(user: UserDocument): Standing {
    const { config } = this.#world;
    const status = statusWithoutLock(user, config.settings, this.#now);
    const roles = effectiveRoles(user, config, this.#now);
    const isPending = status === 'pending_activation' || status === 'pending_approval';
    return {
      status,
      roles,
      later: isPending ? [...new Set(liveGrants(user, config, this.#now).map(({ role }) => role))] : [],
      permissions: this.#permissionsOf(user, roles),
      isForwarded: !closed.has(status) && isForwarded(this.#world, user),
      isAdministrator: roles.some((role) => config.administratorRoles.includes(role)),
    };
  }

  #permissionsOf(user: UserDocument, roles: readonly string[]): ReadonlySet<string> {
    const services = mayUseRoles(user, this.#world.config, this.#now)
      ? servicesOf(user).map(({ application }) => application)
      : [];
    const key = `${roles.join(' ')}\n${services.join(' ')}`;
    const known = this.#permissions.get(key) ?? permissionsOf(this.#world, roles, services);
    this.#permissions.set(key, known);
    return known;
  }
}

/** What users get by rules and groups under one world, once all jobs are done. */
export class Settlement {
  readonly #core: Core;
  readonly #world: World;
  readonly #groups: ReadonlyMap<string, GroupNode>;
  /** By the ids of a user's groups: many users are in the same ones. */
  readonly #reached = new Map<string, Reached>();

  constructor(core: Core, world: World, groups: ReadonlyMap<string, GroupNode>) {
    this.#core = core;
    this.#world = world;
    this.#groups = groups;
  }

  #reachedBy({ groupIds, directoryId }: UserDocument): Reached {
    if (groupIds.length === 0) return nothingReached;
    const key = `${directoryId ?? ''} ${groupIds.join(' ')}`;
    const known = this.#reached.get(key) ?? {
      named: reachable(groupIds, this.#groups, directoryId).map(({ _id, displayName, externalId }) => ({
        ...{ id: _id, displayName, externalId },
      })),
      roles: groupGrants(reachable(groupIds, this.#groups), this.#world.config).map(({ role }) => role),
    };
    this.#reached.set(key, known);
    return known;
  }

  /** The user with the roles that are given then; of those by rule and group only the keys count. */
  of(user: UserDocument): UserDocument {
    const { directoryId } = user;
    const directory = directoryId === null ? undefined : this.#world.directories.get(directoryId);
    const { named, roles } = this.#reachedBy(user);
    const isSettled = directoryId === null || directoryId === retired;
    const given = directory
      ? rolesByDirectory(this.#core, user, { config: this.#world.config, directory, groups: named })
      : [];
    const kept = user.grants.filter(
      ({ type, sourceId }) =>
        type !== 'rule' || (sourceId !== groupSource && (isSettled || sourceId !== directoryId)),
    );
    const added = [...given, ...roles].map((role) => ({ ...byRule, role }));
    return { ...user, grants: [...kept, ...added] };
  }
}

interface Reached {
  named: readonly MappingGroup[];
  roles: readonly string[];
}
const nothingReached: Reached = { named: [], roles: [] };
const byRule = { type: 'rule', detail: '', sourceId: null, since: new Date(0), until: null } as const;

const missingIn = (list: Iterable<string>, has: (entry: string) => boolean): string[] =>
  [...list].filter((entry) => !has(entry));

/** Counts what happens to users, one after the other. */
export class Tally {
  readonly #found = new Map<string, PlannedChange & { seen: Hash }>();
  readonly #later = new Map<string, LaterChange>();
  #affected = 0;

  /** @param before - undefined: the user is new. */
  add(user: UserDocument, before: Standing | undefined, after: Standing): void {
    const events = eventsOf(before, after);
    if (events.length > 0) this.#affected += 1;
    for (const [kind, what] of events) this.#note(kind, what, user);
    for (const [kind, what] of laterMoved(before ?? none, after)) {
      const key = `${kind} ${what}`;
      this.#later.set(key, { kind, what, users: (this.#later.get(key)?.users ?? 0) + 1 });
    }
  }

  #note(kind: PlanKind, what: string, user: UserDocument): void {
    const key = `${kind} ${what}`;
    const change = this.#found.get(key) ?? { kind, what, users: 0, examples: [], seen: createHash('sha256') };
    this.#found.set(key, change);
    change.users += 1;
    // A user who is to be added has another id each time.
    change.seen.update(`${user.userName}\n`);
    if (change.examples.length < maxExamples)
      change.examples.push({ id: user._id, label: partyOf(user).label });
  }

  /** How many users anything happens to. */
  get affected(): number {
    return this.#affected;
  }

  /** What people get or lose who are not active yet, by role. */
  get later(): LaterChange[] {
    return [...this.#later.entries()]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, each]) => each);
  }

  /** @returns the changes in a fixed order, and a digest of them with everybody they are about. */
  result(): { changes: PlannedChange[]; digest: string } {
    const orderOf = ({ kind, what }: PlannedChange): string =>
      `${String(planKinds.indexOf(kind)).padStart(2, '0')} ${what}`;
    const found = [...this.#found.values()].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    const digest = createHash('sha256');
    for (const { kind, what, users, seen } of found)
      digest.update(`${kind} ${what} ${users} ${seen.digest('hex')}\n`);
    const changes = found.map(({ seen: _, ...change }) => change);
    return { changes, digest: digest.digest('base64url') };
  }
}

type Event = readonly [PlanKind, string];

function eventsOf(before: Standing | undefined, after: Standing): Event[] {
  const from = before ?? none;
  return [
    ...(before ? [] : [['user.added', ''] as const]),
    ...rolesMoved(from, after),
    ...permissionsMoved(from, after),
    ...statusMoved(before, after),
    ...(after.isForwarded && !from.isForwarded ? [['forwarded', ''] as const] : []),
    ...(from.isForwarded && !after.isForwarded ? [['not_forwarded', ''] as const] : []),
    ...(from.isAdministrator && !after.isAdministrator ? [['administrator.locked_out', ''] as const] : []),
  ];
}

function rolesMoved(before: Standing, after: Standing): Event[] {
  if (before.roles.join(' ') === after.roles.join(' ')) return [];
  return [
    ...missingIn(after.roles, (role) => before.roles.includes(role)).map((role): Event => [
      'role.gained',
      role,
    ]),
    ...missingIn(before.roles, (role) => after.roles.includes(role)).map((role): Event => [
      'role.lost',
      role,
    ]),
  ];
}

function laterMoved(before: Standing, after: Standing): (readonly [LaterChange['kind'], string])[] {
  const had = new Set([...before.roles, ...before.later]);
  const has = new Set([...after.roles, ...after.later]);
  return [
    ...missingIn(after.later, (role) => had.has(role)).map((role) => ['role.gained', role] as const),
    ...missingIn(before.later, (role) => has.has(role)).map((role) => ['role.lost', role] as const),
  ];
}

function permissionsMoved({ permissions: before }: Standing, { permissions: after }: Standing): Event[] {
  return [
    ...missingIn(after, (one) => before.has(one)).map((one): Event => ['permission.gained', one]),
    ...missingIn(before, (one) => after.has(one)).map((one): Event => ['permission.lost', one]),
  ];
}

const statusMoved = (before: Standing | undefined, { status }: Standing): Event[] =>
  before && before.status !== status ? [['status', status]] : [];
