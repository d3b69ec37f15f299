import type { Group, Person } from '../person.js';
import type { Step } from '../step.js';
import {
  addMember,
  joinSteps,
  patchStep,
  plainUser,
  pushGroupSteps,
  putUser,
  removal,
  removeMemberByValue,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, groupSchema, nameOf, type Profile } from './profile.js';

const attributes = 'attributes=userName,id,name';

const wire: Wire = {
  lookup: (endpoint, attribute, value) =>
    endpoint === 'Users'
      ? `/Users?filter=username eq "${value}"&${attributes}`
      : `/Groups?filter=${attribute} eq "${value}"`,
  at: (path) => path,
  user: (person, active) => ({ ...plainUser(person, active), meta: { resourceType: 'User' } }),
  putsId: true,
};

/** The groups of a person, read before the memberships that differ are sent. */
function readUser(person: Person): Step {
  return {
    note: `which groups is ${person.userName} in?`,
    method: 'GET',
    path: `/Users/{{${nameOf(person)}.id}}`,
    expect: { status: [200] },
    when: { known: nameOf(person) },
  };
}

function renameGroup(group: Group, displayName: string): Step[] {
  const id = `{{${nameOf(group)}.id}}`;
  const value = { schemas: [groupSchema], id, meta: { resourceType: 'Group' }, displayName };
  const note = `rename group "${group.displayName}" to "${displayName}"`;
  return [patchStep(wire, 'Groups', group, note, { op: 'replace', value })];
}

/** ConnId's SCIM bundle (Apache Syncope, midPoint): whole users by PUT with a part of meta, memberships by PATCH after a read. */
export const connid: Profile = {
  name: 'connid',
  title: 'ConnId (Apache Syncope, midPoint)',
  headers: { accept: 'application/json', 'content-type': 'application/json' },
  pushesGroups: true,
  probe: () => [
    {
      note: 'test connection: one user',
      method: 'GET',
      path: `/Users?startIndex=1&count=1&${attributes}`,
      expect: { status: [200] },
    },
  ],
  join: (person) =>
    joinSteps(wire, person, putUser(wire, person, true, `link ${person.userName} and push the profile`)),
  change: (person, change) => [putUser(wire, { ...person, ...change }, true, describeChange(change))],
  suspend: (person) => [putUser(wire, person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [putUser(wire, person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: (group) => pushGroupSteps(wire, group, { meta: { resourceType: 'Group' } }),
  renameGroup,
  addMember: (group, person) => [readUser(person), addMember(wire, group, person)],
  removeMember: (group, person) => [readUser(person), removeMemberByValue(wire, group, person)],
  deleteGroup: (group) => [removal(wire, 'Groups', group)],
};
