import type { Group, Person } from '../person.js';
import type { Step } from '../step.js';
import {
  addMember,
  createGroup,
  createUser,
  joinSteps,
  lookupUser,
  operationsOf,
  patchStep,
  plainUser,
  pushGroupSteps,
  removal,
  removeMemberByValue,
  renameGroup,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, type Profile } from './profile.js';

const wire: Wire = {
  lookup: (endpoint, attribute, value) =>
    `/${endpoint}?filter=${attribute} eq "${value}"&startIndex=1&count=1`,
  at: (path) => path,
  user: plainUser,
};

function setActive(person: Person, active: boolean): Step[] {
  const operation = { op: 'replace', path: 'active', value: active };
  return [patchStep(wire, 'Users', person, `active -> ${active}`, operation), checkActive(person, active)];
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
  const steps = [
    lookupUser(wire, person),
    createUser(wire, person),
    patchStep(wire, 'Users', person, 'change the test user', ...operationsOf({ givenName: 'Changed' })),
    createGroup(wire, group, { members: [] }),
    removal(wire, 'Groups', group),
    removal(wire, 'Users', person),
  ];
  return steps.map((step) => ({ ...step, note: `activation: ${step.note}` }));
}

function join(person: Person): Step[] {
  const { givenName, familyName, title, department } = person;
  const profile = operationsOf({ givenName, familyName, title, department });
  const revive = { op: 'replace', path: 'active', value: true };
  const note = `link ${person.userName} and push the profile`;
  return joinSteps(wire, person, patchStep(wire, 'Users', person, note, ...profile, revive));
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
    patchStep(wire, 'Users', person, describeChange(change), ...operationsOf(change)),
  ],
  suspend: (person) => setActive(person, false),
  resume: (person) => setActive(person, true),
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: (group) => pushGroupSteps(wire, group, { members: [] }),
  renameGroup: (group, displayName) => [renameGroup(wire, group, displayName)],
  addMember: (group, person) => [addMember(wire, group, person)],
  removeMember: (group, person) => [removeMemberByValue(wire, group, person)],
  deleteGroup: (group) => [removal(wire, 'Groups', group)],
};
