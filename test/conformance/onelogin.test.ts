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

const headers = { 'user-agent': '', accept: '*/*', 'content-type': 'application/json' };

/** The administrator's JSON template, with the URNs of SCIM 1. */
function oneloginUser(userName: string, active = true): object {
  return {
    schemas: ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'],
    userName,
    displayName: 'One Login',
    name: { familyName: 'Login', givenName: 'One', formatted: 'One Login' },
    emails: [{ value: userName, type: 'work', primary: true }],
    active,
  };
}

for (const dialect of ['auto', 'onelogin']) {
  describe(`OneLogin against a directory with dialect ${dialect}`, () => {
    let onelogin: Provider;
    before(async () => {
      onelogin = await startProvider(dialect, headers, [
        { when: { path: 'roles.value', is: 'Agent' }, grant: ['crm:agent'] },
      ]);
    });
    after(() => onelogin.stop());

    it('looks up with plus signs for blanks and a dangling ampersand', async () => {
      const { id } = await onelogin.expect(201, 'POST', '/Users', oneloginUser('plus@onelogin.example'));
      const list = await onelogin.expect(
        200,
        'GET',
        '/Users?filter=userName+eq+%22plus%40onelogin.example%22&',
      );
      expect(list['Resources'].map((user: { id: string }) => user.id)).to.deep.equal([id]);
      const none = await onelogin.expect(
        200,
        'GET',
        '/Users?filter=userName+eq+%22nobody%40onelogin.example%22&',
      );
      expect(none['totalResults']).to.equal(0);
    });

    it('creates from application/json with the wrong URNs and is answered with the right ones', async () => {
      const reply = await onelogin.send('POST', '/Users?', oneloginUser('create@onelogin.example'));
      expect(reply.status).to.equal(201);
      expect(reply.headers['content-type']).to.match(/^application\/scim\+json/);
      expect(reply.body['schemas']).to.include(schemas.user);
      expect(JSON.stringify(reply.body['schemas'])).not.to.contain('urn:scim:');
    });

    it('takes the template as OneLogin offers it: manager by managerId, empty variables, old URNs, foreign names', async () => {
      const template = {
        ...oneloginUser('template@onelogin.example'),
        id: null,
        meta: { resourceType: 'User' },
        prefferedLanguage: 'en',
        title: '',
        addresses: [{ locality: 'Ulm', region: '', country: 'DE' }],
        [schemas.enterprise]: {
          department: 'Sales',
          manager: { managerId: '117', displayName: 'The Boss' },
        },
      };
      const { id } = await onelogin.expect(201, 'POST', '/Users?', template);
      const user = await onelogin.expect(200, 'GET', `/Users/${id}?`);
      expect(user[schemas.enterprise]).to.deep.equal({ department: 'Sales', manager: { value: '117' } });
      expect(user).not.to.have.property('prefferedLanguage');
      const nobody = {
        ...template,
        [schemas.enterprise]: { department: 'Sales', manager: { managerId: '', displayName: ' ' } },
      };
      const put = await onelogin.expect(200, 'PUT', `/Users/${id}?`, nobody);
      expect(put[schemas.enterprise]).to.deep.equal({ department: 'Sales' });
      const { counts } = await findings(onelogin);
      expect(counts).to.include.keys('legacy-urns', 'manager-id', 'unknown-attribute');
    });

    it('gives roles by an attribute of the template, and takes them with the next PUT', async () => {
      const user = oneloginUser('role@onelogin.example');
      const { id } = await onelogin.expect(201, 'POST', '/Users?', { ...user, roles: [{ value: 'Agent' }] });
      expect(await ruleRoles(onelogin, id)).to.deep.equal(['crm:agent']);
      await onelogin.expect(200, 'PUT', `/Users/${id}?`, { ...user, roles: [{ value: '' }] });
      expect(await ruleRoles(onelogin, id)).to.deep.equal([]);
    });

    it('updates and deactivates by PUT with a dangling question mark', async () => {
      const { id } = await onelogin.expect(201, 'POST', '/Users', oneloginUser('put@onelogin.example'));
      const changed = await onelogin.expect(200, 'PUT', `/Users/${id}?`, {
        ...oneloginUser('put@onelogin.example'),
        title: 'Engineer',
      });
      expect(changed).to.deep.include({ id, title: 'Engineer', active: true });
      const off = await onelogin.expect(
        200,
        'PUT',
        `/Users/${id}?`,
        oneloginUser('put@onelogin.example', false),
      );
      expect(off).to.deep.include({ id, active: false });
      expect(off, 'what the template no longer names is cleared').not.to.have.property('title');
    });

    it('pushes group members by PATCH with application/scim+json', async () => {
      const { id: user } = await onelogin.expect(
        201,
        'POST',
        '/Users',
        oneloginUser('member@onelogin.example'),
      );
      const { id } = await onelogin.expect(201, 'POST', '/Groups?', {
        schemas: [schemas.group],
        displayName: 'Sales',
      });
      const change = (operation: object): Promise<{ status: number }> =>
        onelogin.send('PATCH', `/Groups/${id}?`, patch(operation), {
          'content-type': 'application/scim+json',
        });
      expect((await change({ op: 'add', path: 'members', value: [{ value: user }] })).status).to.be.oneOf([
        200, 204,
      ]);
      expect(await memberIds(onelogin, id)).to.deep.equal([user]);
      expect((await change({ op: 'remove', path: `members[value eq "${user}"]` })).status).to.be.oneOf([
        200, 204,
      ]);
      expect(await memberIds(onelogin, id)).to.deep.equal([]);
    });

    it('deletes a user', async () => {
      const { id } = await onelogin.expect(201, 'POST', '/Users', oneloginUser('delete@onelogin.example'));
      await onelogin.expect(204, 'DELETE', `/Users/${id}?`);
      await onelogin.expect(404, 'GET', `/Users/${id}?`);
    });
  });
}
