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
  removeMember,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, type Profile } from './profile.js';

const wire: Wire = {
  lookup: (endpoint) => `/${endpoint}`,
  at: (path) => path,
  user: (person, active) => ({ ...plainUser(person, active), emails: [{ value: person.userName }] }),
  putsId: true,
};

function join(person: Person): Step[] {
  const note = `match ${person.userName} and push the profile`;
  return [readList('Users', person), putUser(wire, person, true, note), createUser(wire, person)];
}

function renameGroup(group: Group, displayName: string): Step[] {
  const note = `rename group "${group.displayName}" to "${displayName}"`;
  const operations = [
    { path: 'displayName', op: 'replace', value: displayName },
    { path: 'externalId', op: 'replace', value: group.id },
  ];
  return [patchStep(wire, 'Groups', group, note, ...operations)];
}

/** Keycloak with a SCIM plug-in (mitodl, pelotech): imports by one list, whole users by PUT after every event, one member at a time. */
export const keycloak: Profile = {
  name: 'keycloak',
  title: 'Keycloak (SCIM plug-in)',
  headers: { 'content-type': 'application/scim+json' },
  pushesGroups: true,
  probe: () => [
    { note: 'import: the users', method: 'GET', path: '/Users', expect: { status: [200] } },
    { note: 'import: the groups', method: 'GET', path: '/Groups', expect: { status: [200] } },
  ],
  join,
  change: (person, change) => [putUser(wire, { ...person, ...change }, true, describeChange(change))],
  suspend: (person) => [putUser(wire, person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [putUser(wire, person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: (group) => [
    readList('Groups', group),
    createGroup(wire, group, { externalId: group.id, members: [] }),
  ],
  renameGroup,
  addMember: (group, person) => [addMember(wire, group, person)],
  removeMember: (group, person) => [removeMember(wire, group, person)],
  deleteGroup: (group) => [removal(wire, 'Groups', group)],
};
