import type { GoogleSource } from '../../identity/directories/google-source.js';
import type { GoogleApi } from './google-api.js';
import { isActiveUser } from './google-user.js';
import { PullFault } from './pull-fault.js';

/** A group of the Workspace with its direct members, by Google's ids. */
export interface PulledGroup {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** The whole Workspace is a member. */
  readonly hasEverybody: boolean;
}

/** Who and what is to be here, by Google's ids: all that a pull decides by. Documents are read later, page by page. */
export interface Snapshot {
  /** The chosen people, and whether Google lets them in. */
  readonly people: ReadonlyMap<string, boolean>;
  readonly groups: ReadonlyMap<string, PulledGroup>;
}

type Json = Readonly<Record<string, unknown>>;

const customer = { customer: 'my_customer' } as const;
const maxGroups = 20_000;
/** Of all groups together: their ids are held. */
const maxMemberships = 5_000_000;
/** Largest pages that Google gives. */
const pageSizes = { users: '500', groups: '200', members: '200' } as const;

const groupFields = 'id,email,name';
const membersPath = (groupId: string): string => `/groups/${encodeURIComponent(groupId)}/members`;

/** Reads groups with their members. The ids are held, one text each however often they come. */
function openGroupReader(api: GoogleApi) {
  const texts = new Map<string, string>();
  let memberships = 0;
  const kept = (id: string): string => {
    const known = texts.get(id);
    if (known === undefined) texts.set(id, id);
    return known ?? id;
  };

  async function membersOf(groupId: string): Promise<Pick<PulledGroup, 'users' | 'groups' | 'hasEverybody'>> {
    const [users, groups] = [new Set<string>(), new Set<string>()];
    let hasEverybody = false;
    const query = { maxResults: pageSizes.members, fields: 'nextPageToken,members(id,type)' };
    for await (const members of api.pages(membersPath(groupId), query, 'members')) {
      memberships += members.length;
      if (memberships > maxMemberships)
        throw new PullFault(
          `the groups have more than ${maxMemberships} memberships. Remedy: choose fewer groups.`,
        );
      for (const { id, type } of members) {
        if (type === 'CUSTOMER') hasEverybody = true;
        else if (typeof id === 'string') (type === 'GROUP' ? groups : users).add(kept(id));
      }
    }
    return { users: [...users], groups: [...groups], hasEverybody };
  }

  return async (group: Json): Promise<PulledGroup | undefined> => {
    const { id, email, name } = group;
    if (typeof id !== 'string' || typeof email !== 'string') return undefined;
    const displayName = typeof name === 'string' && name.trim() !== '' ? name.trim() : email;
    return { id: kept(id), email, name: displayName, ...(await membersOf(id)) };
  };
}

function requireFewGroups(count: number): void {
  if (count > maxGroups)
    throw new PullFault(`there are more than ${maxGroups} groups. Remedy: choose the groups that matter.`);
}

/** Every group of the Workspace. */
async function readAllGroups(api: GoogleApi): Promise<Map<string, PulledGroup>> {
  const read = openGroupReader(api);
  const groups = new Map<string, PulledGroup>();
  const query = { ...customer, maxResults: pageSizes.groups, fields: `nextPageToken,groups(${groupFields})` };
  for await (const page of api.pages('/groups', query, 'groups')) {
    requireFewGroups(groups.size + page.length);
    for (const document of page) {
      const group = await read(document);
      if (group) groups.set(group.id, group);
    }
  }
  return groups;
}

/** The chosen groups and all that are nested in them; a ring ends by itself. */
async function readChosenGroups(
  api: GoogleApi,
  chosen: readonly string[],
): Promise<Map<string, PulledGroup>> {
  const read = openGroupReader(api);
  const groups = new Map<string, PulledGroup>();
  const waiting = [...chosen];
  for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
    if (groups.has(key)) continue;
    requireFewGroups(groups.size + 1);
    const path = `/groups/${encodeURIComponent(key)}`;
    const group = await read(await api.get(path, { fields: groupFields }, `the group ${key}`));
    if (!group || groups.has(group.id)) continue;
    groups.set(group.id, group);
    waiting.push(...group.groups);
  }
  return groups;
}

/** Which lists hold the people: groups can bring in anybody, so then it is the list of all. */
function listedUnits({ groups, organizationalUnits }: GoogleSource): readonly string[] {
  return groups.length > 0 ? [] : organizationalUnits;
}

/** The queries that list the people of the chosen organizational units; one that lists everybody where none is chosen. */
export function userQueries(source: GoogleSource): Readonly<Record<string, string>>[] {
  const each = { ...customer, maxResults: pageSizes.users };
  const units = listedUnits(source);
  if (units.length === 0) return [each];
  return units.map((path) => ({ ...each, query: `orgUnitPath='${path}'` }));
}

/** Whether a path is one of the units or below one. */
const isWithin = (path: unknown, units: readonly string[]): boolean =>
  typeof path === 'string' &&
  units.some((unit) => unit === '/' || path === unit || path.startsWith(`${unit}/`));

async function readPeople(
  api: GoogleApi,
  source: GoogleSource,
  groups: ReadonlyMap<string, PulledGroup>,
): Promise<Map<string, boolean>> {
  const hasEverybody = source.groups.length === 0 || [...groups.values()].some((group) => group.hasEverybody);
  const members = new Set([...groups.values()].flatMap(({ users }) => users));
  const { organizationalUnits: units } = source;
  const isListed = (user: Json, id: string): boolean =>
    hasEverybody || members.has(id) || isWithin(user['orgUnitPath'], units);
  const people = new Map<string, boolean>();
  const fields = 'nextPageToken,users(id,suspended,archived,orgUnitPath)';
  for (const query of userQueries(source)) {
    for await (const page of api.pages('/users', { ...query, fields }, 'users')) {
      for (const user of page) {
        const { id } = user;
        if (typeof id === 'string' && isListed(user, id)) people.set(id, isActiveUser(user));
      }
    }
  }
  return people;
}

/**
 * Reads who and what is to be here. People: everybody, or those in the chosen organizational units and, at any depth, in the chosen groups.
 * Groups: all of them, or the chosen ones with those nested in them.
 *
 * @throws PullFault when any part of it cannot be read: nothing is decided by half a list.
 */
export async function readSnapshot(api: GoogleApi, source: GoogleSource): Promise<Snapshot> {
  const groups =
    source.groups.length > 0 ? await readChosenGroups(api, source.groups) : await readAllGroups(api);
  const people = await readPeople(api, source, groups);
  if (source.groups.length > 0 || source.organizationalUnits.length === 0) return { people, groups };
  return { people, groups: withSomebody(groups, people) };
}

/** Where organizational units alone choose the people: the groups that have one of them in it, at any depth. */
function withSomebody(
  groups: ReadonlyMap<string, PulledGroup>,
  people: ReadonlyMap<string, boolean>,
): Map<string, PulledGroup> {
  const kept = new Set<string>();
  for (const { id, users, hasEverybody } of groups.values())
    if (hasEverybody || users.some((user) => people.has(user))) kept.add(id);
  for (let before = -1; before !== kept.size;) {
    before = kept.size;
    for (const group of groups.values()) if (group.groups.some((id) => kept.has(id))) kept.add(group.id);
  }
  return new Map([...groups].filter(([id]) => kept.has(id)));
}
