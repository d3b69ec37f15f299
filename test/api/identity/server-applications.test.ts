import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import {
  createApplication,
  deleteApplication,
  updateApplication,
} from '../../../src/identity/applications/applications.js';
import { listApplications } from '../../../src/identity/applications/find.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { leftOutOf } from '../../../src/identity/bootstrap/left-out.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { exampleSecrets, missingSecrets, weakSecrets } from '../../../src/identity/bootstrap/secrets.js';
import { planBootstrap } from '../../../src/identity/bootstrap/rehearsal.js';
import type { Core } from '../../../src/identity/core.js';
import { createRole, getRole, updateRole } from '../../../src/identity/roles/roles.js';
import { tenantConfig } from '../../../src/identity/tenants/config.js';
import { createTenant, type TenantDocument } from '../../../src/identity/tenants/tenants.js';
import { AppError } from '../../../src/shared/errors.js';
import { openTestCore } from '../../support/core.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { givenServerApplication } from '../../support/server-applications.js';

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

const server = systemActor('server');
const ofServer = { owner: 'server' };
const agent = { key: 'agent', name: 'Agent', permissions: ['calls.read'] };
const redirectUris = ['https://crm.test/cb'];

describe('applications of the server', () => {
  let core: Core;
  let acme: TenantDocument;
  let globex: TenantDocument;
  before(async () => {
    core = await openTestCore({ allowPrivateIssuers: true });
    acme = await givenTenant(core);
    globex = await givenTenant(core);
  });
  after(() => core.store.close());

  const own = (tenant: TenantDocument, key: string, more = {}) =>
    createApplication(core, systemActor(tenant._id), { key, name: key, redirectUris, ...more });

  it('bring their roles to the tenants they serve, at once, and to no other', async () => {
    const { key, _id } = await givenServerApplication(core, { tenants: [acme.slug], roles: [agent] });
    const rolesIn = async (tenant: TenantDocument) =>
      [...(await tenantConfig(core, tenant._id)).roles.keys()].filter((role) => role.startsWith(`${key}:`));
    expect([await rolesIn(acme), await rolesIn(globex)]).to.deep.equal([[`${key}:agent`], []]);
    const lead = { key: 'lead', name: 'Lead', permissions: [] };
    await updateApplication(core, server, _id, { tenants: 'all', roles: [agent, lead] }, ofServer);
    expect(await rolesIn(globex)).to.deep.equal([`${key}:agent`, `${key}:lead`]);
    const late = await givenTenant(core);
    expect(await rolesIn(late)).to.have.length(2);
    const held = await givenUser(core, late._id, { roles: [`${key}:lead`], password: null });
    expect(held.grants.map(({ role }) => role)).to.deep.equal([`${key}:lead`]);
    await updateApplication(core, server, _id, { roles: [agent] }, ofServer);
    expect(await rolesIn(late)).to.deep.equal([`${key}:agent`]);
    await deleteApplication(core, server, _id, ofServer);
    expect(await rolesIn(acme)).to.deep.equal([]);
  });

  it('have a key that no application of a tenant they serve can take, and the other way round', async () => {
    const { key, _id } = await givenServerApplication(core, { tenants: [acme.slug] });
    expect(await codeOf(own(acme, key))).to.equal('application.key_taken');
    expect(await codeOf(own(globex, key))).to.equal('done');
    for (const tenants of [[acme.slug, globex.slug], 'all'] as const) {
      const widened = updateApplication(core, server, _id, { tenants }, ofServer);
      expect(await codeOf(widened)).to.equal('application.key_taken');
    }
    expect(await codeOf(givenServerApplication(core, { key }))).to.equal('application.key_taken');
    const taken = unique('taken');
    await own(globex, taken);
    expect(await codeOf(givenServerApplication(core, { key: taken }))).to.equal('application.key_taken');
    expect(await codeOf(givenServerApplication(core, { key: taken, tenants: [acme.slug] }))).to.equal('done');
  });

  it('take a key once, when several want it at the same moment', async () => {
    for (let round = 0; round < 3; round += 1) {
      const key = unique('race');
      const results = await Promise.all([
        codeOf(own(acme, key)),
        codeOf(givenServerApplication(core, { key, clientId: unique('client') })),
        codeOf(givenServerApplication(core, { key, clientId: unique('client') })),
      ]);
      const done = results.filter((result) => result === 'done');
      expect(done, results.join()).to.have.length(1);
      expect(results.filter((result) => result === 'application.key_taken')).to.have.length(2);
    }
  });

  it('share the client ids with the applications of tenants: each is given once', async () => {
    const { clientId } = await givenServerApplication(core);
    expect(await codeOf(own(acme, unique('shadow'), { clientId }))).to.equal('application.client_id_taken');
    const { application } = await own(acme, unique('own'));
    const change = updateApplication(core, systemActor(acme._id), application._id, { clientId });
    expect(await codeOf(change)).to.equal('application.client_id_taken');
    const second = givenServerApplication(core, { clientId: application.clientId });
    expect(await codeOf(second)).to.equal('application.client_id_taken');
  });

  it('name tenants that exist, and a tenant’s own application none at all', async () => {
    const unknown = givenServerApplication(core, { tenants: ['no-such-tenant'] });
    expect(await codeOf(unknown)).to.equal('input.invalid');
    expect(await codeOf(givenServerApplication(core, { tenants: undefined }))).to.equal('input.invalid');
    const input = { key: unique('own'), name: 'Own', redirectUris, tenants: 'all' as const };
    expect(await codeOf(createApplication(core, systemActor(acme._id), input))).to.equal('input.invalid');
  });

  it('define their roles themselves: a tenant changes, adds and extends nothing', async () => {
    const { key } = await givenServerApplication(core, { roles: [agent] });
    const actor = systemActor(acme._id);
    const { id } = await getRole(core, acme._id, `${key}:agent`);
    const change = { permissions: ['everything'] };
    expect(await codeOf(updateRole(core, actor, id, change))).to.equal('role.of_server');
    const more = { key: 'boss', applicationKey: key, name: 'Boss', description: '', permissions: ['all'] };
    expect(await codeOf(createRole(core, actor, more))).to.equal('application.of_server');
    const named = (permission: string) =>
      createRole(core, actor, {
        ...{ key: unique('role'), applicationKey: null, name: 'R', description: '' },
        permissions: [`${key}:${permission}`],
      });
    expect(await codeOf(named('billing.manage'))).to.equal('input.invalid');
    expect(await codeOf(named('calls.read'))).to.equal('done');
  });

  describe('in the bootstrap file', () => {
    const fileOf = (slug: string, key: string, more = {}) => ({
      applications: [
        {
          key,
          name: 'CRM',
          clientId: key,
          clientSecret: 'the secret of the product',
          redirectUris,
          tenants: [slug],
          roles: [agent],
          ...more,
        },
      ],
      tenants: [
        {
          slug,
          name: 'Acme',
          users: [{ email: `ada@${slug}.test`, roles: [`${key}:agent`] }],
        },
      ],
    });

    it('stand beside the tenants they serve, in whatever order', async () => {
      const [slug, key] = [unique('file'), unique('crm')];
      const { applications, tenants } = fileOf(slug, key);
      const file = await planBootstrap(core, { tenants, applications });
      expect(await applyBootstrap(core, file)).to.include({ created: 4, updated: 0 });
      expect(await applyBootstrap(core, file)).to.include({ created: 0, updated: 0, unchanged: 4 });
      const again = { applications: [{ ...applications[0]!, name: 'CRM 2' }], tenants };
      expect(await applyBootstrap(core, parseBootstrap(again))).to.include({ created: 0, updated: 1 });
    });

    it('are not made again when they were applied and then deleted here', async () => {
      const [slug, key] = [unique('file'), unique('crm')];
      const { applications, tenants } = fileOf(slug, key);
      const file = { applications, tenants: [{ slug, name: tenants[0]!.name }] };
      await applyBootstrap(core, parseBootstrap(file));
      await deleteApplication(core, server, key, ofServer);
      await applyBootstrap(core, parseBootstrap(file));
      const changed = { ...file, applications: [{ ...applications[0]!, name: 'Another' }] };
      await applyBootstrap(core, parseBootstrap(changed));
      expect((await listApplications(core, 'server')).map((one) => one.key)).to.not.include(key);
    });

    it('leave alone what was changed here since', async () => {
      const [slug, key] = [unique('file'), unique('crm')];
      const { applications, tenants } = fileOf(slug, key);
      await applyBootstrap(core, parseBootstrap({ applications, tenants }));
      await updateApplication(core, server, key, { tenants: 'all' }, ofServer);
      const changed = { tenants, applications: [{ ...applications[0]!, name: 'Another' }] };
      await applyBootstrap(core, parseBootstrap(changed));
      const stored = (await listApplications(core, 'server')).find((one) => one.key === key);
      expect(stored).to.include({ name: 'Another', servedTenants: 'all' });
    });

    it('are refused with their place in the file', async () => {
      const [slug, key] = [unique('file'), unique('crm')];
      await createTenant(core, { slug, name: 'There', preset: 'default', settings: {} });
      const problemsOf = (json: unknown): Promise<readonly string[]> =>
        planBootstrap(core, json).then(
          () => [],
          (error: unknown) => (error as { problems: readonly string[] }).problems,
        );
      const { applications, tenants } = fileOf(slug, key, { tenants: [slug, 'nowhere'] });
      expect(await problemsOf({ applications, tenants: [] })).to.deep.equal([
        'applications[0].tenants[1]: there is no tenant nowhere',
      ]);
      const twice = [...fileOf(slug, key).applications, ...fileOf(slug, key).applications];
      expect(await problemsOf({ applications: twice, tenants })).to.include(
        `applications[1].key: ${key} occurs twice`,
      );
      const ownToo = [
        { ...tenants[0], applications: [{ key, name: 'Own', clientId: unique('c'), redirectUris }] },
      ];
      const both = await problemsOf({ applications: fileOf(slug, key).applications, tenants: ownToo });
      expect(both.join()).to.match(/applications\[0\]\.key: the key is taken/);
      const none = fileOf(slug, key, { tenants: undefined }).applications;
      expect((await problemsOf({ applications: none, tenants }))[0]).to.include('applications[0].tenants');
    });

    it('go out with an export and come in elsewhere, with who may use them in each tenant', async () => {
      const [slug, key] = [unique('file'), unique('crm')];
      const { applications, tenants } = fileOf(slug, key);
      const access = { application: key, by: 'group', groups: ['Heads'] };
      const groups = [{ displayName: 'Heads', members: [`ada@${slug}.test`] }];
      const file = { applications, tenants: [{ ...tenants[0]!, groups, applicationAccess: [access] }] };
      const here = await openTestCore();
      const there = await openTestCore();
      try {
        await applyBootstrap(here, await planBootstrap(here, file));
        const exported = await exportBootstrap(here);
        expect(exported.applications).to.have.length(1);
        expect(exported.applications![0]).to.deep.include({
          ...{ key, name: 'CRM', clientId: key, isPublic: false, tenants: [slug], redirectUris },
          ...{ enabled: true, requirePkce: true, roles: [agent] },
        });
        expect(exported.tenants[0]!.applicationAccess).to.deep.equal([{ ...access, roles: [] }]);
        expect(missingSecrets(exported)).to.include('applications[0]');
        expect((await leftOutOf(here)).join()).to.include('1 client secrets of applications of the server');
        expect(await exportBootstrap(here, slug)).to.not.have.property('applications');
        expect((await leftOutOf(here, slug)).join()).to.include('1 applications of the server');
        await applyBootstrap(there, await planBootstrap(there, JSON.parse(JSON.stringify(exported))));
        const again = await exportBootstrap(there);
        expect({ ...again }).to.deep.equal({ ...exported });
        expect(await overriddenBy(here, parseBootstrap(file))).to.deep.equal([]);
        await updateApplication(here, server, key, { name: 'Another', roles: [] }, ofServer);
        expect(await overriddenBy(here, parseBootstrap(file))).to.deep.equal([
          'applications[0].name',
          'applications[0].roles[0]',
        ]);
      } finally {
        await here.store.close();
        await there.store.close();
      }
    });

    it('have secrets that are looked at like those of tenants', () => {
      const { applications } = fileOf('acme', 'crm', { clientSecret: 'changeme' });
      const file = parseBootstrap({ applications, tenants: [] });
      expect(weakSecrets(file)).to.deep.equal(['applications[0].clientSecret']);
      expect(exampleSecrets(file)).to.deep.equal(['applications[0].clientSecret']);
    });
  });
});
