import type { Person } from '../person.js';
import type { Step } from '../step.js';
import { createUser, lookupUser, plainUser, putUser, removal, type Wire } from './common-steps.js';
import { checkActive, describeChange, type Profile } from './profile.js';

const wire: Wire = {
  lookup: (endpoint, attribute, value) =>
    `/${endpoint}?filter=${attribute}%20Eq%20${value}&startIndex=1&count=1`,
  at: (path) => path,
  user: plainUser,
};

/** No id is remembered: a lookup by name comes before every change. */
function put(person: Person, active: boolean, note: string): Step[] {
  return [lookupUser(wire, person), putUser(wire, person, active, note)];
}

/**
 * WSO2 Identity Server: a lookup with `Eq` and no quotes before each change, whole users by PUT.
 *
 * Its groups are left out: when one changes it names members without their ids, which is refused.
 */
export const wso2: Profile = {
  name: 'wso2',
  title: 'WSO2 Identity Server',
  headers: { accept: 'application/json', 'content-type': 'application/scim+json' },
  pushesGroups: false,
  probe: () => [],
  join: (person) => [
    ...put(person, true, `link ${person.userName} and push the profile`),
    createUser(wire, person),
  ],
  change: (person, change) => put({ ...person, ...change }, true, describeChange(change)),
  suspend: (person) => [...put(person, false, 'active -> false'), checkActive(person, false)],
  resume: (person) => [...put(person, true, 'active -> true'), checkActive(person, true)],
  remove: (person) => [lookupUser(wire, person), removal(wire, 'Users', person)],
  pushGroup: () => [],
  renameGroup: () => [],
  addMember: () => [],
  removeMember: () => [],
  deleteGroup: () => [],
};
