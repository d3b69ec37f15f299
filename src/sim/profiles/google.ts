import type { Person } from '../person.js';
import type { Step } from '../step.js';
import {
  joinSteps,
  lookupUser,
  operationsOf,
  patchStep,
  plainUser,
  removal,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, type Profile } from './profile.js';

const wire: Wire = {
  lookup: (endpoint, attribute, value) => `/${endpoint}?filter=${attribute} eq "${value}"&startIndex=1`,
  at: (path) => path,
  user: plainUser,
};

/** A person who does not exist; the connection test looks them up. */
const nobody: Person = {
  id: 'nobody',
  userName: 'nobody@google.invalid',
  givenName: '',
  familyName: '',
  title: '',
  department: '',
};

function setActive(person: Person, active: boolean): Step[] {
  const operation = { op: 'replace', path: 'active', value: active };
  return [patchStep(wire, 'Users', person, `active -> ${active}`, operation), checkActive(person, active)];
}

function join(person: Person): Step[] {
  const { givenName, familyName, title, department } = person;
  const profile = operationsOf({ givenName, familyName, title, department });
  const revive = { op: 'replace', path: 'active', value: true };
  const note = `link ${person.userName} and push the profile`;
  return joinSteps(wire, person, patchStep(wire, 'Users', person, note, ...profile, revive));
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
      ...lookupUser(wire, nobody),
      note: 'test connection: a user that does not exist',
      expect: { status: [200], body: { totalResults: 0 } },
    },
  ],
  join,
  change: (person, change) => [
    patchStep(wire, 'Users', person, describeChange(change), ...operationsOf(change)),
  ],
  suspend: (person) => setActive(person, false),
  resume: (person) => setActive(person, true),
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: () => [],
  renameGroup: () => [],
  addMember: () => [],
  removeMember: () => [],
  deleteGroup: () => [],
};
