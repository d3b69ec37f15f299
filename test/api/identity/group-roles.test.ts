import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { changeMembers, createGroupWithMembers } from '../../../src/identity/groups/members.js';
import {
  createGroup,
  deleteGroup,
  getGroup,
  updateGroup,
  type GroupDocument,
} from '../../../src/identity/groups/groups.js';
import { deleteRole } from '../../../src/identity/roles/remove-role.js';
import { getUser, updateUser, type UserDocument } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { actorWith, givenCrm, givenDirectory, openTestCore } from '../../support/core.js';
import { givenProvisioned, givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';

describe('the roles of a group (requirements B1: own + group)', () => {
  let core: Core;
  let tenantId: string;
  let scim: Actor;
  let system: Actor;
  before(async () => {
    core = await openTestCore();
  });
  beforeEach(async () => {
    tenantId = (await givenTenant(core))._id;
    system = systemActor(tenantId);
    await givenCrm(core, tenantId);
    scim = (await givenDirectory(core, tenantId)).actor;
  });

  const group = (roleIds: string[], actor = system): Promise<GroupDocument> =>
    createGroup(core, actor, { displayName: unique('G'), externalId: null, attributes: {}, roleIds });
  const withRoles =
    (...roleIds: string[]) =>
    (stored: GroupDocument) => ({ ...stored, roleIds });
  const provisioned = (): Promise<UserDocument> => givenProvisioned(core, scim);
  const rolesOf = async (id: string): Promise<string[]> =>
    (await getUser(core, tenantId, id)).grants.map(({ role }) => role);

  it('are held by its members, nobody’s and a directory’s, from the moment they join until they leave', async () => {
    const { _id } = await group(['crm:agent']);
    const people = [await givenUser(core, tenantId), await provisioned()].map((user) => user._id);
    await changeMembers(core, system, _id, { add: people });
    for (const id of people) expect(await rolesOf(id)).to.deep.equal(['crm:agent']);
    await updateUser(core, system, people[0]!, (user) => ({ ...inputOf(user), approved: false }));
    expect(await rolesOf(people[0]!)).to.deep.equal(['crm:agent']);
    await changeMembers(core, system, _id, { remove: people });
    for (const id of people) expect(await rolesOf(id)).to.deep.equal([]);
  });

  it('reach members of nested groups, change with the group, and go with it', async () => {
    const [outer, inner] = [await group(['crm:agent']), await group([])];
    const user = await givenUser(core, tenantId);
    await changeMembers(core, system, inner._id, { add: [user._id] });
    await changeMembers(core, system, outer._id, { add: [inner._id] });
    expect(await rolesOf(user._id)).to.deep.equal(['crm:agent']);
    await updateGroup(core, system, outer._id, withRoles('crm:lead'));
    await updateGroup(core, system, inner._id, withRoles('crm:agent'));
    expect(await rolesOf(user._id)).to.deep.equal(['crm:agent', 'crm:lead']);
    await deleteGroup(core, system, outer._id);
    expect(await rolesOf(user._id)).to.deep.equal(['crm:agent']);
    await updateGroup(core, system, inner._id, withRoles());
    expect(await rolesOf(user._id)).to.deep.equal([]);
  });

  it('stand beside those given by hand, and tell which group they are from', async () => {
    const { _id, displayName } = await group(['crm:agent']);
    const user = await givenUser(core, tenantId, { roles: ['crm:agent'] });
    await changeMembers(core, system, _id, { add: [user._id] });
    const { grants } = await getUser(core, tenantId, user._id);
    expect(grants.map(({ type, detail }) => [type, detail])).to.deep.equal([
      ['manual', 'given by Gatehouse'],
      ['rule', `group "${displayName}"`],
    ]);
  });

  it('have to exist, and stay while a group gives them', async () => {
    const { code, errors } = await refusal(group(['crm:boss']));
    expect([code, errors[0]?.pointer]).to.deep.equal(['input.invalid', '/roles/0']);
    await group(['crm:agent']);
    expect((await refusal(deleteRole(core, system, 'crm:agent'))).code).to.equal('role.in_use');
  });

  it('are given by nobody who lacks what they hold: not on the group, not through its members', async () => {
    const clerk = actorWith(tenantId, ['groups.manage', 'roles.assign']);
    expect((await refusal(group(['administrator'], clerk))).code).to.equal('role.not_grantable');
    expect((await refusal(group(['administrator'], scim))).code).to.equal('role.not_grantable');
    const admins = await group(['administrator']);
    const [user, own] = [await provisioned(), await group([], scim)];
    for (const actor of [clerk, scim]) {
      const attempts = [
        changeMembers(core, actor, admins._id, { add: [user._id] }),
        changeMembers(core, actor, admins._id, { add: [own._id] }),
        deleteGroup(core, actor, admins._id),
      ];
      for (const attempt of attempts) expect((await refusal(attempt)).code).to.equal('role.not_grantable');
    }
    const rename = updateGroup(core, scim, admins._id, (stored) => ({ ...stored, displayName: 'Mine' }));
    expect((await refusal(rename)).code).to.equal('role.not_grantable');
    const below = await group([]);
    await changeMembers(core, system, admins._id, { add: [below._id] });
    const indirect = await refusal(changeMembers(core, scim, below._id, { add: [user._id] }));
    expect(indirect.code).to.equal('role.not_grantable');
    expect(await rolesOf(user._id)).to.deep.equal([]);
  });

  it('may be mapped to a directory’s group by who may give them: its members are then the directory’s to choose', async () => {
    const own = await group([], scim);
    const user = await provisioned();
    await updateGroup(core, system, own._id, withRoles('administrator'));
    await changeMembers(core, scim, own._id, { add: [user._id] });
    expect(await rolesOf(user._id)).to.deep.equal(['administrator']);
    const clear = updateGroup(core, scim, own._id, withRoles());
    expect((await refusal(clear)).code).to.equal('role.not_grantable');
  });

  it('protect a local administrator from directories like roles given by hand', async () => {
    const admins = await group(['administrator']);
    const user = await givenUser(core, tenantId);
    await changeMembers(core, system, admins._id, { add: [user._id] });
    const change = updateUser(core, scim, user._id, (stored) => ({ ...inputOf(stored), active: false }));
    expect((await refusal(change)).code).to.equal('user.protected');
  });

  it('come with the group in one piece, or not at all', async () => {
    const input = { displayName: unique('G'), externalId: null, attributes: {}, roleIds: ['crm:agent'] };
    await refusal(createGroupWithMembers(core, system, input, ['nobody']));
    const user = await givenUser(core, tenantId);
    const {
      after: { _id },
    } = await createGroupWithMembers(core, system, input, [user._id]);
    expect((await getGroup(core, tenantId, _id)).roleIds).to.deep.equal(['crm:agent']);
    expect(await rolesOf(user._id)).to.deep.equal(['crm:agent']);
  });
});

describe('the administrators of a group', () => {
  it('are users of the tenant, and stop being it when they are deleted', async () => {
    const core = await openTestCore();
    const tenantId = (await givenTenant(core))._id;
    const system = systemActor(tenantId);
    const [ada, bo] = [await givenUser(core, tenantId), await givenUser(core, tenantId)];
    const input = { displayName: 'G', externalId: null, attributes: {} };
    const { _id } = await createGroup(core, system, { ...input, administratorIds: [ada._id, bo._id] });
    await deleteUser(core, system, ada._id);
    const { administratorIds, version } = await getGroup(core, tenantId, _id);
    expect([administratorIds, version]).to.deep.equal([[bo._id], 2]);
    const { code } = await refusal(
      updateGroup(core, system, _id, (stored) => ({ ...stored, administratorIds: [ada._id] })),
    );
    expect(code).to.equal('input.invalid');
  });
});
