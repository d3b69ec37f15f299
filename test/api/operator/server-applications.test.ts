import { expect } from 'chai';
import { getUser } from '../../../src/identity/users/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';
import { givenOperator, type Method, type TestOperator } from '../../support/operator.js';
import { unique } from '../../support/people.js';

const redirectUris = ['https://crm.test/cb'];
const agent = { key: 'agent', name: 'Agent', permissions: ['calls.read'] };

interface Shown {
  id: string;
  key: string;
  owner: string;
  tenants?: unknown;
  access?: { by: string; roles: string[]; groups: string[] };
  roles: { role: string }[];
  [field: string]: unknown;
}

describe('/api/v1/applications of the operator', () => {
  let app: TestApp;
  let operator: TestOperator;
  let acme: ApiTenant;
  let globex: ApiTenant;

  before(async () => {
    app = await startApp();
    operator = await givenOperator(app);
    [acme, globex] = [await givenTenant(app), await givenTenant(app)];
  });
  after(() => app.stop());

  async function register(over: object = {}): Promise<Shown & { clientSecret: string }> {
    const body = { key: unique('crm'), name: 'CRM', redirectUris, tenants: 'all', roles: [agent], ...over };
    const res = await operator.call('post', '/applications').send(body);
    expect(res.status, res.text).to.equal(201);
    return res.body as Shown & { clientSecret: string };
  }

  const read = async (tenant: ApiTenant, id: string) => {
    const res = await tenant.call('get', `/applications/${id}`);
    return { status: res.status, body: res.body as Shown, etag: res.headers['etag']! };
  };

  it('registers one with its roles and tenants, which stand in the answer', async () => {
    const made = await register({ tenants: [acme.tenant.slug] });
    expect(made).to.deep.include({ owner: 'server', tenants: [acme.tenant.slug], redirectUris });
    expect(made.roles.map(({ role }) => role)).to.deep.equal([`${made.key}:agent`]);
    expect(made.clientSecret).to.be.a('string');
    expect(made).to.not.have.property('access');
    const listed = await operator.call('get', `/applications?q=${made.key}`);
    expect((listed.body as { items: Shown[] }).items[0]).to.deep.include({ id: made.id, owner: 'server' });
    const lead = { key: 'lead', name: 'Lead', permissions: [] };
    const changed = await operator
      .call('patch', `/applications/${made.key}`)
      .send({ tenants: 'all', roles: [agent, lead] });
    expect(changed.body).to.deep.include({ tenants: 'all' });
    expect((changed.body as Shown).roles).to.have.length(2);
  });

  it('says what is wrong with one', async () => {
    const body = { key: unique('crm'), name: 'CRM', redirectUris };
    for (const [tenants, pointer] of [
      [undefined, '/tenants'],
      ['some', '/tenants'],
      [['nowhere'], '/tenants/0'],
      [['operator'], '/tenants/0'],
    ] as const) {
      const res = await operator.call('post', '/applications').send({ ...body, tenants });
      expect(res.status, res.text).to.equal(400);
      const { errors } = res.body as { errors: { pointer: string }[] };
      expect(errors[0]!.pointer).to.equal(pointer);
    }
    const { id } = await register();
    const access = { by: 'everyone' };
    expect((await operator.call('patch', `/applications/${id}`).send({ access })).status).to.equal(400);
  });

  it('is replaced in its secret and deleted by the operator alone', async () => {
    const { id, key } = await register();
    for (const [method, path] of [
      ['post', `/applications/${id}/secret`],
      ['delete', `/applications/${id}`],
    ] as const) {
      for (const call of [acme.call(method, path), operator.call(method, path, acme.tenant.slug)]) {
        expect((await call).body).to.include({ status: 403, code: 'application.of_server' });
      }
    }
    expect((await operator.call('post', `/applications/${key}/secret`)).status).to.equal(201);
    expect((await operator.call('delete', `/applications/${key}`)).status).to.equal(204);
    expect((await read(acme, id)).status).to.equal(404);
  });

  it('takes a role that it removes out of the grants of all tenants, but for a tenant that has one of that name', async () => {
    const made = await register({ tenants: [acme.tenant.slug] });
    const role = `${made.key}:agent`;
    const granted = await acme.givenUser({ roles: [role] });
    await globex.givenApplication(made.key);
    const kept = await globex.givenUser({ roles: [role] });
    expect((await operator.call('patch', `/applications/${made.id}`).send({ roles: [] })).status).to.equal(
      200,
    );
    const grantsOf = async (tenant: ApiTenant, id: string) =>
      (await getUser(app.core, tenant.tenant._id, id)).grants.map((grant) => grant.role);
    await eventually(async () => (await grantsOf(acme, granted._id)).length === 0, 'the grant is gone');
    expect(await grantsOf(globex, kept._id)).to.deep.equal([role]);
  });

  describe('as a tenant it serves sees it', () => {
    it('stands among the tenant’s own, without a word of other customers', async () => {
      const made = await register({
        tenants: [acme.tenant.slug, globex.tenant.slug],
        redirectUris: ['https://globex.crm.test/cb'],
        backchannelLogoutUri: null,
      });
      const { body } = await read(acme, made.key);
      expect(body).to.deep.include({
        id: made.id,
        owner: 'server',
        access: { by: 'everyone', roles: [], groups: [] },
        redirectUris: [],
      });
      expect(body).to.not.have.property('tenants');
      expect(JSON.stringify(body)).to.not.include(globex.tenant.slug).and.not.include('globex');
      const { body: list } = await acme.call('get', '/applications?limit=100');
      expect((list as { items: Shown[] }).items.map(({ id }) => id)).to.include(made.id);
      const inside = await operator.call('get', `/applications/${made.id}`, acme.tenant.slug);
      expect(inside.body).to.deep.include({ access: body.access }).and.not.have.property('tenants');
    });

    it('is not there for a tenant it does not serve, nor are its roles', async () => {
      const made = await register({ tenants: [globex.tenant.slug] });
      expect((await read(acme, made.id)).body).to.include({ status: 404 });
      const unknown = await read(acme, 'no-such-application');
      const { code, detail } = (await read(acme, made.key)).body;
      expect({ code, detail }).to.deep.equal({ code: unknown.body['code'], detail: unknown.body['detail'] });
      for (const [method, path, body] of [
        ['patch', `/applications/${made.id}`, { access: { by: 'everyone' } }],
        ['delete', `/applications/${made.id}`, undefined],
        ['get', `/roles/${made.key}:agent`, undefined],
      ] as const) {
        expect((await acme.call(method, path).send(body)).status, path).to.equal(404);
      }
      const granted = await acme
        .call('post', '/users')
        .send({ email: `${unique('eve')}@acme.test`, roles: [`${made.key}:agent`] });
      expect(granted.status).to.equal(400);
    });

    it('has its roles granted, by hand and by rules', async () => {
      const { key } = await register();
      const role = `${key}:agent`;
      const user = await acme.givenUser();
      const res = await acme.call('patch', `/users/${user._id}`).send({ roles: [role] });
      expect(res.status, res.text).to.equal(200);
      const stored = await getUser(app.core, acme.tenant._id, user._id);
      expect(stored.grants.map((grant) => grant.role)).to.deep.equal([role]);
      const roleRules = [{ when: { path: 'groups.displayName', is: 'Sales' }, grant: [role] }];
      const directory = await acme.call('post', '/directories').send({ name: unique('d'), roleRules });
      expect(directory.status, directory.text).to.equal(201);
      const why = await acme.call('get', `/users/${user._id}/role-explanation`);
      expect(why.text).to.include(role);
      const csv = await acme.call('get', '/users/export.csv');
      expect(csv.text).to.include(role);
    });

    it('is changed in nothing but its access', async () => {
      const { id, key } = await register();
      for (const change of [
        { name: 'Ours' },
        { clientId: 'ours' },
        { redirectUris: ['https://evil.test/cb'] },
        { enabled: false },
        { roles: [] },
        { tenants: 'all' },
        { access: { by: 'everyone' }, name: 'Ours' },
      ]) {
        const res = await acme.call('patch', `/applications/${id}`).send(change);
        expect(res.body, JSON.stringify(change)).to.include({ status: 403, code: 'application.of_server' });
      }
      const role = { application: key, key: 'boss', name: 'Boss', permissions: ['all'] };
      expect((await acme.call('post', '/roles').send(role)).status).to.be.oneOf([400, 403]);
      const change = acme.call('patch', `/roles/${encodeURIComponent(`${key}:agent`)}`);
      expect((await change.send({ permissions: ['all'] })).body).to.include({ code: 'role.of_server' });
      const remove = acme.call('delete', `/roles/${encodeURIComponent(`${key}:agent`)}`);
      expect((await remove).body).to.include({ code: 'role.of_server' });
      const own = { key, name: 'Shadow', redirectUris };
      const shadow = await acme.call('post', '/applications').send(own);
      expect(shadow.body).to.include({ status: 409, code: 'application.key_taken' });
      const client = {
        key: unique('own'),
        name: 'Own',
        redirectUris,
        clientId: (await read(acme, id)).body['clientId'],
      };
      const second = await acme.call('post', '/applications').send(client);
      expect(second.body).to.include({ status: 409, code: 'application.client_id_taken' });
    });

    it('has the access that each tenant sets for itself', async () => {
      const { id, key } = await register();
      const group = await acme.call('post', '/groups').send({ displayName: unique('g') });
      const groupId = (group.body as { id: string }).id;
      const set = (access: object, etag?: string) => {
        const call = acme.call('patch', `/applications/${key}`);
        return (etag === undefined ? call : call.set('If-Match', etag)).send({ access });
      };
      const first = await read(acme, id);
      const byRole = await set({ by: 'role', roles: ['agent'] }, first.etag);
      expect(byRole.status, byRole.text).to.equal(200);
      expect((byRole.body as Shown).access).to.deep.equal({
        by: 'role',
        roles: [`${key}:agent`],
        groups: [],
      });
      expect((await set({ by: 'everyone' }, first.etag)).status).to.equal(412);
      const byGroup = await set({ by: 'group', groups: [groupId] });
      expect((byGroup.body as Shown).access).to.deep.equal({
        by: 'group',
        roles: [`${key}:agent`],
        groups: [groupId],
      });
      expect((await read(globex, id)).body.access).to.include({ by: 'everyone' });
      for (const [access, pointer] of [
        [{ by: 'role', roles: [] }, '/access/roles'],
        [{ by: 'role', roles: ['nobody'] }, '/access/roles/0'],
        [{ by: 'group', groups: ['nowhere'] }, '/access/groups/0'],
        [{ by: 'moon' }, '/access/by'],
      ] as const) {
        const res = await set(access);
        expect(res.status, res.text).to.equal(400);
        expect((res.body as { errors: { pointer: string }[] }).errors[0]!.pointer).to.equal(pointer);
      }
      const foreign = await globex
        .call('patch', `/applications/${id}`)
        .send({ access: { by: 'group', groups: [groupId] } });
      expect(foreign.status).to.equal(400);
    });
  });

  it('lets a tenant set the access of its own applications too', async () => {
    const own = await acme.givenApplication(unique('own'));
    const path = `/applications/${own._id}`;
    const res = await acme
      .call('patch', path)
      .send({ name: 'New', access: { by: 'role', roles: ['agent'] } });
    expect(res.body).to.deep.include({
      name: 'New',
      owner: 'tenant',
      access: { by: 'role', roles: [`${own.key}:agent`], groups: [] },
    });
    const etag = res.headers['etag']!;
    const again = await acme
      .call('patch', path)
      .set('If-Match', etag)
      .send({ access: { by: 'everyone' } });
    expect(again.status).to.equal(200);
    expect(again.headers['etag']).to.not.equal(etag);
    expect((await acme.call('patch', path).send({ tenants: 'all' })).status).to.equal(400);
  });

  it('keeps the operator’s things from the keys of tenants, whatever they name', async () => {
    const { id } = await register({ tenants: [globex.tenant.slug] });
    const calls: [Method, string][] = [
      ['get', `/applications/${id}`],
      ['patch', `/applications/${id}`],
      ['delete', `/applications/${id}`],
    ];
    for (const [method, path] of calls) {
      const call = acme.call(method, path).set('Gatehouse-Tenant', globex.tenant.slug);
      expect((await call.send({})).status).to.equal(403);
    }
  });
});
