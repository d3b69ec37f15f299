import { expect } from 'chai';
import supertest from 'supertest';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { getUser } from '../../../src/identity/users/users.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { goodPassword } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';

const managing = [
  'users.read',
  'users.update',
  'users.enable',
  'users.approve',
  'users.delete',
  'users.reset_2fa',
  'roles.assign',
];

type Method = 'post' | 'patch' | 'delete';

describe('users with management permissions and their own account', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.givenUser({ roles: ['administrator'] });
    await acme.call('post', '/roles').send({ key: 'keeper', name: 'Keeper', permissions: managing });
  });
  after(() => app.stop());

  const versionOf = async (id: string): Promise<number> =>
    (await getUser(app.core, acme.tenant._id, id)).version;

  /** A signed-in user whose access has an end and limits. */
  async function limited(roles: string[], change: object = {}) {
    const { _id: id, email } = await acme.givenUser({ roles, password: goodPassword });
    const limits = { accessExpiresAt: '2099-01-01T00:00:00Z', limitedProducts: ['a'], services: ['crm'] };
    await acme
      .call('patch', `/users/${id}`)
      .send({ ...limits, ...change })
      .expect(200);
    const browser = openBrowser(app.url);
    await signIn(browser, email ?? '', goodPassword, `?tenant=${acme.tenant.slug}`);
    const cookie = await browser.jar.getCookieString(app.url);
    const token = (await browser.get('/api/v1/me')).headers.get('x-csrf-token') ?? '';
    const send = (method: Method, path: string, body?: object) =>
      supertest(app.url)
        [method](`/api/v1/users/${id}${path}`)
        .set('Cookie', cookie)
        .set('X-CSRF-Token', token)
        .send(body);
    const make = async (body: object) => {
      const made = await supertest(app.url)
        .post('/api/v1/api-keys')
        .set('Cookie', cookie)
        .set('X-CSRF-Token', token)
        .send(body);
      expect(made.status, made.text).to.equal(201);
      return made.body as { key: string; createdBy: string };
    };
    return { id, send, make };
  }

  const refused: [Method, string, object?][] = [
    ['patch', '', { accessExpiresAt: null }],
    ['patch', '', { accessExpiresAt: '2099-02-01T00:00:00Z' }],
    ['patch', '', { accessExpiresAt: '2098-01-01T00:00:00Z' }],
    ['patch', '', { loginType: 'sso' }],
    ['patch', '', { limitedProducts: [] }],
    ['patch', '', { limitedProducts: ['a', 'b'] }],
    ['patch', '', { userProfileAccess: true }],
    ['patch', '', { enabled: false }],
    ['patch', '', { approved: false }],
    ['patch', '', { roles: [] }],
    ['patch', '', { givenName: 'Grace', accessExpiresAt: null }],
    ['post', '/disable', { hold: true }],
    ['post', '/reset-2fa'],
    ['delete', ''],
  ];
  for (const [method, path, body] of refused) {
    const what = `${method.toUpperCase()} /users/{self}${path}${body ? ` ${JSON.stringify(body)}` : ''}`;
    it(`are refused ${what}, and nothing changes`, async () => {
      const { id, send } = await limited(['keeper']);
      const before = await versionOf(id);
      const res = await send(method, path, body);
      expect(res.body, res.text).to.include({ status: 403, code: 'user.self_change' });
      expect(await versionOf(id)).to.equal(before);
    });
  }

  it('do not get round it by an API key of theirs, nor by a key that this key made', async () => {
    const { id, make } = await limited(['administrator']);
    const first = await make({ name: `${id} 1`, role: 'administrator' });
    expect(first).to.include({ createdBy: id });
    const made = await acme.call('post', '/api-keys', first.key).send({ name: `${id} 2`, role: 'keeper' });
    const second = made.body as { key: string; createdBy: string };
    expect(second.createdBy).to.equal(id);
    for (const { key } of [first, second]) {
      const codes = ['user.self_change', ...(key === second.key ? ['user.above_actor'] : [])];
      for (const [method, path, body] of [
        ['patch', '', { accessExpiresAt: null }],
        ['post', '/disable'],
        ['post', '/reset-2fa'],
        ['delete', ''],
      ] as const) {
        const res = await acme.call(method, `/users/${id}${path}`, key).send(body ?? {});
        expect((res.body as { code: string }).code, `${method} ${path}`).to.be.oneOf(codes);
      }
      await acme.call('patch', `/users/${id}`, key).send({ givenName: 'Grace' }).expect(200);
    }
    // Others' keys are under no such rule, and this one is above nobody else for it.
    const { _id: other } = await acme.givenUser();
    await acme.call('post', `/users/${other}/disable`, second.key).expect(200);
    await acme.call('patch', `/users/${id}`).send({ accessExpiresAt: null }).expect(200);
  });

  it('keep what they may change: name, phone, and what stays as it is', async () => {
    const { send } = await limited(['keeper']);
    const same = { accessExpiresAt: '2099-01-01T00:00:00Z', limitedProducts: ['a'], loginType: 'local' };
    const res = await send('patch', '', { givenName: 'Grace', phone: '+1 555 0100', ...same });
    expect(res.status, res.text).to.equal(200);
  });

  it('neither extend their own access nor lift it when they are administrators, but set their limits', async () => {
    const { send } = await limited(['administrator']);
    expect((await send('patch', '', { accessExpiresAt: null })).body).to.include({
      code: 'user.self_change',
    });
    const res = await send('patch', '', { limitedProducts: [], userProfileAccess: true });
    expect(res.body, res.text).to.deep.include({ limitedProducts: [], userProfileAccess: true });
  });

  it('neither enable nor approve themselves while an open session outlives them', async () => {
    const settings = { 'sessions.revokeOnDisable': false, 'approval.required': true };
    const chief = await acme.givenUser({ roles: ['administrator'] });
    await acme.call('post', `/users/${chief._id}/approve`).expect(200);
    const { id, send } = await limited(['keeper']);
    await acme.call('patch', '/settings').send(settings).expect(200);
    try {
      await setEnabled(app.core, acme.system, id, false);
      expect((await send('post', '/enable')).status).to.be.oneOf([401, 403]);
      expect((await getUser(app.core, acme.tenant._id, id)).enabled).to.equal(false);
    } finally {
      await acme
        .call('patch', '/settings')
        .send({ 'sessions.revokeOnDisable': true, 'approval.required': false });
    }
  });
});

