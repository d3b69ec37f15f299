import { expect } from 'chai';
import { patch, ruleRoles, schemas, startProvider, type Provider } from '../support/provider.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json; charset=utf-8' };
const type = 'WindowsAzureActiveDirectoryRole';

const rules = [
  { when: { path: 'roles.value', is: 'Admin' }, grant: ['crm:manager'] },
  { when: { path: 'roles.value', is: 'User' }, grant: ['crm:agent'] },
];

for (const dialect of ['auto', 'entra']) {
  describe(`Entra's three app-role mappings against a directory with dialect ${dialect}`, () => {
    let entra: Provider;
    const create = async (userName: string, roles: readonly object[]): Promise<string> => {
      const body = { schemas: [schemas.user], userName, externalId: userName, active: true, roles };
      return (await entra.expect(201, 'POST', '/Users', body))['id'];
    };
    const change = async (
      id: string,
      ...operations: object[]
    ): Promise<{ value: string; primary?: boolean }[]> => {
      const reply = await entra.send('PATCH', `/Users/${id}`, patch(...operations));
      expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
      return (await entra.expect(200, 'GET', `/Users/${id}`))['roles'] ?? [];
    };
    before(async () => {
      entra = await startProvider(dialect, headers, rules);
    });
    after(() => entra.stop());

    it('SingleAppRoleAssignment: one primary role at creation', async () => {
      const id = await create('single@contoso.example', [{ primary: true, type, value: 'Admin' }]);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:manager']);
    });

    it('SingleAppRoleAssignment: roles[primary eq "True"].value changes the primary role', async () => {
      const id = await create('single-change@contoso.example', [{ primary: true, type, value: 'Admin' }]);
      const roles = await change(id, {
        op: 'Replace',
        path: 'roles[primary eq "True"].value',
        value: 'User',
      });
      expect(roles.map(({ value, primary }) => [value, primary])).to.deep.equal([['User', true]]);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:agent']);
    });

    it('SingleAppRoleAssignment: the filtered path creates a missing role', async () => {
      const id = await create('single-add@contoso.example', []);
      const roles = await change(
        id,
        { op: 'Add', path: 'roles[primary eq "True"].display', value: 'Admin' },
        { op: 'Add', path: 'roles[primary eq "True"].value', value: 'Admin' },
        { op: 'Add', path: 'roles[primary eq "True"].type', value: type },
      );
      expect(roles).to.deep.equal([{ primary: true, display: 'Admin', value: 'Admin', type }]);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:manager']);
    });

    it('AppRoleAssignmentsComplex: several roles at creation, named by displayName', async () => {
      const id = await create('complex@contoso.example', [
        { primary: false, type, displayName: 'Admin', value: 'Admin' },
        { primary: false, type, displayName: 'User', value: 'User' },
      ]);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:agent', 'crm:manager']);
    });

    it('AppRoleAssignmentsComplex: roles packed as JSON texts are added beside the ones that are there', async () => {
      const id = await create('packed@contoso.example', [{ primary: false, type, value: 'User' }]);
      const packed = JSON.stringify({
        id: '18d14569-c3bd-439b-9a66-3a2aee01d14f',
        value: 'Admin',
        displayName: 'Admin',
      });
      const roles = await change(id, { op: 'Add', path: 'roles', value: [{ value: packed }] });
      expect(roles.map(({ value }) => value).sort()).to.deep.equal(['Admin', 'User']);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:agent', 'crm:manager']);
    });

    it('AppRoleAssignmentsComplex: the default access of an application has no value and grants nothing', async () => {
      const id = await create('default@contoso.example', []);
      const packed = JSON.stringify({
        id: '18d14569-c3bd-439b-9a66-3a2aee01d14f',
        value: null,
        displayName: 'Admin',
      });
      const roles = await change(id, { op: 'Add', path: 'roles', value: [{ value: packed }] });
      expect(roles).to.deep.equal([{ display: 'Admin' }]);
      expect(await ruleRoles(entra, id)).to.deep.equal([]);
    });

    it('AppRoleAssignmentsComplex: the same role added again is there once', async () => {
      const id = await create('again@contoso.example', []);
      const add = {
        op: 'Add',
        path: 'roles',
        value: [{ value: '{"id":"1","value":"Admin","displayName":"Admin"}' }],
      };
      await change(id, add);
      expect(await change(id, add)).to.deep.equal([{ value: 'Admin', display: 'Admin' }]);
    });

    it('SingleAppRoleAssignment: with the RFC flag the path makes the role too', async () => {
      const id = await create('flag@contoso.example', []);
      const roles = await change(id, {
        op: 'replace',
        path: 'roles[primary eq "True"].value',
        value: 'Admin',
      });
      expect(roles).to.deep.equal([{ primary: true, value: 'Admin' }]);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:manager']);
    });

    it('AssertiveAppRoleAssignmentsComplex: a replace by nothing takes every role away', async () => {
      const id = await create('nothing@contoso.example', [{ primary: false, type, value: 'Admin' }]);
      expect(await change(id, { op: 'Replace', path: 'roles', value: [] })).to.deep.equal([]);
      expect(await ruleRoles(entra, id)).to.deep.equal([]);
    });

    it('AssertiveAppRoleAssignmentsComplex: a replace takes away what is assigned no more', async () => {
      const id = await create('assertive@contoso.example', [
        { primary: false, type, display: 'Admin', value: 'Admin' },
        { primary: false, type, display: 'User', value: 'User' },
      ]);
      const roles = await change(id, {
        op: 'Replace',
        path: 'roles',
        value: [{ primary: false, type, display: 'User', value: 'User' }],
      });
      expect(roles.map(({ value }) => value)).to.deep.equal(['User']);
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:agent']);
    });

    it('grants nothing for a role no rule knows, whatever its name', async () => {
      const id = await create('unknown@contoso.example', [{ primary: true, type, value: 'administrator' }]);
      expect(await ruleRoles(entra, id)).to.deep.equal([]);
    });

    it('keeps the assignments of a disabled user for their return', async () => {
      const id = await create('return@contoso.example', [{ primary: true, type, value: 'Admin' }]);
      await change(id, { op: 'Replace', path: 'active', value: 'False' });
      await change(id, { op: 'Replace', path: 'active', value: 'True' });
      expect(await ruleRoles(entra, id)).to.deep.equal(['crm:manager']);
    });
  });
}
