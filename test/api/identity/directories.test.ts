import { expect } from 'chai';
import { directoryActor, systemActor } from '../../../src/identity/actors.js';
import { createApiKey, listApiKeys, revokeApiKey } from '../../../src/identity/applications/api-keys.js';
import { authenticateApiKey } from '../../../src/identity/applications/key-authentication.js';
import { deleteApplication } from '../../../src/identity/applications/applications.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import {
  deleteDirectory,
  getDirectory,
  updateDirectory,
} from '../../../src/identity/directories/directories.js';
import { learnDirectoryDialect } from '../../../src/identity/directories/dialect.js';
import {
  authenticateToken,
  createToken,
  listTokens,
  replaceToken,
  revokeToken,
  rotateToken,
} from '../../../src/identity/directories/tokens.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { createGroup, deleteGroup, updateGroup } from '../../../src/identity/groups/groups.js';
import { startJobWorker, type JobWorker } from '../../../src/identity/jobs/queue.js';
import { recomputeJob } from '../../../src/identity/users/recompute.js';
import { recomputeGrants } from '../../../src/identity/directories/recompute-job.js';
import { dryRunRules, explainRoles } from '../../../src/identity/users/role-explanation.js';
import { deleteRole } from '../../../src/identity/roles/remove-role.js';
import { createRole, getRole, updateRole } from '../../../src/identity/roles/roles.js';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { getUser } from '../../../src/identity/users/users.js';
import { actorWith, givenCrm, givenDirectory, openTestCore } from '../../support/core.js';
import type { ManualClock } from '../../support/clock.js';
import { crowd } from '../../support/crowd.js';
import { eventually } from '../../support/eventually.js';
import { givenProvisioned, givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';

const engineering = { when: { path: 'title', is: 'Engineer' }, grant: ['crm:agent'] };

describe('directories', () => {
  let core: Core & { clock: ManualClock };
  let tenantId: string;
  let system: Actor;
  let worker: JobWorker;

  before(async () => {
    core = await openTestCore();
    worker = startJobWorker(core, { [recomputeJob]: (job) => recomputeGrants(core, job) });
  });
  after(() => worker.stop());
  beforeEach(async () => {
    tenantId = (await givenTenant(core))._id;
    system = systemActor(tenantId);
    await givenCrm(core, tenantId);
  });

  const engineer = (actor: Actor, attributes: Record<string, unknown> = { title: 'engineer' }) =>
    givenProvisioned(core, actor, { attributes });
  const rolesOf = async (id: string): Promise<string[]> =>
    (await getUser(core, tenantId, id)).grants.map((grant) => grant.role);

  describe('tokens', () => {
    it('say which tenant and directory they are of', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const { token, document } = await createToken(core, system, directory._id, { name: 't1' });
      const found = await authenticateToken(core, token);
      expect([found?.tenantId, found?.directory._id]).to.deep.equal([tenantId, directory._id]);
      expect(token).to.match(/^gh_scim_/);
      expect(JSON.stringify(await listTokens(core, tenantId, directory._id))).to.not.include(token);
      expect(document.prefix).to.equal(token.slice(0, 12));
    });

    it('are two at most, and a third fails however many are made at once', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const results = await Promise.allSettled(
        Array.from({ length: 6 }, () => createToken(core, system, directory._id, { name: 't' })),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
      const third = await refusal(createToken(core, system, directory._id, { name: 't' }));
      expect(third.code).to.equal('directory.too_many_tokens');
    });

    it('are worth their new value alone once they were replaced, also after the old one was used', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const { token, document } = await createToken(core, system, directory._id, { name: 't' });
      for (let use = 0; use < 2; use += 1)
        expect(await authenticateToken(core, token)).to.not.equal(undefined);
      const value = `gh_scim_${unique('another')}`;
      await replaceToken(core, system, directory._id, document._id, value);
      expect(await authenticateToken(core, token)).to.equal(undefined);
      expect((await authenticateToken(core, value))?.token._id).to.equal(document._id);
      await replaceToken(core, system, directory._id, document._id, token);
      expect(await authenticateToken(core, value)).to.equal(undefined);
      expect(await authenticateToken(core, token)).to.not.equal(undefined);
    });

    it('are refused at once when wrong, revoked, ended or of a disabled or deleted directory', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const revoked = await createToken(core, system, directory._id, { name: 'a' });
      await revokeToken(core, system, directory._id, revoked.document._id);
      const expiresAt = new Date(core.clock.now().getTime() + 1000);
      const ended = await createToken(core, system, directory._id, { name: 'b', expiresAt });
      expect(await authenticateToken(core, ended.token)).to.not.equal(undefined);
      core.clock.advance(1000);
      const off = await createToken(core, system, directory._id, { name: 'c' });
      for (const token of ['', 'wrong', revoked.token, ended.token]) {
        expect(await authenticateToken(core, token), token).to.equal(undefined);
      }
      await updateDirectory(core, system, directory._id, { enabled: false });
      expect(await authenticateToken(core, off.token)).to.equal(undefined);
      await updateDirectory(core, system, directory._id, { enabled: true });
      expect(await authenticateToken(core, off.token)).to.not.equal(undefined);
      await deleteDirectory(core, system, directory._id);
      expect(await authenticateToken(core, off.token)).to.equal(undefined);
    });

    it('rotate without a gap', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const old = await createToken(core, system, directory._id, { name: 'a' });
      const fresh = await rotateToken(core, system, directory._id, old.document._id, 60);
      expect(await authenticateToken(core, old.token)).to.not.equal(undefined);
      expect(await authenticateToken(core, fresh.token)).to.not.equal(undefined);
      core.clock.advance(60_000);
      expect(await authenticateToken(core, old.token)).to.equal(undefined);
      expect(await authenticateToken(core, fresh.token)).to.not.equal(undefined);
    });

    it('of another directory or tenant are not found', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const other = await givenTenant(core);
      const { document } = await createToken(core, system, directory._id, { name: 'a' });
      const revoke = revokeToken(core, systemActor(other._id), directory._id, document._id);
      expect((await refusal(revoke)).code).to.equal('token.not_found');
    });

    it('note their use, once a minute at most', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const { token } = await createToken(core, system, directory._id, { name: 'a' });
      const lastUsed = async (): Promise<Date | null | undefined> =>
        (await listTokens(core, tenantId, directory._id))[0]?.lastUsedAt;
      const noted = core.clock.now();
      await Promise.all(Array.from({ length: 20 }, () => authenticateToken(core, token)));
      await eventually(lastUsed, 'the use is noted');
      core.clock.advance(59_999);
      await authenticateToken(core, token);
      expect(await lastUsed()).to.deep.equal(noted);
      expect((await listTokens(core, tenantId, directory._id))[0]?.version).to.equal(2);
    });
  });

  describe('role rules', () => {
    it('are checked with pointers before they are stored', async () => {
      const wrong = [
        { when: { path: 'title', is: 'x', matches: 'y' }, grant: ['crm:agent'] },
        { when: { path: 'a b', is: 'x' }, grant: ['crm:agent', 'crm:nobody'] },
        { when: { path: 'title', matches: '*' }, grant: [] },
      ];
      const error = await refusal(givenDirectory(core, tenantId, wrong));
      expect(error.errors.map(({ pointer }) => pointer)).to.deep.equal([
        '/0/when',
        '/1/when/path',
        '/1/grant/1',
        '/2/when/matches',
        '/2/grant',
      ]);
    });

    it('give no role that their author could not give', async () => {
      const { directory } = await givenDirectory(core, tenantId, [engineering]);
      const author = actorWith(tenantId, ['scim.manage']);
      const grab = { when: { path: 'title', is: 'Boss' }, grant: ['administrator'] };
      const attempt = updateDirectory(core, author, directory._id, { roleRules: [engineering, grab] });
      expect((await refusal(attempt)).code).to.equal('role.not_grantable');
      await updateDirectory(core, system, directory._id, { roleRules: [engineering, grab] });
      const later = updateDirectory(core, author, directory._id, { roleRules: [grab] });
      expect((await refusal(later)).code).to.equal('role.not_grantable');
    });

    it('hold at once for new writes and by a job for the users that stand', async () => {
      const { directory, actor } = await givenDirectory(core, tenantId, [engineering]);
      const ada = await engineer(actor);
      expect(await rolesOf(ada._id)).to.deep.equal(['crm:agent']);
      const roleRules = [{ ...engineering, grant: ['crm:lead'] }];
      await updateDirectory(core, system, directory._id, { roleRules });
      expect(await rolesOf((await engineer(actor))._id)).to.deep.equal(['crm:lead']);
      await worker.drain();
      expect(await rolesOf(ada._id)).to.deep.equal(['crm:lead']);
    });

    it('reach users who are created at the very moment they change', async () => {
      const { directory, actor } = await givenDirectory(core, tenantId, [engineering]);
      const roleRules = [{ ...engineering, grant: ['crm:lead'] }];
      const [users] = await Promise.all([
        crowd(40, () => engineer(actor)),
        updateDirectory(core, system, directory._id, { roleRules }),
      ]);
      await worker.drain();
      core.clock.advance(10_000);
      await worker.drain();
      for (const { _id } of users) expect(await rolesOf(_id)).to.deep.equal(['crm:lead']);
    });

    it('keep their ids and the users’ grants when the same ones are stored again', async () => {
      const { directory, actor } = await givenDirectory(core, tenantId, [engineering]);
      const ada = await engineer(actor);
      const same = await updateDirectory(core, system, directory._id, { roleRules: [engineering] });
      expect(same.version).to.equal(directory.version);
      core.clock.advance(1000);
      await updateDirectory(core, system, directory._id, {
        roleRules: [engineering, { when: { path: 'title', is: 'x' }, grant: ['crm:lead'] }],
      });
      await worker.drain();
      expect(await getUser(core, tenantId, ada._id)).to.deep.equal(ada);
    });

    it('are explained: which rule, because of what value, what no rule knows', async () => {
      const { actor } = await givenDirectory(core, tenantId, [
        engineering,
        { ...engineering, when: { path: 'roles.value', is: 'Lead' }, grant: ['crm:lead'] },
      ]);
      const ada = await engineer(actor, { title: 'ENGINEER', roles: [{ value: 'Chief' }] });
      const why = await explainRoles(core, tenantId, ada._id);
      expect(why.status).to.equal('pending_activation');
      expect(
        why.roles.map(({ role, inForce, sources }) => [role, inForce, sources[0]?.detail]),
      ).to.deep.equal([['crm:agent', false, 'title is "Engineer": "ENGINEER"']]);
      expect(why.rules.map(({ condition, values, matched }) => [condition, values, matched])).to.deep.equal([
        ['title is "Engineer"', ['ENGINEER'], true],
        ['roles.value is "Lead"', ['Chief'], false],
      ]);
      expect(why.unmatched).to.deep.equal([{ path: 'roles.value', value: 'Chief' }]);
    });

    it('are tried on a pasted SCIM user without writing', async () => {
      const { directory } = await givenDirectory(core, tenantId, [
        { when: { path: 'groups.displayName', is: 'Engineering' }, grant: ['crm:agent'] },
        {
          when: { path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', is: 'R&D' },
          grant: ['crm:lead'],
        },
      ]);
      const user = {
        userName: 'x',
        groups: [{ value: 'g1', display: 'engineering' }],
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'R&D' },
      };
      const { grants } = await dryRunRules(core, directory, { user }, directory.roleRules);
      expect(grants.map(({ role }) => role)).to.deep.equal(['crm:agent', 'crm:lead']);
    });

    it('make unknown role values an error where scim.unknownRole is reject', async () => {
      await updateTenant(core, system, { settings: { 'scim.unknownRole': 'reject' } });
      const { actor } = await givenDirectory(core, tenantId, [
        { when: { path: 'roles.value', is: 'Agent' }, grant: ['crm:agent'] },
      ]);
      expect(await rolesOf((await engineer(actor, { roles: [{ value: 'agent' }] }))._id)).to.deep.equal([
        'crm:agent',
      ]);
      const error = await refusal(engineer(actor, { roles: [{ value: 'Root' }] }));
      expect(error.errors).to.deep.equal([{ pointer: '/roles', detail: 'no rule knows Root' }]);
    });

    it('never take the role from the last administrator by a job', async () => {
      const boss = { when: { path: 'title', is: 'Boss' }, grant: ['administrator'] };
      const { directory, actor } = await givenDirectory(core, tenantId, [boss]);
      const ada = await givenProvisioned(core, actor, {
        attributes: { title: 'Boss' },
        password: 'a good long password',
      });
      await updateDirectory(core, system, directory._id, { roleRules: [engineering] });
      await worker.drain();
      expect(await rolesOf(ada._id)).to.deep.equal(['administrator']);
    });

    it('that go with their directory take their roles along and leave the users', async () => {
      const { directory, actor } = await givenDirectory(core, tenantId, [engineering]);
      const ada = await engineer(actor);
      await deleteDirectory(core, system, directory._id);
      await worker.drain();
      const left = await getUser(core, tenantId, ada._id);
      expect([left.directoryId, left.grants]).to.deep.equal([null, []]);
    });

    it('leave their groups behind as ones nobody provisions, whatever names there are already', async () => {
      const { directory, actor } = await givenDirectory(core, tenantId);
      const input = { externalId: null, attributes: {} };
      const pushed = await createGroup(core, actor, { ...input, displayName: 'Pushed' });
      const doubled = await createGroup(core, actor, { ...input, displayName: 'Doubled' });
      await createGroup(core, system, { ...input, displayName: 'doubled' });
      const ada = await engineer(actor);
      await changeMembers(core, actor, doubled._id, { add: [ada._id] });
      await deleteDirectory(core, system, directory._id);
      await worker.drain();
      const groups = core.store.tenant(tenantId).collection('groups');
      expect(await groups.get(pushed._id)).to.include({
        displayName: 'Pushed',
        directoryId: null,
        owner: 'local',
      });
      expect(await groups.get(doubled._id)).to.include({
        displayName: `Doubled (${doubled._id})`,
        directoryId: null,
      });
      expect((await getUser(core, tenantId, ada._id)).groupIds).to.include(doubled._id);
    });
  });

  describe('large groups', () => {
    it('are recomputed by a job when they are renamed or deleted', async () => {
      const rule = { when: { path: 'groups.displayName', is: 'Agents' }, grant: ['crm:agent'] };
      const { actor } = await givenDirectory(core, tenantId, [rule]);
      const group = await createGroup(core, actor, { displayName: 'All', externalId: null, attributes: {} });
      const users = await crowd(230, () => engineer(actor));
      await changeMembers(core, actor, group._id, { add: users.map(({ _id }) => _id) });
      const scope = core.store.tenant(tenantId).collection('users');
      await updateGroup(core, actor, group._id, (stored) => ({ ...stored, displayName: 'Agents' }));
      await worker.drain();
      expect(await scope.count({ 'grants.role': 'crm:agent' })).to.equal(230);
      await deleteGroup(core, actor, group._id);
      await worker.drain();
      expect(await scope.count({ 'grants.role': 'crm:agent' })).to.equal(0);
      expect(await scope.count({ groupIds: group._id })).to.equal(0);
    }).timeout(120_000);
  });

  describe('roles', () => {
    const custom = {
      key: 'clerk',
      applicationKey: null,
      name: 'Clerk',
      description: '',
      permissions: ['users.read'],
    };

    it('are found by id and key, and their keys are unique', async () => {
      const role = await createRole(core, system, custom);
      expect((await getRole(core, tenantId, role.id)).fullKey).to.equal('clerk');
      expect((await getRole(core, tenantId, 'crm:agent')).applicationKey).to.equal('crm');
      expect((await refusal(createRole(core, system, custom))).code).to.equal('role.key_taken');
      expect((await refusal(createRole(core, system, { ...custom, key: 'administrator' }))).code).to.equal(
        'role.key_taken',
      );
    });

    it('hold permissions that exist, and none their author lacks', async () => {
      const error = await refusal(
        createRole(core, system, { ...custom, permissions: ['users.read', 'users.fly'] }),
      );
      expect(error.errors.map(({ pointer }) => pointer)).to.deep.equal(['/permissions/1']);
      const author = actorWith(tenantId, ['roles.manage', 'users.read']);
      await createRole(core, author, custom);
      const more = updateRole(core, author, 'clerk', { permissions: ['users.read', 'users.delete'] });
      expect((await refusal(more)).code).to.equal('role.not_grantable');
    });

    it('that are built in are not changed and not deleted', async () => {
      expect((await refusal(updateRole(core, system, 'administrator', { name: 'x' }))).code).to.equal(
        'role.built_in',
      );
      expect((await refusal(deleteRole(core, system, 'administrator'))).code).to.equal('role.built_in');
    });

    it('that people hold by hand are not deleted; those by rule are taken from everybody', async () => {
      const { actor } = await givenDirectory(core, tenantId, [engineering]);
      const ada = await engineer(actor);
      const bob = await givenUser(core, tenantId, { roles: ['crm:lead'] });
      expect((await refusal(deleteRole(core, system, 'crm:lead'))).code).to.equal('role.in_use');
      await deleteRole(core, system, 'crm:agent');
      expect((await explainRoles(core, tenantId, ada._id)).roles).to.deep.equal([]);
      await worker.drain();
      expect([await rolesOf(ada._id), await rolesOf(bob._id)]).to.deep.equal([[], ['crm:lead']]);
    });

    it('go with their application', async () => {
      const { actor } = await givenDirectory(core, tenantId, [engineering]);
      const ada = await engineer(actor);
      await deleteApplication(core, system, 'crm');
      expect((await refusal(getRole(core, tenantId, 'crm:agent'))).code).to.equal('role.not_found');
      await worker.drain();
      expect(await rolesOf(ada._id)).to.deep.equal([]);
    });
  });

  describe('API keys', () => {
    const origin = { requestId: 'r1', ip: '192.0.2.1' };

    it('may do what their role holds at this moment', async () => {
      await createRole(core, system, {
        key: 'clerk',
        applicationKey: null,
        name: 'C',
        description: '',
        permissions: ['users.read'],
      });
      const { key } = await createApiKey(core, system, { name: 'ci', role: 'clerk' });
      expect([...((await authenticateApiKey(core, key, origin))?.actor.permissions ?? [])]).to.deep.equal([
        'users.read',
      ]);
      await updateRole(core, system, 'clerk', { permissions: ['users.read', 'audit.read'] });
      const actor = (await authenticateApiKey(core, key, origin))?.actor;
      expect(actor?.permissions.has('audit.read')).to.equal(true);
      expect(actor?.party).to.include({ type: 'api_key', label: 'ci' });
      expect((await refusal(deleteRole(core, system, 'clerk'))).code).to.equal('role.in_use');
    });

    it('name a role of the tenant, within the permissions of who makes them', async () => {
      expect((await refusal(createApiKey(core, system, { name: 'x', role: 'crm:agent' }))).code).to.equal(
        'input.invalid',
      );
      const clerk = actorWith(tenantId, ['users.read']);
      const attempt = createApiKey(core, clerk, { name: 'x', role: 'administrator' });
      expect((await refusal(attempt)).code).to.equal('role.not_grantable');
    });

    it('are worth their new value alone once they were replaced, also after the old one was used', async () => {
      const { directory } = await givenDirectory(core, tenantId);
      const { token, document } = await createToken(core, system, directory._id, { name: 't' });
      for (let use = 0; use < 2; use += 1)
        expect(await authenticateToken(core, token)).to.not.equal(undefined);
      const value = `gh_scim_${unique('another')}`;
      await replaceToken(core, system, directory._id, document._id, value);
      expect(await authenticateToken(core, token)).to.equal(undefined);
      expect((await authenticateToken(core, value))?.token._id).to.equal(document._id);
      await replaceToken(core, system, directory._id, document._id, token);
      expect(await authenticateToken(core, value)).to.equal(undefined);
      expect(await authenticateToken(core, token)).to.not.equal(undefined);
    });

    it('are refused at once when wrong, revoked or ended', async () => {
      const expiresAt = new Date(core.clock.now().getTime() + 1000);
      const ended = await createApiKey(core, system, { name: 'a', role: 'administrator', expiresAt });
      const revoked = await createApiKey(core, system, { name: 'b', role: 'administrator' });
      await revokeApiKey(core, system, revoked.document._id);
      core.clock.advance(1000);
      for (const key of ['', 'nope', ended.key, revoked.key]) {
        expect(await authenticateApiKey(core, key, origin)).to.equal(undefined);
      }
      expect(JSON.stringify(await listApiKeys(core, tenantId))).to.not.include(ended.key);
    });
  });

  it('remember the dialect that was learned until another one is set', async () => {
    const { directory } = await givenDirectory(core, tenantId);
    await learnDirectoryDialect(core, tenantId, directory._id, () => 'okta');
    await learnDirectoryDialect(core, tenantId, directory._id, () => 'auto');
    expect((await getDirectory(core, tenantId, directory._id)).learnedDialect).to.equal('okta');
    const set = await updateDirectory(core, system, directory._id, { dialect: 'entra' });
    expect(set.learnedDialect).to.equal(null);
    expect(directoryActor(set, { name: 't1' }).party.label).to.equal('Acme Okta (t1)');
  });
});
