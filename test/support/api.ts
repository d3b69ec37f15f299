import supertest from 'supertest';
import { systemActor } from '../../src/identity/actors.js';
import { createApiKey } from '../../src/identity/applications/api-keys.js';
import { createApplication, type ApplicationDocument } from '../../src/identity/applications/applications.js';
import type { Actor } from '../../src/identity/core.js';
import { invite } from '../../src/identity/invitations/invite.js';
import { searchInvitations } from '../../src/identity/invitations/search.js';
import { createRole } from '../../src/identity/roles/roles.js';
import { createTenant, type TenantDocument } from '../../src/identity/tenants/tenants.js';
import type { SettingsPatch } from '../../src/identity/tenants/settings.js';
import type { UserDocument } from '../../src/identity/users/users.js';
import { newId } from '../../src/shared/ids.js';
import type { TestApp } from './app.js';
import { givenUser, type Person } from './people.js';

/** A tenant of its own, with an administrator's API key: what most tests of the API begin with. */
export interface ApiTenant {
  readonly tenant: TenantDocument;
  readonly system: Actor;
  /** The key of an administrator. */
  readonly key: string;
  /** A client of `/api/v1` with this key; the administrator's when absent, none when null. */
  call(
    method: 'get' | 'post' | 'put' | 'patch' | 'delete',
    path: string,
    key?: string | null,
  ): supertest.Test;
  /** A key whose role holds these permissions. */
  givenKey(permissions: readonly string[]): Promise<string>;
  /** Without a password unless given. */
  givenUser(user?: Person): Promise<UserDocument>;
  /** Invites somebody. @returns the invitation's id. */
  givenInvitation(roles?: string[]): Promise<string>;
  /** An application with a role `agent`. */
  givenApplication(key: string): Promise<ApplicationDocument>;
}

let serial = 0;

/** Makes a tenant; every call makes another. */
export async function givenTenant(
  app: TestApp,
  options: { preset?: string; settings?: SettingsPatch } = {},
): Promise<ApiTenant> {
  const { core } = app;
  const slug = `t${newId().replaceAll('-', '')}`;
  const tenant = await createTenant(core, {
    slug,
    name: 'Acme',
    preset: options.preset ?? 'default',
    settings: options.settings ?? {},
  });
  const system = systemActor(tenant._id);
  const { key } = await createApiKey(core, system, { name: 'tests', role: 'administrator' });
  return {
    tenant,
    system,
    key,
    call(method, path, as = key) {
      const test = supertest(app.url)[method](`/api/v1${path}`);
      return as === null ? test : test.set('Authorization', `Bearer ${as}`);
    },
    async givenKey(permissions) {
      serial += 1;
      const role = `r${serial}`;
      const input = { key: role, applicationKey: null, name: role, description: '', permissions };
      await createRole(core, system, input);
      return (await createApiKey(core, system, { name: role, role })).key;
    },
    givenUser(user = {}) {
      serial += 1;
      const person = { email: `user${serial}@acme.test`, familyName: `L${serial}`, password: null };
      return givenUser(core, tenant._id, { ...person, ...user });
    },
    async givenInvitation(roles = []) {
      serial += 1;
      const emails = [`invited${serial}@acme.test`];
      await invite(core, system, { emails, roles, accessExpiresAt: null, message: '' });
      const { items } = await searchInvitations(core, tenant._id, {}, { descending: true, limit: 1 });
      return items[0]!._id;
    },
    async givenApplication(key) {
      const { application } = await createApplication(core, system, {
        key,
        name: key,
        clientId: `${slug}-${key}`,
        redirectUris: ['http://localhost:4000/cb'],
      });
      const agent = {
        key: 'agent',
        applicationKey: key,
        name: 'Agent',
        description: '',
        permissions: ['calls.read'],
      };
      await createRole(core, system, agent);
      return application;
    },
  };
}
