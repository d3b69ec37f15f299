import { fullName, type Group, type Person, type PersonChange } from '../person.js';
import type { Step } from '../step.js';
import {
  changedPaths,
  checkActive,
  describeChange,
  enterpriseSchema,
  groupSchema,
  listSchema,
  nameOf,
  patchOf,
  userSchema,
  type Profile,
  type ProfileName,
} from './profile.js';

/** The schema Entra names for groups beside the core one; no other provider knows it. */
const microsoftGroupSchema = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
const changed = [200, 204] as const;

/** What differs between Entra as it comes and Entra with `aadOptscim062020` in its tenant URL. */
interface Dialect {
  /** What is left of the flag in each address. */
  query: string;
  setActive(active: boolean): object;
  change(change: PersonChange): object;
  rename(displayName: string): object;
  addMember(id: string): object;
  removeMember(id: string): object;
}

/** As it comes: capitalised operations, one attribute each, booleans as text, members removed by a value. */
const plain: Dialect = {
  query: '',
  setActive: (active) => patchOf({ op: 'Replace', path: 'active', value: active ? 'True' : 'False' }),
  change: (change) =>
    patchOf(...changedPaths(change).map(([path, value]) => ({ op: 'Replace', path, value }))),
  rename: (displayName) => patchOf({ op: 'Replace', path: 'displayName', value: displayName }),
  addMember: (id) => patchOf({ op: 'Add', path: 'members', value: [{ $ref: null, value: id }] }),
  removeMember: (id) => patchOf({ op: 'Remove', path: 'members', value: [{ $ref: null, value: id }] }),
};

/** With the flag: the RFC's operations, several attributes in one path-less replace with dotted keys. */
const flagged: Dialect = {
  query: 'aadOptscim062020',
  setActive: (active) => patchOf({ op: 'replace', path: 'active', value: active }),
  change: (change) => patchOf({ op: 'replace', value: Object.fromEntries(changedPaths(change)) }),
  rename: (displayName) => patchOf({ op: 'replace', value: { displayName } }),
  addMember: (id) => patchOf({ op: 'add', path: 'members', value: [{ value: id }] }),
  removeMember: (id) => patchOf({ op: 'remove', path: `members[value eq "${id}"]` }),
};

const guid = '7f4bc1a3-285e-48ae-8202-5accb43efb0e';

function newUser(person: Person): object {
  return {
    schemas: [userSchema, enterpriseSchema],
    externalId: person.id,
    userName: person.userName,
    active: true,
    displayName: fullName(person),
    title: person.title,
    addresses: null,
    emails: [{ primary: true, type: 'work', value: person.userName }],
    meta: { resourceType: 'User' },
    name: { formatted: fullName(person), familyName: person.familyName, givenName: person.givenName },
    roles: [],
    [enterpriseSchema]: { department: person.department },
  };
}

function newGroup(group: Group): object {
  return {
    schemas: [groupSchema, microsoftGroupSchema],
    externalId: group.id,
    displayName: group.displayName,
    meta: { resourceType: 'Group' },
  };
}

