import { fullName, type Group, type Person, type PersonChange } from '../person.js';
import type { Step } from '../step.js';
import {
  changedPaths,
  checkActive,
  describeChange,
  enterpriseSchema,
  groupSchema,
  nameOf,
  patchOf,
  userSchema,
  type Profile,
} from './profile.js';

const changed = [200, 204] as const;

function create(person: Person): Step {
  return {
    note: `create ${person.userName}`,
    method: 'POST',
    path: '/Users',
    body: {
      schemas: [userSchema, enterpriseSchema],
      externalId: person.id,
      userName: person.userName,
      name: { givenName: person.givenName, familyName: person.familyName, formatted: fullName(person) },
      displayName: fullName(person),
      title: person.title,
      emails: [{ type: 'work', value: person.userName, primary: true }],
      active: true,
      [enterpriseSchema]: { department: person.department },
    },
    expect: { status: [201], body: { userName: person.userName, active: true } },
    save: nameOf(person),
    when: { unknown: nameOf(person) },
  };
}

function createGroup(group: Group): Step {
  return {
    note: `push group "${group.displayName}"`,
    method: 'POST',
    path: '/Groups',
    body: { schemas: [groupSchema], displayName: group.displayName, members: [] },
    expect: { status: [201], body: { displayName: group.displayName } },
    save: nameOf(group),
    when: { unknown: nameOf(group) },
  };
}

function find(endpoint: string, attribute: string, value: string, name: string): Step {
  return {
    note: `is ${value} there already?`,
    method: 'GET',
    path: `/${endpoint}?filter=${attribute} eq "${value}"&startIndex=1&count=1`,
    expect: { status: [200] },
    find: name,
  };
}

function patch(endpoint: string, name: string, note: string, ...operations: object[]): Step {
  return {
    note,
    method: 'PATCH',
    path: `/${endpoint}/{{${name}.id}}`,
    body: patchOf(...operations),
    expect: { status: changed },
    when: { known: name },
  };
}

/** One operation for each attribute, each with its path. */
function operationsOf(change: PersonChange): object[] {
  return changedPaths(change).map(([path, value]) => ({ op: 'replace', path, value }));
}

function setActive(person: Person, active: boolean): Step[] {
  const operation = { op: 'replace', path: 'active', value: active };
  return [patch('Users', nameOf(person), `active -> ${active}`, operation), checkActive(person, active)];
}

function removal(endpoint: string, name: string, what: string): Step {
  return {
    note: `delete ${what}`,
    method: 'DELETE',
    path: `/${endpoint}/{{${name}.id}}`,
    expect: { status: [204] },
    forget: name,
    when: { known: name },
  };
}

/** Activating the connector makes a test user and a test group, and deletes both again. */
function probe(): Step[] {
  const person: Person = {
    id: 'jumpcloud-test-user',
    userName: 'jumpcloud.test.user@jumpcloud.invalid',
    givenName: 'JumpCloud',
    familyName: 'Test',
    title: 'Test',
    department: 'Test',
  };
  const group: Group = { id: 'jumpcloud-test-group', displayName: 'JumpCloud Test Group' };
  return [
    find('Users', 'userName', person.userName, nameOf(person)),
    create(person),
    patch('Users', nameOf(person), 'change the test user', ...operationsOf({ givenName: 'Changed' })),
    createGroup(group),
    removal('Groups', nameOf(group), 'the test group'),
    removal('Users', nameOf(person), 'the test user'),
  ];
}

function join(person: Person): Step[] {
  const { givenName, familyName, title, department } = person;
  return [
    find('Users', 'userName', person.userName, nameOf(person)),
    patch(
      'Users',
      nameOf(person),
      `link ${person.userName} and push the profile`,
      ...operationsOf({ givenName, familyName, title, department }),
      { op: 'replace', path: 'active', value: true },
    ),
    create(person),
  ];
}

/** JumpCloud (custom SCIM): one operation with a path for each attribute, members removed by a value array. */
export const jumpcloud: Profile = {
  name: 'jumpcloud',
  title: 'JumpCloud',
  headers: {
    'user-agent': 'JumpCloud_SCIM/1.0',
    accept: 'application/scim+json',
    'content-type': 'application/scim+json',
  },
  pushesGroups: true,
  probe,
  join,
  change: (person, change) => [
    patch('Users', nameOf(person), describeChange(change), ...operationsOf(change)),
  ],
  suspend: (person) => setActive(person, false),
  resume: (person) => setActive(person, true),
  remove: (person) => [removal('Users', nameOf(person), person.userName)],
  pushGroup: (group) => [find('Groups', 'displayName', group.displayName, nameOf(group)), createGroup(group)],
  renameGroup: (group, displayName) => [
    patch('Groups', nameOf(group), `group is called "${displayName}"`, {
      op: 'replace',
      path: 'displayName',
      value: displayName,
    }),
  ],
  addMember: (group, person) => [
    patch('Groups', nameOf(group), `${person.userName} joins "${group.displayName}"`, {
      op: 'add',
      path: 'members',
      value: [{ value: `{{${nameOf(person)}.id}}` }],
    }),
  ],
  removeMember: (group, person) => [
    patch('Groups', nameOf(group), `${person.userName} leaves "${group.displayName}"`, {
      op: 'remove',
      path: 'members',
      value: [{ value: `{{${nameOf(person)}.id}}` }],
    }),
  ],
  deleteGroup: (group) => [removal('Groups', nameOf(group), `group "${group.displayName}"`)],
};
