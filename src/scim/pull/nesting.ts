import { fold } from '../../shared/fold.js';
import type { PulledGroup } from './snapshot.js';

/** The direct members that a group is to have, by Google's ids. */
export interface WantedMembers {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

type Groups = ReadonlyMap<string, PulledGroup>;

/** A group and all that are nested in it. */
function closureOf(id: string, groups: Groups): Set<string> {
  const seen = new Set([id]);
  for (const at of seen) for (const child of groups.get(at)?.groups ?? []) seen.add(child);
  return seen;
}

const usersIn = (id: string, groups: Groups, everybody: readonly string[]): string[] =>
  [...closureOf(id, groups)].flatMap((at) => [
    ...(groups.get(at)?.users ?? []),
    ...(groups.get(at)?.hasEverybody === true ? everybody : []),
  ]);

/** Whether `target` is `from` or nested in it, by the nestings that were taken so far. */
function holds(from: string, target: string, taken: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const seen = new Set([from]);
  for (const at of seen) for (const child of taken.get(at) ?? []) seen.add(child);
  return seen.has(target);
}

/**
 * The members each group is to have. A nesting that closes a ring is left out, as SCIM knows no rings; the people it would bring are direct
 * members instead, so that everybody is in every group that Google has them in.
 *
 * @param everybody - the ids of all chosen people, for groups that hold the whole Workspace.
 */
export function wantedMembers(groups: Groups, everybody: readonly string[]): Map<string, WantedMembers> {
  const taken = new Map<string, Set<string>>();
  const wanted = new Map<string, WantedMembers>();
  for (const group of [...groups.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const users = new Set([...group.users, ...(group.hasEverybody ? everybody : [])]);
    const nested = new Set<string>();
    taken.set(group.id, nested);
    for (const child of [...group.groups].sort()) {
      if (!groups.has(child)) continue;
      if (!holds(child, group.id, taken)) nested.add(child);
      else for (const id of usersIn(child, groups, everybody)) users.add(id);
    }
    wanted.set(group.id, { users, groups: nested });
  }
  return wanted;
}

/** What each group is called here: Google lets several have one name, so those get their address behind it. */
export function groupNames(groups: Groups): Map<string, string> {
  const counts = new Map<string, number>();
  for (const { name } of groups.values()) counts.set(fold(name), (counts.get(fold(name)) ?? 0) + 1);
  return new Map(
    [...groups.values()].map(({ id, name, email }) => [
      id,
      counts.get(fold(name)) === 1 ? name : `${name} (${email})`,
    ]),
  );
}