describe('an API key', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  it('is revoked only by those who hold all that its role gives', async () => {
    const settings = await acme.givenKey(['account.settings']);
    const make = async (role: string): Promise<string> => {
      const res = await acme.call('post', '/api-keys').send({ name: `key of ${role}`, role });
      return (res.body as { id: string }).id;
    };
    const strong = await make('administrator');
    const res = await acme.call('delete', `/api-keys/${strong}`, settings);
    expect(res.body).to.include({ status: 403, code: 'role.not_grantable' });
    const { items } = (await acme.call('get', '/api-keys')).body as { items: { id: string; role: string }[] };
    expect(items.map(({ id }) => id)).to.include(strong);
    const own = items.find(({ role }) => role !== 'administrator');
    await acme.call('delete', `/api-keys/${strong}`).expect(204);
    await acme.call('delete', `/api-keys/${own?.id}`, settings).expect(204);
  });
});

describe('the last administrator', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  it('is not taken by a preset under which the role does not exist', async () => {
    const acme = await givenTenant(app, { preset: 'marketing' });
    const { _id } = await acme.givenUser({ roles: ['full_admin'] });
    const move = () => acme.call('post', '/settings/preset').send({ preset: 'default' });
    expect((await move()).body).to.include({ status: 403, code: 'user.last_administrator' });
    expect((await acme.call('get', `/users/${_id}`)).status).to.equal(200);
    await acme.givenUser({ roles: ['administrator'] });
    expect((await move()).status).to.equal(200);
  });

  it('with an end of access does not stand in for one without', async () => {
    const acme = await givenTenant(app, { preset: 'marketing' });
    await acme.givenUser({ roles: ['full_admin'] });
    const { _id } = await acme.givenUser({ roles: ['administrator'] });
    await acme.call('patch', `/users/${_id}`).send({ accessExpiresAt: '2099-01-01T00:00:00Z' }).expect(200);
    const res = await acme.call('post', '/settings/preset').send({ preset: 'default' });
    expect(res.body).to.include({ code: 'user.last_administrator' });
  });

  it('is not made to wait for approval by a setting', async () => {
    const acme = await givenTenant(app, { settings: { 'approval.required': true } });
    const { _id } = await acme.givenUser({ roles: ['administrator'] });
    await acme.call('patch', '/settings').send({ 'approval.required': false }).expect(200);
    await acme.call('patch', `/users/${_id}`).send({ approved: false }).expect(200);
    const require = () => acme.call('patch', '/settings').send({ 'approval.required': true });
    expect((await require()).body).to.include({ status: 403, code: 'user.last_administrator' });
    await acme.call('post', `/users/${_id}/approve`).expect(200);
    expect((await require()).status).to.equal(200);
  });
});
