import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Query } from '../../persistence/store.js';
import type { Core } from '../core.js';
import type { GroupNode } from '../grants/group-graph.js';
import {
  Settlement,
  Standings,
  Tally,
  type LaterChange,
  type PlannedChange,
  type PlanKind,
} from './effects.js';
import { stampOf, type World } from './world.js';

/** What a change would do, and for whom. */
export interface Plan {
  /** To be sent with the change, which is then refused when it would do anything else by now. */
  id: string;
  /** How many users there are. */
  users: number;
  /** How many of them anything happens to. */
  affected: number;
  changes: PlannedChange[];
  /** Roles of people who are not active yet; they are in no other number. */
  later: LaterChange[];
  /** The same in sentences. */
  summary: string[];
  /** Settings that are others then. */
  settings: { name: string; before: unknown; after: unknown }[];
}

/** What is compared. */
export interface Comparison {
  tenantId: string;
  /** undefined: the tenant is new. */
  before: World | undefined;
  after: World;
  /** The change as it was asked for, in words of the caller: a plan is for nothing else. */
  asked: unknown;
  /** Users as the change itself leaves them, by id; those that are not there yet are new. Absent: it touches none. */
  touched?: ReadonlyMap<string, UserDocument>;
  /** Groups that are new or changed. */
  groups?: ReadonlyMap<string, GroupNode>;
  /** What the change does to any user. */
  change?: (user: UserDocument) => UserDocument;
}

const rulesOf = (world: World, id: string): readonly string[] | undefined =>
  world.directories.get(id)?.roleRules.map((rule) => rule.id);

/** What differs between two worlds, as far as people are concerned. */
interface Difference {
  /** The directories whose users get other roles by rule. */
  directories: ReadonlySet<string>;
  /** The roles that come, go or hold something else. */
  roles: readonly string[];
  /** Whether groups give other roles. */
  groups: boolean;
  /** Whether it may concern anybody. */
  everybody: boolean;
}

const facts = (world: World, key: string): unknown => {
  const role = world.config.roles.get(key);
  return role && [role.permissions, role.isAdministrator];
};

function differenceOf({ before, after, change }: Comparison): Difference {
  if (!before) return { directories: new Set(), roles: [], groups: true, everybody: true };
  const differs = (look: (world: World) => unknown): boolean => !isDeepStrictEqual(look(before), look(after));
  const keys = new Set([...before.config.roles.keys(), ...after.config.roles.keys()]);
  const roles = [...keys].filter((key) => differs((world) => facts(world, key)));
  const ids = [...before.directories.keys()];
  const groups = differs(({ config }) => config.groupRoles);
  return {
    directories: new Set(ids.filter((id) => differs((world) => rulesOf(world, id)))),
    roles,
    groups,
    everybody:
      change !== undefined ||
      groups ||
      // A Reader's permissions go to all who are assigned; what an application offers decides on the roles of the tenant.
      roles.some((role) => role.includes(':')) ||
      differs(({ config }) => config.settings['approval.required']) ||
      differs(({ forwarded }) => forwarded),
  };
}

/** The users that anything may happen to; undefined: none. */
function queryOf(
  { directories, roles, everybody }: Difference,
  touched: ReadonlyMap<string, UserDocument>,
): Query | undefined {
  if (everybody) return {};
  const queries = [
    ...(directories.size > 0 ? [{ directoryId: { $in: [...directories] } }] : []),
    ...(roles.length > 0 ? [{ 'grants.role': { $in: [...roles] } }] : []),
    ...(touched.size > 0 ? [{ _id: { $in: [...touched.keys()] } }] : []),
  ];
  return queries.length <= 1 ? queries[0] : { $or: queries };
}

async function groupsOf(
  core: Core,
  tenantId: string,
  changed: ReadonlyMap<string, GroupNode> = new Map(),
): Promise<Map<string, GroupNode>> {
  const groups = core.store.tenant(tenantId).collection('groups');
  const names = ['displayName', 'externalId', 'groupIds', 'directoryId', 'shownAt'];
  const known = new Map<string, GroupNode>();
  for await (const group of groups.iterate({}, { fields: names })) known.set(group._id, group);
  return new Map([...known, ...changed]);
}

/** Works out what becomes of each user, by the very rules that the change will be made with. */
export async function comparePeople(core: Core, comparison: Comparison): Promise<Plan> {
  const { tenantId, before, after, touched = new Map<string, UserDocument>(), change } = comparison;
  const now = core.clock.now();
  const users = core.store.tenant(tenantId).collection('users');
  const [old, next] = [new Standings(before ?? after, now), new Standings(after, now)];
  const difference = differenceOf(comparison);
  const settlement = new Settlement(core, after, await groupsOf(core, tenantId, comparison.groups));
  const finish = (user: UserDocument, stored?: UserDocument): UserDocument => {
    const changed = change ? change(user) : user;
    const isMoved = difference.groups || difference.directories.has(user.directoryId ?? '');
    return isMoved || changed !== stored ? settlement.of(changed) : changed;
  };
  const tally = new Tally();
  const left = new Map(touched);
  const query = queryOf(difference, touched);
  for await (const user of query ? users.iterate(query) : []) {
    left.delete(user._id);
    tally.add(user, old.of(user), next.of(finish(touched.get(user._id) ?? user, user)));
  }
  for (const user of [...left.values()].sort((a, b) => (a.userName < b.userName ? -1 : 1)))
    tally.add(user, undefined, next.of(finish(user)));
  const { changes, digest } = tally.result();
  return {
    id: idOf([digest, before && stampOf(before), comparison.asked]),
    users: await users.count({}),
    affected: tally.affected,
    changes,
    later: tally.later,
    summary: summaryOf(changes),
    settings: settingsMoved(before, after),
  };
}

/** The settings that a change moves; none of a tenant that is new. */
function settingsMoved(before: World | undefined, { config: { settings } }: World): Plan['settings'] {
  if (!before) return [];
  const old = new Map<string, unknown>(Object.entries(before.config.settings));
  return Object.entries(settings)
    .filter(([name, after]) => !isDeepStrictEqual(old.get(name), after))
    .map(([name, after]) => ({ name, before: old.get(name), after }));
}

/** A plan's id from all that it depends on. */
export const idOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);

const sentences: Readonly<Record<PlanKind, (what: string, one: boolean) => string>> = {
  'user.added': (_, one) => (one ? 'user is added' : 'users are added'),
  'role.gained': (what, one) => `${one ? 'gains' : 'gain'} ${what}`,
  'role.lost': (what, one) => `${one ? 'loses' : 'lose'} ${what}`,
  'permission.gained': (what, one) => `${one ? 'gains' : 'gain'} the permission ${what}`,
  'permission.lost': (what, one) => `${one ? 'loses' : 'lose'} the permission ${what}`,
  status: (what, one) => `${one ? 'becomes' : 'become'} ${what.replace('_', ' ')}`,
  forwarded: () => 'will be forwarded',
  not_forwarded: () => 'will no longer be forwarded',
  'administrator.locked_out': (_, one) => `${one ? 'administrator' : 'administrators'} would be locked out`,
};

/** Permissions follow from roles: a sentence of their own is worth it only where no role moves. */
function summaryOf(changes: readonly PlannedChange[]): string[] {
  const movesRoles = changes.some(({ kind }) => kind === 'role.gained' || kind === 'role.lost');
  const told = changes.filter(({ kind }) => !movesRoles || !kind.startsWith('permission.'));
  return told.map(({ kind, what, users }) => `${users} ${sentences[kind](what, users === 1)}`);
}
