import { expect } from 'chai';
import { listApiKeys, revokeApiKey, updateApiKey } from '../../../src/identity/applications/api-keys.js';
import { authenticateApiKey } from '../../../src/identity/applications/key-authentication.js';
import { deleteApplication, updateApplication } from '../../../src/identity/applications/applications.js';
import { listApplications } from '../../../src/identity/applications/find.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { rehearseBootstrap } from '../../../src/identity/bootstrap/rehearsal.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import type { Actor } from '../../../src/identity/core.js';
import {
  deleteDirectory,
  listDirectories,
  updateDirectory,
} from '../../../src/identity/directories/directories.js';
import {
  authenticateToken,
  listTokens,
  revokeToken,
  rotateToken,
} from '../../../src/identity/directories/tokens.js';
import { deleteRole } from '../../../src/identity/roles/remove-role.js';
import { updateRole } from '../../../src/identity/roles/roles.js';
import {
  deleteConnection,
  listConnections,
  updateConnection,
} from '../../../src/identity/sso/connections.js';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { inputOf, withProfile } from '../../../src/identity/users/input.js';
import { createUser, findUserByLogin, updateUser } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { systemActor } from '../../../src/identity/actors.js';
import { world } from '../../support/bootstrap.js';
import { openTestCore } from '../../support/core.js';
import { unique } from '../../support/people.js';

type World = ReturnType<typeof world>;

