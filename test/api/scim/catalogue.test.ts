import { expect } from 'chai';
import type { Response } from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenClient, givenToken, scimWith } from '../../support/scim-oauth.js';

interface Catalogue {
  totalResults: number;
  nextCursor?: string;
  Resources: Record<string, unknown>[];
}

describe('the role catalogue (draft-ietf-scim-roles-entitlements)', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let token: string;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.call('post', '/roles').send({ key: 'guest', name: 'Guest', permissions: [] }).expect(201);
    await acme
      .call('post', '/roles')
      .send({ key: 'auditor', name: 'Auditor', permissions: ['audit.read'] })
      .expect(201);
    token = await givenToken(app, await givenClient(acme));
  });
  after(() => app.stop());

  const read = (path: string): Promise<Response> => scimWith(app, token, 'get', path);
  const catalogueOf = async (path: string): Promise<Catalogue> => (await read(path)).body as Catalogue;
  const valuesOf = ({ Resources }: Catalogue): unknown[] => Resources.map(({ value }) => value);

  it('is found the way Okta looks for entitlements: resource types, schemas, then each endpoint', async () => {
    const types = await catalogueOf('/ResourceTypes');
    const found = types.Resources.filter(({ name }) => name !== 'User' && name !== 'Group');
    expect(found.map(({ name, endpoint, schema }) => ({ name, endpoint, schema }))).to.deep.equal([
      { name: 'Role', endpoint: '/Roles', schema: 'urn:ietf:params:scim:schemas:core:2.0:Role' },
      {
        name: 'Entitlement',
        endpoint: '/Entitlements',
        schema: 'urn:ietf:params:scim:schemas:core:2.0:Entitlement',
      },
    ]);
    for (const { endpoint, schema, name } of found) {
      const described = (await read(`/Schemas/${String(schema)}`)).body as { attributes: { name: string }[] };
      const list = await catalogueOf(`${String(endpoint)}?startIndex=1&count=100`);
      expect(valuesOf(list)).to.include.members(['crm:agent', 'guest']);
      const agent = list.Resources.find(({ value }) => value === 'crm:agent')!;
      expect(agent).to.deep.include({
        schemas: [schema],
        id: 'crm:agent',
        value: 'crm:agent',
        display: 'Agent',
        displayName: 'Agent',
        type: 'crm',
        supported: true,
      });
      const known = described.attributes.map((attribute) => attribute.name);
      for (const attribute of Object.keys(agent)) {
        if (!['schemas', 'id', 'meta'].includes(attribute)) expect(known).to.include(attribute);
      }
      const { location } = agent['meta'] as { location: string };
      expect(location).to.equal(`${app.url}/scim/v2${String(endpoint)}/crm%3Aagent`);
      expect((await read(location.slice(`${app.url}/scim/v2`.length))).body).to.deep.equal(agent);
      expect(agent['meta']).to.include({ resourceType: name });
    }
    const config = (await read('/ServiceProviderConfig')).body as Record<string, unknown>;
    expect(config['RolesAndEntitlements']).to.nested.include({
      'roles.supported': true,
      'entitlements.supported': true,
    });
  });

  it('never shows a role with a management permission', async () => {
    for (const path of ['/Roles', '/Entitlements']) {
      expect(valuesOf(await catalogueOf(path))).to.not.include.members(['administrator']);
      expect(valuesOf(await catalogueOf(path))).to.not.include('auditor');
    }
    await read('/Roles/administrator').then((res) => expect(res.status).to.equal(404));
  });

  it('has a new role at the next read, and no longer one that is gone', async () => {
    await acme.call('post', '/roles').send({ key: 'fresh', name: 'Fresh', permissions: [] }).expect(201);
    expect((await read('/Roles/fresh')).status).to.equal(200);
    await acme.call('delete', '/roles/fresh').expect(204);
    expect((await read('/Roles/fresh')).status).to.equal(404);
  });

  it('is the tenant’s own', async () => {
    const globex = await givenTenant(app);
    const other = await givenToken(app, await givenClient(globex));
    const res = await scimWith(app, other, 'get', '/Roles');
    expect(valuesOf(res.body as Catalogue)).to.not.include.members(['crm:agent']);
  });

  it('is filtered, sorted, projected and searched', async () => {
    const filter = encodeURIComponent('type eq "crm" and supported eq true');
    expect(valuesOf(await catalogueOf(`/Roles?filter=${filter}`))).to.deep.equal(['crm:agent']);
    const sorted = valuesOf(await catalogueOf('/Roles?sortBy=display&sortOrder=descending'));
    expect(sorted).to.deep.equal([...sorted].sort().reverse());
    const { Resources } = await catalogueOf('/Roles?attributes=display');
    expect(Object.keys(Resources[0]!).sort()).to.deep.equal(['display', 'id', 'schemas']);
    const search = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'value sw "crm:"',
    };
    const found = await scimWith(app, token, 'post', '/Roles/.search', search);
    expect(valuesOf(found.body as Catalogue)).to.deep.equal(['crm:agent']);
    expect((await read('/Roles?filter=robots%20pr')).body).to.include({
      status: '400',
      scimType: 'invalidFilter',
    });
  });

  it('comes in pages, by index and by cursor', async () => {
    const { totalResults } = await catalogueOf('/Roles');
    const byIndex = [];
    for (let startIndex = 1; startIndex <= totalResults; startIndex += 1) {
      const page = await catalogueOf(`/Roles?startIndex=${startIndex}&count=1`);
      expect(page).to.include({ totalResults, startIndex, itemsPerPage: 1 });
      byIndex.push(...valuesOf(page));
    }
    const byCursor = [];
    let page = await catalogueOf('/Roles?cursor&count=1');
    byCursor.push(...valuesOf(page));
    while (page.nextCursor !== undefined) {
      page = await catalogueOf(`/Roles?cursor=${page.nextCursor}`);
      byCursor.push(...valuesOf(page));
    }
    expect(byIndex).to.have.length(totalResults);
    expect(byCursor).to.deep.equal(byIndex);
    expect((await read('/Entitlements?cursor=made-up')).body).to.include({ scimType: 'invalidCursor' });
  });

  it('is not written: 405, in a bulk request as well', async () => {
    const role = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Role'], value: 'x' };
    for (const [method, path] of [
      ['post', '/Roles'],
      ['put', '/Roles/crm:agent'],
      ['patch', '/Entitlements/crm:agent'],
      ['delete', '/Entitlements/crm:agent'],
    ] as const) {
      const res = await scimWith(app, token, method, path, role).expect(405);
      expect(res.headers['allow'], path).to.equal('GET, HEAD');
    }
    const bulk = await scimWith(app, token, 'post', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'POST', path: '/Roles', bulkId: 'a', data: role }],
    });
    expect(bulk.status).to.be.lessThan(500);
    expect(JSON.stringify(bulk.body)).to.include('"400"');
  });
});
