import { systemActor } from '../../src/identity/actors.js';
import type { Actor, Core } from '../../src/identity/core.js';
import type { SettingsPatch } from '../../src/identity/tenants/settings.js';
import { createTenant, type TenantDocument } from '../../src/identity/tenants/tenants.js';
import { withProfile, type UserInput } from '../../src/identity/users/input.js';
import { createUser, type UserDocument } from '../../src/identity/users/users.js';
import { newId } from '../../src/shared/ids.js';

export const goodPassword = 'correct horse battery staple';

/** A word nothing else of the run has. */
export const unique = (prefix: string): string => `${prefix}-${newId().slice(-12)}`;

/** A tenant of the test's own. */
export function givenTenant(core: Core, settings: SettingsPatch = {}): Promise<TenantDocument> {
  const slug = unique('tenant');
  return createTenant(core, { slug, name: `The ${slug}`, preset: 'default', settings });
}

export interface Person {
  email?: string;
  givenName?: string;
  familyName?: string;
  /** null: none. Default {@link goodPassword}. */
  password?: string | null;
  roles?: readonly string[];
  activated?: boolean;
  input?: Partial<UserInput>;
}

/** An active user with a password; the address is one nobody else has unless given. */
export function givenUser(core: Core, tenantId: string, person: Person = {}): Promise<UserDocument> {
  const { email = `${unique('user')}@local.test`, givenName = 'Ada', familyName = 'Byron' } = person;
  const password = person.password === undefined ? goodPassword : person.password;
  const input: UserInput = {
    userName: email,
    externalId: null,
    attributes: withProfile({}, { email, givenName, familyName }),
    active: true,
    roles: person.roles ?? [],
    ...(password !== null && { password }),
    ...person.input,
  };
  return createUser(core, systemActor(tenantId), input, { activated: person.activated ?? true });
}

/** A user as a directory's push makes one: what is given, and otherwise only a name that nobody else has. */
export function givenProvisioned(
  core: Core,
  directory: Actor,
  input: Partial<UserInput> = {},
): Promise<UserDocument> {
  const userName = `${unique('user')}@acme.test`;
  return createUser(core, directory, { userName, externalId: null, active: true, attributes: {}, ...input });
}
