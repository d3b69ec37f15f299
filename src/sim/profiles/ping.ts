import { fullName } from '../person.js';
import {
  addMember,
  joinSteps,
  plainUser,
  pushGroupSteps,
  putUser,
  removal,
  removeMember,
  renameGroup,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, type Profile } from './profile.js';

const wire: Wire = {
  // The default filter of a connection is written `username Eq "%s"`.
  lookup: (endpoint, attribute, value) =>
    `/${endpoint}?filter=${attribute === 'userName' ? 'username' : attribute} Eq "${value}"`,
  at: (path) => path,
  user: plainUser,
};

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
      note: 'test connection: what can the server do?',
      method: 'GET',
      path: '/ServiceProviderConfig',
      expect: { status: [200], body: { 'patch.supported': true } },
    },
  ],
  join: (person) =>
    joinSteps(wire, person, putUser(wire, person, true, `link ${person.userName} and push the profile`)),
  change: (person, change) => [putUser(wire, { ...person, ...change }, true, describeChange(change))],
  suspend: (person) => [putUser(wire, person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [putUser(wire, person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: (group) => pushGroupSteps(wire, group, { externalId: group.id }),
  renameGroup: (group, displayName) => [renameGroup(wire, group, displayName)],
  addMember: (group, person) => [addMember(wire, group, person, { display: fullName(person) })],
  removeMember: (group, person) => [removeMember(wire, group, person)],
  deleteGroup: (group) => [removal(wire, 'Groups', group)],
};
