import type { GroupDocument } from '../../persistence/collections/groups.js';
import { fold } from '../../shared/fold.js';
import { groupUrn } from '../protocol/urns.js';
import { groupNames, wantedMembers, type WantedMembers } from './nesting.js';
import { count, type Counts, type ScimWriter } from './scim-writes.js';
import type { Snapshot } from './snapshot.js';

type StoredGroup = Pick<GroupDocument, '_id' | 'displayName' | 'externalId' | 'groupIds' | 'directoryId'>;

/** Members that one PATCH moves. */
const membersAtOnce = 500;
const groupFields = ['displayName', 'externalId', 'groupIds', 'directoryId'];

const scopeOf = ({ core, directory }: ScimWriter) => core.store.tenant(directory.tenantId);

async function ownGroups(writer: ScimWriter): Promise<StoredGroup[]> {
  const groups: StoredGroup[] = [];
  const query = { directoryId: writer.directory._id };
  for await (const group of scopeOf(writer).collection('groups').iterate(query, { fields: groupFields }))
    groups.push(group);
  return groups;
}

/** A group that nobody manages and that is the same: left behind by an earlier directory, or made here under the name. */
async function findFreeGroup(writer: ScimWriter, id: string, name: string): Promise<StoredGroup | undefined> {
  const groups = scopeOf(writer).collection('groups');
  return (
    (await groups.findOne({ directoryId: null, externalId: id })) ??
    (await groups.findOne({ directoryId: null, displayNameKey: fold(name) }))
  );
}

const setNames = (group: StoredGroup, id: string, name: string): object[] => [
  ...(group.displayName === name ? [] : [{ op: 'replace', path: 'displayName', value: name }]),
  ...(group.externalId === id ? [] : [{ op: 'replace', path: 'externalId', value: id }]),
];

async function writeGroup(
  writer: ScimWriter,
  stored: StoredGroup | undefined,
  { id, name }: { id: string; name: string },
  counts: Counts,
): Promise<void> {
  const known = stored ?? (await findFreeGroup(writer, id, name));
  if (!known) {
    const body = { schemas: [groupUrn], externalId: id, displayName: name };
    count(counts.groups, 'created', await writer.send('POST', '/Groups', body));
    return;
  }
  const changes = setNames(known, id, name);
  const isTaken = known.directoryId === null;
  // Whatever is sent, the group is the directory's from then on.
  const operations =
    isTaken && changes.length === 0 ? [{ op: 'replace', path: 'displayName', value: name }] : changes;
  if (operations.length > 0)
    count(counts.groups, 'changed', await writer.patch(`/Groups/${known._id}`, operations));
}

/** Deletes the groups that are gone, then creates and renames the others. @returns ours by Google's ids. */
async function writeGroupsThemselves(
  writer: ScimWriter,
  { groups }: Snapshot,
  counts: Counts,
): Promise<Map<string, StoredGroup>> {
  const byId = new Map<string, StoredGroup>();
  for (const group of await ownGroups(writer)) {
    if (group.externalId === null) continue;
    if (groups.has(group.externalId)) byId.set(group.externalId, group);
    else count(counts.groups, 'removed', await writer.send('DELETE', `/Groups/${group._id}`));
  }
  for (const [id, name] of groupNames(groups)) await writeGroup(writer, byId.get(id), { id, name }, counts);
  return new Map((await ownGroups(writer)).map((group) => [group.externalId ?? '', group]));
}

const add = (ids: readonly string[]): object[] =>
  ids.length === 0 ? [] : [{ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }];
const remove = (ids: readonly string[]): object[] =>
  ids.map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` }));

async function changeMembers(
  writer: ScimWriter,
  groupId: string,
  { added, removed }: { added: readonly string[]; removed: readonly string[] },
  counts: Counts,
): Promise<void> {
  for (let at = 0; at < Math.max(added.length, removed.length); at += membersAtOnce) {
    const end = at + membersAtOnce;
    const operations = [...remove(removed.slice(at, end)), ...add(added.slice(at, end))];
    count(counts.groups, 'changed', await writer.patch(`/Groups/${groupId}`, operations));
  }
}

/** The users of a group that the directory may take out of it. */
async function storedUsers(writer: ScimWriter, groupId: string): Promise<Set<string>> {
  const ids = new Set<string>();
  const users = scopeOf(writer).collection('users');
  for await (const user of users.iterate({ groupIds: groupId }, { fields: ['directoryId'] }))
    if (user.directoryId === null || user.directoryId === writer.directory._id) ids.add(user._id);
  return ids;
}

const oursOf = (ids: Iterable<string>, ours: ReadonlyMap<string, string>): Set<string> =>
  new Set([...ids].flatMap((id) => ours.get(id) ?? []));

const without = (ids: ReadonlySet<string>, others: ReadonlySet<string>): string[] =>
  [...ids].filter((id) => !others.has(id));

interface Plan {
  readonly group: StoredGroup;
  readonly wanted: WantedMembers;
  /** The groups nested in it, ours. */
  readonly nested: ReadonlySet<string>;
}

/** Takes nested groups out first, everywhere: a nesting that turns around would be a ring in the meantime. */
async function unnest(
  writer: ScimWriter,
  plans: readonly Plan[],
  ours: ReadonlyMap<string, string>,
  counts: Counts,
): Promise<void> {
  for (const { group, wanted, nested } of plans) {
    const removed = without(nested, oursOf(wanted.groups, ours));
    await changeMembers(writer, group._id, { added: [], removed }, counts);
  }
}

/** Our ids of the people of a directory, by Google's. */
async function ownPeople(writer: ScimWriter): Promise<Map<string, string>> {
  const ours = new Map<string, string>();
  const query = { directoryId: writer.directory._id };
  const users = scopeOf(writer).collection('users');
  for await (const { _id, externalId } of users.iterate(query, { fields: ['externalId'] }))
    if (externalId !== null) ours.set(externalId, _id);
  return ours;
}

/** Makes groups and memberships what Google says; costs requests for what differs alone. */
export async function writeGroups(writer: ScimWriter, snapshot: Snapshot, counts: Counts): Promise<void> {
  const stored = await writeGroupsThemselves(writer, snapshot, counts);
  const groupIds = new Map([...stored].map(([id, group]) => [id, group._id]));
  const members = wantedMembers(snapshot.groups, [...snapshot.people.keys()]);
  const below = new Map<string, Set<string>>();
  for (const group of stored.values())
    for (const parent of group.groupIds) below.set(parent, (below.get(parent) ?? new Set()).add(group._id));
  const plans = [...members].flatMap(([id, wanted]): Plan[] => {
    const group = stored.get(id);
    return group ? [{ group, wanted, nested: below.get(group._id) ?? new Set() }] : [];
  });
  await unnest(writer, plans, groupIds, counts);
  const people = await ownPeople(writer);
  for (const { group, wanted, nested } of plans) {
    const users = oursOf(wanted.users, people);
    const before = await storedUsers(writer, group._id);
    const added = [...without(users, before), ...without(oursOf(wanted.groups, groupIds), nested)];
    await changeMembers(writer, group._id, { added, removed: without(before, users) }, counts);
  }
}
