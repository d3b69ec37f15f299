import { expect } from 'chai';
import { deleteUser } from '../../src/identity/users/removal.js';
import { givenTenant, type ApiTenant } from '../support/api.js';
import { startApp, type TestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { goodPassword, unique } from '../support/people.js';
import { sessionCall, type SessionCall } from '../support/session-call.js';
import { attempt } from '../support/sign-in.js';

type Json = Record<string, unknown>;
interface Item {
  id: string;
  email: string;
  status: string;
  enabled: boolean;
  approved: boolean;
  givenName: string | null;
  familyName: string | null;
  roles: { role: string }[];
}

/** What each form of the manuals stores, under the manual's own preset. */
describe('the forms of the manuals, as the API takes them', () => {
  const clock = new ManualClock();
  let app: TestApp;
  before(async () => {
    app = await startApp({ clock });
  });
  after(() => app.stop());

  /** A tenant under a preset with somebody in charge of people, who has a session. */
  async function office(
    preset: string,
    role: string,
  ): Promise<{ acme: ApiTenant; call: SessionCall; id: string }> {
    const acme = await givenTenant(app, { preset, settings: { 'sessions.idleSeconds': 0 } });
    await acme.givenUser({ roles: ['administrator'] });
    const user = await acme.givenUser({ roles: [role], password: goodPassword });
    await acme.call('post', `/users/${user._id}/approve`).expect(200);
    return { acme, call: await sessionCall(app, user), id: user._id };
  }
  const read = async ({ acme }: { acme: ApiTenant }, id: string): Promise<Item> =>
    (await acme.call('get', `/users/${id}`).expect(200)).body as Item;

  it('Edit User: email, name and roles are one save, or nothing of it is stored (M0-15, M4-10)', async () => {
    const at = await office('contact-center', 'administrator');
    const { _id: id } = await at.acme.givenUser({ roles: ['viewer'] });
    const before = await read(at, id);
    const taken = (await at.acme.givenUser()).userName;
    const form = { email: 'new@acme.test', givenName: 'Grace', familyName: 'Hopper', roles: ['manager'] };
    for (const [wrong, status] of [
      [{ ...form, email: taken }, 409],
      [{ ...form, email: 'nobody' }, 400],
      [{ ...form, roles: ['nothing'] }, 400],
      [{ ...form, givenName: '' }, 400],
    ] as const) {
      expect((await at.call('patch', `/users/${id}`).send(wrong)).status, JSON.stringify(wrong)).to.equal(
        status,
      );
      expect(await read(at, id)).to.deep.equal(before);
    }
    await at.call('patch', `/users/${id}`).send(form).expect(200);
    const { email, givenName, familyName, roles } = await read(at, id);
    expect({ email, givenName, familyName }).to.deep.equal({
      email: 'new@acme.test',
      givenName: 'Grace',
      familyName: 'Hopper',
    });
    expect(roles.map(({ role }) => role)).to.deep.equal(['manager']);
  });

  it('Edit User: two who edit at once do not overwrite each other (M0-15)', async () => {
    const at = await office('contact-center', 'administrator');
    const { _id: id } = await at.acme.givenUser();
    const { etag = '' } = (await at.call('get', `/users/${id}`).expect(200)).headers as { etag?: string };
    const save = (givenName: string) =>
      at.call('patch', `/users/${id}`).set('If-Match', etag).send({ givenName });
    const statuses = (await Promise.all([save('Anna'), save('Berta'), save('Clara')])).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).to.deep.equal([200, 412, 412]);
  });

  it('User profile: a saved profile is answered with what is stored now (M0-39)', async () => {
    const { call, id } = await office('contact-center', 'viewer');
    const { body } = await call('patch', '/me')
      .send({ givenName: 'Grace', familyName: 'Hopper' })
      .expect(200);
    expect(body).to.include({ id, givenName: 'Grace', familyName: 'Hopper' });
    expect((await call('get', '/me').expect(200)).body).to.include({ givenName: 'Grace' });
  });

  it('Edit User: Enabled, Approved and the account roles are stored by Save alone (M1-12, M1-13, M1-15, M1-20)', async () => {
    const at = await office('service-portal', 'account_manager');
    await at.acme.givenApplication('kb');
    const { _id: id } = await at.acme.givenUser();
    const form = { enabled: false, approved: true, roles: ['account_manager', 'kb:agent'], services: ['kb'] };
    await at.call('get', `/users/${id}`).expect(200);
    expect(await read(at, id)).to.include({ enabled: true, approved: false });
    const { body } = await at.call('patch', `/users/${id}`).send(form).expect(200);
    expect(body).to.include({ enabled: false, approved: true, status: 'disabled' });
    expect((body as Item).roles.map(({ role }) => role)).to.deep.equal(['account_manager', 'kb:agent']);
    await at.call('patch', `/users/${id}`).send({ enabled: true, roles: [] }).expect(200);
    expect(await read(at, id)).to.deep.include({ enabled: true, status: 'active', roles: [] });
  });

  it('a person who was deleted comes back by a Manager, as somebody new (M1-30, M1-31)', async () => {
    const at = await office('service-portal', 'account_manager');
    const email = `${unique('back')}@acme.test`;
    const old = await at.acme.givenUser({ email, roles: ['account_manager'], password: goodPassword });
    const group = await at.acme
      .call('post', '/groups')
      .send({ displayName: 'G', members: [old._id] })
      .expect(201);
    await at.call('delete', `/users/${old._id}`).expect(204);
    const { body } = await at.call('post', '/users').send({ email }).expect(201);
    expect(body).to.deep.include({ email, roles: [], groups: [], status: 'pending_activation' });
    expect((body as Item).id).to.not.equal(old._id);
    const { id: groupId } = group.body as { id: string };
    expect((await at.call('get', `/groups/${groupId}/members`).expect(200)).body).to.include({ total: 0 });
    const page = await attempt(app.url, email, goodPassword, `?tenant=${at.acme.tenant.slug}`);
    expect(page.status).to.equal(401);
  });

  it('Users and Invites are two lists: who is invited is in both, who was created by hand in one (M2-4)', async () => {
    const at = await office('marketing', 'full_admin');
    const emails = ['invited@acme.test'];
    await at
      .call('post', '/invitations')
      .send({ emails, roles: ['restricted_access'] })
      .expect(200);
    await at.acme.givenUser({ email: 'made@acme.test' });
    const list = async (path: string): Promise<string[]> =>
      ((await at.call('get', path).expect(200)).body as { items: Item[] }).items.map(({ email }) => email);
    expect(await list('/invitations')).to.deep.equal(emails);
    expect(await list('/users?q=invited@acme.test')).to.deep.equal(emails);
    expect(await list('/users')).to.include('made@acme.test');
  });

  it('Temporary Invitation: an instant in any time zone, in the future, kept in UTC (M2-15, M2-16)', async () => {
    const at = await office('marketing', 'full_admin');
    const invite = (accessExpiresAt: string) =>
      at
        .call('post', '/invitations')
        .send({ emails: ['temp@acme.test'], roles: ['restricted_access'], accessExpiresAt });
    for (const wrong of ['2026-01-05T09:59:59+01:00', '2020-01-01T00:00:00Z', 'tomorrow', '2026-06-30'])
      expect((await invite(wrong)).status, wrong).to.equal(400);
    await invite('2026-06-30T18:00:00+05:30').expect(200);
    const { items } = (await at.call('get', '/invitations').expect(200)).body as { items: Json[] };
    expect(items[0]).to.include({ accessExpiresAt: '2026-06-30T12:30:00.000Z' });
  });

  it('Create User: a name, an address and one role, and nothing more is asked (M3-10, M3-23)', async () => {
    const at = await office('records', 'administrator');
    await at.call('post', '/roles').send({ key: 'clerk', name: 'Clerk' }).expect(201);
    const form = { givenName: 'Ada', familyName: 'Byron', email: 'ada@acme.test', roles: ['clerk'] };
    const { body } = await at.call('post', '/users').send(form).expect(201);
    expect(body).to.deep.include({
      ...form,
      roles: (body as Json)['roles'],
      status: 'pending_activation',
      phone: null,
    });
    expect((body as Item).roles.map(({ role }) => role)).to.deep.equal(['clerk']);
    const stored = await app.core.store
      .tenant(at.acme.tenant._id)
      .collection('users')
      .get((body as Item).id);
    expect(Object.keys(stored!.attributes).sort()).to.deep.equal(['emails', 'name']);
    expect((await at.call('post', '/users').send({ ...form, email: '' })).status).to.equal(400);
  });

  it('Disable Account and Enable Account: the fitting one changes it, the other changes nothing (M3-20)', async () => {
    const at = await office('records', 'administrator');
    const { _id: id } = await at.acme.givenUser();
    const events = async (): Promise<number> =>
      ((await at.acme.call('get', `/audit-events?target=${id}`)).body as { total: number }).total;
    for (const [deed, status] of [
      ['disable', 'disabled'],
      ['enable', 'active'],
    ] as const) {
      expect((await at.call('post', `/users/${id}/${deed}`).expect(200)).body).to.include({ status });
      const told = await events();
      expect((await at.call('post', `/users/${id}/${deed}`).expect(200)).body).to.include({ status });
      expect(await events()).to.equal(told);
    }
  });

  it('the Users page shows a status for each row, the four of the manual among them (M4-3, M4-4)', async () => {
    const at = await office('growth', 'administrator');
    await at.acme.givenUser({ email: 'active@acme.test' });
    await at.acme.givenUser({ email: 'unregistered@acme.test', activated: false });
    const gone = await at.acme.givenUser({ email: 'expired@acme.test' });
    const accessExpiresAt = new Date(clock.now().getTime() + 1000).toISOString();
    await at.acme.call('patch', `/users/${gone._id}`).send({ accessExpiresAt }).expect(200);
    await at.acme.givenUser({ email: 'locked@acme.test', password: goodPassword });
    for (let turn = 0; turn < 5; turn += 1)
      await attempt(app.url, 'locked@acme.test', 'wrong', `?tenant=${at.acme.tenant.slug}`);
    clock.advance(1000);
    const { items } = (await at.call('get', '/users?q=@acme.test').expect(200)).body as { items: Item[] };
    const statusOf = Object.fromEntries(items.map(({ email, status }) => [email.split('@')[0], status]));
    expect(statusOf).to.include({
      active: 'active',
      unregistered: 'pending_activation',
      expired: 'expired',
      locked: 'locked',
    });
  });

  it('a user who is gone is in no list, and the address is free again (M0-20, M1-29, M4-12)', async () => {
    const at = await office('growth', 'administrator');
    const { _id: id, userName } = await at.acme.givenUser();
    await deleteUser(app.core, at.acme.system, id);
    expect((await at.call('get', `/users?q=${userName}`).expect(200)).body).to.include({ total: 0 });
    await at.call('post', '/users').send({ email: userName }).expect(201);
  });
});
