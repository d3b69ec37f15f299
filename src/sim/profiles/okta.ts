import { fullName, type Group, type Person, type PersonChange } from '../person.js';
import type { Step } from '../step.js';
import {
  checkActive,
  describeChange,
  enterpriseSchema,
  groupSchema,
  listSchema,
  nameOf,
  patchOf,
  userSchema,
  type Profile,
} from './profile.js';

const changed = [200, 204] as const;

/** Okta sends its read-only `groups` and a random password along. */
function newUser(person: Person): object {
  return {
    schemas: [userSchema, enterpriseSchema],
    userName: person.userName,
    name: { givenName: person.givenName, familyName: person.familyName },
    emails: [{ primary: true, value: person.userName, type: 'work' }],
    displayName: fullName(person),
    title: person.title,
    locale: 'en-US',
    externalId: person.id,
    [enterpriseSchema]: { department: person.department },
    groups: [],
    password: `Xy7-${person.id}-${'q'.repeat(12)}`,
    active: true,
  };
}

function lookup(person: Person): Step {
  return {
    note: `is ${person.userName} there already?`,
    method: 'GET',
    path: `/Users?filter=userName eq "${person.userName}"&startIndex=1&count=100`,
    expect: { status: [200], body: { 'schemas.0': listSchema } },
    find: nameOf(person),
  };
}

function create(person: Person): Step {
  return {
    note: `create ${person.userName}`,
    method: 'POST',
    path: '/Users',
    body: newUser(person),
    expect: {
      status: [201],
      body: { userName: person.userName, active: true, externalId: person.id },
      absent: ['password'],
    },
    save: nameOf(person),
    when: { unknown: nameOf(person) },
  };
}

/** Okta changes a profile by reading it, changing it and putting everything back, `id`, `meta` and `groups` included. */
function readAndPut(person: Person, over: Readonly<Record<string, unknown>>, note: string): Step[] {
  const name = nameOf(person);
  return [
    {
      note: `read ${person.userName} before the change`,
      method: 'GET',
      path: `/Users/{{${name}.id}}`,
      expect: { status: [200], body: { userName: person.userName } },
      save: name,
      when: { known: name },
    },
    {
      note,
      method: 'PUT',
      path: `/Users/{{${name}.id}}`,
      over: name,
      body: over,
      expect: { status: [200], body: { id: `{{${name}.id}}` }, absent: ['password'] },
      save: name,
      when: { known: name },
    },
  ];
}

function profileOf(person: Person, change: PersonChange): Record<string, unknown> {
  const next = { ...person, ...change };
  return {
    name: { givenName: next.givenName, familyName: next.familyName },
    displayName: fullName(next),
    title: next.title,
    [enterpriseSchema]: { department: next.department },
  };
}

function setActive(person: Person, active: boolean): Step[] {
  return [
    {
      note: `active -> ${active}`,
      method: 'PATCH',
      path: `/Users/{{${nameOf(person)}.id}}`,
      body: patchOf({ op: 'replace', value: { active } }),
      expect: { status: changed, body: { active } },
    },
    checkActive(person, active),
  ];
}

/** Before every change of members Okta repeats the group's name, with its id inside the value. */
function rename(group: Group, displayName: string): Step {
  const name = nameOf(group);
  const isRepeated = displayName === group.displayName;
  return {
    note: isRepeated
      ? `repeat the name of group "${displayName}"`
      : `rename group "${group.displayName}" to "${displayName}"`,
    method: 'PATCH',
    path: `/Groups/{{${name}.id}}`,
    body: patchOf({ op: 'replace', value: { id: `{{${name}.id}}`, displayName } }),
    expect: { status: changed, body: { displayName } },
  };
}

function changeMembers(group: Group, note: string, ...operations: object[]): Step[] {
  return [
    rename(group, group.displayName),
    {
      note,
      method: 'PATCH',
      path: `/Groups/{{${nameOf(group)}.id}}`,
      body: patchOf(...operations),
      expect: { status: changed },
    },
  ];
}

function pushGroup(group: Group): Step[] {
  const name = nameOf(group);
  return [
    {
      note: `is the group "${group.displayName}" there already?`,
      method: 'GET',
      path: `/Groups?filter=displayName eq "${group.displayName}"&startIndex=1&count=100`,
      expect: { status: [200], body: { 'schemas.0': listSchema } },
      find: name,
    },
    {
      note: `push group "${group.displayName}"`,
      method: 'POST',
      path: '/Groups',
      body: { schemas: [groupSchema], displayName: group.displayName, members: [] },
      expect: { status: [201], body: { displayName: group.displayName } },
      save: name,
      when: { unknown: name },
    },
  ];
}

/** Okta with an app from its integration network: PUT for profiles, PATCH for `active` and for group push; it never deletes users. */
export const okta: Profile = {
  name: 'okta',
  title: 'Okta',
  headers: {
    'user-agent': 'Okta SCIM Client 1.0.0',
    accept: 'application/scim+json',
    'content-type': 'application/scim+json; charset=utf-8',
  },
  pushesGroups: true,
  probe: () => [
    {
      note: 'test connection: the first two users',
      method: 'GET',
      path: '/Users?startIndex=1&count=2',
      expect: { status: [200], body: { 'schemas.0': listSchema, startIndex: 1 } },
    },
  ],
  join: (person) => [
    lookup(person),
    ...readAndPut(
      person,
      { ...profileOf(person, {}), active: true },
      `link ${person.userName} and push the profile`,
    ),
    create(person),
  ],
  change: (person, change) => readAndPut(person, profileOf(person, change), describeChange(change)),
  suspend: (person) => setActive(person, false),
  resume: (person) => setActive(person, true),
  remove: () => [],
  pushGroup,
  renameGroup: (group, displayName) => [rename(group, displayName)],
  addMember: (group, person) =>
    changeMembers(group, `${person.userName} joins "${group.displayName}"`, {
      op: 'add',
      path: 'members',
      value: [{ value: `{{${nameOf(person)}.id}}`, display: person.userName }],
    }),
  removeMember: (group, person) =>
    changeMembers(group, `${person.userName} leaves "${group.displayName}"`, {
      op: 'remove',
      path: `members[value eq "{{${nameOf(person)}.id}}"]`,
    }),
  deleteGroup: (group) => [
    {
      note: `unlink and delete group "${group.displayName}"`,
      method: 'DELETE',
      path: `/Groups/{{${nameOf(group)}.id}}`,
      expect: { status: [204] },
      forget: nameOf(group),
      when: { known: nameOf(group) },
    },
  ],
};
