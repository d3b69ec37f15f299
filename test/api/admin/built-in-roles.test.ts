import { expect } from 'chai';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

type Call = (acme: ApiTenant, key: string) => Promise<{ status: number; body: unknown }>;

/** One call for each thing a role may let its holder do to the people of a tenant. */
const deeds = {
  'see users': (acme, key) => acme.call('get', '/users', key),
  'add users': (acme, key) => acme.call('post', '/invitations', key).send({}),
  'change users': async (acme, key) =>
    acme.call('patch', `/users/${(await acme.givenUser())._id}`, key).send({ givenName: 'Grace' }),
  'give roles': async (acme, key) =>
    acme.call('patch', `/users/${(await acme.givenUser())._id}`, key).send({ roles: ['custom'] }),
  'disable users': async (acme, key) =>
    acme.call('post', `/users/${(await acme.givenUser())._id}/disable`, key),
  'delete users': async (acme, key) => acme.call('delete', `/users/${(await acme.givenUser())._id}`, key),
  'see roles': (acme, key) => acme.call('get', '/roles', key),
  'change roles': (acme, key) => acme.call('patch', '/roles/custom', key).send({ name: 'Changed' }),
  'add roles': (acme, key) => acme.call('post', '/roles', key).send({}),
  'see settings': (acme, key) => acme.call('get', '/settings', key),
  'see the audit trail': (acme, key) => acme.call('get', '/audit-events', key),
} satisfies Record<string, Call>;
type Deed = keyof typeof deeds;

const everything = Object.keys(deeds) as Deed[];

const table: Record<string, { ids: string; roles: Record<string, readonly Deed[]> }> = {
  'contact-center': {
    ids: 'M0-7, M0-19, M0-22, M0-23, M0-24; M0-26, row Organization',
    roles: {
      administrator: everything,
      manager: [
        'see users',
        'change users',
        'give roles',
        'disable users',
        'see roles',
        'change roles',
        'see the audit trail',
      ],
      viewer: ['see users', 'see roles'],
      agent: [],
    },
  },
  'service-portal': {
    ids: 'M1-1, M1-16',
    roles: {
      account_manager: [
        'see users',
        'add users',
        'change users',
        'give roles',
        'disable users',
        'delete users',
        'see roles',
        'see the audit trail',
      ],
      account: ['see settings'],
    },
  },
  marketing: { ids: 'M2-14', roles: { full_admin: everything, restricted_access: [] } },
  // Names are for their owners to change there.
  records: {
    ids: 'M3-1, M3-4',
    roles: { administrator: everything.filter((deed) => deed !== 'change users') },
  },
  growth: {
    ids: 'M4-6, management of users',
    roles: {
      administrator: everything,
      editor: [],
      collaborator: [],
      viewer: [],
      outsourcer: [],
      campaign_status_updater: [],
    },
  },
};

describe('the built-in roles', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  for (const [preset, { ids, roles }] of Object.entries(table)) {
    it(`let their holders do what the preset ${preset} says, and nothing else (${ids})`, async () => {
      const acme = await givenTenant(app, { preset });
      await acme.call('post', '/roles').send({ key: 'custom', name: 'Custom' }).expect(201);
      for (const [role, allowed] of Object.entries(roles)) {
        const { key } = await createApiKey(app.core, acme.system, { name: role, role });
        const done: string[] = [];
        for (const [deed, call] of Object.entries(deeds)) {
          const { status, body } = await call(acme, key);
          if (status !== 403 || (body as { code: string }).code !== 'auth.forbidden') done.push(deed);
        }
        expect(done, role).to.deep.equal(everything.filter((deed) => allowed.includes(deed)));
      }
    });
  }

  it('can be looked at with their permissions before anybody gets one (M3-25)', async () => {
    const acme = await givenTenant(app, { preset: 'contact-center' });
    const { body } = await acme.call('get', '/roles').expect(200);
    const { items } = body as { items: { key: string; builtIn: boolean; permissions: string[] }[] };
    const viewer = items.find(({ key }) => key === 'viewer');
    expect(viewer).to.include({ builtIn: true });
    expect(viewer!.permissions).to.include.members(['users.read', 'callback:handoff.view']);
  });

  it('are given to nobody by themselves (M1-17)', async () => {
    const acme = await givenTenant(app, { preset: 'service-portal' });
    const { body } = await acme.call('post', '/users').send({ email: 'new@acme.test' }).expect(201);
    expect(body).to.deep.include({ roles: [] });
  });

  it('leave what is the operator’s to the operator: no role of a tenant may hold it (M0-25)', async () => {
    const acme = await givenTenant(app);
    for (const permission of ['features.manage', 'tenants.manage']) {
      const role = { key: 'x', name: 'X', permissions: [permission] };
      const { status } = await acme.call('post', '/roles').send(role);
      expect(status, permission).to.be.oneOf([400, 403]);
    }
  });
});
