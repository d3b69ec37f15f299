import { expect } from 'chai';
import { planBootstrap, rehearseBootstrap } from '../../../src/identity/bootstrap/rehearsal.js';
import { applyBootstrap, BootstrapError, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import type { Core } from '../../../src/identity/core.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { systemActor } from '../../../src/identity/actors.js';
import { world } from '../../support/bootstrap.js';
import { openTestCore } from '../../support/core.js';
import { unique } from '../../support/people.js';

describe('rehearseBootstrap', () => {
  let core: Core;
  let slug: string;

  before(async () => {
    core = await openTestCore();
  });
  beforeEach(() => {
    slug = unique('rehearsal');
  });

  const problemsOf = async (json: unknown): Promise<readonly string[]> => {
    try {
      await rehearseBootstrap(core, parseBootstrap(json));
    } catch (error) {
      if (error instanceof BootstrapError) return error.problems;
      throw error;
    }
    return [];
  };
  const pathsOf = async (json: unknown): Promise<string[]> =>
    (await problemsOf(json)).map((problem) => problem.split(': ')[0] ?? '');
  const apply = (json: unknown) => applyBootstrap(core, parseBootstrap(json));
  const tenantId = async (): Promise<string> => (await findTenantBySlug(core, slug))?._id ?? '';

  it('finds nothing in a good file, before it is applied and after, and writes nothing', async () => {
    expect(await problemsOf(world(slug))).to.deep.equal([]);
    expect(await findTenantBySlug(core, slug)).to.equal(undefined);
    await apply(world(slug));
    const events = core.store.tenant(await tenantId()).collection('audit_events');
    const before = await events.count({});
    expect(await problemsOf(world(slug))).to.deep.equal([]);
    expect(await events.count({})).to.equal(before);
  });

  it('names everything that would be refused at once, in every tenant', async () => {
    const [first, second] = [world(slug).tenants[0]!, world(unique('rehearsal')).tenants[0]!];
    first.applications[0]!.redirectUris = ['/cb', 'https://good.test/cb', 'http://far.test/cb'];
    first.applications[0]!.backchannelLogoutUri = 'http://localhost:4000/bcl';
    first.roles[0]!.permissions = ['users.fly'];
    first.ssoConnections[0]!.issuer = 'http://localhost:4001';
    second.users[0]!.roles = ['captain'];
    second.apiKeys[0]!.role = 'captain';
    second.directories[0]!.roleRules[0]!.grant = ['captain'];
    expect(await pathsOf({ tenants: [first, second] })).to.have.members([
      'tenants[0].roles[0].permissions[0]',
      'tenants[0].applications[0].redirectUris[0]',
      'tenants[0].applications[0].redirectUris[2]',
      'tenants[0].applications[0].backchannelLogoutUri',
      'tenants[0].ssoConnections[0].issuer',
      'tenants[1].users[0].roles[0]',
      'tenants[1].apiKeys[0].role',
      'tenants[1].directories[0].roleRules[0].grant[0]',
    ]);
    expect(await findTenantBySlug(core, slug)).to.equal(undefined);
  });

  it('knows what the database holds: a role made elsewhere, a client id and a domain that are taken', async () => {
    await apply(world(slug));
    const actor = systemActor(await tenantId());
    const captain = {
      key: 'captain',
      name: 'Captain',
      description: '',
      applicationKey: null,
      permissions: [],
    };
    await createRole(core, actor, captain);
    const own = world(slug);
    own.tenants[0]!.users[0]!.roles = ['administrator', 'captain'];
    expect(await problemsOf(own)).to.deep.equal([]);
    const other = world(unique('rehearsal'));
    other.tenants[0]!.applications[0]!.clientId = `${slug}-crm`;
    other.tenants[0]!.ssoConnections[0]!.domains[0]!.domain = `${slug}.test`;
    expect(await pathsOf(other)).to.have.members([
      'tenants[0].applications[0].clientId',
      'tenants[0].ssoConnections[0].domains',
    ]);
  });

  it('names faults of every kind in one go: of shape, twice given, refused by the database, unknown roles', async () => {
    const tenant = world(slug).tenants[0]!;
    const json = {
      tenants: [
        {
          ...tenant,
          colour: 'red',
          settings: { 'lockout.lockSeconds': 'long' },
          roles: [
            ...tenant.roles,
            tenant.roles[0],
            { key: 'captain', name: 'Captain', permissions: ['users.fly'] },
            { key: 'mate', name: 7, permissions: [] },
          ],
          users: [
            { ...tenant.users[0], roles: ['administrator', 'captain', 'mate', 'crm:agent', 'nobody'] },
            { email: 'no address' },
          ],
          applications: [{ ...tenant.applications[0], redirectUris: ['/cb'] }],
          ssoConnections: [{ ...tenant.ssoConnections[0], issuer: 'http://localhost:4001' }],
          apiKeys: [{ name: 'short', key: 'gh_sk_1', role: 'administrator' }],
        },
        {
          slug: 'second',
          name: 'Second',
          apiKeys: [{ name: 'x', key: 'gh_sk_0123456789012345678901', role: 'captain' }],
        },
      ],
    };
    const problems = await planBootstrap(core, json).then(
      () => [],
      (error: unknown) => (error as BootstrapError).problems,
    );
    expect(problems.map((problem) => problem.split(': ')[0])).to.have.members([
      'tenants[0].colour',
      'tenants[0].settings["lockout.lockSeconds"]',
      'tenants[0].roles[1].key',
      'tenants[0].roles[2].permissions[0]',
      'tenants[0].roles[3].name',
      'tenants[0].users[0].roles[4]',
      'tenants[0].users[1].email',
      'tenants[0].applications[0].redirectUris[0]',
      'tenants[0].ssoConnections[0].issuer',
      'tenants[0].apiKeys[0].key',
      'tenants[1].apiKeys[0].role',
    ]);
    expect(await findTenantBySlug(core, slug)).to.equal(undefined);
  });

  it('finds that the last administrator would go', async () => {
    await apply(world(slug));
    const json = world(slug);
    json.tenants[0]!.users[0]!.roles = ['manager'];
    expect((await problemsOf(json)).join()).to.match(/^tenants\[0\]\.users\[0\]: the last administrator/);
  });
});
