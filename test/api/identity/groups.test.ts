import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { listAuditEvents } from '../../../src/identity/audit/audit.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { countMembers, membersOf } from '../../../src/identity/groups/member-list.js';
import {
  createGroup,
  deleteGroup,
  getGroup,
  updateGroup,
  type GroupDocument,
} from '../../../src/identity/groups/groups.js';
import { groupsOf } from '../../../src/identity/groups/groups-of.js';
import { createUser, getUser, type UserDocument } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { newId } from '../../../src/shared/ids.js';
import { givenCrm, givenDirectory, openTestCore } from '../../support/core.js';
import { crowd } from '../../support/crowd.js';
import { givenProvisioned, givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';

describe('groups', () => {
  let core: Core;
  let tenantId: string;
  let scim: Actor;

  before(async () => {
    core = await openTestCore();
  });
  beforeEach(async () => {
    tenantId = (await givenTenant(core))._id;
    await givenCrm(core, tenantId);
    const rules = [
      { when: { path: 'groups.displayName', is: 'Agents' }, grant: ['crm:agent'] },
      { when: { path: 'groups.externalId', is: 'leads' }, grant: ['crm:lead'] },
    ];
    scim = (await givenDirectory(core, tenantId, rules)).actor;
  });

  const group = (displayName: string, externalId: string | null = null): Promise<GroupDocument> =>
    createGroup(core, scim, { displayName, externalId, attributes: {} });
  const user = (): Promise<UserDocument> => {
    const userName = `${unique('u')}@acme.test`;
    return createUser(core, scim, { userName, externalId: null, active: true, attributes: {} });
  };
  const users = (count: number): Promise<UserDocument[]> => crowd(count, user);
  const rolesOf = async (id: string): Promise<string[]> =>
    (await getUser(core, tenantId, id)).grants.map((grant) => grant.role);
  const groupIdsOf = async (id: string): Promise<string[]> => (await getUser(core, tenantId, id)).groupIds;
  const renamed = (displayName: string) => (stored: GroupDocument) => ({ ...stored, displayName });

  it('have a name that is unique within their owner, in any case', async () => {
    await group('Agents');
    expect((await refusal(group('AGENTS'))).code).to.equal('group.name_taken');
    await createGroup(core, systemActor(tenantId), {
      displayName: 'Agents',
      externalId: null,
      attributes: {},
    });
  });

  it('give and take roles as members come and go', async () => {
    const [agents, ada] = [await group('Agents'), await user()];
    await changeMembers(core, scim, agents._id, { add: [ada._id] });
    expect(await rolesOf(ada._id)).to.deep.equal(['crm:agent']);
    await changeMembers(core, scim, agents._id, { remove: [ada._id] });
    expect(await rolesOf(ada._id)).to.deep.equal([]);
  });

  it('tell in the grant where a role comes from, and a sync touches only its own', async () => {
    const [agents, ada] = [await group('agents'), await givenUser(core, tenantId, { roles: ['crm:agent'] })];
    await changeMembers(core, scim, agents._id, { add: [ada._id] });
    const both = (await getUser(core, tenantId, ada._id)).grants;
    expect(both.map(({ type, sourceId }) => [type, sourceId])).to.deep.equal([
      ['manual', null],
      ['rule', scim.directoryId],
    ]);
    expect(both[1]?.detail).to.equal('groups.displayName is "Agents": "agents"');
    await changeMembers(core, scim, agents._id, { remove: [ada._id] });
    expect((await getUser(core, tenantId, ada._id)).grants.map(({ type }) => type)).to.deep.equal(['manual']);
  });

  it('change their members’ roles when they are renamed', async () => {
    const [team, ada] = [await group('Team'), await user()];
    await changeMembers(core, scim, team._id, { add: [ada._id] });
    expect(await rolesOf(ada._id)).to.deep.equal([]);
    await updateGroup(core, scim, team._id, renamed('Agents'));
    expect(await rolesOf(ada._id)).to.deep.equal(['crm:agent']);
    await updateGroup(core, scim, team._id, (stored) => ({
      ...stored,
      displayName: 'Team',
      externalId: 'leads',
    }));
    expect(await rolesOf(ada._id)).to.deep.equal(['crm:lead']);
  });

  it('count through nesting, at any depth', async () => {
    const [top, middle, bottom, ada] = [
      await group('Agents'),
      await group('Middle'),
      await group('Bottom'),
      await user(),
    ];
    await changeMembers(core, scim, bottom._id, { add: [ada._id] });
    await changeMembers(core, scim, middle._id, { add: [bottom._id] });
    await changeMembers(core, scim, top._id, { add: [middle._id] });
    expect(await rolesOf(ada._id)).to.deep.equal(['crm:agent']);
    const groups = (await groupsOf(core, tenantId, [await getUser(core, tenantId, ada._id)])).get(ada._id);
    expect(groups?.map(({ displayName, type }) => `${displayName} ${type}`).sort()).to.deep.equal([
      'Agents indirect',
      'Bottom direct',
      'Middle indirect',
    ]);
    await updateGroup(core, scim, top._id, renamed('Others'));
    expect(await rolesOf(ada._id)).to.deep.equal([]);
    await updateGroup(core, scim, top._id, renamed('Agents'));
    await changeMembers(core, scim, top._id, { remove: [middle._id] });
    expect(await rolesOf(ada._id)).to.deep.equal([]);
  });

  it('are never members of themselves', async () => {
    const [a, b, c] = [await group('A'), await group('B'), await group('C')];
    await changeMembers(core, scim, a._id, { add: [b._id] });
    await changeMembers(core, scim, b._id, { add: [c._id] });
    for (const [into, member] of [
      [a, a],
      [b, a],
      [c, a],
    ] as const) {
      expect((await refusal(changeMembers(core, scim, into._id, { add: [member._id] }))).code).to.equal(
        'input.invalid',
      );
    }
  });

  it('refuse members that are not there, another tenant’s or another directory’s, and change nothing then', async () => {
    const agents = await group('Agents');
    const ada = await user();
    const stranger = await givenUser(core, (await givenTenant(core))._id);
    const entra = await givenDirectory(core, tenantId, [], 'Entra');
    const theirs = await givenProvisioned(core, entra.actor);
    for (const id of [newId(), stranger._id, theirs._id, '', 'a/b']) {
      const error = await refusal(changeMembers(core, scim, agents._id, { add: [ada._id, id] }));
      expect(error.code).to.equal('input.invalid');
      expect(await groupIdsOf(ada._id)).to.deep.equal([]);
    }
    expect((await getGroup(core, tenantId, agents._id)).version).to.equal(agents.version);
  });

  it('move their version with their members, and only then', async () => {
    const [agents, ada] = [await group('Agents'), await user()];
    const { after: one } = await changeMembers(core, scim, agents._id, { add: [ada._id] });
    expect(one.version).to.equal(agents.version + 1);
    const { after: same } = await changeMembers(core, scim, agents._id, {
      add: [ada._id],
      remove: [newId()],
    });
    expect(same.version).to.equal(one.version);
    await deleteUser(core, scim, ada._id);
    expect((await getGroup(core, tenantId, agents._id)).version).to.equal(one.version + 1);
    const stale = changeMembers(core, scim, agents._id, { add: [] }, { ifVersion: one.version });
    expect((await refusal(stale)).code).to.equal('resource.version_mismatch');
  });

  it('take exactly the members they are given', async () => {
    const agents = await group('Agents');
    const [a, b, c] = await users(3);
    await changeMembers(core, scim, agents._id, { add: [a!._id, b!._id] });
    const { after: replaced } = await changeMembers(core, scim, agents._id, {
      replaceWith: [b!._id, c!._id],
    });
    const members = await membersOf(core, tenantId, agents._id, { limit: 10 });
    expect(members.map(({ id }) => id)).to.have.members([b!._id, c!._id]);
    const { after: same } = await changeMembers(core, scim, agents._id, { replaceWith: [b!._id, c!._id] });
    expect(same.version).to.equal(replaced.version);
    await changeMembers(core, scim, agents._id, { replaceWith: [] });
    expect(await countMembers(core, tenantId, agents._id)).to.equal(0);
  });

  it('keep their members’ accounts and take their roles when they go', async () => {
    const [agents, child, ada] = [await group('Agents'), await group('Child'), await user()];
    await changeMembers(core, scim, agents._id, { add: [ada._id, child._id] });
    await deleteGroup(core, scim, agents._id);
    expect((await refusal(getGroup(core, tenantId, agents._id))).code).to.equal('group.not_found');
    expect([await groupIdsOf(ada._id), await rolesOf(ada._id)]).to.deep.equal([[], []]);
    expect((await getGroup(core, tenantId, child._id)).groupIds).to.deep.equal([]);
  });

  it('are paged with users before groups', async () => {
    const [agents, child] = [await group('Agents'), await group('Child')];
    const people = await users(3);
    await changeMembers(core, scim, agents._id, { add: [child._id, ...people.map(({ _id }) => _id)] });
    const first = await membersOf(core, tenantId, agents._id, { limit: 2 });
    const { type, id } = first[1]!;
    const rest = await membersOf(core, tenantId, agents._id, { limit: 5, after: { type, id } });
    expect([...first, ...rest].map((member) => member.type)).to.deep.equal(['User', 'User', 'User', 'Group']);
    expect(await countMembers(core, tenantId, agents._id)).to.equal(4);
  });

  it('stay exact under 100 membership changes of one group at once', async () => {
    const agents = await group('Agents');
    const people = await users(100);
    await Promise.all(people.map(({ _id }) => changeMembers(core, scim, agents._id, { add: [_id] })));
    expect(await countMembers(core, tenantId, agents._id)).to.equal(100);
    expect((await getGroup(core, tenantId, agents._id)).version).to.equal(agents.version + 100);
    const [first] = people;
    expect(await rolesOf(first!._id)).to.deep.equal(['crm:agent']);
  }).timeout(120_000);

  it('stay exact when one user joins many groups at once', async () => {
    const ada = await user();
    const groups = await Promise.all(Array.from({ length: 20 }, (_, index) => group(`Group ${index}`)));
    await Promise.all(groups.map(({ _id }) => changeMembers(core, scim, _id, { add: [ada._id] })));
    expect(await groupIdsOf(ada._id)).to.have.members(groups.map(({ _id }) => _id));
  });

  it('end as one of two replacements when both come at once', async () => {
    const agents = await group('Agents');
    const people = await users(40);
    const ids = people.map(({ _id }) => _id);
    const [left, right] = [ids.slice(0, 20), ids.slice(20)];
    await Promise.all(
      [left, right].map((replaceWith) => changeMembers(core, scim, agents._id, { replaceWith })),
    );
    const members = (await membersOf(core, tenantId, agents._id, { limit: 100 })).map(({ id }) => id);
    expect(members).to.have.members(members.includes(left[0]!) ? left : right);
  });

  it('write one user, the group and the events for one member, however large they are', async () => {
    const agents = await group('Agents');
    const crowd = await users(300);
    await changeMembers(core, scim, agents._id, { add: crowd.map(({ _id }) => _id) });
    const before = await core.store
      .tenant(tenantId)
      .collection('users')
      .find({ groupIds: agents._id }, { fields: [] });
    const ada = await user();
    await changeMembers(core, scim, agents._id, { add: [ada._id] });
    const after = await core.store
      .tenant(tenantId)
      .collection('users')
      .find({ groupIds: agents._id }, { fields: [] });
    expect(after.filter(({ _id }) => _id !== ada._id)).to.deep.equal(before);
    const { items } = await listAuditEvents(core, tenantId, {}, { limit: 3 });
    expect(items.map(({ action }) => action).slice(0, 2)).to.have.members([
      'group.members_changed',
      'user.roles_changed',
    ]);
  });

  it('take more members than one transaction holds, all or none of the unknown', async () => {
    const agents = await group('Agents');
    const ids = (await users(620)).map(({ _id }) => _id);
    const bad = changeMembers(core, scim, agents._id, { add: [...ids, newId()] });
    expect((await refusal(bad)).code).to.equal('input.invalid');
    expect(await countMembers(core, tenantId, agents._id)).to.equal(0);
    await changeMembers(core, scim, agents._id, { replaceWith: ids });
    expect(await countMembers(core, tenantId, agents._id)).to.equal(620);
  }).timeout(120_000);
});
