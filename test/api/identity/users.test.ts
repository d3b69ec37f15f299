import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { userActor } from '../../../src/identity/users/actor.js';
import { listAuditEvents } from '../../../src/identity/audit/audit.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { applicationAccess } from '../../../src/identity/grants/effective-roles.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import { tenantConfig } from '../../../src/identity/tenants/config.js';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { createTenant } from '../../../src/identity/tenants/tenants.js';
import {
  activateUser,
  endAccess,
  setApproved,
  setEnabled,
  setManualRoles,
} from '../../../src/identity/users/actions.js';
import { inputOf, withProfile } from '../../../src/identity/users/input.js';
import { createUser, findUserByLogin, getUser, updateUser } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { actorWith, givenCrm, givenDirectory, openTestCore } from '../../support/core.js';
import type { ManualClock } from '../../support/clock.js';
import { goodPassword, givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';

const scimUser = (userName: string, extra: Record<string, unknown> = {}) => ({
  userName,
  externalId: null,
  active: true,
  attributes: { emails: [{ value: userName, type: 'work', primary: true }], ...extra },
});

describe('users', () => {
  let core: Core & { clock: ManualClock };
  let tenantId: string;
  let system: Actor;

  before(async () => {
    core = await openTestCore();
  });
  beforeEach(async () => {
    tenantId = (await givenTenant(core))._id;
    system = systemActor(tenantId);
  });

  const actions = async (id: string): Promise<string[]> =>
    (await listAuditEvents(core, tenantId, { targetId: id }, { limit: 50, order: 'asc' })).items.map(
      (e) => e.action,
    );
  const jobs = (kind: string) => core.store.tenant(tenantId).collection('jobs').find({ kind });
  const configOf = () => tenantConfig(core, tenantId);

  async function givenSession(userId: string): Promise<void> {
    const now = core.clock.now();
    const sessions = core.store.tenant(tenantId).collection('sessions');
    const place = { _id: unique('session'), tenantId, tokenHash: unique('hash'), userId };
    const how = { method: 'password' as const, amr: [], connectionId: null, providerSid: null };
    const until = { absoluteExpiresAt: null, expiresAt: new Date(now.getTime() + 900_000) };
    await sessions.insert({
      ...{ ...place, ...how, ...until },
      ...{ signedInAt: now, lastSeenAt: now, ip: '', userAgent: '' },
    });
  }

  describe('names and addresses', () => {
    it('are unique over userName and email together, in any case', async () => {
      await createUser(core, system, scimUser('ada@acme.test'));
      for (const taken of ['ADA@acme.test', 'ada@ACME.test', 'ａda@acme.test']) {
        expect((await refusal(createUser(core, system, scimUser(taken)))).code).to.equal('user.name_taken');
      }
      const byUserName = {
        ...scimUser('someone-else'),
        attributes: { emails: [{ value: 'Ada@acme.test' }] },
      };
      expect((await refusal(createUser(core, system, byUserName))).code).to.equal('user.name_taken');
    });

    it('are free in another tenant', async () => {
      const other = await givenTenant(core);
      await createUser(core, system, scimUser('ada@acme.test'));
      const twin = await createUser(core, systemActor(other._id), scimUser('ada@acme.test'));
      expect(twin.tenantId).to.equal(other._id);
    });

    it('are free again for the user itself and after a deletion, with a new id (M1-31)', async () => {
      const ada = await createUser(core, system, scimUser('ada@acme.test'));
      await updateUser(core, system, ada._id, (user) => ({ ...inputOf(user), userName: 'ADA@acme.test' }));
      await deleteUser(core, system, ada._id);
      const back = await createUser(core, system, scimUser('ada@acme.test'));
      expect(back._id).to.not.equal(ada._id);
      expect(back.grants).to.deep.equal([]);
    });

    it('go to exactly one of 20 creations at once', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, () => createUser(core, system, scimUser('race@acme.test'))),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    });

    it('are found as they are typed at a sign-in', async () => {
      const ada = await createUser(core, system, scimUser('Ada@Acme.test'));
      expect((await findUserByLogin(core, tenantId, ' aDA@acme.TEST '))?._id).to.equal(ada._id);
    });
  });

  describe('an update', () => {
    it('that changes nothing writes nothing', async () => {
      const ada = await createUser(core, system, scimUser('ada@acme.test'));
      const { after: same } = await updateUser(core, system, ada._id, inputOf);
      expect(same.version).to.equal(ada.version);
      expect(await actions(ada._id)).to.deep.equal(['user.created']);
    });

    it('is refused for another version (RFC 7644 section 3.14)', async () => {
      const ada = await createUser(core, system, scimUser('ada@acme.test'));
      const late = updateUser(core, system, ada._id, inputOf, { ifVersion: ada.version + 1 });
      expect((await refusal(late)).code).to.equal('resource.version_mismatch');
    });

    it('leaves an event for each kind of change, without secrets', async () => {
      const ada = await createUser(core, system, { ...scimUser('ada@acme.test'), password: goodPassword });
      await updateUser(core, system, ada._id, (user) => ({
        ...inputOf(user),
        attributes: withProfile(user.attributes, { email: 'ada@new.test', givenName: 'Ada' }),
        active: false,
        password: 'another good password',
      }));
      const events = await listAuditEvents(
        core,
        tenantId,
        { targetId: ada._id },
        { limit: 50, order: 'asc' },
      );
      expect(events.items.map((event) => event.action)).to.have.members([
        'user.created',
        'password.changed',
        'user.email_changed',
        'user.updated',
        'user.disabled',
      ]);
      expect(JSON.stringify(events)).to.not.match(/another good|argon2/);
      const updated = events.items.find((event) => event.action === 'user.updated');
      expect(updated?.changes).to.deep.equal([{ path: 'name', before: null, after: { givenName: 'Ada' } }]);
    });

    it('of one user by 20 at once loses none of the changes', async () => {
      const ada = await createUser(core, system, scimUser('ada@acme.test'));
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          updateUser(core, system, ada._id, (user) => ({
            ...inputOf(user),
            attributes: { ...user.attributes, [`field${index}`]: index },
          })),
        ),
      );
      const saved = await getUser(core, tenantId, ada._id);
      expect(Object.keys(saved.attributes).filter((name) => name.startsWith('field'))).to.have.length(20);
      expect(saved.version).to.equal(ada.version + 20);
    });

    it('with the password the user has keeps hash and sessions', async () => {
      const ada = await createUser(core, system, { ...scimUser('ada@acme.test'), password: goodPassword });
      const credentials = core.store.tenant(tenantId).collection('credentials');
      const before = await credentials.get(ada._id);
      const { after: same } = await updateUser(core, system, ada._id, (user) => ({
        ...inputOf(user),
        password: goodPassword,
      }));
      expect(same.version).to.equal(ada.version);
      expect(await credentials.get(ada._id)).to.deep.equal(before);
      const { after: moved } = await updateUser(core, system, ada._id, (user) => ({
        ...inputOf(user),
        password: 'a new good password',
      }));
      expect(moved.accessRevokedAt).to.deep.equal(core.clock.now());
    });
  });

  describe('lifecycle', () => {
    it('SCIM active:false stamps the end of access and queues it in the same write, and enabling revives nothing', async () => {
      const { actor } = await givenDirectory(core, tenantId);
      const ada = await createUser(core, actor, scimUser('ada@acme.test'));
      await givenSession(ada._id);
      core.clock.advance(1000);
      const { after: off } = await updateUser(core, actor, ada._id, (user) => ({
        ...inputOf(user),
        active: false,
      }));
      expect(off.accessRevokedAt).to.deep.equal(core.clock.now());
      const [job] = await jobs('access.end');
      expect(job?.payload).to.deep.equal({
        userId: ada._id,
        revokedAt: core.clock.now().toISOString(),
        reason: 'disabled',
      });
      core.clock.advance(1000);
      const { after: on } = await updateUser(core, actor, ada._id, (user) => ({
        ...inputOf(user),
        active: true,
      }));
      expect(on.enabled).to.equal(true);
      expect(on.accessRevokedAt).to.deep.equal(off.accessRevokedAt);
    });

    it('a console disable ends access unless sessions.revokeOnDisable is off; SCIM always does', async () => {
      await updateTenant(core, system, { settings: { 'sessions.revokeOnDisable': false } });
      const ada = await givenUser(core, tenantId);
      const off = await setEnabled(core, actorWith(tenantId, [...administratorPermissions]), ada._id, false);
      expect([off.enabled, off.accessRevokedAt]).to.deep.equal([false, null]);
      const { actor } = await givenDirectory(core, tenantId);
      const bob = await createUser(core, actor, scimUser('bob@acme.test'));
      const { after: gone } = await updateUser(core, actor, bob._id, (user) => ({
        ...inputOf(user),
        active: false,
      }));
      expect(gone.accessRevokedAt).to.not.equal(null);
    });

    it('SCIM active:false ends the sessions that a console disable left open', async () => {
      await updateTenant(core, system, { settings: { 'sessions.revokeOnDisable': false } });
      const { actor } = await givenDirectory(core, tenantId);
      const ada = await createUser(core, actor, scimUser('ada@acme.test'));
      const sessions = core.store.tenant(tenantId).collection('sessions');
      const now = core.clock.now();
      await givenSession(ada._id);
      const off = await setEnabled(core, system, ada._id, false);
      expect(off.accessRevokedAt).to.equal(null);
      const { after: said } = await updateUser(core, actor, ada._id, () => undefined);
      expect(said.accessRevokedAt).to.deep.equal(now);
      await sessions.removeMany({ userId: ada._id });
      expect((await updateUser(core, actor, ada._id, inputOf)).after.version).to.equal(said.version);
    });

    it('deletion takes credentials and identities along and queues the end of access', async () => {
      const ada = await givenUser(core, tenantId);
      await givenSession(ada._id);
      await deleteUser(core, system, ada._id);
      expect((await refusal(getUser(core, tenantId, ada._id))).code).to.equal('user.not_found');
      expect(await core.store.tenant(tenantId).collection('credentials').get(ada._id)).to.equal(undefined);
      expect((await jobs('access.end')).map(({ payload }) => payload['reason'])).to.deep.equal(['deleted']);
      expect((await refusal(deleteUser(core, system, ada._id))).code).to.equal('user.not_found');
    });

    it('leaves no job for somebody who never signed in: there is nothing to end', async () => {
      const ada = await givenUser(core, tenantId);
      const off = await setEnabled(core, system, ada._id, false);
      expect(off.accessRevokedAt).to.deep.equal(core.clock.now());
      await deleteUser(core, system, ada._id);
      expect(await jobs('access.end')).to.deep.equal([]);
    });

    it('with users.deletion off people cannot delete and a SCIM DELETE hides (M3-21)', async () => {
      await updateTenant(core, system, { settings: { 'users.deletion': false } });
      const { actor, directory } = await givenDirectory(core, tenantId);
      const ada = await createUser(core, actor, scimUser('ada@acme.test'));
      expect((await refusal(deleteUser(core, system, ada._id))).code).to.equal('user.deletion_off');
      await deleteUser(core, actor, ada._id);
      expect((await refusal(getUser(core, tenantId, ada._id, directory._id))).code).to.equal(
        'user.not_found',
      );
      expect((await refusal(deleteUser(core, actor, ada._id))).code).to.equal('user.not_found');
      const hidden = await getUser(core, tenantId, ada._id);
      expect([hidden.enabled, hidden.accessRevokedAt]).to.deep.equal([false, core.clock.now()]);
      const again = await createUser(core, actor, scimUser('ada@acme.test'));
      expect(again._id).to.not.equal(ada._id);
      expect((await refusal(setEnabled(core, system, ada._id, true))).code).to.equal('user.name_taken');
      await deleteUser(core, actor, again._id);
      const back = await setEnabled(core, system, ada._id, true);
      expect([back.enabled, back.directoryId, back.loginKeys]).to.deep.equal([true, null, ['ada@acme.test']]);
    });

    it('endAccess stamps, and the user stays active', async () => {
      const ada = await givenUser(core, tenantId);
      const ended = await endAccess(core, system, ada._id);
      expect([ended.enabled, ended.accessRevokedAt]).to.deep.equal([true, core.clock.now()]);
      expect(await actions(ada._id)).to.include('sessions.invalidated');
    });

    it('a new user waits for activation unless a password or an SSO domain makes it ready', async () => {
      const waiting = await createUser(core, system, scimUser('ada@acme.test'));
      expect(waiting.activatedAt).to.equal(null);
      const activated = await activateUser(core, system, waiting._id);
      expect(activated.activatedAt).to.deep.equal(core.clock.now());
      const ready = await createUser(core, system, { ...scimUser('bob@acme.test'), password: goodPassword });
      expect(ready.activatedAt).to.not.equal(null);
    });

    it('somebody pending approval has no roles in any application (M1-8)', async () => {
      const portal = await createTenant(core, {
        slug: unique('portal'),
        name: 'P',
        preset: 'service-portal',
        settings: {},
      });
      await givenCrm(core, portal._id);
      const owner = systemActor(portal._id);
      const ada = await createUser(
        core,
        owner,
        { ...scimUser('ada@p.test'), roles: ['crm:agent'], approved: false },
        { activated: true },
      );
      const config = await tenantConfig(core, portal._id);
      expect(applicationAccess(ada, 'crm', config, core.clock.now())).to.deep.equal({
        roles: [],
        permissions: [],
      });
      const approved = await setApproved(core, owner, ada._id, true);
      expect(applicationAccess(approved, 'crm', config, core.clock.now()).roles).to.deep.equal(['agent']);
    });
  });

  describe('roles by hand', () => {
    it('are given within the giver’s own permissions only', async () => {
      await givenCrm(core, tenantId);
      const ada = await givenUser(core, tenantId);
      const clerk = actorWith(tenantId, ['users.read', 'roles.assign']);
      expect((await refusal(setManualRoles(core, clerk, ada._id, ['administrator']))).code).to.equal(
        'role.not_grantable',
      );
      const saved = await setManualRoles(core, clerk, ada._id, ['crm:agent']);
      expect(saved.grants.map(({ role, type }) => [role, type])).to.deep.equal([['crm:agent', 'manual']]);
    });

    it('must exist', async () => {
      const ada = await givenUser(core, tenantId);
      const error = await refusal(setManualRoles(core, system, ada._id, ['nobody']));
      expect(error.errors).to.deep.equal([{ pointer: '/roles/0', detail: 'there is no role nobody' }]);
    });

    it('are one of a place where roles.multiple is off', async () => {
      await givenCrm(core, tenantId);
      await updateTenant(core, system, { settings: { 'roles.multiple': false } });
      const ada = await givenUser(core, tenantId);
      expect((await refusal(setManualRoles(core, system, ada._id, ['crm:agent', 'crm:lead']))).code).to.equal(
        'input.invalid',
      );
      await setManualRoles(core, system, ada._id, ['administrator', 'crm:lead']);
    });

    it('show an application its own roles and permissions alone (M1-21, M2-20, M3-16)', async () => {
      await givenCrm(core, tenantId);
      const ada = await givenUser(core, tenantId, { roles: ['administrator', 'crm:agent'] });
      const config = await configOf();
      expect(applicationAccess(ada, 'crm', config, core.clock.now())).to.deep.equal({
        roles: ['agent'],
        permissions: ['calls.read'],
      });
      expect(applicationAccess(ada, 'other', config, core.clock.now())).to.deep.equal({
        roles: [],
        permissions: [],
      });
    });
  });

  describe('guards', () => {
    it('keep everybody from disabling, deleting or demoting themself', async () => {
      const ada = await givenUser(core, tenantId, { roles: ['administrator'] });
      await givenUser(core, tenantId, { roles: ['administrator'] });
      const self = userActor(ada, await configOf(), core.clock.now());
      for (const attempt of [
        setEnabled(core, self, ada._id, false),
        deleteUser(core, self, ada._id),
        setManualRoles(core, self, ada._id, []),
        setApproved(core, self, ada._id, false),
        updateUser(core, self, ada._id, (user) => ({
          ...inputOf(user),
          accessExpiresAt: new Date('2027-01-01'),
        })),
      ]) {
        expect((await refusal(attempt)).code).to.equal('user.self_change');
      }
    });

    it('keep the last administrator in charge, against SCIM too (F-11)', async () => {
      const ada = await givenUser(core, tenantId, { roles: ['administrator'] });
      for (const attempt of [
        setEnabled(core, system, ada._id, false),
        deleteUser(core, system, ada._id),
        setManualRoles(core, system, ada._id, []),
        updateUser(core, system, ada._id, (user) => ({
          ...inputOf(user),
          accessExpiresAt: new Date('2027-01-01'),
        })),
      ]) {
        expect((await refusal(attempt)).code).to.equal('user.last_administrator');
      }
      const rule = { when: { path: 'title', is: 'Boss' }, grant: ['administrator'] };
      const { actor } = await givenDirectory(core, tenantId, [rule]);
      const boss = await createUser(core, actor, {
        ...scimUser('boss@acme.test', { title: 'Boss' }),
        password: goodPassword,
      });
      await setEnabled(core, system, ada._id, false);
      const off = updateUser(core, actor, boss._id, (user) => ({ ...inputOf(user), active: false }));
      expect((await refusal(off)).code).to.equal('user.last_administrator');
    });

    it('keep one of two administrators when both are disabled at once', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { _id: id } = await givenTenant(core);
        const pair = [
          await givenUser(core, id, { roles: ['administrator'] }),
          await givenUser(core, id, { roles: ['administrator'] }),
        ];
        const results = await Promise.allSettled(
          pair.map((user) => setEnabled(core, systemActor(id), user._id, false)),
        );
        expect(results.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      }
    });

    it('keep names and addresses from administrators where the tenant says so (M3-4)', async () => {
      await updateTenant(core, system, {
        settings: { 'profile.adminCanEditName': false, 'profile.adminCanEditEmail': false },
      });
      const ada = await givenUser(core, tenantId);
      const admin = actorWith(tenantId, [...administratorPermissions]);
      const change = (profile: Parameters<typeof withProfile>[1], actor: Actor) =>
        updateUser(core, actor, ada._id, (user) => ({
          ...inputOf(user),
          attributes: withProfile(user.attributes, profile),
        }));
      expect((await refusal(change({ givenName: 'Eve' }, admin))).code).to.equal('auth.forbidden');
      expect((await refusal(change({ email: 'eve@acme.test' }, admin))).code).to.equal('auth.forbidden');
      await change({ givenName: 'Eve' }, actorWith(tenantId, [], ada._id));
    });

    it('keep what a directory sends read-only for everybody else', async () => {
      const { actor } = await givenDirectory(core, tenantId);
      const ada = await createUser(core, actor, scimUser('ada@acme.test'));
      const admin = actorWith(tenantId, [...administratorPermissions]);
      const rename = updateUser(core, admin, ada._id, (user) => ({
        ...inputOf(user),
        userName: 'eve@acme.test',
      }));
      expect((await refusal(rename)).code).to.equal('user.provisioned');
      expect((await setEnabled(core, admin, ada._id, false)).enabled).to.equal(false);
    });
  });

  describe('directories', () => {
    it('see their own users and those nobody manages, never another directory’s', async () => {
      const okta = await givenDirectory(core, tenantId, [], 'Okta');
      const entra = await givenDirectory(core, tenantId, [], 'Entra');
      const ada = await createUser(core, okta.actor, scimUser('ada@acme.test'));
      const bob = await givenUser(core, tenantId, { email: 'bob@acme.test' });
      expect((await refusal(getUser(core, tenantId, ada._id, entra.directory._id))).code).to.equal(
        'user.not_found',
      );
      expect((await refusal(updateUser(core, entra.actor, ada._id, inputOf))).code).to.equal(
        'user.not_found',
      );
      expect((await refusal(deleteUser(core, entra.actor, ada._id))).code).to.equal('user.not_found');
      expect((await getUser(core, tenantId, bob._id, entra.directory._id))._id).to.equal(bob._id);
      expect((await refusal(createUser(core, entra.actor, scimUser('ada@acme.test')))).code).to.equal(
        'user.name_taken',
      );
    });

    it('take over an unmanaged user by writing to it, and no local administrator', async () => {
      const { actor, directory } = await givenDirectory(core, tenantId);
      const bob = await givenUser(core, tenantId);
      const root = await givenUser(core, tenantId, { roles: ['administrator'] });
      const { after: linked } = await updateUser(core, actor, bob._id, inputOf);
      expect(linked.directoryId).to.equal(directory._id);
      for (const attempt of [updateUser(core, actor, root._id, inputOf), deleteUser(core, actor, root._id)]) {
        expect((await refusal(attempt)).code).to.equal('user.protected');
      }
    });
  });
});
