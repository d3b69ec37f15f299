import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { membersOf } from '../../../src/identity/groups/member-list.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import {
  newGroup,
  newUser,
  startScim,
  unique,
  urn,
  type ScimApp,
  type ScimClient,
} from '../../support/scim.js';

interface Member {
  value: string;
  type: string;
  display: string;
  $ref: string;
}

describe('SCIM Groups (RFC 7643 section 4.2, RFC 7644 sections 3.3 to 3.6)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  const members = async (id: string): Promise<Member[]> =>
    (await scim.get(`/Groups/${id}`)).body.members ?? [];
  const ids = async (id: string): Promise<string[]> =>
    (await members(id)).map((member) => member.value).sort();

  it('creates a group with its members, shown with $ref, display and type', async () => {
    const user = await scim.user();
    const nested = await scim.group();
    const res = await scim.post(
      '/Groups',
      newGroup({
        externalId: unique('g'),
        members: [{ value: user.id, display: 'ignored' }, { value: nested.id }],
      }),
    );
    expect(res.status).to.equal(201);
    expect(res.headers['location']).to.equal(res.body.meta.location);
    const read = await scim.get(`/Groups/${res.body.id}`);
    expect(read.body.members).to.have.deep.members([
      {
        value: user.id,
        type: 'User',
        display: user['displayName'],
        $ref: `${app.url}/scim/v2/Users/${user.id}`,
      },
      {
        value: nested.id,
        type: 'Group',
        display: nested.displayName,
        $ref: `${app.url}/scim/v2/Groups/${nested.id}`,
      },
    ]);
  });

  it('shows direct and indirect groups at the user (RFC 7643 section 4.1.2)', async () => {
    const user = await scim.user();
    const inner = await scim.group({ members: [{ value: user.id }] });
    const outer = await scim.group({ members: [{ value: inner.id }] });
    const { groups } = (await scim.get(`/Users/${user.id}`)).body;
    expect(groups).to.have.deep.members([
      {
        value: inner.id,
        $ref: `${app.url}/scim/v2/Groups/${inner.id}`,
        display: inner.displayName,
        type: 'direct',
      },
      {
        value: outer.id,
        $ref: `${app.url}/scim/v2/Groups/${outer.id}`,
        display: outer.displayName,
        type: 'indirect',
      },
    ]);
    expect(
      (await scim.find('Users', `groups.value eq "${outer.id}"`)).Resources.map((found) => found['id']),
    ).to.deep.equal([user.id]);
    expect(await scim.find('Groups', `members[value eq "${user.id}"]`)).to.include({ totalResults: 1 });
    expect(await scim.find('Groups', `members.value eq "${inner.id}"`)).to.include({ totalResults: 1 });
  });

  it('adds and removes members in every form identity providers use', async () => {
    const [a, b, c] = [await scim.user(), await scim.user(), await scim.user()];
    const group = await scim.group();
    const path = `/Groups/${group.id}`;
    const patch = async (operation: object): Promise<void> => {
      const res = await scim.patch(path, [operation]);
      expect(res.status, `${JSON.stringify(operation)} ${res.text}`).to.be.oneOf([200, 204]);
    };
    await patch({ op: 'Add', path: 'members', value: [{ $ref: null, value: a.id }, { value: b.id }] });
    await patch({ op: 'add', value: { members: [{ value: c.id }] } });
    await patch({ op: 'add', path: 'members', value: [{ value: a.id }] });
    expect(await ids(group.id)).to.deep.equal([a.id, b.id, c.id].sort());
    await patch({ op: 'Remove', path: `members[value eq "${a.id}"]` });
    expect(await ids(group.id)).to.deep.equal([b.id, c.id].sort());
    await patch({ op: 'Remove', path: 'members', value: [{ $ref: null, value: b.id }] });
    expect(await ids(group.id)).to.deep.equal([c.id]);
    await patch({ op: 'replace', path: 'members', value: [{ value: a.id }, { value: b.id }] });
    expect(await ids(group.id)).to.deep.equal([a.id, b.id].sort());
    await patch({ op: 'replace', path: 'members', value: [] });
    expect(await ids(group.id)).to.deep.equal([]);
    await patch({ op: 'add', path: 'members', value: [{ value: a.id }] });
    await patch({ op: 'remove', path: 'members' });
    expect(await ids(group.id)).to.deep.equal([]);
  });

  it('never clears a group for a remove whose value is empty or malformed (D3)', async () => {
    const user = await scim.user();
    const group = await scim.group({ members: [{ value: user.id }] });
    for (const value of [[], {}, 'x', [{}], [{ value: 7 }]]) {
      await scim.patch(`/Groups/${group.id}`, [{ op: 'Remove', path: 'members', value }]);
      expect(await ids(group.id), JSON.stringify(value)).to.deep.equal([user.id]);
    }
  });

  it("renames by Okta's path-less replace that repeats the id, and refuses another id with mutability", async () => {
    const group = await scim.group();
    const renamed = unique('Renamed ');
    const res = await scim.patch(`/Groups/${group.id}`, [
      { op: 'replace', value: { id: group.id, displayName: renamed } },
    ]);
    expect(res.status).to.be.oneOf([200, 204]);
    expect((await scim.get(`/Groups/${group.id}`)).body.displayName).to.equal(renamed);
    const other = await scim.patch(`/Groups/${group.id}`, [
      { op: 'replace', value: { id: 'other', displayName: 'No' } },
    ]);
    expect(other.status).to.equal(400);
    expect(other.body.scimType).to.equal('mutability');
  });

  it('changes attributes and members in one step or not at all', async () => {
    const user = await scim.user();
    const group = await scim.group();
    const failed = await scim.patch(`/Groups/${group.id}`, [
      { op: 'replace', path: 'displayName', value: 'Half' },
      { op: 'add', path: 'members', value: [{ value: user.id }, { value: 'nobody' }] },
    ]);
    expect(failed.status).to.equal(400);
    expect(failed.body.scimType).to.equal('invalidValue');
    const read = (await scim.get(`/Groups/${group.id}`)).body;
    expect(read).to.deep.equal(group);
    const done = await scim.patch(`/Groups/${group.id}?attributes=displayName,members`, [
      { op: 'replace', path: 'displayName', value: unique('Whole ') },
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ]);
    expect(done.status).to.equal(200);
    expect(done.body.members).to.have.length(1);
  });

  it('answers PATCH 204 unless attributes are asked for', async () => {
    const group = await scim.group();
    const silent = await scim.patch(`/Groups/${group.id}`, [
      { op: 'replace', path: 'displayName', value: unique('A ') },
    ]);
    expect(silent.status).to.equal(204);
    expect(silent.headers['etag']).to.match(/^W\//);
    const asked = await scim.patch(`/Groups/${group.id}?attributes=displayName`, [
      { op: 'replace', path: 'displayName', value: 'B' },
    ]);
    expect(asked.status).to.equal(200);
    expect(asked.body).to.have.all.keys('schemas', 'id', 'displayName');
  });

  it('replaces name, attributes and members by PUT', async () => {
    const [a, b] = [await scim.user(), await scim.user()];
    const group = await scim.group({ externalId: unique('x'), members: [{ value: a.id }] });
    const res = await scim.put(
      `/Groups/${group.id}`,
      newGroup({ displayName: group.displayName, members: [{ value: b.id }] }),
    );
    expect(res.status).to.equal(200);
    expect(res.body).to.not.have.property('externalId');
    expect(res.body.members.map((member: Member) => member.value)).to.deep.equal([b.id]);
    expect((await scim.put(`/Groups/${group.id}`, newGroup())).status).to.equal(200);
    expect(await ids(group.id)).to.deep.equal([]);
  });

  it('refuses unknown members, members of other tenants or directories, cycles and itself with invalidValue', async () => {
    const stranger = await app.globex.user();
    const colleague = await app.acmeSecond.user();
    const group = await scim.group();
    const inner = await scim.group();
    expect(
      (
        await scim.patch(`/Groups/${group.id}`, [
          { op: 'add', path: 'members', value: [{ value: inner.id }] },
        ])
      ).status,
    ).to.equal(204);
    for (const value of [stranger.id, colleague.id, 'nobody', group.id]) {
      const add = await scim.patch(`/Groups/${group.id}`, [
        { op: 'add', path: 'members', value: [{ value }] },
      ]);
      expect(add.status, value).to.equal(400);
      expect(add.body.scimType).to.equal('invalidValue');
      expect((await scim.post('/Groups', newGroup({ members: [{ value }] }))).status).to.equal(
        value === group.id ? 201 : 400,
      );
    }
    const cycle = await scim.patch(`/Groups/${inner.id}`, [
      { op: 'add', path: 'members', value: [{ value: group.id }] },
    ]);
    expect(cycle.status).to.equal(400);
  });

  it('keeps displayName required and unique within the directory', async () => {
    const group = await scim.group();
    expect((await scim.post('/Groups', newGroup({ displayName: undefined }))).body.scimType).to.equal(
      'invalidValue',
    );
    const taken = await scim.post('/Groups', newGroup({ displayName: group.displayName.toUpperCase() }));
    expect(taken.status).to.equal(409);
    expect(taken.body.scimType).to.equal('uniqueness');
    expect(
      (await app.acmeSecond.post('/Groups', newGroup({ displayName: group.displayName }))).status,
    ).to.equal(201);
  });

  it('drops deleted users from groups and deleted groups from users', async () => {
    const [a, b] = [await scim.user(), await scim.user()];
    const group = await scim.group({ members: [{ value: a.id }, { value: b.id }] });
    await scim.delete(`/Users/${a.id}`);
    expect(await ids(group.id)).to.deep.equal([b.id]);
    expect((await scim.delete(`/Groups/${group.id}`)).status).to.equal(204);
    expect((await scim.get(`/Groups/${group.id}`)).status).to.equal(404);
    expect((await scim.get(`/Users/${b.id}`)).body).to.not.have.property('groups');
  });

  it('leaves members out when they are not asked for', async () => {
    const user = await scim.user();
    const group = await scim.group({ members: [{ value: user.id }] });
    expect((await scim.get(`/Groups/${group.id}?excludedAttributes=members`)).body).to.not.have.property(
      'members',
    );
    expect((await scim.get(`/Groups/${group.id}?attributes=displayName`)).body).to.not.have.property(
      'members',
    );
    const list = await scim.find(
      'Groups',
      `displayName eq "${group.displayName}"`,
      '&excludedAttributes=members',
    );
    expect(list.Resources[0]).to.not.have.property('members');
    const full = await scim.find('Groups', `displayName eq "${group.displayName}"`);
    expect(full.Resources[0]).to.have.property('members').with.length(1);
  });

  it('loses nothing of 100 parallel PATCHes that add and remove members of one group', async () => {
    const users = await Promise.all(Array.from({ length: 50 }, () => scim.user()));
    const leaving = users.slice(0, 25);
    const joining = await Promise.all(Array.from({ length: 25 }, () => scim.user()));
    const group = await scim.group({ members: users.map((user) => ({ value: user.id })) });
    const path = `/Groups/${group.id}`;
    const answers = await Promise.all([
      ...joining.map((user) =>
        scim.patch(path, [{ op: 'add', path: 'members', value: [{ value: user.id }] }]),
      ),
      ...leaving.map((user) => scim.patch(path, [{ op: 'remove', path: `members[value eq "${user.id}"]` }])),
      ...joining.map((user) =>
        scim.patch(path, [{ op: 'Add', path: 'members', value: [{ value: user.id }] }]),
      ),
      ...leaving.map((user) =>
        scim.patch(path, [{ op: 'Remove', path: 'members', value: [{ value: user.id }] }]),
      ),
    ]);
    expect(answers.map((res) => res.status).filter((status) => status !== 204)).to.deep.equal([]);
    const expected = [...users.slice(25), ...joining].map((user) => user.id).sort();
    expect(await ids(group.id)).to.deep.equal(expected);
  });

  it('hides groups of other tenants and directories as 404', async () => {
    const group = await scim.group();
    for (const stranger of [app.globex, app.acmeSecond]) {
      expect((await stranger.get(`/Groups/${group.id}`)).status).to.equal(404);
      expect(
        (await stranger.patch(`/Groups/${group.id}`, [{ op: 'remove', path: 'members' }])).status,
      ).to.equal(404);
      expect((await stranger.delete(`/Groups/${group.id}`)).status).to.equal(404);
      expect((await stranger.put(`/Groups/${group.id}`, newGroup())).status).to.equal(404);
    }
    const user = await app.globex.post('/Users', newUser());
    expect(user.status).to.equal(201);
    expect(urn.group).to.be.a('string');
  });

  it('shows a directory neither members nor groups of another directory', async () => {
    const actor = systemActor(app.tenantId);
    const [ours, theirs] = [await scim.user(), await app.acmeSecond.user()];
    const free = await createGroup(app.core, actor, {
      displayName: unique('Free '),
      externalId: null,
      attributes: {},
    });
    await changeMembers(app.core, actor, free._id, { add: [ours.id, theirs.id] });
    expect(await ids(free._id)).to.deep.equal([ours.id]);
    await app.acmeSecond.group();
    const hidden = await app.acmeSecond.group();
    await changeMembers(app.core, actor, hidden.id, { add: [ours.id] });
    const { groups } = (await scim.get(`/Users/${ours.id}`)).body;
    expect(groups.map((group: { value: string }) => group.value)).to.deep.equal([free._id]);
    const put = newGroup({ displayName: free.displayName, members: [] });
    expect((await scim.put(`/Groups/${free._id}`, put)).status).to.equal(200);
    const members = await membersOf(app.core, app.tenantId, free._id, { limit: 10 });
    expect(members.map(({ id }) => id)).to.deep.equal([theirs.id]);
  });
});
