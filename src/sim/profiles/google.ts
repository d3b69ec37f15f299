import { fullName, type Person, type PersonChange } from '../person.js';
import type { Step } from '../step.js';
import {
  changedPaths,
  checkActive,
  describeChange,
  enterpriseSchema,
  nameOf,
  patchOf,
  userSchema,
  type Profile,
} from './profile.js';

const changed = [200, 204] as const;

function newUser(person: Person): object {
  return {
    schemas: [userSchema, enterpriseSchema],
    userName: person.userName,
    externalId: person.id,
    name: { givenName: person.givenName, familyName: person.familyName, formatted: fullName(person) },
    displayName: fullName(person),
    title: person.title,
    emails: [{ value: person.userName, type: 'work', primary: true }],
    [enterpriseSchema]: { department: person.department },
    active: true,
  };
}

function patch(person: Person, note: string, operations: object[]): Step {
  return {
    note,
    method: 'PATCH',
    path: `/Users/{{${nameOf(person)}.id}}`,
    body: patchOf(...operations),
    expect: { status: changed },
    when: { known: nameOf(person) },
  };
}

function operationsOf(change: PersonChange): object[] {
  return changedPaths(change).map(([path, value]) => ({ op: 'replace', path, value }));
}

function setActive(person: Person, active: boolean): Step[] {
  const operation = { op: 'replace', path: 'active', value: active };
  return [patch(person, `active -> ${active}`, [operation]), checkActive(person, active)];
}

function join(person: Person): Step[] {
  const { givenName, familyName, title, department } = person;
  const profile = operationsOf({ givenName, familyName, title, department });
  return [
    {
      note: `is ${person.userName} there already?`,
      method: 'GET',
      path: `/Users?filter=userName eq "${person.userName}"&startIndex=1`,
      expect: { status: [200], body: { startIndex: 1 } },
      find: nameOf(person),
    },
    patch(person, `link ${person.userName} and push the profile`, [
      ...profile,
      { op: 'replace', path: 'active', value: true },
    ]),
    {
      note: `create ${person.userName}`,
      method: 'POST',
      path: '/Users',
      body: newUser(person),
      expect: { status: [201], body: { userName: person.userName, active: true } },
      save: nameOf(person),
      when: { unknown: nameOf(person) },
    },
  ];
}

/** Google Workspace auto-provisioning: users alone, `application/json`, suspension first and deletion later. */
export const google: Profile = {
  name: 'google',
  title: 'Google Workspace',
  headers: {
    'user-agent': 'Google-Auto-Provisioning',
    accept: 'application/json',
    'content-type': 'application/json; charset=UTF-8',
  },
  pushesGroups: false,
  probe: () => [
    {
      note: 'test connection',
      method: 'GET',
      path: '/Users?filter=userName eq "nobody@google.invalid"&startIndex=1',
      expect: { status: [200], body: { totalResults: 0 } },
    },
  ],
  join,
  change: (person, change) => [patch(person, describeChange(change), operationsOf(change))],
  suspend: (person) => setActive(person, false),
  resume: (person) => setActive(person, true),
  remove: (person) => [
    {
      note: `delete ${person.userName}`,
      method: 'DELETE',
      path: `/Users/{{${nameOf(person)}.id}}`,
      expect: { status: [204] },
      forget: nameOf(person),
      when: { known: nameOf(person) },
    },
  ],
  pushGroup: () => [],
  renameGroup: () => [],
  addMember: () => [],
  removeMember: () => [],
  deleteGroup: () => [],
};
