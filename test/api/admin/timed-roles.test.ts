import { expect } from 'chai';
import { fetchUserInfo } from 'openid-client';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { browserOf, makeApplication, makeRole, relyingParty } from '../../support/oidc.js';

type Json = Record<string, unknown>;
interface Role {
  role: string;
  sources: { type: string; detail: string; since: string; until: string | null }[];
}

const hour = 3_600_000;

describe('a role given until a time', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.givenUser({ roles: ['administrator'] });
  });
  after(() => app.stop());

  const soon = (ms = hour): string => new Date(clock.now().getTime() + ms).toISOString();
  const give = (id: string, role: string, body: object = {}, key?: string) =>
    acme.call('put', `/users/${id}/roles/${role}`, key).send(body);
  const rolesOf = async (id: string): Promise<Role[]> =>
    ((await acme.call('get', `/users/${id}`).expect(200)).body as { roles: Role[] }).roles;
  const storedGrants = async (id: string) =>
    (await app.core.store.tenant(acme.tenant._id).collection('users').get(id))!.grants;

  it('stands beside the others with its end, and is over at that very instant', async () => {
    const { _id: id } = await acme.givenUser({ roles: ['administrator'] });
    const until = soon();
    const { roles } = (await give(id, 'crm:agent', { until }).expect(200)).body as { roles: Role[] };
    expect(roles.map(({ role }) => role)).to.deep.equal(['administrator', 'crm:agent']);
    expect(roles[1]!.sources).to.have.length(1);
    expect(roles[1]!.sources[0]).to.deep.include({ type: 'manual', until });
    clock.advance(hour - 1);
    expect((await rolesOf(id)).map(({ role }) => role)).to.include('crm:agent');
    clock.advance(1);
    expect((await rolesOf(id)).map(({ role }) => role)).to.deep.equal(['administrator']);
  });

  it('is taken out of the store by a job, which the audit trail tells of', async () => {
    const { _id: id } = await acme.givenUser();
    await give(id, 'crm:agent', { until: soon() }).expect(200);
    clock.advance(hour);
    await eventually(async () => (await storedGrants(id)).length === 0, 'the grant is gone');
    const { items } = (await acme.call('get', `/audit-events?target=${id}&action=user.roles_changed`))
      .body as {
      items: { actor: Json; changes: { path: string; before: unknown; after: unknown }[] }[];
    };
    expect(items[0]!.actor).to.include({ type: 'system' });
    expect(items[0]!.changes).to.deep.include({ path: 'roles', before: ['crm:agent'], after: [] });
    expect(items[1]!.changes.map(({ path }) => path)).to.deep.equal([
      'roles',
      'roleEnds.crm:agent',
      'grants',
    ]);
  });

  it('reaches applications while it lasts, and no longer', async () => {
    const application = await makeApplication(app.core, acme.tenant);
    const role = await makeRole(app.core, acme.tenant, application, 'agent', ['calls.read']);
    const user = await acme.givenUser();
    await give(user._id, role, { until: soon(30_000) }).expect(200);
    const party = await relyingParty(app.core, application);
    const tokens = await party.signIn(await browserOf(app.core, user));
    expect(tokens.claims()).to.deep.include({ roles: ['agent'], permissions: ['calls.read'] });
    clock.advance(30_000);
    const told = await fetchUserInfo(party.config, tokens.access_token, user._id);
    expect(told).to.deep.include({ roles: [], permissions: [] });
  });

  it('is prolonged, shortened and made lasting; since when it is held stays', async () => {
    const { _id: id } = await acme.givenUser();
    await give(id, 'crm:agent', { until: soon() }).expect(200);
    const [first] = (await rolesOf(id))[0]!.sources;
    clock.advance(1000);
    await give(id, 'crm:agent', { until: soon(2 * hour) }).expect(200);
    clock.advance(hour);
    const [second] = (await rolesOf(id))[0]!.sources;
    expect(second!.since).to.equal(first!.since);
    await give(id, 'crm:agent').expect(200);
    clock.advance(2 * hour);
    expect((await rolesOf(id))[0]!.sources[0]).to.include({ until: null });
  });

  it('keeps its end when the list of roles is sent again, and begins anew when it has ended', async () => {
    const { _id: id } = await acme.givenUser();
    const until = soon();
    await give(id, 'crm:agent', { until }).expect(200);
    await acme
      .call('patch', `/users/${id}`)
      .send({ roles: ['crm:agent'] })
      .expect(200);
    expect((await rolesOf(id))[0]!.sources[0]).to.include({ until });
    clock.advance(hour);
    await acme
      .call('patch', `/users/${id}`)
      .send({ roles: ['crm:agent'] })
      .expect(200);
    expect((await rolesOf(id))[0]!.sources[0]).to.include({ until: null });
  });

  it('does not end what a group gives as well', async () => {
    const { _id: id } = await acme.givenUser();
    const given = { displayName: 'Agents', externalId: null, attributes: {}, roleIds: ['crm:agent'] };
    const group = await createGroup(app.core, acme.system, given);
    await acme
      .call('post', `/groups/${group._id}/members`)
      .send({ members: [id] })
      .expect(200);
    await give(id, 'crm:agent', { until: soon() }).expect(200);
    clock.advance(hour);
    await eventually(async () => (await storedGrants(id)).length === 1, 'the grant is gone');
    expect((await rolesOf(id)).map(({ role }) => role)).to.deep.equal(['crm:agent']);
  });

  it('is taken before its end, like one that an invitation gave', async () => {
    const { _id: id } = await acme.givenUser();
    await give(id, 'crm:agent', { until: soon() }).expect(200);
    await acme.call('delete', `/users/${id}/roles/crm:agent`).expect(200);
    expect(await rolesOf(id)).to.deep.equal([]);
    expect((await acme.call('delete', `/users/${id}/roles/crm:agent`)).body).to.include({
      status: 404,
      code: 'grant.not_found',
    });
    const emails = ['invited@timed.test'];
    await acme
      .call('post', '/invitations')
      .send({ emails, roles: ['crm:agent'] })
      .expect(200);
    const { items } = (await acme.call('get', '/users?q=invited@timed.test')).body as {
      items: { id: string }[];
    };
    await acme.call('delete', `/users/${items[0]!.id}/roles/crm:agent`).expect(200);
    expect(await rolesOf(items[0]!.id)).to.deep.equal([]);
  });

  const odd: readonly [what: string, body: object, status: number, role?: string][] = [
    ['an end that has passed', { until: '2020-01-01T00:00:00Z' }, 400],
    ['an end that is no instant', { until: 'tomorrow' }, 400],
    ['a role that is not there', {}, 404, 'crm:nobody'],
  ];
  for (const [what, body, status, role = 'crm:agent'] of odd) {
    it(`refuses ${what}`, async () => {
      const { _id: id } = await acme.givenUser();
      expect((await give(id, role, body)).status).to.equal(status);
    });
  }

  it('is given, prolonged and taken by nobody who does not hold what it holds', async () => {
    const { _id: id } = await acme.givenUser();
    const key = await acme.givenKey(['roles.assign', 'users.read']);
    expect((await give(id, 'administrator', {}, key)).body).to.include({ code: 'role.not_grantable' });
    await give(id, 'administrator', { until: soon() }).expect(200);
    const above = { status: 403, code: 'user.above_actor' };
    expect((await give(id, 'administrator', { until: soon(2 * hour) }, key)).body).to.include(above);
    const taken = await acme.call('delete', `/users/${id}/roles/administrator`, key);
    expect(taken.body).to.include(above);
  });

  it('does not make the last administrator one for a time only (F-11)', async () => {
    const alone = await givenTenant(app);
    const { _id: id } = await alone.givenUser({ roles: ['administrator'] });
    const path = `/users/${id}/roles/administrator`;
    const answer = await alone.call('put', path).send({ until: soon() });
    expect(answer.body).to.include({ status: 403, code: 'user.last_administrator' });
  });
});

