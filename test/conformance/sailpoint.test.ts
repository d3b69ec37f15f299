import { expect } from 'chai';
import { patch, schemas, startProvider, type Provider } from '../support/provider.js';

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
    for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas', '/ResourceTypes/User']) {
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