describe('applying a bootstrap file again', () => {
  let core: Awaited<ReturnType<typeof openTestCore>>;
  let slug: string;
  let actor: Actor;

  before(async () => {
    core = await openTestCore();
  });
  beforeEach(async () => {
    slug = unique('again');
    await apply(file());
    actor = systemActor((await findTenantBySlug(core, slug))!._id, 'somebody');
    // Somebody who keeps the last administrator's place.
    await createUser(
      core,
      actor,
      {
        userName: 'keeper@home.test',
        externalId: null,
        attributes: {},
        active: true,
        roles: ['administrator'],
      },
      { activated: true },
    );
    core.clock.advance(60);
  });

  function file(change: (tenant: World['tenants'][0]) => void = () => undefined): World {
    const json = world(slug);
    change(json.tenants[0]!);
    return json;
  }
  const apply = (json: unknown) => applyBootstrap(core, parseBootstrap(json));
  const overridden = (json: unknown) => overriddenBy(core, parseBootstrap(json));
  const ada = async () => (await findUserByLogin(core, actor.tenantId, `ada@${slug}.test`))!;
  const change = async (of: object): Promise<void> => {
    const { _id } = await ada();
    await updateUser(core, actor, _id, (user) => ({ ...inputOf(user), ...of }));
  };
  const passwordIs = async (password: string): Promise<boolean> => {
    const stored = await core.store
      .tenant(actor.tenantId)
      .collection('credentials')
      .get((await ada())._id);
    return core.passwords.verify(stored?.passwordHash ?? '', password);
  };
  const keyOpens = async (key: string): Promise<boolean> =>
    (await authenticateApiKey(core, key, { requestId: null, ip: null })) !== undefined;
  const apiKey = async () => (await listApiKeys(core, actor.tenantId))[0]!;
  const directory = async () => (await listDirectories(core, actor.tenantId))[0]!;
  const token = async () => (await listTokens(core, actor.tenantId, (await directory())._id))[0]!;
  const connection = async () => (await listConnections(core, actor.tenantId))[0]!;
  const application = async () => (await listApplications(core, actor.tenantId))[0]!;

  /** What people do between two starts, what of the file it overrides, and how it is seen to stand. */
  const doings: Record<string, [() => Promise<unknown>, string, () => Promise<unknown>]> = {
    'a password that was changed': [
      () => change({ password: 'my own good password' }),
      'users[0].password',
      async () =>
        (await passwordIs('my own good password')) && !(await passwordIs('correct horse battery staple')),
    ],
    'a role that was taken away': [
      () => change({ roles: ['administrator'] }),
      'users[0].roles',
      async () => !(await ada()).grants.some(({ role }) => role === 'crm:agent'),
    ],
    'a name that was changed': [
      () => change({ attributes: withProfile({}, { email: `ada@${slug}.test`, givenName: 'Augusta' }) }),
      'users[0].givenName',
      async () =>
        (await ada()).attributes['name'] !== undefined && JSON.stringify(await ada()).includes('Augusta'),
    ],
    'a setting that was changed': [
      () => updateTenant(core, actor, { settings: { 'lockout.lockSeconds': 777 } }),
      'settings["lockout.lockSeconds"]',
      async () =>
        (await core.store.tenant(actor.tenantId).collection('tenants').get(actor.tenantId))?.settings[
          'lockout'
        ]?.['lockSeconds'] === 777,
    ],
    'an API key that was revoked': [
      async () => revokeApiKey(core, actor, (await apiKey())._id),
      'apiKeys[0]',
      async () => !(await keyOpens(`gh_sk_${slug}_0123456789`)),
    ],
    'an API key that was given another value': [
      async () => updateApiKey(core, actor, (await apiKey())._id, { key: `gh_sk_another_value_of_${slug}` }),
      'apiKeys[0].key',
      async () =>
        (await keyOpens(`gh_sk_another_value_of_${slug}`)) && !(await keyOpens(`gh_sk_${slug}_0123456789`)),
    ],
    'a SCIM token that was revoked': [
      async () => revokeToken(core, actor, (await directory())._id, (await token())._id),
      'directories[0].tokens[0]',
      async () => (await authenticateToken(core, `gh_scim_${slug}_0123456789`)) === undefined,
    ],
    'a SCIM token that was rotated and has ended': [
      async () => {
        const old = await token();
        await rotateToken(core, actor, (await directory())._id, old._id, 60);
        await revokeToken(core, actor, (await directory())._id, old._id);
      },
      'directories[0].tokens[0]',
      async () => (await authenticateToken(core, `gh_scim_${slug}_0123456789`)) === undefined,
    ],
    'a client secret of an application that was changed': [
      async () =>
        updateApplication(core, actor, (await application())._id, { clientSecret: 'another secret of it' }),
      'applications[0].clientSecret',
      async () => (await application()).version > 1,
    ],
    'redirect addresses that were changed': [
      async () =>
        updateApplication(core, actor, (await application())._id, { redirectUris: ['https://new.test/cb'] }),
      'applications[0].redirectUris',
      async () => (await application()).redirectUris[0] === 'https://new.test/cb',
    ],
    'rules of a directory that were changed': [
      async () => updateDirectory(core, actor, (await directory())._id, { roleRules: [] }),
      'directories[0].roleRules',
      async () => (await directory()).roleRules.length === 0,
    ],
    'a directory that was deleted': [
      async () => deleteDirectory(core, actor, (await directory())._id),
      'directories[0]',
      async () => (await listDirectories(core, actor.tenantId)).length === 0,
    ],
    'a connection that was put off': [
      async () => updateConnection(core, actor, (await connection())._id, { mode: 'off' }),
      'ssoConnections[0].mode',
      async () => (await connection()).mode === 'off',
    ],
    'a connection that was deleted': [
      async () => deleteConnection(core, actor, (await connection())._id),
      'ssoConnections[0]',
      async () => (await listConnections(core, actor.tenantId)).length === 0,
    ],
    'the permissions of a role that were changed': [
      () => updateRole(core, actor, 'manager', { permissions: [] }),
      'roles[0].permissions',
      async () =>
        (await core.store.tenant(actor.tenantId).collection('roles').findOne({ fullKey: 'manager' }))
          ?.permissions.length === 0,
    ],
    'a role that was deleted': [
      () => deleteRole(core, actor, 'manager'),
      'roles[0]',
      async () =>
        (await core.store.tenant(actor.tenantId).collection('roles').findOne({ fullKey: 'manager' })) ===
        undefined,
    ],
    'an application that was deleted, with its roles': [
      async () => {
        await change({ roles: ['administrator'] });
        await deleteApplication(core, actor, (await application())._id);
      },
      'applications[0]',
      async () =>
        (await core.store.tenant(actor.tenantId).collection('roles').count({ applicationKey: 'crm' })) === 0,
    ],
    'a person who was deleted': [
      async () => deleteUser(core, actor, (await ada())._id),
      'users[0]',
      async () => (await findUserByLogin(core, actor.tenantId, `ada@${slug}.test`)) === undefined,
    ],
    'a person whose address was changed': [
      () => change({ userName: 'ada@new.test', attributes: withProfile({}, { email: 'ada@new.test' }) }),
      'users[0].email',
      async () => (await findUserByLogin(core, actor.tenantId, `ada@${slug}.test`)) === undefined,
    ],
  };
  for (const [what, [act, path, stands]] of Object.entries(doings)) {
    it(`lets ${what} stand, with the same file and with one that differs elsewhere, and says so`, async () => {
      await act();
      expect(await apply(file())).to.deep.equal({ created: 0, updated: 0, unchanged: 9 });
      expect(await stands()).to.equal(true);
      expect(await overridden(file())).to.include(`tenants[0].${path}`);
      await apply(file((tenant) => (tenant.name = 'Acme Ltd')));
      expect(await stands()).to.equal(true);
    });
  }

  it('says of nothing that it is overridden where nobody changed anything', async () => {
    expect(await overridden(file())).to.deep.equal([]);
  });

  it('says which access rule of an application was changed or went with its application', async () => {
    const rule = { application: 'crm', by: 'role', roles: ['crm:agent'] };
    const withRule = { tenants: [{ ...file().tenants[0]!, applicationAccess: [rule] }] };
    await apply(withRule);
    expect(await overridden(withRule)).to.deep.equal([]);
    const { _id } = await application();
    await updateApplication(core, actor, _id, { access: { by: 'everyone' } });
    expect(await overridden(withRule)).to.deep.equal(['tenants[0].applicationAccess[0].by']);
    await change({ roles: ['administrator'] });
    await deleteApplication(core, actor, _id);
    expect(await overridden(withRule)).to.include('tenants[0].applicationAccess[0]');
  });

  it('applies a field whose value in the file changed, and leaves the others of its entry as people made them', async () => {
    await change({ password: 'my own good password' });
    await updateTenant(core, actor, { settings: { 'lockout.lockSeconds': 777 } });
    const next = file((tenant) => {
      tenant.users[0]!.familyName = 'Lovelace';
      tenant.apiKeys[0]!.key = `gh_sk_the_next_value_of_${slug}`;
      Object.assign(tenant.settings, { 'password.minLength': 20 });
    });
    expect(await apply(next)).to.deep.equal({ created: 0, updated: 3, unchanged: 6 });
    expect((await ada()).attributes['name']).to.deep.equal({ givenName: 'Ada', familyName: 'Lovelace' });
    expect(await passwordIs('my own good password')).to.equal(true);
    expect(await keyOpens(`gh_sk_the_next_value_of_${slug}`)).to.equal(true);
    const tenant = await core.store.tenant(actor.tenantId).collection('tenants').get(actor.tenantId);
    expect(tenant?.settings).to.deep.include({ lockout: { lockSeconds: 777 }, password: { minLength: 20 } });
  });

  it('changes a person by the entry, whatever their address is now', async () => {
    const { _id } = await ada();
    await change({ userName: 'ada@new.test', attributes: withProfile({}, { email: 'ada@new.test' }) });
    await apply(file((tenant) => (tenant.users[0]!.familyName = 'Lovelace')));
    const users = core.store.tenant(actor.tenantId).collection('users');
    expect((await users.get(_id))?.attributes).to.nested.include({ 'name.familyName': 'Lovelace' });
    expect(await users.count({ email: `ada@${slug}.test` })).to.equal(0);
  });

  it('knows a person by the address as at a sign-in, however it is written', async () => {
    const withEmail = (email: string) =>
      file((tenant) => tenant.users.push({ ...tenant.users[0]!, email, roles: [] }));
    await apply(withEmail('straße@bücher.test'));
    const made = (await findUserByLogin(core, actor.tenantId, 'straße@bücher.test'))!;
    const spelled = withEmail('STRASSE@xn--bcher-kva.test');
    expect(await apply(spelled)).to.include({ created: 0, updated: 1 });
    core.clock.advance(60);
    await updateUser(core, actor, made._id, (user) => ({
      ...inputOf(user),
      password: 'my own good password',
    }));
    expect(await overridden(spelled)).to.deep.equal(['tenants[0].users[1].password']);
    await deleteUser(core, actor, made._id);
    expect(await apply(spelled)).to.include({ created: 0 });
    expect(await findUserByLogin(core, actor.tenantId, 'straße@bücher.test')).to.equal(undefined);
  });

  it('minds neither the order of entries nor that of the members of an object', async () => {
    const second = { key: 'second', name: 'Second', permissions: [] };
    await apply(file((tenant) => tenant.roles.push(second)));
    await deleteRole(core, actor, 'second');
    const turned = file((tenant) => {
      tenant.roles.unshift(second);
      tenant.users[0] = Object.fromEntries(
        Object.entries(tenant.users[0]!).reverse(),
      ) as (typeof tenant.users)[0];
    });
    expect(await apply(turned)).to.include({ created: 0, updated: 0 });
  });

  it('takes a domain and a client id from one tenant to another that stands before it', async () => {
    const other = world(unique('again'));
    const both = { tenants: [other.tenants[0]!, file().tenants[0]!] };
    await apply(both);
    const moved = structuredClone(both);
    moved.tenants[0]!.applications[0]!.clientId = `${slug}-crm`;
    moved.tenants[1]!.applications[0]!.clientId = `${slug}-crm-2`;
    moved.tenants[0]!.ssoConnections[0]!.domains.push({ domain: `${slug}.test`, verified: true });
    moved.tenants[1]!.ssoConnections[0]!.domains = [];
    await rehearseBootstrap(core, parseBootstrap(moved));
    expect(await apply(moved)).to.deep.equal({ created: 0, updated: 4, unchanged: 14 });
  });

  it('makes an entry anew when it is asked to apply all again', async () => {
    await revokeApiKey(core, actor, (await apiKey())._id);
    await applyBootstrap(core, parseBootstrap(file()), { again: true });
    expect(await keyOpens(`gh_sk_${slug}_0123456789`)).to.equal(true);
  });

  it('applies a file once when several start with it at the same moment', async () => {
    slug = unique('again');
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => apply(file())));
    expect(outcomes.map(({ created }) => created).sort()).to.deep.equal([0, 0, 0, 0, 0, 9]);
  });

  it('keeps nothing of the file that could be read or tried out', async () => {
    const stored = JSON.stringify(await core.store.server.collection('bootstrap_entries').find({}));
    for (const secret of ['correct horse', 'gh_sk_', 'gh_scim_', 'sealed"', `ada@${slug}`]) {
      expect(stored).not.to.contain(secret);
    }
  });
});