describe('one role in each place, where `roles.multiple` is off (M2-14, M3-17)', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { preset: 'records' });
    for (const key of ['clerk', 'auditor'])
      await acme.call('post', '/roles').send({ key, name: key }).expect(201);
  });
  after(() => app.stop());

  it('takes the place of the role of the invitation when another is chosen', async () => {
    const emails = ['clerk@one.test'];
    await acme
      .call('post', '/invitations')
      .send({ emails, roles: ['clerk'] })
      .expect(200);
    const found = await acme.call('get', '/users?q=clerk@one.test&showNonActivated=true');
    const [{ id } = { id: '' }] = (found.body as { items: { id: string }[] }).items;
    const { body } = await acme
      .call('patch', `/users/${id}`)
      .send({ roles: ['auditor'] })
      .expect(200);
    expect((body as { roles: Role[] }).roles.map(({ role }) => role)).to.deep.equal(['auditor']);
  });

  it('is refused as a setting while a user holds two, one of them by an invitation', async () => {
    const several = await givenTenant(app);
    for (const key of ['clerk', 'auditor'])
      await several.call('post', '/roles').send({ key, name: key }).expect(201);
    await several
      .call('post', '/invitations')
      .send({ emails: ['two@one.test'], roles: ['clerk'] })
      .expect(200);
    const found = await several.call('get', '/users?q=two@one.test');
    const [{ id } = { id: '' }] = (found.body as { items: { id: string }[] }).items;
    await several
      .call('patch', `/users/${id}`)
      .send({ roles: ['auditor'] })
      .expect(200);
    const refused = await several.call('patch', '/settings').send({ 'roles.multiple': false });
    expect(refused.body).to.include({ status: 400, code: 'input.invalid' });
    await several.call('delete', `/users/${id}/roles/clerk`).expect(200);
    await several.call('patch', '/settings').send({ 'roles.multiple': false }).expect(200);
  });

  it('refuses a second one, for a time as well', async () => {
    const { _id: id } = await acme.givenUser({ roles: ['clerk'] });
    const second = await acme.call('patch', `/users/${id}`).send({ roles: ['clerk', 'auditor'] });
    expect(second.body).to.include({ status: 400, code: 'input.invalid' });
    const timed = await acme
      .call('put', `/users/${id}/roles/auditor`)
      .send({ until: '2099-01-01T00:00:00Z' });
    expect(timed.body).to.include({ status: 400, code: 'input.invalid' });
  });
});

