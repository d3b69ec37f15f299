import { expect } from 'chai';
import {
  memberIds,
  patch,
  ruleRoles,
  schemas,
  startProvider,
  type Json,
  type Provider,
} from '../support/provider.js';

const headers = {
  accept: 'application/scim+json',
  'content-type': 'application/scim+json; charset=utf-8',
};
const missing = 'f3a0d6c1-7a35-4a5f-9b0e-2f3d6b7c8d90';
const microsoftGroup = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';

/** A user as Entra creates it: nulls for what the directory does not know. */
function entraUser(userName: string, more: object = {}): object {
  return {
    schemas: [schemas.user, schemas.enterprise],
    externalId: `ext-${userName}`,
    userName,
    active: true,
    addresses: null,
    displayName: 'Test User',
    emails: [{ primary: true, type: 'work', value: userName }],
    meta: { resourceType: 'User' },
    name: { formatted: 'Test User', familyName: 'User', givenName: 'Test' },
    title: null,
    roles: [],
    ...more,
  };
}

function entraGroup(displayName: string): object {
  return {
    schemas: [schemas.group, microsoftGroup],
    externalId: `ext-${displayName}`,
    displayName,
    meta: { resourceType: 'Group' },
  };
}

for (const dialect of ['auto', 'entra']) {
  describe(`Entra's users against a directory with dialect ${dialect}`, () => {
    let entra: Provider;
    const create = async (userName: string, more: object = {}): Promise<string> =>
      (await entra.expect(201, 'POST', '/Users', entraUser(userName, more)))['id'];
    const change = async (id: string, ...operations: object[]): Promise<Json> => {
      const reply = await entra.send('PATCH', `/Users/${id}`, patch(...operations));
      expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
      return entra.expect(200, 'GET', `/Users/${id}`);
    };
    before(async () => {
      entra = await startProvider(dialect, headers);
    });
    after(() => entra.stop());

    it('answers the connection test with empty lists, without a User-Agent', async () => {
      for (const path of [
        `/Users?filter=userName eq "${missing}"`,
        `/Groups?excludedAttributes=members&filter=displayName eq "${missing}"`,
      ]) {
        const list = await entra.expect(200, 'GET', path);
        expect(list).to.deep.include({ schemas: [schemas.list], totalResults: 0 });
      }
    });

    it('creates a user from a body with nulls and a client-made meta', async () => {
      const user = await entra.expect(201, 'POST', '/Users', entraUser('create@contoso.example'));
      expect(user).to.deep.include({ externalId: 'ext-create@contoso.example', active: true });
      expect(user).not.to.have.property('addresses');
      expect(user).not.to.have.property('title');
      expect(user['meta'].location).to.match(/\/scim\/v2\/Users\//);
    });

    it('takes enterprise data under the misspelt URN of the documentation for what it means', async () => {
      const misspelt = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User';
      const id = await create('urn@contoso.example', {
        schemas: [schemas.user, misspelt],
        [misspelt]: { department: 'X' },
      });
      const user = await entra.expect(200, 'GET', `/Users/${id}`);
      expect(user[schemas.enterprise]).to.deep.equal({ department: 'X' });
      expect(user['schemas']).to.deep.equal([schemas.user, schemas.enterprise]);
    });

    it('takes extension data whose URN is not in schemas and answers with the right schemas', async () => {
      const id = await create('ext@contoso.example', {
        schemas: [schemas.user],
        [schemas.enterprise]: { department: 'Sales' },
      });
      const user = await entra.expect(200, 'GET', `/Users/${id}`);
      expect(user['schemas']).to.include.members([schemas.user, schemas.enterprise]);
      expect(user[schemas.enterprise].department).to.equal('Sales');
    });

    it('finds users by userName, externalId and work address', async () => {
      const id = await create('match@contoso.example');
      for (const filter of [
        'userName eq "MATCH@contoso.example"',
        'externalId eq "ext-match@contoso.example"',
        'emails[type eq "work"].value eq "match@contoso.example"',
        'userName eq "match@contoso.example" and externalId eq "ext-match@contoso.example"',
      ]) {
        const list = await entra.expect(200, 'GET', `/Users?filter=${filter}`);
        expect(
          list['Resources'].map((user: { id: string }) => user.id),
          filter,
        ).to.deep.equal([id]);
      }
    });

    it('disables and enables by the texts "False" and "True", and by real booleans', async () => {
      const id = await create('active@contoso.example');
      for (const [value, active] of [
        ['False', false],
        ['True', true],
        ['false', false],
        [true, true],
      ]) {
        const user = await change(id, { op: 'Replace', path: 'active', value });
        expect(user['active']).to.equal(active);
      }
      const list = await entra.expect(200, 'GET', '/Users?filter=userName eq "active@contoso.example"');
      expect(list['totalResults']).to.equal(1);
    });

    it('refuses a text that is no boolean with invalidValue and changes nothing', async () => {
      const id = await create('boolean@contoso.example');
      const body = patch(
        { op: 'Replace', path: 'displayName', value: 'Changed' },
        { op: 'Replace', path: 'active', value: 'perhaps' },
      );
      const error = await entra.expect(400, 'PATCH', `/Users/${id}`, body);
      expect(error['scimType']).to.equal('invalidValue');
      expect((await entra.expect(200, 'GET', `/Users/${id}`))['displayName']).to.equal('Test User');
    });

    it('adds, replaces and removes single attributes with capitalised operations', async () => {
      const id = await create('single@contoso.example');
      const added = await change(
        id,
        { op: 'Add', path: 'nickName', value: 'Babs' },
        { op: 'Add', path: `${schemas.enterprise}:employeeNumber`, value: '701984' },
        { op: 'Replace', path: 'name.familyName', value: 'Jensen' },
      );
      expect(added['nickName']).to.equal('Babs');
      expect(added[schemas.enterprise].employeeNumber).to.equal('701984');
      expect(added['name']).to.deep.include({ familyName: 'Jensen', givenName: 'Test' });
      const removed = await change(
        id,
        { op: 'Remove', path: 'nickName', value: 'Babs' },
        { op: 'Remove', path: `${schemas.enterprise}:employeeNumber` },
      );
      expect(removed).not.to.have.property('nickName');
      expect(removed).not.to.have.property(schemas.enterprise);
      expect(removed['schemas']).to.include(schemas.user).and.not.to.include(schemas.enterprise);
    });

    it('takes a manager as a bare text, and as an array without the URN; answers an object', async () => {
      const manager = await create('manager@contoso.example');
      const id = await create('report@contoso.example');
      const first = await change(id, { op: 'Add', path: `${schemas.enterprise}:manager`, value: manager });
      expect(first[schemas.enterprise].manager.value).to.equal(manager);
      const list = await entra.expect(
        200,
        'GET',
        `/Users?filter=id eq "${id}" and manager eq "${manager}"&attributes=id`,
      );
      expect(list['totalResults']).to.equal(1);
      const second = await change(id, {
        op: 'Replace',
        path: 'manager',
        value: [{ $ref: `../Users/${manager}`, value: manager }],
      });
      expect(second[schemas.enterprise].manager.value).to.equal(manager);
      expect(second).not.to.have.property('manager');
    });

    it('builds one address, one phone number and one mail from several filtered paths', async () => {
      const id = await create('paths@contoso.example', { emails: null });
      const user = await change(
        id,
        { op: 'Add', path: 'addresses[type eq "work"].streetAddress', value: '1 Main Street' },
        { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Ulm' },
        { op: 'Replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 731 1' },
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'new@contoso.example' },
      );
      expect(user['addresses']).to.deep.equal([
        { type: 'work', streetAddress: '1 Main Street', locality: 'Ulm' },
      ]);
      expect(user['phoneNumbers']).to.deep.equal([{ type: 'mobile', value: '+49 731 1' }]);
      expect(user['emails']).to.deep.equal([{ type: 'work', value: 'new@contoso.example' }]);
    });

    it('takes the path-less replace with dotted and URN keys of the RFC flag, and the flag in the address', async () => {
      const id = await create('flag@contoso.example');
      const body = patch({
        op: 'replace',
        value: {
          displayName: 'Bjfe',
          'name.givenName': 'Kkom',
          'name.familyName': 'Unua',
          [`${schemas.enterprise}:employeeNumber`]: 'Aqwzw',
        },
      });
      const reply = await entra.send('PATCH', `/Users/${id}?aadOptscim062020`, body);
      expect(reply.status).to.be.oneOf([200, 204]);
      const user = await entra.expect(200, 'GET', `/Users/${id}?aadOptscim062020`);
      expect(user['displayName']).to.equal('Bjfe');
      expect(user['name']).to.deep.include({ givenName: 'Kkom', familyName: 'Unua' });
      expect(user[schemas.enterprise]).to.deep.equal({ employeeNumber: 'Aqwzw' });
    });

    it('replaces with the RFC flag what is not there yet, by filtered paths and keys', async () => {
      const id = await create('flag-paths@contoso.example', { emails: null });
      const send = async (...operations: object[]): Promise<void> => {
        await entra.expect(200, 'PATCH', `/Users/${id}?aadOptscim062020`, patch(...operations));
      };
      await send({ op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 731 1' });
      await send({
        op: 'replace',
        value: {
          'emails[type eq "work"].value': 'flag-mail@contoso.example',
          'addresses[type eq "work"].locality': 'Ulm',
          'addresses[type eq "work"].country': 'DE',
          [`${schemas.enterprise}:manager`]: 'boss',
        },
      });
      const user = await entra.expect(200, 'GET', `/Users/${id}`);
      expect(user['phoneNumbers']).to.deep.equal([{ type: 'mobile', value: '+49 731 1' }]);
      expect(user['emails']).to.deep.equal([{ type: 'work', value: 'flag-mail@contoso.example' }]);
      expect(user['addresses']).to.deep.equal([{ type: 'work', locality: 'Ulm', country: 'DE' }]);
      expect(user[schemas.enterprise]).to.deep.equal({ manager: { value: 'boss' } });
    });

    it('stores values as they come: telephone numbers, languages and time zones of any form', async () => {
      const id = await create('verbatim@contoso.example');
      const values = {
        preferredLanguage: 'xx-Odd',
        timezone: 'Some/Random',
        locale: 'whatever',
        nickName: ' x ',
      };
      const user = await change(
        id,
        ...Object.entries(values).map(([path, value]) => ({ op: 'Add', path, value })),
        { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '(0731) 12-34 ext 5' },
      );
      expect(user).to.deep.include(values);
      expect(user['phoneNumbers'][0].value).to.equal('(0731) 12-34 ext 5');
    });

    it('still shows and finds a user it has disabled', async () => {
      const id = await create('disabled@contoso.example');
      await change(id, { op: 'Replace', path: 'active', value: 'False' });
      for (const filter of [
        'userName eq "disabled@contoso.example"',
        'externalId eq "ext-disabled@contoso.example"',
      ]) {
        const list = await entra.expect(200, 'GET', `/Users?filter=${filter}`);
        expect(list['Resources'][0]).to.deep.include({ id, active: false });
      }
    });

    it('deletes for good: 204, then 404, gone from lists, the userName free again', async () => {
      const id = await create('delete@contoso.example');
      await entra.expect(204, 'DELETE', `/Users/${id}`);
      await entra.expect(404, 'DELETE', `/Users/${id}`);
      await entra.expect(
        404,
        'PATCH',
        `/Users/${id}`,
        patch({ op: 'Replace', path: 'active', value: 'False' }),
      );
      const list = await entra.expect(200, 'GET', '/Users?filter=userName eq "delete@contoso.example"');
      expect(list['totalResults']).to.equal(0);
      expect(await create('delete@contoso.example')).not.to.equal(id);
    });
  });

  describe(`Entra's groups against a directory with dialect ${dialect}`, () => {
    let entra: Provider;
    let users: string[];
    before(async () => {
      entra = await startProvider(dialect, headers, [
        { when: { path: 'groups.externalId', is: 'ext-Engineering' }, grant: ['crm:agent'] },
      ]);
      users = [];
      for (const name of ['a', 'b', 'c']) {
        users.push((await entra.expect(201, 'POST', '/Users', entraUser(`${name}@contoso.example`)))['id']);
      }
    });
    after(() => entra.stop());

    const create = async (name: string): Promise<string> =>
      (await entra.expect(201, 'POST', '/Groups', entraGroup(name)))['id'];
    const change = async (id: string, operation: object): Promise<void> => {
      const reply = await entra.send('PATCH', `/Groups/${id}`, patch(operation));
      expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
    };
    const member = (id: string | undefined): object => ({ $ref: null, value: id });

    it("creates a group with Microsoft's own schema in the list and reads it without members", async () => {
      const id = await create('Readers');
      const group = await entra.expect(200, 'GET', `/Groups/${id}?excludedAttributes=members`);
      expect(group).to.deep.include({ displayName: 'Readers', externalId: 'ext-Readers' });
      expect(group).not.to.have.property('members');
      const list = await entra.expect(
        200,
        'GET',
        '/Groups?excludedAttributes=members&filter=displayName eq "readers"',
      );
      expect(list['Resources'].map((found: { id: string }) => found.id)).to.deep.equal([id]);
      const byObjectId = '/Groups?excludedAttributes=members&filter=externalId eq "ext-Readers"';
      expect((await entra.expect(200, 'GET', byObjectId))['totalResults']).to.equal(1);
    });

    it('removes only the members a Remove with a value names, and their roles with them', async () => {
      const id = await create('Engineering');
      for (const user of users) await change(id, { op: 'Add', path: 'members', value: [member(user)] });
      expect(await memberIds(entra, id)).to.deep.equal([...users].sort());
      expect(await ruleRoles(entra, users[0]!)).to.deep.equal(['crm:agent']);
      await change(id, { op: 'Remove', path: 'members', value: [member(users[0])] });
      expect(await memberIds(entra, id)).to.deep.equal(users.slice(1).sort());
      expect(await ruleRoles(entra, users[0]!)).to.deep.equal([]);
      expect(await ruleRoles(entra, users[1]!)).to.deep.equal(['crm:agent']);
    });

    it('never empties a group because a Remove names no member', async () => {
      const id = await create('Kept');
      await change(id, { op: 'Add', path: 'members', value: [member(users[0])] });
      for (const value of [[], null]) {
        const reply = await entra.send(
          'PATCH',
          `/Groups/${id}`,
          patch({ op: 'Remove', path: 'members', value }),
        );
        expect(reply.status).to.be.oneOf([200, 204, 400]);
        expect(await memberIds(entra, id), JSON.stringify(value)).to.deep.equal([users[0]]);
      }
    });

    it('adds a member twice without doubling it, and keeps the version the second time', async () => {
      const id = await create('Twice');
      await change(id, { op: 'Add', path: 'members', value: [member(users[0])] });
      const { meta } = await entra.expect(200, 'GET', `/Groups/${id}`);
      await change(id, { op: 'Add', path: 'members', value: [member(users[0])] });
      const again = await entra.expect(200, 'GET', `/Groups/${id}`);
      expect(again['members']).to.have.lengthOf(1);
      expect(again['meta'].version).to.equal(meta.version);
    });

    it('loses no member when one-member PATCHes arrive together', async () => {
      const id = await create('Parallel');
      await Promise.all(
        users.map((user) => change(id, { op: 'Add', path: 'members', value: [member(user)] })),
      );
      expect(await memberIds(entra, id)).to.deep.equal([...users].sort());
    });

    it('removes by a value filter with the RFC flag', async () => {
      const id = await create('Flagged');
      await change(id, { op: 'add', path: 'members', value: [{ value: users[0] }, { value: users[1] }] });
      await change(id, { op: 'remove', path: `members[value eq "${users[0]}"]` });
      expect(await memberIds(entra, id)).to.deep.equal([users[1]]);
    });

    it('tolerates the empty Operations the validator sends for a group with one attribute', async () => {
      const id = await create('Empty');
      const before = await entra.expect(200, 'GET', `/Groups/${id}`);
      const reply = await entra.send('PATCH', `/Groups/${id}`, patch());
      expect(reply.status).to.be.oneOf([200, 204]);
      expect(await entra.expect(200, 'GET', `/Groups/${id}`)).to.deep.equal(before);
    });

    it('deletes a group: 204, then 404', async () => {
      const id = await create('Gone');
      await entra.expect(204, 'DELETE', `/Groups/${id}`);
      await entra.expect(404, 'GET', `/Groups/${id}?excludedAttributes=members`);
      await entra.expect(404, 'DELETE', `/Groups/${id}`);
    });
  });
}
