import { createAttribute } from '../../src/identity/attributes/attributes.js';
import { createConnection } from '../../src/identity/sso/connections.js';
import { createDirectory } from '../../src/identity/directories/directories.js';
import { createGroup } from '../../src/identity/groups/groups.js';
import { createRole } from '../../src/identity/roles/roles.js';
import { createView } from '../../src/identity/views/saved-views.js';
import { newId } from '../../src/shared/ids.js';
import { givenWaitingBulk } from './audited-bulk.js';
import { givenClash, givenFailedJob } from './audited-things.js';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';

let serial = 0;
const fresh = (): string => `thing${(serial += 1)}`;

/** Something of the tenant for the place behind a collection; an id of nothing for what is not made here. */
const thingsOf = (app: TestApp, acme: ApiTenant): Readonly<Record<string, () => Promise<string>>> => ({
  users: async () => (await acme.givenUser())._id,
  invitations: () => acme.givenInvitation(),
  applications: async () => (await acme.givenApplication(fresh()))._id,
  groups: async () =>
    (
      await createGroup(app.core, acme.system, {
        ...{ displayName: fresh(), externalId: null, attributes: {} },
      })
    )._id,
  roles: async () => {
    const key = fresh();
    const input = { key, applicationKey: null, name: key, description: '', permissions: [] };
    return (await createRole(app.core, acme.system, input)).id;
  },
  attributes: async () =>
    (await createAttribute(app.core, acme.system, { name: fresh(), type: 'string' }))._id,
  directories: async () => (await createDirectory(app.core, acme.system, { name: fresh() }))._id,
  'sso-connections': async () => {
    const input = { name: fresh(), issuer: 'http://127.0.0.1:9', clientId: 'x' };
    return (await createConnection(app.core, acme.system, input))._id;
  },
  'account-clashes': async () => (await givenClash(app, acme))[0],
  webhooks: async () => {
    const body = { url: 'https://hooks.test/in', types: ['user.created'] };
    return ((await acme.call('post', '/webhooks').send(body)).body as { id: string }).id;
  },
  'setup-links': async () => {
    const body = { name: fresh(), purpose: 'oidc' };
    return ((await acme.call('post', '/setup-links').send(body)).body as { id: string }).id;
  },
  bulk: () => givenWaitingBulk({ app, acme }),
  jobs: () => givenFailedJob(app, acme),
  'role-requests': async () => {
    const { _id: user } = await acme.givenUser();
    const body = { user, role: 'crm:agent', reason: 'on call', seconds: 3600 };
    return ((await acme.call('post', '/role-requests').send(body)).body as { id: string }).id;
  },
  views: async () => {
    const input = { list: 'users', name: fresh(), query: '', isShared: true } as const;
    return (await createView(app.core, acme.system, input))._id;
  },
  'api-keys': async () =>
    (
      (await acme.call('post', '/api-keys').send({ name: fresh(), role: 'administrator' })).body as {
        id: string;
      }
    ).id,
});

/** One thing of the tenant for each collection, by the collection's name; the tenant has the application `crm`. */
export async function oneOfEach(app: TestApp, acme: ApiTenant): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const [collection, make] of Object.entries(thingsOf(app, acme))) made[collection] = await make();
  return made;
}

/** What stands at the places of a path: a new thing of the tenant at the first, where one is made here; else an id of nothing. */
export async function parametersOf(
  app: TestApp,
  acme: ApiTenant,
  path: string,
): Promise<Record<string, string>> {
  const places = [...path.matchAll(/\/([\w-]+)\/\{(\w+)\}/g)];
  const filled: Record<string, string> = {};
  for (const [, collection = '', name = ''] of places) {
    const make = Object.keys(filled).length === 0 ? thingsOf(app, acme)[collection] : undefined;
    filled[name] = make ? await make() : newId();
  }
  return filled;
}