/** The address with what is left of the flag in its query. */
function at(dialect: Dialect, path: string): string {
  if (dialect.query === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${dialect.query}`;
}

function lookupUser(dialect: Dialect, person: Person): Step {
  return {
    note: `is ${person.userName} there already?`,
    method: 'GET',
    path: at(dialect, `/Users?filter=userName eq "${person.userName}"`),
    expect: { status: [200], body: { 'schemas.0': listSchema } },
    find: nameOf(person),
  };
}

function createUser(dialect: Dialect, person: Person): Step {
  return {
    note: `create ${person.userName}`,
    method: 'POST',
    path: at(dialect, '/Users'),
    body: newUser(person),
    expect: { status: [201], body: { userName: person.userName, active: true, externalId: person.id } },
    save: nameOf(person),
    when: { unknown: nameOf(person) },
  };
}

function patchUser(dialect: Dialect, person: Person, note: string, body: object): Step {
  return {
    note,
    method: 'PATCH',
    path: at(dialect, `/Users/{{${nameOf(person)}.id}}`),
    body,
    expect: { status: changed },
  };
}

function setActive(dialect: Dialect, person: Person, active: boolean): Step[] {
  return [
    {
      ...patchUser(dialect, person, `active -> ${active}`, dialect.setActive(active)),
      expect: { status: changed, body: { active } },
    },
    checkActive(person, active, at(dialect, '')),
  ];
}

/** Entra meets a user it did not make: it links it, and patches what differs. */
function link(dialect: Dialect, person: Person): Step[] {
  const { givenName, familyName, title, department } = person;
  const known = { known: nameOf(person) };
  const profile = dialect.change({ givenName, familyName, title, department });
  return [
    { ...patchUser(dialect, person, `link ${person.userName}`, dialect.setActive(true)), when: known },
    { ...patchUser(dialect, person, `push the profile of ${person.userName}`, profile), when: known },
  ];
}

function lookupGroup(dialect: Dialect, displayName: string): Step {
  return {
    note: `is the group "${displayName}" there already?`,
    method: 'GET',
    path: at(dialect, `/Groups?excludedAttributes=members&filter=displayName eq "${displayName}"`),
    expect: { status: [200], body: { 'schemas.0': listSchema } },
  };
}

function pushGroup(dialect: Dialect, group: Group): Step[] {
  const name = nameOf(group);
  return [
    { ...lookupGroup(dialect, group.displayName), find: name },
    {
      note: `push group "${group.displayName}"`,
      method: 'POST',
      path: at(dialect, '/Groups'),
      body: newGroup(group),
      expect: { status: [201], body: { displayName: group.displayName, externalId: group.id } },
      save: name,
      when: { unknown: name },
    },
    {
      note: 'read the group without its members',
      method: 'GET',
      path: at(dialect, `/Groups/{{${name}.id}}?excludedAttributes=members`),
      expect: { status: [200], body: { displayName: group.displayName }, absent: ['members'] },
    },
  ];
}

function patchGroup(dialect: Dialect, group: Group, note: string, body: object): Step[] {
  const path = at(dialect, `/Groups/{{${nameOf(group)}.id}}`);
  return [{ note, method: 'PATCH', path, body, expect: { status: changed } }];
}

function removal(dialect: Dialect, endpoint: string, name: string, what: string): Step[] {
  return [
    {
      note: `delete ${what} for good`,
      method: 'DELETE',
      path: at(dialect, `/${endpoint}/{{${name}.id}}`),
      expect: { status: [204] },
      forget: name,
      when: { known: name },
    },
  ];
}

function probe(dialect: Dialect): Step[] {
  const nobody = { status: [200], body: { 'schemas.0': listSchema, totalResults: 0 } };
  return [
    {
      note: 'test connection: a user that does not exist',
      method: 'GET',
      path: at(dialect, `/Users?filter=userName eq "${guid}"`),
      expect: nobody,
    },
    { ...lookupGroup(dialect, guid), note: 'test connection: a group that does not exist', expect: nobody },
  ];
}

function entraProfile(name: ProfileName, title: string, dialect: Dialect): Profile {
  return {
    name,
    title,
    // Entra may send no User-Agent at all.
    headers: {
      accept: 'application/scim+json',
      'content-type': 'application/scim+json; charset=utf-8',
    },
    pushesGroups: true,
    probe: () => probe(dialect),
    join: (person) => [lookupUser(dialect, person), ...link(dialect, person), createUser(dialect, person)],
    change: (person, change) => [
      {
        ...patchUser(dialect, person, describeChange(change), dialect.change(change)),
        expect: { status: changed, body: Object.fromEntries(expectedAfter(change)) },
      },
    ],
    suspend: (person) => setActive(dialect, person, false),
    resume: (person) => setActive(dialect, person, true),
    remove: (person) => removal(dialect, 'Users', nameOf(person), person.userName),
    pushGroup: (group) => pushGroup(dialect, group),
    renameGroup: (group, displayName) =>
      patchGroup(
        dialect,
        group,
        `rename group "${group.displayName}" to "${displayName}"`,
        dialect.rename(displayName),
      ),
    addMember: (group, person) =>
      patchGroup(
        dialect,
        group,
        `${person.userName} joins "${group.displayName}"`,
        dialect.addMember(`{{${nameOf(person)}.id}}`),
      ),
    removeMember: (group, person) =>
      patchGroup(
        dialect,
        group,
        `${person.userName} leaves "${group.displayName}"`,
        dialect.removeMember(`{{${nameOf(person)}.id}}`),
      ),
    deleteGroup: (group) => removal(dialect, 'Groups', nameOf(group), `group "${group.displayName}"`),
  };
}

function expectedAfter(change: PersonChange): [string, string][] {
  return changedPaths(change).map(([path, value]) => [
    path.startsWith(enterpriseSchema) ? `${enterpriseSchema}|department` : path,
    value,
  ]);
}

/** Microsoft Entra ID as it comes. */
export const entra: Profile = entraProfile('entra', 'Microsoft Entra ID', plain);

/** Microsoft Entra ID with `?aadOptscim062020` in its tenant URL. */
export const entraRfc: Profile = entraProfile('entra-rfc', 'Microsoft Entra ID (aadOptscim062020)', flagged);
