import { fullName, type Group, type Person, type PersonChange } from '../person.js';
import type { Step } from '../step.js';
import { changedPaths, enterpriseSchema, groupSchema, nameOf, patchOf, userSchema } from './profile.js';

/** What a provider writes in its own way; the order of its requests is the same at all of them. */
export interface Wire {
  /** The address of a lookup by one attribute. */
  lookup(endpoint: Endpoint, attribute: string, value: string): string;
  /** The address of one or all resources, e.g. with a dangling `?`. */
  at(path: string): string;
  user(person: Person, active: boolean): object;
  /** A PUT of a user names the user's id as well. */
  putsId?: boolean;
  /** Headers of requests that carry a user, where they differ. */
  userHeaders?: Readonly<Record<string, string>>;
}

type Endpoint = 'Users' | 'Groups';
const changed = [200, 204] as const;

/** A user under the RFC's schemas, as most providers write it. */
export function plainUser(person: Person, active: boolean): Record<string, unknown> {
  return {
    schemas: [userSchema, enterpriseSchema],
    externalId: person.id,
    userName: person.userName,
    name: { givenName: person.givenName, familyName: person.familyName, formatted: fullName(person) },
    displayName: fullName(person),
    title: person.title,
    emails: [{ value: person.userName, type: 'work', primary: true }],
    active,
    [enterpriseSchema]: { department: person.department },
  };
}

/** The opening of every assignment: a lookup, then either the link (when it is found) or the creation. */
export function joinSteps(wire: Wire, person: Person, link: Step): Step[] {
  return [lookupUser(wire, person), link, createUser(wire, person)];
}

export function lookupUser(wire: Wire, person: Person): Step {
  return {
    note: `is ${person.userName} there already?`,
    method: 'GET',
    path: wire.lookup('Users', 'userName', person.userName),
    expect: { status: [200] },
    find: nameOf(person),
  };
}

/** The whole list, in which a client looks for its own user or group that it has no id of yet. */
export function readList(endpoint: Endpoint, thing: Person | Group): Step {
  const isPerson = 'userName' in thing;
  return {
    note: `read the list and look for ${isPerson ? thing.userName : `group "${thing.displayName}"`}`,
    method: 'GET',
    path: `/${endpoint}`,
    expect: { status: [200] },
    find: nameOf(thing),
    where: isPerson ? { userName: thing.userName } : { displayName: thing.displayName },
  };
}

export function createUser(wire: Wire, person: Person): Step {
  return {
    note: `create ${person.userName}`,
    method: 'POST',
    path: wire.at('/Users'),
    body: wire.user(person, true),
    ...(wire.userHeaders && { headers: wire.userHeaders }),
    expect: { status: [201], body: { userName: person.userName, active: true } },
    save: nameOf(person),
    when: { unknown: nameOf(person) },
  };
}

/** The whole user again, as providers do that know no PATCH of users. */
export function putUser(wire: Wire, person: Person, active: boolean, note: string): Step {
  return {
    note,
    method: 'PUT',
    path: wire.at(`/Users/{{${nameOf(person)}.id}}`),
    body: { ...wire.user(person, active), ...(wire.putsId && { id: `{{${nameOf(person)}.id}}` }) },
    ...(wire.userHeaders && { headers: wire.userHeaders }),
    expect: { status: [200], body: { userName: person.userName, active } },
    when: { known: nameOf(person) },
  };
}

/** A lookup by name, then the creation when nothing is found. */
export function pushGroupSteps(wire: Wire, group: Group, body: object): Step[] {
  return [
    {
      note: `is the group "${group.displayName}" there already?`,
      method: 'GET',
      path: wire.lookup('Groups', 'displayName', group.displayName),
      expect: { status: [200] },
      find: nameOf(group),
    },
    createGroup(wire, group, body),
  ];
}

/** @param body - what is sent beside `schemas` and `displayName`. */
export function createGroup(wire: Wire, group: Group, body: object): Step {
  return {
    note: `push group "${group.displayName}"`,
    method: 'POST',
    path: wire.at('/Groups'),
    body: { schemas: [groupSchema], displayName: group.displayName, ...body },
    expect: { status: [201], body: { displayName: group.displayName } },
    save: nameOf(group),
    when: { unknown: nameOf(group) },
  };
}

/** A PATCH of something that is known. */
export function patchStep(
  wire: Wire,
  endpoint: Endpoint,
  thing: Person | Group,
  note: string,
  ...operations: object[]
): Step {
  return {
    note,
    method: 'PATCH',
    path: wire.at(`/${endpoint}/{{${nameOf(thing)}.id}}`),
    body: patchOf(...operations),
    expect: { status: changed },
    when: { known: nameOf(thing) },
  };
}

/** One operation for each attribute, each with its path. */
export function operationsOf(change: PersonChange): object[] {
  return changedPaths(change).map(([path, value]) => ({ op: 'replace', path, value }));
}

/** The new name of a group, by its path. */
export function renameGroup(wire: Wire, group: Group, displayName: string): Step {
  const operation = { op: 'replace', path: 'displayName', value: displayName };
  return patchStep(
    wire,
    'Groups',
    group,
    `rename group "${group.displayName}" to "${displayName}"`,
    operation,
  );
}

/** One member more. */
export function addMember(wire: Wire, group: Group, person: Person, more: object = {}): Step {
  const value = [{ value: `{{${nameOf(person)}.id}}`, ...more }];
  const note = `${person.userName} joins "${group.displayName}"`;
  return patchStep(wire, 'Groups', group, note, { op: 'add', path: 'members', value });
}

/** One member less, by a filter. */
export function removeMember(wire: Wire, group: Group, person: Person): Step {
  const path = `members[value eq "{{${nameOf(person)}.id}}"]`;
  const note = `${person.userName} leaves "${group.displayName}"`;
  return patchStep(wire, 'Groups', group, note, { op: 'remove', path });
}

/** One member less, named as a value: this one goes, and no other. */
export function removeMemberByValue(wire: Wire, group: Group, person: Person): Step {
  const value = [{ value: `{{${nameOf(person)}.id}}` }];
  const note = `${person.userName} leaves "${group.displayName}"`;
  return patchStep(wire, 'Groups', group, note, { op: 'remove', path: 'members', value });
}

/** The end of a user or group. */
export function removal(wire: Wire, endpoint: Endpoint, thing: Person | Group): Step {
  const what = 'userName' in thing ? thing.userName : `group "${thing.displayName}"`;
  return {
    note: `delete ${what}`,
    method: 'DELETE',
    path: wire.at(`/${endpoint}/{{${nameOf(thing)}.id}}`),
    expect: { status: [204] },
    forget: nameOf(thing),
    when: { known: nameOf(thing) },
  };
}
