import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { setEnabled, setManualRoles } from '../../../src/identity/users/actions.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { getUser, updateUser } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { actorWith, givenCrm, givenDirectory, openTestCore } from '../../support/core.js';
import { givenProvisioned, givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';

describe('who is in charge of a tenant', () => {
  let core: Core;
  let tenantId: string;
  let system: Actor;
  before(async () => {
    core = await openTestCore();
  });
  after(() => core.store.close());
  beforeEach(async () => {
    tenantId = (await givenTenant(core))._id;
    system = systemActor(tenantId);
    await givenCrm(core, tenantId);
  });

  it('gives and takes a role only with every permission the role holds', async () => {
    const [chief, plain] = [
      await givenUser(core, tenantId, { roles: ['administrator'] }),
      await givenUser(core, tenantId),
    ];
    await givenUser(core, tenantId, { roles: ['administrator'] });
    for (const missing of administratorPermissions) {
      const rest = [...administratorPermissions].filter((permission) => permission !== missing);
      const actor = actorWith(tenantId, rest);
      const given = updateUser(core, actor, plain._id, (user) => ({
        ...inputOf(user),
        roles: ['administrator'],
      }));
      expect((await refusal(given)).code, missing).to.equal('role.not_grantable');
      const taken = updateUser(core, actor, chief._id, (user) => ({ ...inputOf(user), roles: [] }));
      expect((await refusal(taken)).code, missing).to.equal('role.not_grantable');
    }
    await setManualRoles(core, system, chief._id, []);
    expect((await getUser(core, tenantId, chief._id)).grants).to.deep.equal([]);
  });

  it('takes no role by a rule that no longer matches, of whoever holds more', async () => {
    await updateTenant(core, system, { settings: { 'scim.lockAttributes': false } });
    const { actor: directory } = await givenDirectory(core, tenantId, [
      { when: { path: 'displayName', is: 'Boss' }, grant: ['administrator'] },
      { when: { path: 'displayName', is: 'Agent' }, grant: ['crm:agent'] },
    ]);
    await givenUser(core, tenantId, { roles: ['administrator'] });
    const provisioned = (displayName: string) =>
      givenProvisioned(core, directory, { attributes: { displayName } });
    const [boss, agent] = [await provisioned('Boss'), await provisioned('Agent')];
    const renamed = (actor: Actor, { _id }: { _id: string }) =>
      updateUser(core, actor, _id, (user) => ({ ...inputOf(user), attributes: { displayName: 'Nobody' } }));
    const editor = actorWith(tenantId, ['users.update']);
    expect((await refusal(renamed(editor, boss))).code).to.equal('role.not_grantable');
    expect((await getUser(core, tenantId, boss._id)).version).to.equal(boss.version);
    for (const changed of [
      await renamed(editor, agent),
      await renamed(actorWith(tenantId, [...administratorPermissions]), boss),
    ]) {
      expect(changed.after.grants).to.deep.equal([]);
    }
  });

  it('stays somebody whose access has no end: the last such administrator is neither disabled, nor limited, nor deleted', async () => {
    const last = await givenUser(core, tenantId, { roles: ['administrator'] });
    await givenUser(core, tenantId, {
      roles: ['administrator'],
      input: { accessExpiresAt: new Date('2099-01-01') },
    });
    const limited = { accessExpiresAt: new Date('2098-01-01') };
    for (const attempt of [
      () => setEnabled(core, system, last._id, false),
      () => setManualRoles(core, system, last._id, []),
      () => deleteUser(core, system, last._id),
      () => updateUser(core, system, last._id, (user) => ({ ...inputOf(user), ...limited })),
    ]) {
      expect((await refusal(attempt())).code).to.equal('user.last_administrator');
    }
    await givenUser(core, tenantId, { roles: ['administrator'] });
    await setEnabled(core, system, last._id, false);
  });

  it('stays nobody’s when a directory puts them into a group of its own, and is changed by it no more than before', async () => {
    const { actor, directory } = await givenDirectory(core, tenantId, [
      { when: { path: 'groups.displayName', is: 'All' }, grant: ['crm:agent'] },
    ]);
    const [chief, plain] = [
      await givenUser(core, tenantId, { roles: ['administrator'] }),
      await givenUser(core, tenantId),
    ];
    const group = await createGroup(core, actor, { displayName: 'All', externalId: null, attributes: {} });
    await changeMembers(core, actor, group._id, { add: [chief._id, plain._id] });
    expect((await getUser(core, tenantId, plain._id)).directoryId).to.equal(directory._id);
    const stands = await getUser(core, tenantId, chief._id);
    expect(stands.directoryId).to.equal(null);
    expect(stands.grants.map(({ role }) => role)).to.deep.equal(['administrator']);
    for (const attempt of [
      () => updateUser(core, actor, chief._id, (user) => ({ ...inputOf(user), active: false })),
      () => updateUser(core, actor, chief._id, (user) => ({ ...inputOf(user), userName: unique('x') })),
      () => deleteUser(core, actor, chief._id),
    ]) {
      expect((await refusal(attempt())).code).to.equal('user.protected');
    }
  });
});
