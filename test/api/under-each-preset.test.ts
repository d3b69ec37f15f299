import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../support/api.js';
import { startApp, type TestApp } from '../support/app.js';
import { openBrowser } from '../support/browser.js';
import { ManualClock } from '../support/clock.js';
import { waitForMails } from '../support/mailbox.js';
import { goodPassword, unique } from '../support/people.js';
import { sessionCall } from '../support/session-call.js';
import { attempt, signIn } from '../support/sign-in.js';

interface Item {
  id: string;
  email: string;
  status: string;
  approved: boolean;
  roles: { role: string }[];
}

/** What most tests show under the default settings, once more under the preset of the manual that asks for it. */
describe('people under the preset of each manual', () => {
  const clock = new ManualClock();
  let app: TestApp;
  before(async () => {
    app = await startApp({ clock });
  });
  after(() => app.stop());

  const chosen = { password: goodPassword, password2: goodPassword };
  const address = (): string => `${unique('person')}@home.test`;
  const under = async (preset: string): Promise<ApiTenant> => {
    const acme = await givenTenant(app, { preset });
    await acme.givenUser({ roles: ['administrator'] });
    return acme;
  };
  const read = async (acme: ApiTenant, id: string): Promise<Item> =>
    (await acme.call('get', `/users/${id}`).expect(200)).body as Item;
  const list = async (acme: ApiTenant, query = ''): Promise<Item[]> =>
    ((await acme.call('get', `/users${query}`).expect(200)).body as { items: Item[] }).items;
  const signsIn = async (acme: ApiTenant, email: string, password = goodPassword): Promise<number> =>
    (await attempt(app.url, email, password, `?tenant=${acme.tenant.slug}`)).status;

  /** Tries the links of both mails: the older one is dead. */
  const openAll = async (email: string): Promise<number[]> => {
    const statuses = [];
    for (const { link } of await waitForMails(app.core, email, 2))
      statuses.push((await openBrowser(app.url).post(link, chosen)).status);
    return statuses.sort();
  };

  it('contact-center: an invitation to several addresses with their roles mails a temporary password, which is changed at the first sign-in (M0-2, M0-9, M0-10, M0-11, M0-12, M0-13, M0-14)', async () => {
    const acme = await under('contact-center');
    const emails = [address(), address()];
    const body = { emails: emails.join('; '), roles: ['manager', 'viewer'] };
    await acme.call('post', '/invitations').send({ emails }).expect(400);
    await acme
      .call('post', '/invitations')
      .send({ ...body, emails: [] })
      .expect(400);
    const { body: sent } = await acme.call('post', '/invitations').send(body).expect(200);
    expect((sent as { results: object[] }).results).to.have.length(2);
    for (const email of emails) {
      const [user] = await list(acme, `?q=${email}`);
      expect(user?.roles.map(({ role }) => role).sort()).to.deep.equal(['manager', 'viewer']);
      const [mail] = await waitForMails(app.core, email);
      const temporary = /^password: (.*)$/m.exec(mail!.text)?.[1] ?? '';
      expect(await signsIn(acme, email, temporary)).to.equal(303);
      expect((await read(acme, user!.id)).status).to.equal('pending_activation');
    }
  });

  it('contact-center: names, roles and address are edited; the old address signs in no more; deleting is for administrators, and final (M0-1, M0-7, M0-16, M0-17, M0-18, M0-19, M0-20)', async () => {
    const acme = await under('contact-center');
    const manager = await sessionCall(app, await acme.givenUser({ roles: ['manager'] }));
    const viewer = await sessionCall(app, await acme.givenUser({ roles: ['viewer'] }));
    const user = await acme.givenUser({ password: goodPassword });
    const own = await sessionCall(app, user);
    for (const call of [manager, viewer]) {
      expect((await call('post', '/users').send({ email: address() })).status).to.equal(403);
      expect((await call('delete', `/users/${user._id}`)).status).to.equal(403);
    }
    expect((await viewer('patch', `/users/${user._id}`).send({ givenName: 'Eve' })).status).to.equal(403);
    const email = address();
    const edited = await manager('patch', `/users/${user._id}`).send({
      email,
      userName: email,
      givenName: 'Grace',
    });
    expect(edited.body).to.include({ email, givenName: 'Grace' });
    expect((await own('get', '/me')).status).to.equal(401);
    expect(await signsIn(acme, user.userName)).to.equal(401);
    expect(await signsIn(acme, email)).to.equal(303);
    const given = await acme
      .call('patch', `/users/${user._id}`)
      .send({ roles: ['viewer'] })
      .expect(200);
    expect((given.body as Item).roles.map(({ role }) => role)).to.deep.equal(['viewer']);
    const elsewhere = await under('contact-center');
    expect((await elsewhere.call('delete', `/users/${user._id}`)).status).to.equal(404);
    await acme.call('delete', `/users/${user._id}`).expect(204);
    await acme.call('get', `/users/${user._id}`).expect(404);
  });

  it('contact-center: 15 minutes without a request end a session, and a changed password ends all (M0-28, M0-34)', async () => {
    const acme = await under('contact-center');
    const user = await acme.givenUser({ password: goodPassword, roles: ['viewer'] });
    const [idle, own] = [await sessionCall(app, user), await sessionCall(app, user)];
    clock.advance(14 * 60_000 + 59_000);
    expect((await own('get', '/me')).status).to.equal(200);
    clock.advance(1000);
    expect((await idle('get', '/me')).status).to.equal(401);
    const newPassword = 'seven ducks on a frozen pond';
    const body = { currentPassword: goodPassword, newPassword };
    expect((await own('post', '/me/password').send(body)).status).to.equal(204);
    expect((await own('get', '/me')).status).to.equal(401);
    expect(await signsIn(acme, user.userName, newPassword)).to.equal(303);
  });

  it('service-portal: a new user is enabled, signs in without roles until approved, and is kept out when disabled while an open session runs on (M1-2, M1-3, M1-4, M1-5, M1-6, M1-7, M1-8, M1-11)', async () => {
    const acme = await under('service-portal');
    await acme.givenApplication('kb');
    const head = await acme.givenUser({ roles: ['account_manager'] });
    await acme.call('post', `/users/${head._id}/approve`).expect(200);
    const manager = await sessionCall(app, head);
    const user = await acme.givenUser({ password: goodPassword, roles: ['kb:agent'] });
    expect(await read(acme, user._id)).to.include({
      enabled: true,
      approved: false,
      status: 'pending_approval',
    });
    expect(await signsIn(acme, user.userName)).to.equal(303);
    const path = `/users/${user._id}/access-check?application=kb&permission=calls.read`;
    expect((await acme.call('get', path).expect(200)).body).to.include({ allowed: false });
    await acme.call('post', `/users/${user._id}/approve`).expect(200);
    expect(await read(acme, user._id)).to.include({ approved: true, status: 'active' });
    expect((await acme.call('get', path).expect(200)).body).to.include({ allowed: true });
    const own = await sessionCall(app, user);
    expect((await manager('post', `/users/${user._id}/disable`)).status).to.equal(200);
    expect(await signsIn(acme, user.userName)).to.equal(403);
    expect((await own('get', '/me')).status).to.equal(200);
  });

  it('marketing: one role, a time after which nobody signs in, and a list of invitations with sender and end (M2-5, M2-6, M2-9, M2-10, M2-11, M2-14, M2-15, M2-17)', async () => {
    const acme = await under('marketing');
    const accessExpiresAt = new Date(clock.now().getTime() + 3_600_000).toISOString();
    const email = address();
    const body = { emails: [email], roles: ['restricted_access'], accessExpiresAt };
    await acme
      .call('post', '/invitations')
      .send({ ...body, roles: ['restricted_access', 'full_admin'] })
      .expect(400);
    await acme.call('post', '/invitations').send(body).expect(200);
    const { body: found } = await acme.call('get', `/invitations?status=waiting&q=${email}`).expect(200);
    const [invitation] = (found as { items: Record<string, unknown>[] }).items;
    expect(invitation).to.include({ email, accessExpiresAt, respondedAt: null });
    expect(invitation).to.include.keys('sender', 'createdAt', 'expiresAt');
    const [mail] = await waitForMails(app.core, email);
    expect((await openBrowser(app.url).post(mail!.link, chosen)).status).to.equal(303);
    expect(await signsIn(acme, email)).to.equal(303);
    const { body: done } = await acme.call('get', `/invitations?status=completed&q=${email}`).expect(200);
    expect(done).to.include({ total: 1 });
    clock.advance(3_600_000);
    expect(await signsIn(acme, email)).to.equal(403);
  });

  it('records: an account waits for its activation, is hidden from the list until then and when disabled, and is never deleted (M3-7, M3-8, M3-9, M3-10, M3-11, M3-12, M3-13, M3-14, M3-20, M3-21)', async () => {
    const acme = await under('records');
    const email = address();
    const made = await acme
      .call('post', '/users')
      .send({ email, givenName: 'Ada', familyName: 'B' })
      .expect(201);
    const { id } = made.body as Item;
    const isListed = async (query = ''): Promise<boolean> =>
      (await list(acme, `?q=${email}${query}`)).some((item) => item.id === id);
    expect([await isListed(), await isListed('&showNonActivated=true')]).to.deep.equal([false, true]);
    await waitForMails(app.core, email);
    await acme.call('post', `/users/${id}/resend-activation`).expect(200);
    expect(await openAll(email)).to.deep.equal([303, 410]);
    expect([await read(acme, id), await isListed()]).to.satisfy(
      ([user, isShown]: [Item, boolean]) => user.status === 'active' && isShown,
    );
    await acme.call('delete', `/users/${id}`).expect(403);
    await acme.call('post', `/users/${id}/disable`).expect(200);
    expect([await isListed(), await isListed('&showDisabled=true')]).to.deep.equal([false, true]);
    await acme.call('post', `/users/${id}/enable`).expect(200);
    expect(await signsIn(acme, email)).to.equal(303);
  });

  it('growth: four statuses, an invitation sent again, a group with an administrator, the export of those with access (M4-3, M4-4, M4-8, M4-11, M4-12, M4-17, M4-19)', async () => {
    const acme = await under('growth');
    const email = address();
    await acme
      .call('post', '/invitations')
      .send({ emails: [email], roles: ['editor'] })
      .expect(200);
    const [invited] = await list(acme, `?q=${email}`);
    expect(invited).to.include({ status: 'pending_activation' });
    const { body } = await acme.call('get', `/invitations?q=${email}`).expect(200);
    const [invitation] = (body as { items: Item[] }).items;
    await acme.call('post', `/invitations/${invitation!.id}/resend`).expect(200);
    expect(await openAll(email)).to.deep.equal([303, 410]);
    expect(await read(acme, invited!.id)).to.include({ status: 'active' });
    const until = new Date(clock.now().getTime() + 60_000).toISOString();
    const temporary = await acme.givenUser();
    await acme.call('patch', `/users/${temporary._id}`).send({ accessExpiresAt: until }).expect(200);
    clock.advance(60_000);
    expect(await read(acme, temporary._id)).to.include({ status: 'expired' });
    const group = { displayName: 'Team', members: [invited!.id], administrators: [invited!.id] };
    await acme.call('post', '/groups').send(group).expect(201);
    expect((await list(acme, '?accessLevel=group')).map(({ id }) => id)).to.deep.equal([invited!.id]);
    const { text } = await acme.call('get', '/users/export.csv').expect(200);
    expect(text).to.include(email).and.to.not.include(temporary.userName);
    await acme.call('delete', `/users/${invited!.id}`).expect(204);
    expect(await list(acme, `?q=${email}`)).to.deep.equal([]);
  });

  for (const [preset, ids] of [
    ['service-portal', 'M1-32'],
    ['marketing', 'M2-2'],
  ]) {
    it(`${preset}: nobody gets a role that was not given, and the API advises the least wherever roles are (${ids})`, async () => {
      const acme = await under(preset!);
      await acme.givenApplication('crm');
      const made = await acme.call('post', '/users').send({ email: address() }).expect(201);
      expect((made.body as Item).roles).to.deep.equal([]);
      const path = `/users/${(made.body as Item).id}/access-check`;
      for (const query of ['permission=users.read', 'application=crm&permission=calls.read'])
        expect((await acme.call('get', `${path}?${query}`).expect(200)).body).to.include({ allowed: false });
      const { components } = (await (await fetch(`${app.url}/openapi.json`)).json()) as {
        components: { schemas: Record<string, { properties?: { roles?: { description?: string } } }> };
      };
      for (const name of ['CreateUser', 'ChangeUser', 'Invite', 'CreateGroup', 'ChangeGroup'])
        expect(components.schemas[name]?.properties?.roles?.description, name).to.include('Give the least');
    });
  }

  for (const [preset, other, ids] of [
    ['records', undefined, 'M3-5'],
    ['growth', 'editor', 'M4-2'],
  ]) {
    it(`${preset}: one’s own pages and \`/me\` lead those who manage people to the list of them, and nobody else (${ids})`, async () => {
      const acme = await under(preset!);
      const people = [
        await acme.givenUser({ roles: ['administrator'], password: goodPassword }),
        await acme.givenUser({ roles: other === undefined ? [] : [other], password: goodPassword }),
      ];
      const seen = [];
      for (const { email } of people) {
        const browser = openBrowser(app.url);
        await signIn(browser, email!, goodPassword, `?tenant=${acme.tenant.slug}`);
        const { permissions } = JSON.parse((await browser.get('/api/v1/me')).text) as {
          permissions: string[];
        };
        const users = await browser.get('/api/v1/users');
        const leads = (await browser.get('/account')).text.includes('href="/admin"');
        seen.push([permissions.includes('users.read'), leads, users.status]);
        if (users.status !== 200) continue;
        const { items } = JSON.parse(users.text) as { items: Item[] };
        expect(items.map(({ id }) => id)).to.include.members(people.map(({ _id }) => _id));
        expect(items[0]).to.include.keys('displayName', 'email', 'roles', 'status', 'createdAt');
      }
      expect(seen).to.deep.equal([
        [true, true, 200],
        [false, false, 403],
      ]);
    });
  }
});
