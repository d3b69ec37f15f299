import type { Group, Person } from '../person.js';
import type { Step } from '../step.js';
import {
  addMember,
  createGroup,
  createUser,
  patchStep,
  plainUser,
  putUser,
  readList,
  removal,
  removeMemberByValue,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, groupSchema, nameOf, type Profile } from './profile.js';

const wire: Wire = {
  lookup: (endpoint, attribute, value) => `/${endpoint}?filter=${attribute}+eq+%22${value}%22`,
  at: (path) => path,
  user: (person, active) => ({
    ...plainUser(person, active),
    emails: [{ value: person.userName, type: 'other', primary: true }],
  }),
  putsId: true,
};

function join(person: Person): Step[] {
  const note = `adopt ${person.userName} and push the profile`;
  return [readList('Users', person), putUser(wire, person, true, note), createUser(wire, person)];
}

/** The whole group without a path, in a message without `schemas`; then the members are read to be compared. */
function renameGroup(group: Group, displayName: string): Step[] {
  const id = `{{${nameOf(group)}.id}}`;
  const value = { schemas: [groupSchema], id, externalId: group.id, displayName };
  const step = patchStep(wire, 'Groups', group, `rename group "${group.displayName}" to "${displayName}"`);
  const compare: Step = {
    note: `compare the members of "${displayName}"`,
    method: 'GET',
    path: `/Groups/${id}`,
    expect: { status: [200], body: { displayName } },
    when: { known: nameOf(group) },
  };
  return [{ ...step, body: { Operations: [{ op: 'replace', value }] } }, compare];
}

/** authentik: reads what is there, whole users by PUT, groups by a PATCH without `schemas`, each member by an operation of its own. */
export const authentik: Profile = {
  name: 'authentik',
  title: 'authentik',
  headers: { accept: 'application/scim+json', 'content-type': 'application/scim+json' },
  pushesGroups: true,
  probe: () => [
    {
      note: 'what can the server do?',
      method: 'GET',
      path: '/ServiceProviderConfig',
      expect: { status: [200], body: { 'patch.supported': true, 'filter.supported': true } },
    },
  ],
  join,
  change: (person, change) => [putUser(wire, { ...person, ...change }, true, describeChange(change))],
  suspend: (person) => [putUser(wire, person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [putUser(wire, person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: (group) => [readList('Groups', group), createGroup(wire, group, { externalId: group.id })],
  renameGroup,
  addMember: (group, person) => [addMember(wire, group, person)],
  removeMember: (group, person) => [removeMemberByValue(wire, group, person)],
  deleteGroup: (group) => [removal(wire, 'Groups', group)],
};
