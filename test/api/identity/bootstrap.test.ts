import { expect } from 'chai';
import { authenticateApiKey } from '../../../src/identity/applications/key-authentication.js';
import { listApplications } from '../../../src/identity/applications/find.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { applyBootstrap, BootstrapError, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import type { Core } from '../../../src/identity/core.js';
import { authenticateToken } from '../../../src/identity/directories/tokens.js';
import { roleCatalogue } from '../../../src/identity/roles/roles.js';
import { findConnectionByDomain } from '../../../src/identity/sso/by-domain.js';
import { openClientSecret } from '../../../src/identity/sso/connections.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { findUserByLogin } from '../../../src/identity/users/users.js';
import { systemActor } from '../../../src/identity/actors.js';
import { world } from '../../support/bootstrap.js';
import { openTestCore } from '../../support/core.js';
import { unique } from '../../support/people.js';

describe('applyBootstrap', () => {
  let core: Core;
  let slug: string;

  before(async () => {
    core = await openTestCore();
  });
  beforeEach(() => {
    slug = unique('boot');
  });

  const apply = (json: unknown) => applyBootstrap(core, parseBootstrap(json));
  const problemOf = async (json: unknown): Promise<string | undefined> => {
    try {
      await apply(json);
    } catch (error) {
      if (error instanceof BootstrapError) return error.problems[0];
      throw error;
    }
    return undefined;
  };
  const tenantId = async (): Promise<string> => (await findTenantBySlug(core, slug))?._id ?? '';
  const ada = async () => (await findUserByLogin(core, await tenantId(), `ada@${slug}.test`))!;

  /** Every document of the tenant with its version, so that a write anywhere shows. */
  const snapshot = async (): Promise<string[]> => {
    const scope = core.store.tenant(await tenantId());
    const names = ['tenants', 'roles', 'applications', 'users', 'credentials', 'api_keys'] as const;
    const more = ['directories', 'scim_tokens', 'sso_connections', 'audit_events', 'jobs'] as const;
    const all = await Promise.all([...names, ...more].map((name) => scope.collection(name).find({})));
    return all.flat().map(({ _id, version }) => `${_id} ${version}`);
  };

  it('lets an application off PKCE and gives it scim:me where the file says so, and exports as much', async () => {
    const file = world(slug);
    const said = { requirePkce: false, allowScimMe: true };
    Object.assign(file.tenants[0]!.applications[0]!, said);
    await apply(file);
    const [stored] = await listApplications(core, await tenantId());
    expect(stored).to.include(said);
    const { tenants } = await exportBootstrap(core, slug);
    expect(tenants[0]!.applications![0]).to.include(said);
    await apply(world(slug));
    expect((await listApplications(core, await tenantId()))[0]).to.include(said);
  });

  it('refuses to let an application without a secret off PKCE, with the place in the file', async () => {
    const file = world(slug);
    Object.assign(file.tenants[0]!.applications[0]!, { requirePkce: false, clientSecret: null });
    expect(await problemOf(file)).to.match(/^tenants\[0\]\.applications\[0\]\.requirePkce: /);
  });

  it('makes everything the file declares, people activated and approved', async () => {
    const outcome = await apply(world(slug));
    expect(outcome).to.deep.equal({ created: 9, updated: 0, unchanged: 0 });
    const user = await ada();
    expect(user).to.include({ email: `ada@${slug}.test`, approved: true, enabled: true, source: 'created' });
    expect(user.activatedAt).to.not.equal(null);
    expect(user.grants.map(({ role }) => role)).to.deep.equal(['administrator', 'crm:agent']);
    expect([...(await roleCatalogue(core, await tenantId())).keys()]).to.have.members([
      'administrator',
      'manager',
      'crm:agent',
    ]);
    const known = await authenticateApiKey(core, `gh_sk_${slug}_0123456789`, { requestId: null, ip: null });
    expect(known?.actor.permissions.has('users.delete')).to.equal(true);
    const found = await authenticateToken(core, `gh_scim_${slug}_0123456789`);
    expect(found?.directory.roleRules).to.have.length(1);
    const connection = await findConnectionByDomain(core, `${slug}.test`);
    expect(connection && openClientSecret(core, connection)).to.equal('sealed');
  });

  it('keeps no secret in clear', async () => {
    await apply(world(slug));
    const scope = core.store.tenant(await tenantId());
    const names = [
      'applications',
      'users',
      'credentials',
      'api_keys',
      'scim_tokens',
      'sso_connections',
      'audit_events',
    ] as const;
    const all = JSON.stringify(await Promise.all(names.map((name) => scope.collection(name).find({}))));
    expect(all).to.not.match(/the secret of the application|correct horse|_0123456789|"sealed"/);
  });

  it('changes nothing when it is applied again, by a process or by several at once', async () => {
    await apply(world(slug));
    const before = await snapshot();
    const outcomes = await Promise.all([apply(world(slug)), apply(world(slug))]);
    for (const outcome of outcomes) expect(outcome).to.deep.equal({ created: 0, updated: 0, unchanged: 9 });
    expect(await snapshot()).to.deep.equal(before);
  });

  it('makes everything once when several processes start at the same moment', async () => {
    const outcomes = await Promise.all([apply(world(slug)), apply(world(slug)), apply(world(slug))]);
    const sum = (name: 'created' | 'updated' | 'unchanged'): number =>
      outcomes.reduce((total, outcome) => total + outcome[name], 0);
    expect(sum('created')).to.equal(9);
    expect([sum('updated'), sum('unchanged')]).to.deep.equal([0, 18]);
    expect(await apply(world(slug))).to.deep.equal({ created: 0, updated: 0, unchanged: 9 });
  });

  it('counts the OAuth clients of a directory like its tokens', async () => {
    const clients = [
      { name: 'okta', clientId: 'gh-client-of-the-file', clientSecret: 'a secret that is long enough' },
    ];
    const file = {
      tenants: [{ slug: 'with-clients', name: 'Acme', directories: [{ name: 'Okta', clients }] }],
    };
    expect(await apply(file)).to.deep.equal({ created: 3, updated: 0, unchanged: 0 });
    expect(await apply(file)).to.deep.equal({ created: 0, updated: 0, unchanged: 3 });
  });

  it('updates what changed by its key and leaves alone what is gone from the file', async () => {
    await apply(world(slug));
    const before = await ada();
    const changed = world(slug);
    const [tenant] = changed.tenants;
    tenant!.name = 'Acme Ltd';
    tenant!.applications[0]!.name = 'CRM 2';
    tenant!.users[0]!.familyName = 'Lovelace';
    tenant!.users[0]!.roles = ['administrator'];
    tenant!.roles = [];
    const outcome = await apply(changed);
    expect(outcome).to.deep.equal({ created: 0, updated: 3, unchanged: 5 });
    const after = await ada();
    expect([after._id, after.attributes['name']]).to.deep.equal([
      before._id,
      { givenName: 'Ada', familyName: 'Lovelace' },
    ]);
    expect(after.grants.map(({ role }) => role)).to.deep.equal(['administrator']);
    expect(after.accessRevokedAt).to.equal(null);
    expect((await roleCatalogue(core, await tenantId())).has('manager')).to.equal(true);
  });

  it('logs people out for a new password only', async () => {
    await apply(world(slug));
    const changed = world(slug);
    changed.tenants[0]!.users[0]!.password = 'another good password';
    await apply(changed);
    expect((await ada()).accessRevokedAt).to.not.equal(null);
  });

  it('does not enable again whom somebody disabled', async () => {
    const file = world(slug);
    file.tenants[0]!.users.push({ ...file.tenants[0]!.users[0]!, email: `bob@${slug}.test` });
    await apply(file);
    await setEnabled(core, systemActor(await tenantId()), (await ada())._id, false);
    await apply(file);
    expect((await ada()).enabled).to.equal(false);
  });

  it('names the JSON path of what is refused', async () => {
    const file = () => world(unique('boot'));
    const of = (
      change: (tenant: ReturnType<typeof world>['tenants'][0]) => void,
    ): Promise<string | undefined> => {
      const json = file();
      change(json.tenants[0]!);
      return problemOf(json);
    };
    expect(await of((t) => (t.users[0]!.email = 'nobody'))).to.match(
      /^tenants\[0\]\.users\[0\]\.email: nobody is not/,
    );
    expect(await of((t) => (t.users[0]!.roles = ['x']))).to.equal(
      'tenants[0].users[0].roles[0]: there is no role x',
    );
    expect(await of((t) => (t.roles[0]!.permissions = ['users.fly']))).to.match(
      /^tenants\[0\]\.roles\[0\]\.permissions\[0\]: /,
    );
    expect(await of((t) => (t.roles[0]!.key = 'administrator'))).to.match(/^tenants\[0\]\.roles\[0\]\.key: /);
    expect(await of((t) => (t.directories[0]!.roleRules[0]!.grant = ['no']))).to.match(
      /^tenants\[0\]\.directories\[0\]\.roleRules\[0\]\.grant\[0\]: /,
    );
    expect(await of((t) => (t.ssoConnections[0]!.issuer = 'http://localhost:4001'))).to.match(
      /^tenants\[0\]\.ssoConnections\[0\]\.issuer: /,
    );
    expect(await of((t) => (t.ssoConnections[0]!.domains[0]!.domain = 'gmail.com'))).to.match(
      /^tenants\[0\]\.ssoConnections\[0\]\.domains\[0\]\.domain: /,
    );
    expect(await of((t) => (t.applications[0]!.redirectUris = ['/cb']))).to.match(
      /^tenants\[0\]\.applications\[0\]\.redirectUris\[0\]: /,
    );
    expect(await of((t) => (t.apiKeys[0]!.role = 'crm:agent'))).to.match(
      /^tenants\[0\]\.apiKeys\[0\]\.role: /,
    );
  });

  it('gives a connection its key, and another provider the secret that stands beside it', async () => {
    const key = unique('login');
    const file = (more: object) => ({
      tenants: [
        {
          slug,
          name: 'Boot',
          ssoConnections: [
            {
              ...{ name: 'Okta', key, issuer: 'https://one.test', clientId: 'gh', clientSecret: 'secret' },
              domains: [{ domain: `${slug}.test`, verified: true }],
              ...more,
            },
          ],
        },
      ],
    });
    await apply(file({}));
    await apply(file({ issuer: 'https://two.test' }));
    const connection = (await findConnectionByDomain(core, `${slug}.test`))!;
    expect(connection).to.include({ key, issuer: 'https://two.test', providerVersion: 1 });
    expect(openClientSecret(core, connection)).to.equal('secret');
    expect(await problemOf(file({ key: 'Not A Key' }))).to.include('tenants[0].ssoConnections[0].key');
  });
});
