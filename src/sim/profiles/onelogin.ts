import {
  addMember,
  joinSteps,
  lookupUser,
  plainUser,
  pushGroupSteps,
  putUser,
  removal,
  removeMember,
  renameGroup,
  type Wire,
} from './common-steps.js';
import { checkActive, describeChange, type Profile } from './profile.js';

/** OneLogin's JSON template names schemas that do not exist, and the administrator rarely corrects it. */
const templateSchemas = ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'];

const wire: Wire = {
  lookup: (endpoint, attribute, value) =>
    `/${endpoint}?filter=${attribute}+eq+%22${encodeURIComponent(value)}%22&`,
  at: (path) => `${path}?`,
  user: (person, active) => ({ ...plainUser(person, active), schemas: templateSchemas }),
  userHeaders: { 'content-type': 'application/json' },
};

/** A person who does not exist; the connection test looks them up. */
const nobody = {
  id: 'nobody',
  userName: 'nobody@onelogin.invalid',
  givenName: '',
  familyName: '',
  title: '',
  department: '',
};

/** OneLogin: whole users by PUT, `+` for blanks, a dangling `&` or `?`, members by PATCH, an empty User-Agent. */
export const onelogin: Profile = {
  name: 'onelogin',
  title: 'OneLogin',
  headers: { 'user-agent': '', accept: '*/*', 'content-type': 'application/scim+json' },
  pushesGroups: true,
  probe: () => [
    {
      ...lookupUser(wire, nobody),
      note: 'test connection: a user that does not exist',
      expect: { status: [200], body: { totalResults: 0 } },
    },
  ],
  join: (person) =>
    joinSteps(wire, person, putUser(wire, person, true, `link ${person.userName} and push the profile`)),
  change: (person, change) => [putUser(wire, { ...person, ...change }, true, describeChange(change))],
  suspend: (person) => [putUser(wire, person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [putUser(wire, person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => [removal(wire, 'Users', person)],
  pushGroup: (group) => pushGroupSteps(wire, group, {}),
  renameGroup: (group, displayName) => [renameGroup(wire, group, displayName)],
  addMember: (group, person) => [addMember(wire, group, person)],
  removeMember: (group, person) => [removeMember(wire, group, person)],
  deleteGroup: (group) => [removal(wire, 'Groups', group)],
};
