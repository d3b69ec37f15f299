import { expect } from 'chai';
import supertest from 'supertest';
import { directoryActor } from '../../../src/identity/actors.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { updateUser } from '../../../src/identity/users/users.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { signIn } from '../../support/sign-in.js';

const password = 'a long enough password';

interface Me {
  displayName: string;
  id: string;
  email: string;
  permissions: string[];
  tenant: { slug: string };
}

describe('the API for people with a session', () => {
  let app: TestApp;
  let clock: ManualClock;
  let acme: ApiTenant;
  let serial = 0;

  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  /** A signed-in person: their cookie, and the token for writes. */
  async function person(user: { roles?: string[]; email?: string; settings?: object } = {}) {
    serial += 1;
    const email = user.email ?? `person${serial}@acme.test`;
    const stored = await acme.givenUser({ email, password, ...(user.roles && { roles: user.roles }) });
    return { id: stored._id, email, ...(await session(email)) };
  }

  async function session(email: string, secret = password) {
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, secret, `?tenant=${acme.tenant.slug}`);
    expect(page.status).to.equal(303);
    const cookie = await browser.jar.getCookieString(app.url);
    const call = (method: 'get' | 'post' | 'patch' | 'delete', path: string, token?: string) => {
      const test = supertest(app.url)[method](`/api/v1${path}`).set('Cookie', cookie);
      return token === undefined ? test : test.set('X-CSRF-Token', token);
    };
    const me = await call('get', '/me').expect(200);
    return { call, cookie, token: me.headers['x-csrf-token'] ?? '', me: me.body as Me };
  }

  it('gives people all there is of themselves by GET /me/export', async () => {
    const { call, id, email } = await person();
    const { body } = await call('get', '/me/export').expect(200);
    expect((body as { user: object }).user).to.include({ id, email });
  });

  it('answers GET /me with the person, their tenant and permissions, and the token for writes (M2-1)', async () => {
    await acme.givenUser({ roles: ['administrator'] });
    const { me, email, token } = await person({ roles: ['administrator'] });
    expect(me.email).to.equal(email);
    expect(me.tenant).to.include({ slug: acme.tenant.slug });
    expect(me.permissions).to.include.members(['users.read', 'scim.manage']);
    expect(token).to.not.equal('');
  });

  it('answers GET /me for people without any role too', async () => {
    expect((await person()).me.permissions).to.deep.equal([]);
  });

  it('answers 401 for a dead session, and does not let a session stand in for a bad key', async () => {
    const { call } = await person();
    const both = await call('get', '/me').set('Authorization', 'Bearer gh_sk_wrong');
    expect(both.status).to.equal(401);
    clock.advance(900_000);
    expect((await call('get', '/me')).body).to.include({ status: 401, code: 'auth.required' });
  });

  it('refuses writes without the token, with another session’s or a forged one: 403', async () => {
    const one = await person();
    const other = await person();
    for (const token of [undefined, other.token, 'forged', `${one.token}x`]) {
      const res = await one.call('patch', '/me', token).send({ phone: '1' });
      expect(res.body).to.include({ status: 403, code: 'csrf.invalid' });
    }
    await one.call('patch', '/me', one.token).send({ phone: '1' }).expect(200);
  });

  it('lets people change their own name, by the rule for names (M0-35, M0-36)', async () => {
    const { call, token } = await person();
    const good = await call('patch', '/me', token).send({ givenName: 'Ada', familyName: "O'Brien-Smith" });
    expect(good.body).to.include({ givenName: 'Ada', familyName: "O'Brien-Smith" });
    const bad = await call('patch', '/me', token).send({ givenName: 'R2D2', email: 'x@y.test' });
    expect(bad.status).to.equal(400);
    const names = await call('patch', '/me', token).send({ givenName: 'R2D2' });
    expect((names.body as { errors: unknown[] }).errors).to.deep.equal([
      {
        pointer: '/givenName',
        detail: 'First name must have at least 1 character. Numbers and special characters are not allowed.',
      },
    ]);
  });

  it('takes nothing else of a person’s own account from them (Zitadel CVE-2026-27946)', async () => {
    const { call, token, id } = await person();
    const before = await app.core.store.tenant(acme.tenant._id).collection('users').get(id);
    for (const field of [
      ...[
        'emailVerified',
        'verifiedEmailKey',
        'roles',
        'grants',
        'permissions',
        'enabled',
        'approved',
        'active',
      ],
      ...[
        'tenantId',
        'tenant',
        '_id',
        'identities',
        'loginType',
        'directoryId',
        'accessExpiresAt',
        'password',
      ],
    ]) {
      const answer = await call('patch', '/me', token).send({ givenName: 'Eve', [field]: 'administrator' });
      expect(answer.status, field).to.equal(400);
    }
    const after = await app.core.store.tenant(acme.tenant._id).collection('users').get(id);
    expect(after).to.be.an('object').and.to.deep.equal(before);
  });

  it('leaves the profile of a provisioned person to their directory', async () => {
    const { call, token, id } = await person();
    const directory = await createDirectory(app.core, acme.system, { name: 'Okta' });
    await updateUser(app.core, directoryActor(directory, { name: 't' }), id, (user) => ({
      ...inputOf(user),
      externalId: 'x1',
    }));
    const res = await call('patch', '/me', token).send({ givenName: 'Other' });
    expect(res.body).to.include({ status: 403, code: 'user.provisioned' });
  });

  it('lets a group’s administrator see it and its members, bring them in and out, and nothing else (B5, M4-19)', async () => {
    const one = await person();
    const made = await acme.call('post', '/groups').send({ displayName: 'Own', administrators: [one.id] });
    expect(made.body).to.deep.include({ administrators: [{ id: one.id, displayName: one.me.displayName }] });
    const own = `/groups/${(made.body as { id: string }).id}`;
    const other = await acme.call('post', '/groups').send({ displayName: 'Other' });
    const member = await acme.givenUser();
    await one.call('get', own).expect(200);
    await one.call('get', `/users/${member._id}`).expect(403);
    await one
      .call('post', `${own}/members`, one.token)
      .send({ members: [member._id] })
      .expect(200);
    await one.call('get', `${own}/members`).expect(200);
    // Whoever could read those they bring in could read everybody.
    await one.call('get', `/users/${member._id}`).expect(403);
    await one.call('delete', `${own}/members/${member._id}`, one.token).expect(204);
    await acme.call('post', `${own}/members`).send({ members: [member._id] });
    await one.call('get', `/users/${member._id}`).expect(200);
    await one.call('patch', `/users/${member._id}`, one.token).send({ givenName: 'X' }).expect(403);
    await one.call('delete', `${own}/members/${member._id}`, one.token).expect(204);
    await one.call('patch', own, one.token).send({ displayName: 'X' }).expect(403);
    await one.call('get', `/groups/${(other.body as { id: string }).id}`).expect(403);
    await one.call('get', '/groups/nowhere').expect(403);
    await acme
      .call('patch', own)
      .send({ roles: ['administrator'] })
      .expect(200);
    const rise = one.call('post', `${own}/members`, one.token).send({ members: [one.id] });
    expect((await rise).body).to.include({ code: 'role.not_grantable' });
  });

  const outs: [string, object][] = [
    ['disabled', { enabled: false }],
    ['expired', { accessExpiresAt: 'soon' }],
    ['not approved', { approved: false }],
  ];
  for (const [what, change] of outs) {
    it(`lets a group’s administrator who is ${what} administer nothing, though the session lives on`, async () => {
      const settings = {
        'sessions.revokeOnDisable': false,
        'access.endSessionsAtExpiry': false,
        'approval.required': true,
      };
      await acme.call('patch', '/settings').send(settings);
      try {
        const one = await person();
        await acme.call('post', `/users/${one.id}/approve`);
        const member = await acme.givenUser();
        const made = await acme
          .call('post', '/groups')
          .send({ displayName: `Own ${what}`, administrators: [one.id], members: [member._id] });
        const own = `/groups/${(made.body as { id: string }).id}`;
        await one.call('get', own).expect(200);
        await one.call('get', `/users/${member._id}`).expect(200);
        const soon = new Date(clock.now().getTime() + 1000).toISOString();
        const body = 'accessExpiresAt' in change ? { accessExpiresAt: soon } : change;
        await acme.call('patch', `/users/${one.id}`).send(body).expect(200);
        clock.advance(2000);
        for (const path of [own, `${own}/members`, `/users/${member._id}`]) {
          expect((await one.call('get', path)).status, path).to.be.oneOf([401, 403]);
        }
        const newcomer = await acme.givenUser();
        const members = one.call('post', `${own}/members`, one.token).send({ members: [newcomer._id] });
        expect((await members).status).to.be.oneOf([401, 403]);
        const out = await one.call('delete', `${own}/members/${member._id}`, one.token);
        expect(out.status).to.be.oneOf([401, 403]);
      } finally {
        const defaults = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, !value]));
        await acme.call('patch', '/settings').send(defaults);
      }
    });
  }

  it('changes the password and ends every session, this one too (M0-34)', async () => {
    const { call, token, email } = await person();
    const other = await session(email);
    const change = (currentPassword: string, newPassword: string) =>
      call('post', '/me/password', token).send({ currentPassword, newPassword });
    expect((await change('wrong', 'another long password')).body).to.nested.include({
      status: 400,
      'errors[0].pointer': '/currentPassword',
    });
    expect((await change(password, 'short')).body).to.nested.include({
      status: 400,
      'errors[0].pointer': '/newPassword',
    });
    await change(password, 'another long password').expect(204);
    await call('get', '/me').expect(401);
    await other.call('get', '/me').expect(401);
    clock.advance(4000);
    await session(email, 'another long password');
  });

  it('takes any number of right changes of a password: only wrong ones count', async () => {
    const { email } = await person();
    let current = password;
    for (let times = 0; times < 6; times += 1) {
      const { call, token } = await session(email, current);
      const next = `winter lantern ${times} orchard copper`;
      const res = await call('post', '/me/password', token).send({
        currentPassword: current,
        newPassword: next,
      });
      expect(res.status).to.be.oneOf([200, 204]);
      current = next;
    }
  });

  it('stops guesses of the current password with 429', async () => {
    const { call, token } = await person();
    const guess = () => call('post', '/me/password', token).send({ currentPassword: 'no', newPassword: 'x' });
    for (let n = 0; n < 5; n += 1) expect((await guess()).status).to.equal(400);
    const res = await guess();
    expect(res.status).to.equal(429);
    expect(res.headers['retry-after']).to.match(/^\d+$/);
  });

  it('lists one’s sessions and ends one of them, nobody else’s', async () => {
    const one = await person();
    clock.advance(4000);
    const two = await session(one.email);
    const list = await two.call('get', '/me/sessions').expect(200);
    const { items } = list.body as { items: { id: string; current: boolean }[] };
    expect(items.map((item) => item.current)).to.deep.equal([true, false]);
    const old = items[1]?.id ?? '';
    const stranger = await person();
    await stranger.call('delete', `/me/sessions/${old}`, stranger.token).expect(404);
    await two.call('delete', `/me/sessions/${old}`, two.token).expect(204);
    await one.call('get', '/me').expect(401);
    await two.call('get', '/me').expect(200);
  });

  it('keeps people from disabling, deleting and demoting themselves: 403 (M1-14)', async () => {
    await acme.givenUser({ roles: ['administrator'] });
    const { call, token, id } = await person({ roles: ['administrator'] });
    const expected = { status: 403, code: 'user.self_change' };
    expect((await call('post', `/users/${id}/disable`, token)).body).to.include(expected);
    expect((await call('delete', `/users/${id}`, token)).body).to.include(expected);
    expect((await call('patch', `/users/${id}`, token).send({ roles: [] })).body).to.include(expected);
  });

  it('ends all sessions of a user at once, and tells the administrator of the live ones before (M3-19)', async () => {
    const { call, id } = await person();
    const live = await acme.call('get', `/users/${id}/sessions`).expect(200);
    expect(live.body).to.include({ total: 1 });
    await acme.call('post', `/users/${id}/end-sessions`).expect(200);
    await call('get', '/me').expect(401);
    expect((await acme.call('get', `/users/${id}/sessions`)).body).to.include({ total: 0 });
  });
});
