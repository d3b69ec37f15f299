import type { Group, Person, PersonChange } from '../person.js';
import type { Step } from '../step.js';

/** The clients that are simulated. `entra-rfc` is Entra with its `aadOptscim062020` flag; `connid` is how Apache Syncope and midPoint speak. */
export const profileNames = [
  'okta',
  'entra',
  'entra-rfc',
  'onelogin',
  'jumpcloud',
  'google',
  'ping',
  'authentik',
  'keycloak',
  'wso2',
  'connid',
] as const;
export type ProfileName = (typeof profileNames)[number];

/** How one identity provider speaks SCIM: for each event in its directory, the requests it sends, in order. */
export interface Profile {
  name: ProfileName;
  title: string;
  /** What every request carries besides the token. */
  headers: Readonly<Record<string, string>>;
  /** Users alone; roles must come from an attribute. */
  pushesGroups: boolean;
  /** The administrator presses "test connection". */
  probe(): Step[];
  /** A person is assigned: looked up (the first request), then linked and revived, or created. */
  join(person: Person): Step[];
  change(person: Person, change: PersonChange): Step[];
  /** A person is unassigned or suspended. */
  suspend(person: Person): Step[];
  /** A person is assigned again. */
  resume(person: Person): Step[];
  /** A person is removed for good; empty for providers that never delete. */
  remove(person: Person): Step[];
  /** A group is pushed: found and linked, or created. */
  pushGroup(group: Group): Step[];
  renameGroup(group: Group, displayName: string): Step[];
  addMember(group: Group, person: Person): Step[];
  removeMember(group: Group, person: Person): Step[];
  deleteGroup(group: Group): Step[];
}

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** A PATCH body. */
export function patchOf(...operations: readonly object[]): object {
  return { schemas: [patchSchema], Operations: operations };
}

/** A person's name in placeholders: the address without the characters a placeholder cannot hold. */
export function nameOf(thing: Person | Group): string {
  return thing.id;
}

/** Reads a user back and looks at `active`: what the directory believes must be what the server says. */
export function checkActive(person: Person, active: boolean, query = ''): Step {
  return {
    note: `${person.userName} is ${active ? 'active' : 'inactive'}`,
    method: 'GET',
    path: `/Users/{{${nameOf(person)}.id}}${query}`,
    expect: { status: [200], body: { active, userName: person.userName }, absent: ['password'] },
  };
}

/** The attributes of a change as SCIM paths with their values. */
export function changedPaths(change: PersonChange): [path: string, value: string][] {
  const paths: Record<keyof PersonChange, string> = {
    givenName: 'name.givenName',
    familyName: 'name.familyName',
    title: 'title',
    department: `${enterpriseSchema}:department`,
  };
  return Object.entries(change).map(([key, value]) => [paths[key as keyof PersonChange], value]);
}

/** For people: `title -> Manager, department -> Sales`. */
export function describeChange(change: PersonChange): string {
  return Object.entries(change)
    .map(([key, value]) => `${key} -> ${value}`)
    .join(', ');
}
