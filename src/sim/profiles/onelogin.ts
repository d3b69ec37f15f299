import { fullName, type Group, type Person, type PersonChange } from '../person.js';
import type { Step } from '../step.js';
import {
  checkActive,
  describeChange,
  enterpriseSchema,
  groupSchema,
  nameOf,
  patchOf,
  type Profile,
} from './profile.js';

const changed = [200, 204] as const;

/** OneLogin's JSON template names schemas that do not exist, and the administrator rarely mends it. */
function userBody(person: Person, active: boolean): object {
  return {
    schemas: ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'],
    userName: person.userName,
    externalId: person.id,
    displayName: fullName(person),
    title: person.title,
    name: {
      familyName: person.familyName,
      givenName: person.givenName,
      formatted: fullName(person),
    },
    emails: [{ value: person.userName, type: 'work', primary: true }],
    [enterpriseSchema]: { department: person.department },
    active,
  };
}

const json = { 'content-type': 'application/json' };

function put(person: Person, active: boolean, note: string): Step {
  return {
    note,
    method: 'PUT',
    path: `/Users/{{${nameOf(person)}.id}}?`,
    headers: json,
    body: userBody(person, active),
    expect: { status: [200], body: { userName: person.userName, active } },
    when: { known: nameOf(person) },
  };
}

function patchGroup(group: Group, note: string, operation: object): Step[] {
  const path = `/Groups/{{${nameOf(group)}.id}}?`;
  return [{ note, method: 'PATCH', path, body: patchOf(operation), expect: { status: changed } }];
}

function join(person: Person): Step[] {
  return [
    {
      note: `is ${person.userName} there already?`,
      method: 'GET',
      path: `/Users?filter=userName+eq+%22${encodeURIComponent(person.userName)}%22&`,
      expect: { status: [200] },
      find: nameOf(person),
    },
    put(person, true, `link ${person.userName} and push the profile`),
    {
      note: `create ${person.userName}`,
      method: 'POST',
      path: '/Users?',
      headers: json,
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
      path: `/Groups?filter=displayName+eq+%22${encodeURIComponent(group.displayName)}%22&`,
      expect: { status: [200] },
      find: name,
    },
    {
      note: `push group "${group.displayName}"`,
      method: 'POST',
      path: '/Groups?',
      body: { schemas: [groupSchema], displayName: group.displayName },
      expect: { status: [201], body: { displayName: group.displayName } },
      save: name,
      when: { unknown: name },
    },
  ];
}

function change(person: Person, changes: PersonChange): Step[] {
  return [put({ ...person, ...changes }, true, describeChange(changes))];
}

function removal(endpoint: string, name: string, what: string): Step[] {
  return [
    {
      note: `delete ${what}`,
      method: 'DELETE',
      path: `/${endpoint}/{{${name}.id}}?`,
      expect: { status: [204] },
      forget: name,
      when: { known: name },
    },
  ];
}

/** OneLogin: whole users by PUT, `+` for blanks, a dangling `&` or `?`, members by PATCH, an empty User-Agent. */
export const onelogin: Profile = {
  name: 'onelogin',
  title: 'OneLogin',
  headers: { 'user-agent': '', accept: '*/*', 'content-type': 'application/scim+json' },
  pushesGroups: true,
  probe: () => [
    {
      note: 'test connection',
      method: 'GET',
      path: '/Users?filter=userName+eq+%22nobody%40onelogin.invalid%22&',
      expect: { status: [200], body: { totalResults: 0 } },
    },
  ],
  join,
  change,
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
      value: [{ value: `{{${nameOf(person)}.id}}` }],
    }),
  removeMember: (group, person) =>
    patchGroup(group, `${person.userName} leaves "${group.displayName}"`, {
      op: 'remove',
      path: `members[value eq "{{${nameOf(person)}.id}}"]`,
    }),
  deleteGroup: (group) => removal('Groups', nameOf(group), `group "${group.displayName}"`),
};