describe('the question whether a user may do something', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { settings: { 'approval.required': true } });
    await acme.givenApplication('crm');
    const reader = { key: 'READER', name: 'Reader', application: 'crm', permissions: ['content.read'] };
    await acme.call('post', '/roles').send(reader).expect(201);
  });
  after(() => app.stop());

  const ask = async (id: string, question: string): Promise<Json> => {
    const res = await acme.call('get', `/users/${id}/access-check?${question}`);
    expect(res.status, res.text).to.equal(200);
    return res.body as Json;
  };
  const person = async (roles: string[] = []): Promise<string> => {
    const { _id: id } = await acme.givenUser({ roles });
    await acme.call('post', `/users/${id}/approve`).expect(200);
    return id;
  };
  const calls = 'application=crm&permission=calls.read';

  it('is answered with the role, who gave it, and the limits', async () => {
    const id = await person(['crm:agent']);
    const answer = await ask(id, calls);
    expect(answer).to.deep.include({ allowed: true, status: 'active', refusals: [], givenBy: ['crm:agent'] });
    expect(answer['access']).to.deep.include({ by: 'everyone', allowed: true });
    expect(answer['limits']).to.deep.equal({ products: [], profileAccess: false });
    const [path] = answer['paths'] as { role: string; by: string; sources: Json[] }[];
    expect(path).to.deep.include({ role: 'crm:agent', by: 'role', inForce: true });
    expect(path!.sources[0]).to.include({ type: 'manual' });
  });

  it('is answered for Gatehouse itself, and for the assignment to an application (M1-27)', async () => {
    const id = await person(['administrator']);
    expect(await ask(id, 'permission=users.delete')).to.deep.include({ allowed: true, access: null });
    await acme
      .call('patch', `/users/${id}`)
      .send({ services: ['crm'] })
      .expect(200);
    const answer = await ask(id, 'application=crm&permission=content.read');
    expect(answer).to.include({ allowed: true });
    expect((answer['paths'] as Json[])[0]).to.deep.include({ role: 'crm:READER', by: 'assignment' });
  });

  it('names what stands in the way: no role, the status, the access to the application', async () => {
    const none = await person();
    expect(await ask(none, calls)).to.deep.include({ allowed: false, givenBy: ['crm:agent'], paths: [] });
    const { _id: waiting } = await acme.givenUser({ roles: ['crm:agent'] });
    await acme.call('patch', `/users/${waiting}`).send({ approved: false });
    const held = await ask(waiting, calls);
    expect(held).to.deep.include({ allowed: false, status: 'pending_approval' });
    expect(held['refusals']).to.have.length(1);
    const closed = await person(['crm:agent']);
    const group = await acme.call('post', '/groups').send({ displayName: 'Inside' });
    const access = { by: 'group', groups: [(group.body as { id: string }).id] };
    await acme.call('patch', '/applications/crm').send({ access }).expect(200);
    const outside = await ask(closed, calls);
    expect(outside).to.deep.include({ allowed: false, refusals: ['the application is open by group only'] });
    await acme
      .call('patch', '/applications/crm')
      .send({ access: { by: 'everyone' } })
      .expect(200);
  });

  it('refuses an application that is not there', async () => {
    const res = await acme.call('get', `/users/${await person()}/access-check?application=erp&permission=x`);
    expect(res.body).to.include({ status: 400, code: 'input.invalid' });
  });
});
