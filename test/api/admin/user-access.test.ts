import { expect } from 'chai';
import { directoryActor } from '../../../src/identity/actors.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { findUserByLogin, getUser } from '../../../src/identity/users/users.js';
import { accessOf } from '../../../src/identity/grants/services.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenProvisioned } from '../../support/people.js';

type Body = Record<string, unknown>;

describe('what users may reach in applications, in the API (requirements B6, M1-26 to M1-28, M4-9)', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    for (const key of ['crm', 'desk']) await acme.givenApplication(key);
  });
  after(() => app.stop());

  const change = async (id: string, body: object): Promise<Body> => {
    const res = await acme.call('patch', `/users/${id}`).send(body);
    expect(res.status, res.text).to.equal(200);
    return res.body as Body;
  };

  it('is set and read with the user: products, profiles, services', async () => {
    const email = 'ada@acme.test';
    const made = await acme.call('post', '/users').send({ email, services: ['crm'] });
    expect(made.body).to.deep.include({ limitedProducts: [], userProfileAccess: false, services: ['crm'] });
    const { id } = made.body as { id: string };
    const access = {
      limitedProducts: ['Insights', 'Web'],
      userProfileAccess: true,
      services: ['crm', 'desk'],
    };
    expect(await change(id, access)).to.deep.include(access);
    expect(await change(id, { givenName: 'Ada' })).to.deep.include(access);
    const none = { limitedProducts: [], userProfileAccess: false, services: [] };
    expect(await change(id, none)).to.deep.include(none);
  });

  it('takes the roles in a service from whoever is removed from it, and no others (M1-28)', async () => {
    const user = await acme.givenUser({ roles: ['crm:agent', 'desk:agent'] });
    await change(user._id, { services: ['crm', 'desk'] });
    const { roles } = (await change(user._id, { services: ['desk'] })) as { roles: { role: string }[] };
    expect(roles.map(({ role }) => role)).to.deep.equal(['desk:agent']);
  });

  it('refuses applications that are not there, and callers who may not give roles', async () => {
    const user = await acme.givenUser();
    const bad = await acme.call('patch', `/users/${user._id}`).send({ services: ['crm', 'erp'] });
    expect([bad.status, (bad.body as { errors: Body[] }).errors[0]!['pointer']]).to.deep.equal([
      400,
      '/services/1',
    ]);
    const key = await acme.givenKey(['users.read', 'users.update']);
    const refused = await acme.call('patch', `/users/${user._id}`, key).send({ services: ['crm'] });
    expect(refused.status).to.equal(403);
    const allowed = await acme.call('patch', `/users/${user._id}`, key).send({ limitedProducts: ['Web'] });
    expect(allowed.status).to.equal(200);
  });

  it('is decided here for provisioned users too, whose names are not', async () => {
    const { core } = app;
    const directory = await createDirectory(core, acme.system, { name: 'Okta' });
    const actor = directoryActor(directory, { name: 't' });
    const gatehouse = { serviceAssignments: [{ value: 'crm', roles: ['agent'] }] };
    const { _id } = await givenProvisioned(core, actor, { attributes: { gatehouse } });
    const body = await change(_id, { userProfileAccess: true, services: ['crm', 'desk'] });
    expect(body).to.deep.include({ userProfileAccess: true, services: ['crm', 'desk'] });
    expect((await getUser(core, acme.tenant._id, _id)).grants.map(({ role }) => role)).to.deep.equal([
      'crm:agent',
    ]);
    const named = await acme.call('patch', `/users/${_id}`).send({ givenName: 'Bo' });
    expect((named.body as Body)['code']).to.equal('user.provisioned');
  });

  it('is part of the bootstrap file, both ways', async () => {
    const { core } = app;
    const access = { limitedProducts: ['Web'], userProfileAccess: true, services: ['desk'] };
    const users = [{ email: 'cy@acme.test', ...access }];
    const file = { tenants: [{ slug: acme.tenant.slug, name: 'Acme', users }] };
    expect(await applyBootstrap(core, parseBootstrap(file))).to.include({ created: 1 });
    expect(await applyBootstrap(core, parseBootstrap(file))).to.include({ updated: 0, unchanged: 2 });
    const user = await findUserByLogin(core, acme.tenant._id, 'cy@acme.test');
    expect(accessOf(user!)).to.deep.equal({ ...access, services: [{ application: 'desk', roles: [] }] });
    const exported = await exportBootstrap(core, acme.tenant.slug);
    expect(exported.tenants[0]!.users![0]).to.deep.include(access);
  });
});
