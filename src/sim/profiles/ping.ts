import { fullName, type Group, type Person } from '../person.js';
import type { Step } from '../step.js';
import {
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

function userBody(person: Person, active: boolean): object {
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

function put(person: Person, active: boolean, note: string): Step {
  return {
    note,
    method: 'PUT',
    path: `/Users/{{${nameOf(person)}.id}}`,
    body: userBody(person, active),
    expect: { status: [200], body: { userName: person.userName, active } },
    when: { known: nameOf(person) },
  };
}

function join(person: Person): Step[] {
  return [
    {
      note: `is ${person.userName} there already?`,
      method: 'GET',
      path: `/Users?filter=username Eq "${person.userName}"`,
      expect: { status: [200] },
      find: nameOf(person),
    },
    put(person, true, `link ${person.userName} and push the profile`),
    {
      note: `create ${person.userName}`,
      method: 'POST',
      path: '/Users',
      body: userBody(person, true),
      expect: { status: [201], body: { userName: person.userName, active: true } },
      save: nameOf(person),
      when: { unknown: nameOf(person) },
    },
  ];
}

function pushGroup(group: Group): Step[] {
  const name = nameOf(group);
  return [
    {
      note: `is the group "${group.displayName}" there already?`,
      method: 'GET',
      path: `/Groups?filter=displayName Eq "${group.displayName}"`,
      expect: { status: [200] },
      find: name,
    },
    {
      note: `push group "${group.displayName}"`,
      method: 'POST',
      path: '/Groups',
      body: { schemas: [groupSchema], externalId: group.id, displayName: group.displayName },
      expect: { status: [201], body: { displayName: group.displayName } },
      save: name,
      when: { unknown: name },
    },
  ];
}

function patchGroup(group: Group, note: string, operation: object): Step[] {
  const path = `/Groups/{{${nameOf(group)}.id}}`;
  return [{ note, method: 'PATCH', path, body: patchOf(operation), expect: { status: changed } }];
}

function removal(endpoint: string, name: string, what: string): Step[] {
  return [
    {
      note: `delete ${what}`,
      method: 'DELETE',
      path: `/${endpoint}/{{${name}.id}}`,
      expect: { status: [204] },
      forget: name,
      when: { known: name },
    },
  ];
}

/** PingOne: `username Eq` in its default filter, whole users by PUT, memberships merged by PATCH. */
export const ping: Profile = {
  name: 'ping',
  title: 'PingOne',
  headers: {
    'user-agent': 'PingOne Provisioning',
    accept: 'application/scim+json',
    'content-type': 'application/scim+json',
  },
  pushesGroups: true,
  probe: () => [
    {
      note: 'test connection',
      method: 'GET',
      path: '/ServiceProviderConfig',
      expect: { status: [200], body: { 'patch.supported': true } },
    },
  ],
  join,
  change: (person, change) => [put({ ...person, ...change }, true, describeChange(change))],
  suspend: (person) => [put(person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [put(person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => removal('Users', nameOf(person), person.userName),
  pushGroup,
  renameGroup: (group, displayName) =>
    patchGroup(group, `group is called "${displayName}"`, {
      op: 'replace',
      path: 'displayName',
      value: displayName,
    }),
  addMember: (group, person) =>
    patchGroup(group, `${person.userName} joins "${group.displayName}"`, {
      op: 'add',
      path: 'members',
      value: [{ value: `{{${nameOf(person)}.id}}`, display: fullName(person) }],
    }),
  removeMember: (group, person) =>
    patchGroup(group, `${person.userName} leaves "${group.displayName}"`, {
      op: 'remove',
      path: `members[value eq "{{${nameOf(person)}.id}}"]`,
    }),
  deleteGroup: (group) => removal('Groups', nameOf(group), `group "${group.displayName}"`),
};
