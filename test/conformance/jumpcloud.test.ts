import { expect } from 'chai';
import {
  findings,
  memberIds,
  patch,
  ruleRoles,
  schemas,
  startProvider,
  type Provider,
} from '../support/provider.js';

const headers = {
  'user-agent': 'JumpCloud_SCIM/1.0',
  accept: 'application/scim+json',
  'content-type': 'application/scim+json',
};

function jumpcloudUser(userName: string): object {
  return {
    schemas: [schemas.user, schemas.enterprise],
    externalId: `jc-${userName}`,
    userName,
    name: { givenName: 'Jump', familyName: 'Cloud' },
    displayName: 'Jump Cloud',
    emails: [{ type: 'work', value: userName, primary: true }],
    active: true,
  };
}

for (const dialect of ['auto', 'jumpcloud']) {
  describe(`JumpCloud against a directory with dialect ${dialect}`, () => {
    let jumpcloud: Provider;
    const create = async (userName: string): Promise<string> =>
      (await jumpcloud.expect(201, 'POST', '/Users', jumpcloudUser(userName)))['id'];
    before(async () => {
      jumpcloud = await startProvider(dialect, headers, [
        { when: { path: 'groups.displayName', is: 'Engineers' }, grant: ['crm:agent'] },
      ]);
    });
    after(() => jumpcloud.stop());

    it('activates: makes a test user and a test group, and deletes both again without a trace', async () => {
      const user = await create('test.user@jumpcloud.example');
      const group = await jumpcloud.expect(201, 'POST', '/Groups', {
        schemas: [schemas.group],
        displayName: 'Test Group',
        members: [{ value: user }],
      });
      await jumpcloud.expect(204, 'DELETE', `/Groups/${group['id']}`);
      await jumpcloud.expect(204, 'DELETE', `/Users/${user}`);
      const list = await jumpcloud.expect(
        200,
        'GET',
        '/Users?filter=userName eq "test.user@jumpcloud.example"',
      );
      expect(list['totalResults']).to.equal(0);
    });

    it('changes one attribute with each operation', async () => {
      const id = await create('attributes@jumpcloud.example');
      const reply = await jumpcloud.send(
        'PATCH',
        `/Users/${id}`,
        patch(
          { op: 'replace', path: 'name.familyName', value: 'Changed' },
          { op: 'replace', path: 'title', value: 'Engineer' },
          { op: 'replace', path: `${schemas.enterprise}:department`, value: 'Sales' },
          { op: 'replace', path: 'active', value: false },
        ),
      );
      expect(reply.status).to.be.oneOf([200, 204]);
      const user = await jumpcloud.expect(200, 'GET', `/Users/${id}`);
      expect(user['name']).to.deep.include({ givenName: 'Jump', familyName: 'Changed' });
      expect(user).to.deep.include({ title: 'Engineer', active: false });
      expect(user[schemas.enterprise]).to.deep.equal({ department: 'Sales' });
    });

    it('changes a whole user by PUT as well', async () => {
      const id = await create('put@jumpcloud.example');
      const put = { ...jumpcloudUser('put@jumpcloud.example'), id, displayName: 'Put', active: false };
      expect(await jumpcloud.expect(200, 'PUT', `/Users/${id}`, put)).to.deep.include({
        displayName: 'Put',
        active: false,
      });
    });

    it('gives and takes roles with the groups it pushes, and with a group that goes', async () => {
      const id = await create('roles@jumpcloud.example');
      const group = { schemas: [schemas.group], displayName: 'Engineers', members: [{ value: id }] };
      const { id: groupId } = await jumpcloud.expect(201, 'POST', '/Groups', group);
      expect(await ruleRoles(jumpcloud, id)).to.deep.equal(['crm:agent']);
      const remove = patch({ op: 'remove', path: 'members', value: [{ value: id }] });
      await jumpcloud.expect(204, 'PATCH', `/Groups/${groupId}`, remove);
      expect(await ruleRoles(jumpcloud, id)).to.deep.equal([]);
      expect((await findings(jumpcloud)).counts).to.include.keys('remove-with-value');
      const add = patch({ op: 'add', path: 'members', value: [{ value: id }] });
      await jumpcloud.expect(204, 'PATCH', `/Groups/${groupId}`, add);
      await jumpcloud.expect(204, 'DELETE', `/Groups/${groupId}`);
      expect(await ruleRoles(jumpcloud, id)).to.deep.equal([]);
    });

    it('adds members without display or type and removes exactly the listed ones by a value array', async () => {
      const users = [await create('one@jumpcloud.example'), await create('two@jumpcloud.example')];
      const { id } = await jumpcloud.expect(201, 'POST', '/Groups', {
        schemas: [schemas.group],
        displayName: 'Members',
        members: [],
      });
      const change = async (operation: object): Promise<string[]> => {
        const reply = await jumpcloud.send('PATCH', `/Groups/${id}`, patch(operation));
        expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
        return memberIds(jumpcloud, id);
      };
      const value = users.map((user) => ({ value: user }));
      expect(await change({ op: 'add', path: 'members', value })).to.deep.equal([...users].sort());
      expect(await change({ op: 'remove', path: 'members', value: [value[0]] })).to.deep.equal([users[1]]);
    });
  });
}
