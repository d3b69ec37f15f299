import { expect } from 'chai';
import { memberIds, patch, ruleRoles, schemas, startProvider, type Provider } from '../support/provider.js';

const headers = {
  'user-agent': 'PingOne Provisioning',
  accept: 'application/scim+json',
  'content-type': 'application/scim+json',
};

function pingUser(userName: string, active = true): object {
  return {
    schemas: [schemas.user],
    externalId: `ping-${userName}`,
    userName,
    name: { givenName: 'Ping', familyName: 'One' },
    emails: [{ value: userName, type: 'work', primary: true }],
    active,
  };
}

for (const dialect of ['auto', 'ping']) {
  describe(`Ping against a directory with dialect ${dialect}`, () => {
    let ping: Provider;
    const create = async (userName: string, active = true): Promise<string> =>
      (await ping.expect(201, 'POST', '/Users', pingUser(userName, active)))['id'];
    before(async () => {
      ping = await startProvider(dialect, headers, [
        { when: { path: 'groups.displayName', is: 'Engineers' }, grant: ['crm:agent'] },
      ]);
    });
    after(() => ping.stop());

    it('reads what the server can do', async () => {
      const config = await ping.expect(200, 'GET', '/ServiceProviderConfig');
      expect(config['patch']).to.deep.equal({ supported: true });
      expect(config['filter'].supported).to.equal(true);
    });

    it("finds users by its default filter, 'username Eq' (names and operators in any case)", async () => {
      const id = await create('filter@ping.example');
      const list = await ping.expect(200, 'GET', '/Users?filter=username Eq "filter@ping.example"');
      expect(list['Resources'].map((user: { id: string }) => user.id)).to.deep.equal([id]);
    });

    it('finds users by an address, where PingFederate is set to workEmail', async () => {
      const id = await create('work.email@ping.example');
      const list = await ping.expect(200, 'GET', '/Users?filter=emails eq "work.email@ping.example"');
      expect(list['Resources'].map((user: { id: string }) => user.id)).to.deep.equal([id]);
    });

    it('overwrites memberships by one PATCH with all of them, and gives roles by them', async () => {
      const [one, two] = [await create('over1@ping.example'), await create('over2@ping.example')];
      const group = { schemas: [schemas.group], displayName: 'Engineers', members: [{ value: one }] };
      const { id } = await ping.expect(201, 'POST', '/Groups', group);
      expect(await ruleRoles(ping, one)).to.deep.equal(['crm:agent']);
      const all = patch({ op: 'replace', path: 'members', value: [{ value: two, display: 'Two' }] });
      await ping.expect(204, 'PATCH', `/Groups/${id}`, all);
      expect(await memberIds(ping, id)).to.deep.equal([two]);
      expect([await ruleRoles(ping, one), await ruleRoles(ping, two)]).to.deep.equal([[], ['crm:agent']]);
    });

    it('provisions a disabled user: created inactive, enabled later by PUT', async () => {
      const id = await create('disabled@ping.example', false);
      expect((await ping.expect(200, 'GET', `/Users/${id}`))['active']).to.equal(false);
      expect(
        (await ping.expect(200, 'PUT', `/Users/${id}`, pingUser('disabled@ping.example')))['active'],
      ).to.equal(true);
    });

    it('merges memberships by PATCH and overwrites them by PUT', async () => {
      const [one, two] = [await create('one@ping.example'), await create('two@ping.example')];
      const group = { schemas: [schemas.group], displayName: 'Merged' };
      const { id } = await ping.expect(201, 'POST', '/Groups', group);
      await ping.send(
        'PATCH',
        `/Groups/${id}`,
        patch({ op: 'add', path: 'members', value: [{ value: one }] }),
      );
      await ping.send(
        'PATCH',
        `/Groups/${id}`,
        patch({ op: 'add', path: 'members', value: [{ value: two }] }),
      );
      expect(await memberIds(ping, id)).to.deep.equal([one, two].sort());
      await ping.expect(200, 'PUT', `/Groups/${id}`, { ...group, members: [{ value: two }] });
      expect(await memberIds(ping, id)).to.deep.equal([two]);
    });

    it('removes a user by its configured action: disable, or delete', async () => {
      const id = await create('remove@ping.example');
      expect(
        (await ping.expect(200, 'PUT', `/Users/${id}`, pingUser('remove@ping.example', false)))['active'],
      ).to.equal(false);
      await ping.expect(204, 'DELETE', `/Users/${id}`);
      await ping.expect(404, 'GET', `/Users/${id}`);
    });
  });
}
