import { expect } from 'chai';
import supertest from 'supertest';
import { rotateToken } from '../../../src/identity/directories/tokens.js';
import { setManualRoles } from '../../../src/identity/users/actions.js';
import { getUser } from '../../../src/identity/users/users.js';
import { actorWith } from '../../support/core.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { refusal } from '../../support/refusal.js';
import { newUser, urn } from '../../support/scim-data.js';

type Json = Record<string, unknown>;
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

describe('what a permission lets somebody give', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  const scim = (token: string, method: Method, path: string, body?: Json) => {
    const call = supertest(app.url)[method](`/scim/v2${path}`).set('Authorization', `Bearer ${token}`);
    return body ? call.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : call;
  };
  const replace = (path: string, value: unknown) => ({
    schemas: [urn.patch],
    Operations: [{ op: 'replace', path, value }],
  });

  const bosses = { when: { path: 'groups.displayName', is: 'Bosses' }, grant: ['administrator'] };

  /** A directory with rules, and a token of it. */
  async function givenDirectory(
    roleRules: Json[] = [bosses],
  ): Promise<{ id: string; token: string; tokenId: string }> {
    const made = await acme.call('post', '/directories').send({ name: `D${Math.random()}`, roleRules });
    const { id } = made.body as { id: string };
    const res = await acme.call('post', `/directories/${id}/tokens`).send({ name: 't' });
    const { token, id: tokenId } = res.body as { token: string; id: string };
    return { id, token, tokenId };
  }
  async function provisioned(token: string, attributes: Json = {}): Promise<string> {
    const res = await scim(token, 'post', '/Users', newUser(attributes));
    expect(res.status, res.text).to.equal(201);
    return (res.body as { id: string }).id;
  }
  const rolesOf = async (id: string): Promise<string[]> =>
    (await getUser(app.core, acme.tenant._id, id)).grants.map(({ role }) => role);

  describe('a group made here', () => {
    it('is not what a directory’s rules look at, whoever names it', async () => {
      const { token } = await givenDirectory();
      const id = await provisioned(token);
      const made = await acme.call('post', '/groups').send({ displayName: 'Bosses', members: [id] });
      expect(made.status).to.equal(201);
      expect(await rolesOf(id)).to.deep.equal([]);
      const explained = await acme.call('get', `/users/${id}/role-explanation`);
      expect((explained.body as { rules: Json[] }).rules[0]).to.include({ matched: false });
    });

    it('gives by rule once the directory has taken it over, and to those who are in it by then', async () => {
      const { token } = await givenDirectory([{ ...bosses, grant: ['crm:agent'] }]);
      const id = await provisioned(token);
      const made = await acme.call('post', '/groups').send({ displayName: 'Bosses', members: [id] });
      const group = (made.body as { id: string }).id;
      const other = await provisioned(token);
      const add = { op: 'add', path: 'members', value: [{ value: other }] };
      await scim(token, 'patch', `/Groups/${group}`, { schemas: [urn.patch], Operations: [add] });
      expect(await rolesOf(id)).to.deep.equal(['crm:agent']);
      expect(await rolesOf(other)).to.deep.equal(['crm:agent']);
    });

    const lookalikes: [string, Json, Json][] = [
      ['displayName', { is: 'Bosses' }, { displayName: 'bosses' }],
      ['externalId', { is: 'x-9' }, { displayName: 'Any', externalId: 'x-9' }],
      ['displayName', { matches: 'Boss*' }, { displayName: 'Bossanova' }],
      ['displayName', { in: ['A', 'Bosses'] }, { displayName: 'A' }],
    ];
    for (const [path, test, group] of lookalikes) {
      it(`of a name that a rule takes (${path} ${JSON.stringify(test)}) is made, filled and renamed only by who holds what it gives`, async () => {
        await givenDirectory([{ when: { path: `groups.${path}`, ...test }, grant: ['administrator'] }]);
        const key = await acme.givenKey(['groups.manage', 'users.read']);
        const user = (await acme.givenUser())._id;
        for (const members of [[], [user]]) {
          const res = await acme.call('post', '/groups', key).send({ ...group, members });
          expect(res.body, res.text).to.include({ status: 403, code: 'role.not_grantable' });
        }
        const plain = await acme.call('post', '/groups', key).send({ displayName: 'Plain', members: [user] });
        const id = (plain.body as { id: string }).id;
        const renamed = await acme.call('patch', `/groups/${id}`, key).send(group);
        expect(renamed.body).to.include({ status: 403, code: 'role.not_grantable' });
        expect((await acme.call('patch', `/groups/${id}`).send(group)).status).to.equal(200);
        const filled = await acme.call('post', `/groups/${id}/members`, key).send({ members: [user] });
        expect(filled.body).to.include({ status: 403, code: 'role.not_grantable' });
        const nested = await acme.call('post', '/groups', key).send({ displayName: 'Inner', members: [] });
        const inner = (nested.body as { id: string }).id;
        const put = await acme.call('post', `/groups/${id}/members`, key).send({ members: [inner] });
        expect(put.body).to.include({ status: 403, code: 'role.not_grantable' });
      });
    }

    it('with a role of its own is renamed, filled, emptied and deleted only by who holds what the role gives', async () => {
      const key = await acme.givenKey(['groups.manage', 'users.read', 'roles.assign']);
      const [inside, outside] = [(await acme.givenUser())._id, (await acme.givenUser())._id];
      const made = await acme
        .call('post', '/groups')
        .send({ displayName: 'G', roles: ['administrator'], members: [inside] });
      const id = (made.body as { id: string }).id;
      const writes: [Method, string, Json?][] = [
        ['patch', '', { displayName: 'H' }],
        ['patch', '', { roles: [] }],
        ['patch', '', { members: [] }],
        ['post', '/members', { members: [outside] }],
        ['delete', `/members/${inside}`],
        ['delete', ''],
      ];
      for (const [method, path, body] of writes) {
        const res = await acme.call(method, `/groups/${id}${path}`, key).send(body);
        expect(res.status, `${method} ${path}`).to.equal(403);
      }
      expect(await rolesOf(inside)).to.deep.equal(['administrator']);
    });

    it('gives and takes no role of an administrator’s by the hand of somebody below', async () => {
      const key = await acme.givenKey(['groups.manage', 'users.read']);
      const boss = (await acme.givenUser({ roles: ['administrator'] }))._id;
      const made = await acme.call('post', '/groups').send({ displayName: 'Agents', roles: ['crm:agent'] });
      const path = `/groups/${(made.body as { id: string }).id}/members`;
      const added = await acme.call('post', path, key).send({ members: [boss] });
      expect(added.body).to.include({ status: 403, code: 'user.above_actor' });
      await acme.call('post', path).send({ members: [boss] });
      const removed = await acme.call('delete', `${path}/${boss}`, key).send();
      expect(removed.body).to.include({ status: 403, code: 'user.above_actor' });
    });
  });

  it('does not reach roles by way of attributes that a rule looks at', async () => {
    await acme.call('patch', '/settings').send({ 'scim.lockAttributes': false });
    const { token } = await givenDirectory([
      { when: { path: 'displayName', is: 'The Boss' }, grant: ['administrator'] },
    ]);
    const id = await provisioned(token);
    const key = await acme.givenKey(['users.read', 'users.update']);
    const res = await acme.call('patch', `/users/${id}`, key).send({ displayName: 'the boss' });
    expect(res.body).to.include({ status: 403, code: 'role.not_grantable' });
    expect((await acme.call('patch', `/users/${id}`).send({ displayName: 'the boss' })).status).to.equal(200);
    expect(await rolesOf(id)).to.deep.equal(['administrator']);
  });

  describe('a directory that gives management permissions', () => {
    const byRule = async () => givenDirectory();
    const byGroup = async () => {
      const made = await givenDirectory([]);
      const group = await scim(made.token, 'post', '/Groups', {
        schemas: [urn.group],
        displayName: 'Chiefs',
      });
      const id = (group.body as { id: string }).id;
      await acme.call('patch', `/groups/${id}`).send({ roles: ['administrator'] });
      return made;
    };
    const byNestedGroup = async () => {
      const made = await givenDirectory([]);
      const group = await scim(made.token, 'post', '/Groups', { schemas: [urn.group], displayName: 'Inner' });
      const { id } = group.body as { id: string };
      const body = { displayName: 'Outer', roles: ['administrator'], members: [id] };
      expect((await acme.call('post', '/groups').send(body)).status).to.equal(201);
      return made;
    };
    for (const [how, make] of Object.entries({ byRule, byGroup, byNestedGroup })) {
      it(`(${how}) is opened, changed and deleted only by who holds them`, async () => {
        const { id, tokenId } = await make();
        const key = await acme.givenKey(['scim.manage']);
        await acme.call('patch', `/directories/${id}`).send({ enabled: false });
        const added = { when: { path: 'title', is: 'x' }, grant: ['crm:agent'] };
        const writes: [Method, string, Json?][] = [
          ['post', `/directories/${id}/tokens`, { name: 'mine' }],
          ['post', `/directories/${id}/tokens/${tokenId}/rotate`, {}],
          ['patch', `/directories/${id}`, { enabled: true }],
          ['post', `/directories/${id}/rules`, added],
          ['put', `/directories/${id}/rules`, { rules: [added] }],
          ['patch', `/directories/${id}`, { roleRules: [added] }],
          ['delete', `/directories/${id}`],
        ];
        for (const [method, path, body] of writes) {
          const res = await acme.call(method, path, key).send(body);
          if (res.status === 404 || res.status === 400) continue;
          expect(res.body, `${method} ${path}`).to.include({ status: 403, code: 'role.not_grantable' });
        }
        const actor = actorWith(acme.tenant._id, ['scim.manage']);
        expect((await refusal(rotateToken(app.core, actor, id, tokenId, 0))).code).to.equal(
          'role.not_grantable',
        );
        expect((await acme.call('patch', `/directories/${id}`, key).send({ name: 'Other' })).status).to.equal(
          200,
        );
        expect(
          (await acme.call('patch', `/directories/${id}`, key).send({ enabled: false })).status,
        ).to.equal(200);
        expect((await acme.call('patch', `/directories/${id}`).send({ enabled: true })).status).to.equal(200);
      });
    }

    it('is none of those that give roles of applications only', async () => {
      const { id } = await givenDirectory([{ ...bosses, grant: ['crm:agent'] }]);
      const key = await acme.givenKey(['scim.manage']);
      expect((await acme.call('post', `/directories/${id}/tokens`, key).send({ name: 'm' })).status).to.equal(
        201,
      );
      const rules = [{ when: { path: 'title', is: 'x' }, grant: ['crm:agent'] }];
      expect((await acme.call('put', `/directories/${id}/rules`, key).send({ rules })).status).to.equal(200);
      expect((await acme.call('delete', `/directories/${id}`, key).send()).status).to.equal(204);
    });
  });

  describe('a directory, over SCIM,', () => {
    const moves: [string, unknown][] = [
      ['password', 'a new and long enough password'],
      ['userName', 'thief@attacker.test'],
      ['emails', [{ value: 'thief@attacker.test', primary: true }]],
      ['urn:gatehouse:params:scim:schemas:extension:2.0:User:loginType', 'sso'],
    ];
    for (const [path, value] of moves) {
      it(`does not write ${path} of somebody it provisions who was put in charge here`, async () => {
        const { token } = await givenDirectory([]);
        const id = await provisioned(token);
        await setManualRoles(app.core, acme.system, id, ['administrator']);
        const patched = await scim(token, 'patch', `/Users/${id}`, replace(path, value));
        expect(patched.status, patched.text).to.equal(403);
        const bulk = await scim(token, 'post', '/Bulk', {
          schemas: [urn.bulk],
          Operations: [{ method: 'PATCH', path: `/Users/${id}`, data: replace(path, value) }],
        });
        expect((bulk.body as { Operations: Json[] }).Operations[0]).to.include({ status: '403' });
        await setManualRoles(app.core, acme.system, id, []);
        expect((await scim(token, 'patch', `/Users/${id}`, replace(path, value))).status).to.equal(200);
      });
    }

    it('goes on with the profile of such a person, and lets them go', async () => {
      const { token } = await givenDirectory([]);
      const id = await provisioned(token);
      await setManualRoles(app.core, acme.system, id, ['administrator']);
      expect((await scim(token, 'patch', `/Users/${id}`, replace('title', 'CEO'))).status).to.equal(200);
      const read = await scim(token, 'get', `/Users/${id}`);
      const whole = { ...(read.body as Json), nickName: 'Boss' };
      expect((await scim(token, 'put', `/Users/${id}`, whole)).status).to.equal(200);
      expect((await scim(token, 'patch', `/Users/${id}`, replace('active', false))).status).to.equal(200);
      expect((await scim(token, 'delete', `/Users/${id}`)).status).to.equal(204);
    });

    it('goes on with all of those who manage something by its own rules or its own groups', async () => {
      const { token } = await givenDirectory([
        { when: { path: 'title', is: 'CEO' }, grant: ['administrator'] },
      ]);
      const made = await scim(token, 'post', '/Groups', { schemas: [urn.group], displayName: 'Chiefs' });
      const group = (made.body as { id: string }).id;
      await acme.call('patch', `/groups/${group}`).send({ roles: ['administrator'] });
      const byRule = await provisioned(token, { title: 'CEO' });
      const byGroup = await provisioned(token);
      const add = { op: 'add', path: 'members', value: [{ value: byGroup }] };
      await scim(token, 'patch', `/Groups/${group}`, { schemas: [urn.patch], Operations: [add] });
      for (const id of [byRule, byGroup]) {
        expect(await rolesOf(id)).to.deep.equal(['administrator']);
        const moved = await scim(token, 'patch', `/Users/${id}`, replace('userName', `${id}@acme.test`));
        expect(moved.status).to.equal(200);
      }
    });

    it('does not delete people it does not provision', async () => {
      const { token } = await givenDirectory([]);
      const { _id } = await acme.givenUser();
      const res = await scim(token, 'delete', `/Users/${_id}`);
      expect(res.status).to.equal(403);
      await getUser(app.core, acme.tenant._id, _id);
      const owned = await scim(token, 'patch', `/Users/${_id}`, replace('title', 'x'));
      expect(owned.status).to.equal(200);
      expect((await scim(token, 'delete', `/Users/${_id}`)).status).to.equal(204);
    });
  });
});
