/**
 * SailPoint's SCIM 2.0 connectors (IdentityIQ, Identity Security Cloud). Their code is not public: these are the documents their guide demands,
 * the operations it lists, and what users report of its aggregation. What they leave open is written as RFC 7644 has it.
 */
import { expect } from 'chai';
import { accessOf, patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';

describe("SailPoint's discovery and aggregation", () => {
  let sailpoint: Provider;
  before(async () => {
    sailpoint = await startProvider('auto', {
      accept: 'application/scim+json',
      'content-type': 'application/scim+json',
    });
    for (const number of [1, 2, 3, 4, 5]) {
      await sailpoint.expect(201, 'POST', '/Users', {
        schemas: [schemas.user],
        userName: `account${number}@sailpoint.example`,
        roles: [{ value: 'Auditor' }],
        entitlements: [{ value: 'reports' }],
      });
    }
    await sailpoint.expect(201, 'POST', '/Groups', { schemas: [schemas.group], displayName: 'Auditors' });
  });
  after(() => sailpoint.stop());

  it('reads every document it needs before an aggregation', async () => {
    for (const path of [
      '/ServiceProviderConfig',
      '/ResourceTypes',
      '/Schemas',
      '/ResourceTypes/User',
      '/ResourceTypes/Group',
    ]) {
      await sailpoint.expect(200, 'GET', path);
    }
    const schema = await sailpoint.expect(200, 'GET', `/Schemas/${schemas.user}`);
    expect(schema['id']).to.equal(schemas.user);
    const names = schema['attributes'].map((attribute: { name: string }) => attribute.name);
    expect(names).to.include.members(['userName', 'groups', 'roles', 'entitlements']);
  });

  it('resolves every schema that the resource types name', async () => {
    const types = await sailpoint.expect(200, 'GET', '/ResourceTypes');
    for (const type of types['Resources']) {
      const urns = [
        type.schema,
        ...(type.schemaExtensions ?? []).map((extension: { schema: string }) => extension.schema),
      ];
      for (const urn of urns) await sailpoint.expect(200, 'GET', `/Schemas/${urn}`);
    }
  });

  it('aggregates accounts page by page, each with its schemas, roles and entitlements', async () => {
    const seen: string[] = [];
    for (let startIndex = 1; startIndex <= 5; startIndex += 2) {
      const page = await sailpoint.expect(200, 'GET', `/Users?startIndex=${startIndex}&count=2`);
      expect(page).to.deep.include({ totalResults: 5, startIndex });
      for (const user of page['Resources']) {
        expect(user.schemas).to.include(schemas.user);
        expect(user.roles).to.deep.equal([{ value: 'Auditor' }]);
        expect(user.entitlements).to.deep.equal([{ value: 'reports' }]);
        seen.push(user.id);
      }
    }
    expect(new Set(seen).size).to.equal(5);
  });

  it('requests and revokes roles and entitlements, one by one', async () => {
    const list = await sailpoint.expect(200, 'GET', '/Users?filter=userName eq "account5@sailpoint.example"');
    const path = `/Users/${list['Resources'][0].id}`;
    const change = async (operation: object): Promise<void> => {
      await sailpoint.expect(200, 'PATCH', path, patch(operation));
    };
    await change({ op: 'add', path: 'entitlements', value: [{ value: 'ledger' }] });
    await change({ op: 'remove', path: 'entitlements[value eq "reports"]' });
    expect((await sailpoint.expect(200, 'GET', path))['entitlements']).to.deep.equal([{ value: 'ledger' }]);
    await change({ op: 'remove', path: 'entitlements[value eq "ledger"]' });
    await change({ op: 'add', path: 'entitlements', value: [{ value: 'reports' }] });
  });

  it('aggregates groups, each with its schemas', async () => {
    const page = await sailpoint.expect(200, 'GET', '/Groups?startIndex=1&count=100');
    expect(page['Resources'].map((group: { schemas: string[] }) => group.schemas)).to.deep.equal([
      [schemas.group],
    ]);
  });
});

describe("SailPoint's provisioning", () => {
  let sailpoint: Provider;
  before(async () => {
    const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json' };
    sailpoint = await startProvider('auto', headers, [
      { when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] },
      { when: { path: 'entitlements.value', is: 'crm-manager' }, grant: ['crm:manager'] },
    ]);
  });
  after(() => sailpoint.stop());

  const create = async (userName: string): Promise<string> => {
    const body = { schemas: [schemas.user], userName, displayName: userName, active: true };
    return (await sailpoint.expect(201, 'POST', '/Users', body))['id'];
  };

  it('reports a person who joins, moves, leaves, comes back and goes', async () => {
    const group = { schemas: [schemas.group], displayName: 'Support' };
    const { id: groupId } = await sailpoint.expect(201, 'POST', '/Groups', group);
    const id = await create('ada@sailpoint.example');
    const change = (...operations: object[]): Promise<Json> =>
      sailpoint.expect(200, 'PATCH', `/Users/${id}`, patch(...operations));
    const add = patch({ op: 'add', path: 'members', value: [{ value: id }] });
    await sailpoint.expect(204, 'PATCH', `/Groups/${groupId}`, add);
    const { status, roles } = await accessOf(sailpoint, id);
    expect(status).not.to.equal('disabled');
    expect(roles).to.deep.equal(['crm:agent']);
    const refreshed = await sailpoint.expect(200, 'GET', `/Users/${id}`);
    expect(refreshed['groups'].map(({ value }: Json) => value)).to.deep.equal([groupId]);

    const remove = patch({ op: 'remove', path: `members[value eq "${id}"]` });
    await sailpoint.expect(204, 'PATCH', `/Groups/${groupId}`, remove);
    await change({ op: 'add', path: 'entitlements', value: [{ value: 'crm-manager' }] });
    await change({ op: 'replace', path: 'title', value: 'Manager' });
    expect(await accessOf(sailpoint, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await change({ op: 'replace', path: 'active', value: false });
    expect((await accessOf(sailpoint, id)).status).to.equal('disabled');
    await change({ op: 'replace', path: 'active', value: true });
    expect(await accessOf(sailpoint, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await sailpoint.expect(204, 'DELETE', `/Users/${id}`);
    await sailpoint.expect(404, 'GET', `/Users/${id}`);
  });

  it('changes a password and, where PATCH is switched off, the whole account by PUT', async () => {
    const id = await create('put@sailpoint.example');
    const password = patch({ op: 'replace', path: 'password', value: 'a-Password-of-9-words' });
    expect(await sailpoint.expect(200, 'PATCH', `/Users/${id}`, password)).not.to.have.property('password');
    const read = await sailpoint.expect(200, 'GET', `/Users/${id}`);
    const put = await sailpoint.expect(200, 'PUT', `/Users/${id}`, { ...read, active: false });
    expect(put).to.deep.include({ id, active: false, displayName: 'put@sailpoint.example' });
  });
});
